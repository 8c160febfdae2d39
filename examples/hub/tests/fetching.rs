//! Models fetched by the real client, from a server on this machine.

mod server;

use hub::{Hub, Name, Wanted};
use server::{COMMIT, Fault, GATED, Server, TOKEN, sha256};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const WANTED: Wanted = Wanted {
    needed: &["config.json", "tokenizer.json"],
    optional: &["tokenizer_config.json"],
    gguf: true,
    instead: "give a folder",
};

/// What stands for weights: long enough to be cut.
fn weights(seed: u8) -> Vec<u8> {
    (0..200_000u32).map(|i| (i % 251) as u8 ^ seed).collect()
}

/// A server of a model in one file, and a cache that is empty.
fn whole() -> (Server, TempDir) {
    let files = [
        ("README.md", b"A model.".to_vec()),
        ("config.json", b"{}".to_vec()),
        ("tokenizer.json", b"{\"model\": 1}".to_vec()),
        ("model.safetensors", weights(0)),
    ];
    (Server::new(files), tempfile::tempdir().unwrap())
}

fn hub(server: &Server, cache: &TempDir) -> Hub {
    Hub { endpoint: server.address().to_owned(), cache: cache.path().to_owned(), token: None, offline: false }
}

fn fetch(hub: &Hub, name: &str) -> Result<PathBuf, String> {
    hub.fetch(&Name::parse(name).unwrap(), &WANTED).map_err(|error| format!("{error:#}"))
}

fn error(hub: &Hub, name: &str) -> String {
    fetch(hub, name).unwrap_err().replace(&hub.endpoint, "HUB")
}

/// All files below a folder that are no directories, from it on.
fn files(folder: &Path) -> Vec<String> {
    fn list(folder: &Path, under: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(under).unwrap() {
            let path = entry.unwrap().path();
            match path.symlink_metadata().unwrap().is_dir() {
                true => list(folder, &path, found),
                false => found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    let mut found = Vec::new();
    list(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn a_model_is_fetched_once_into_the_layout_of_the_cache() {
    let (server, cache) = whole();
    let mut hub = hub(&server, &cache);
    let folder = fetch(&hub, "owner/tiny").unwrap();
    assert_eq!(folder, cache.path().join(format!("models--owner--tiny/snapshots/{COMMIT}")));
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights(0));
    let requests = server.requests();
    assert_eq!(requests[0], "/api/models/owner/tiny/revision/main");
    assert_eq!(
        requests.iter().filter(|request| *request == "/contents/model.safetensors 0-").count(),
        1,
        "{requests:?}"
    );
    assert!(!requests.iter().any(|request| request.contains("README")), "{requests:?}");

    let below = files(&cache.path().join("models--owner--tiny"));
    let of_weights = format!("blobs/{}", sha256(&weights(0)));
    for expected in [
        &format!(".no_exist/{COMMIT}/tokenizer_config.json"),
        &of_weights,
        "refs/main",
        &format!("snapshots/{COMMIT}/config.json"),
    ] {
        assert!(below.iter().any(|file| file == expected), "{expected}: {below:?}");
    }
    assert!(!below.iter().any(|file| file.ends_with(".part") || file.ends_with(".lock")), "{below:?}");

    // By its branch, by its commit, and without a network.
    for name in ["owner/tiny", &format!("owner/tiny@{COMMIT}")] {
        assert_eq!(fetch(&hub, name).unwrap(), folder);
    }
    hub.offline = true;
    assert_eq!(fetch(&hub, "owner/tiny").unwrap(), folder);
    assert_eq!(server.requests(), Vec::<String>::new());
    let expected = format!(
        "owner/other: there is no such file or folder, {} has not all of the model, and HF_HUB_OFFLINE forbids to fetch it: give a folder",
        cache.path().display()
    );
    assert_eq!(error(&hub, "owner/other"), expected);
}

#[test]
fn what_broke_off_goes_on_where_it_did() {
    let (server, cache) = whole();
    let hub = hub(&server, &cache);
    server.fault(Fault::CutAfter("model.safetensors", 150_000));
    let cut = error(&hub, "owner/tiny");
    let (begin, end) = cut.split_once(" bytes (").unwrap();
    let begin = begin.strip_prefix("owner/tiny: model.safetensors broke off after ").unwrap();
    let read: usize = begin.strip_suffix(" of 200000").unwrap().parse().unwrap();
    assert!(read <= 150_000 && end.ends_with("): the same command goes on from there"), "{cut}");
    let part = cache.path().join(format!("models--owner--tiny/blobs/{}.part", sha256(&weights(0))));
    assert_eq!(part.metadata().unwrap().len(), read as u64);
    assert!(!cache.path().join("models--owner--tiny/refs/main").exists());

    server.requests();
    let folder = fetch(&hub, "owner/tiny").unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights(0));
    let requests = server.requests();
    assert!(requests.contains(&format!("/contents/model.safetensors {read}-")), "{requests:?}");
    assert!(!requests.contains(&"/contents/model.safetensors 0-".to_owned()), "{requests:?}");
    assert!(!part.exists());
}

#[test]
fn what_came_wrong_is_deleted_and_fetched_anew() {
    let (server, cache) = whole();
    let hub = hub(&server, &cache);
    server.fault(Fault::Wrong("model.safetensors"));
    let mut wrong = weights(0);
    wrong[100_000] ^= 1;
    let (found, expected) = (sha256(&wrong), sha256(&weights(0)));
    assert_eq!(
        error(&hub, "owner/tiny"),
        format!(
            "owner/tiny: model.safetensors has the SHA-256 {found}, expected {expected}; it is deleted, and the same command fetches it anew"
        )
    );
    let below = files(cache.path());
    assert!(!below.iter().any(|file| file.contains(&expected) || file.ends_with("model.safetensors")), "{below:?}");
    let folder = fetch(&hub, "owner/tiny").unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights(0));
}

/// More than the hub has, and all that it has without being called whole.
#[test]
fn a_part_with_nothing_behind_it_is_fetched_anew() {
    for length in [200_000, 200_001] {
        let (server, cache) = whole();
        let blobs = cache.path().join("models--owner--tiny/blobs");
        fs::create_dir_all(&blobs).unwrap();
        fs::write(blobs.join(format!("{}.part", sha256(&weights(0)))), vec![7; length]).unwrap();
        let folder = fetch(&hub(&server, &cache), "owner/tiny").unwrap();
        assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights(0));
    }
}

#[test]
fn contents_that_were_deleted_are_fetched_anew() {
    let (server, cache) = whole();
    let hub = hub(&server, &cache);
    let folder = fetch(&hub, "owner/tiny").unwrap();
    let weights_file = folder.join("model.safetensors");
    fs::remove_file(weights_file.canonicalize().unwrap()).unwrap();
    assert_eq!(fetch(&hub, "owner/tiny").unwrap(), folder);
    assert_eq!(fs::read(weights_file).unwrap(), weights(0));
}

#[test]
fn weights_in_several_files_come_by_their_index() {
    let [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let index = format!(r#"{{"weight_map": {{"a": "{one}", "b": "{two}", "c": "{one}"}}}}"#);
    let files = [
        ("config.json", b"{}".to_vec()),
        ("tokenizer.json", b"{}".to_vec()),
        ("tokenizer_config.json", b"{}".to_vec()),
        ("model.safetensors.index.json", index.into_bytes()),
        (one, weights(1)),
        (two, weights(2)),
    ];
    let (server, cache) = (Server::new(files), tempfile::tempdir().unwrap());
    let hub = hub(&server, &cache);
    let folder = fetch(&hub, "owner/tiny@v1").unwrap();
    for (name, seed) in [(one, 1), (two, 2)] {
        assert_eq!(fs::read(folder.join(name)).unwrap(), weights(seed));
    }
    assert!(folder.join("tokenizer_config.json").exists());
    server.requests();
    fetch(&hub, "owner/tiny@v1").unwrap();
    // A part is missing: only that one comes again.
    fs::remove_file(folder.join(two)).unwrap();
    assert_eq!(server.requests(), Vec::<String>::new());
    fetch(&hub, "owner/tiny@v1").unwrap();
    let requests = server.requests();
    assert!(requests.contains(&format!("/contents/{two} 0-")), "{requests:?}");
    assert!(!requests.contains(&format!("/contents/{one} 0-")), "{requests:?}");
}

#[test]
fn a_gguf_file_is_named_by_its_path_or_its_type() {
    let files = [("tiny-Q4_K_M.gguf", weights(3)), ("large/tiny-Q8_0.gguf", weights(4)), ("README.md", b"".to_vec())];
    let (server, cache) = (Server::new(files), tempfile::tempdir().unwrap());
    let hub = hub(&server, &cache);
    for (name, seed) in [("owner/tiny/large/tiny-Q8_0.gguf", 4), ("owner/tiny:q8_0", 4), ("owner/tiny@v1:Q4_K_M", 3)] {
        let file = fetch(&hub, name).unwrap();
        assert_eq!(fs::read(file).unwrap(), weights(seed), "{name}");
    }
    server.requests();
    fetch(&hub, "owner/tiny:Q8_0").unwrap();
    assert_eq!(server.requests(), Vec::<String>::new());
    let several = "owner/tiny: say which, as owner/name/FILE or owner/name:TYPE; the repository has large/tiny-Q8_0.gguf, tiny-Q4_K_M.gguf";
    fs::remove_dir_all(cache.path().join("models--owner--tiny")).unwrap();
    assert_eq!(error(&hub, "owner/tiny"), several);
    let none = "owner/tiny:Q2_K: the repository has large/tiny-Q8_0.gguf, tiny-Q4_K_M.gguf";
    assert_eq!(error(&hub, "owner/tiny:Q2_K"), none);
    let no_gguf = Wanted { gguf: false, ..WANTED };
    let refused = hub.fetch(&Name::parse("owner/tiny:Q8_0").unwrap(), &no_gguf).unwrap_err().to_string();
    assert_eq!(refused, "owner/tiny:Q8_0: this program reads no GGUF files");
    let refused = hub.fetch(&Name::parse("owner/tiny").unwrap(), &no_gguf).unwrap_err().to_string();
    assert_eq!(refused, "owner/tiny: the repository has no model.safetensors: give a folder");
}

#[test]
fn a_repository_that_was_renamed_is_found() {
    let (server, cache) = whole();
    let folder = fetch(&hub(&server, &cache), "owner/old").unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), weights(0));
}

#[test]
fn a_gated_repository_says_how_to_be_let_in() {
    let (server, cache) = whole();
    let mut hub = hub(&server, &cache);
    assert_eq!(
        error(&hub, GATED),
        "owner/gated is gated: ask for access at HUB/owner/gated, and set HF_TOKEN to a token of yours from HUB/settings/tokens"
    );
    hub.token = Some("hf_wrong".to_owned());
    assert_eq!(
        error(&hub, GATED),
        "owner/gated is gated, and the token of HF_TOKEN, or of `hf auth login`, has no access: ask for it at HUB/owner/gated"
    );
    hub.token = Some(TOKEN.to_owned());
    assert!(fetch(&hub, GATED).is_ok());
}

#[test]
fn what_is_not_there_is_named() {
    let (server, cache) = whole();
    let mut hub = hub(&server, &cache);
    assert_eq!(
        error(&hub, "owner/none"),
        "owner/none: there is no such file or folder, and no such model on HUB (if it is private, set HF_TOKEN to a token that may read it): give a folder"
    );
    assert_eq!(error(&hub, "owner/tiny@v9"), "owner/tiny has no revision `v9` on HUB");
    assert_eq!(error(&hub, "owner/broken"), "owner/broken: HUB answers with the status 503: try again later");
    hub.endpoint = "http://127.0.0.1:1".to_owned();
    let unreachable = error(&hub, "owner/tiny");
    assert!(
        unreachable.starts_with("owner/tiny: there is no such file or folder, and HUB cannot be reached ("),
        "{unreachable}"
    );
    assert!(unreachable.ends_with("): give a folder") && unreachable.lines().count() == 1, "{unreachable}");
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let (server, cache) = whole();
    let file = cache.path().join("file");
    fs::write(&file, "").unwrap();
    let hub = Hub { cache: file.clone(), ..hub(&server, &cache) };
    let error = error(&hub, "owner/tiny");
    assert!(error.starts_with(&format!("{}: ", file.display())) && error.lines().count() == 1, "{error}");
}
