//! The program with a model of a hub, which is a server on this machine.

#[path = "../../hub/tests/server/mod.rs"]
mod server;

use congruent::io::Writer;
use congruent::prelude::*;
use server::{Fault, Server};
use std::path::Path;
use std::process::{Command, Output};

dims! {
    Words = 5;
    Positions = 16;
    Types = 2;
    Embed = 4;
    Hidden = 8;
}

const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 5, "max_position_embeddings": 16, "type_vocab_size": 2,
    "hidden_size": 4, "num_attention_heads": 2, "intermediate_size": 8, "num_hidden_layers": 1, "layer_norm_eps": 1e-12}"#;
const TOKENIZER: &str = r#"{"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "a": 1, "cat": 2, "dog": 3, "sat": 4}}}"#;

/// A model of the shape of MiniLM, with random weights.
fn weights() -> Vec<u8> {
    let (rng, mut writer) = (&mut Rng::with_seed(1), Writer::default());
    fn norm(writer: &mut Writer, name: &str) {
        writer.add(format!("{name}.weight"), &Tensor::<(Embed,)>::ones((Embed,)));
        writer.add(format!("{name}.bias"), &Tensor::<(Embed,)>::zeros((Embed,)));
    }
    fn linear(writer: &mut Writer, name: &str, input: impl Dim, output: impl Dim, rng: &mut Rng) {
        writer.add(format!("{name}.weight"), &Tensor::<_>::normal((output, input), 0.0, 1.0, rng));
        writer.add(format!("{name}.bias"), &Tensor::<_>::zeros((output,)));
    }
    writer.add("embeddings.word_embeddings.weight", &Tensor::<_>::normal((Words, Embed), 0.0, 1.0, rng));
    writer.add("embeddings.position_embeddings.weight", &Tensor::<_>::normal((Positions, Embed), 0.0, 1.0, rng));
    writer.add("embeddings.token_type_embeddings.weight", &Tensor::<_>::normal((Types, Embed), 0.0, 1.0, rng));
    norm(&mut writer, "embeddings.LayerNorm");
    for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
        linear(&mut writer, &format!("encoder.layer.0.{part}"), Embed, Embed, rng);
    }
    linear(&mut writer, "encoder.layer.0.intermediate.dense", Embed, Hidden, rng);
    linear(&mut writer, "encoder.layer.0.output.dense", Hidden, Embed, rng);
    norm(&mut writer, "encoder.layer.0.attention.output.LayerNorm");
    norm(&mut writer, "encoder.layer.0.output.LayerNorm");
    writer.to_bytes().unwrap()
}

fn server() -> Server {
    let [config, tokenizer] = [CONFIG, TOKENIZER].map(|text| text.as_bytes().to_vec());
    Server::new([("config.json", config), ("tokenizer.json", tokenizer), ("model.safetensors", weights())])
}

#[test]
fn a_head_or_a_layer_that_is_not_there_is_named() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    for (option, expected) in [
        ("--layer", "there is no layer 9: the model has 1, from 0 on"),
        ("--head", "there is no head 9: a layer has 2, from 0 on"),
    ] {
        let arguments = ["--model", "owner/tiny", "--plot", "p.svg", option, "9"];
        let output = run(folder.path(), server.address(), &[], &arguments);
        assert_eq!(error(&output), format!("error: {expected}"));
        assert!(!folder.path().join("p.svg").exists());
    }
}

/// The program in a folder, which has its cache as well.
fn run(folder: &Path, endpoint: &str, more: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minilm"));
    for name in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command.env("HF_ENDPOINT", endpoint).env("HF_HOME", folder.join("home")).envs(more.iter().copied());
    command.current_dir(folder).args(["--configured"]).args(arguments).args(["a cat", "a dog sat"]).output().unwrap()
}

/// What it writes to the standard error, where it fails, without the lines that say what comes.
fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let lines = std::str::from_utf8(&output.stderr).unwrap().lines().filter(|line| !line.starts_with("fetching "));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].to_owned()
}

#[test]
fn a_model_of_a_hub_is_fetched_once_and_used() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let run = |more: &[(&str, &str)]| run(folder.path(), server.address(), more, &["--model", "owner/tiny"]);
    let first = run(&[]);
    let [out, said] = [&first.stdout, &first.stderr].map(|text| std::str::from_utf8(text).unwrap());
    assert!(first.status.success() && out.lines().count() == 2 && out.contains(" 1.000 "), "{out}{said}");
    // The standard error is no terminal.
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(
        said.starts_with("fetching config.json of owner/tiny (") && said.contains("\nfetching model.safetensors"),
        "{said}"
    );
    server.requests();
    for more in [&[][..], &[("HF_HUB_OFFLINE", "1")]] {
        let again = run(more);
        assert_eq!((&again.stdout, &again.stderr[..]), (&first.stdout, &b""[..]));
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn what_broke_off_goes_on_with_the_same_command() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    server.fault(Fault::CutAfter("model.safetensors", 1000));
    let run = || run(folder.path(), server.address(), &[], &["--model", "owner/tiny"]);
    let error = error(&run());
    assert!(error.starts_with("error: --model: owner/tiny: model.safetensors broke off after 1000 of "), "{error}");
    server.requests();
    assert!(run().status.success());
    let requests = server.requests();
    assert!(requests.contains(&"/contents/model.safetensors 1000-".to_owned()), "{requests:?}");
}

#[test]
fn what_cannot_be_fetched_is_one_line() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let error = |endpoint: &str, model: &str| error(&run(folder.path(), endpoint, &[], &["--model", model]));
    let instead = "give a folder, or leave out --model for all-MiniLM-L6-v2, which pip fetches";
    for (endpoint, model, begin) in [
        (
            server.address(),
            "owner/none",
            "error: --model: owner/none: there is no such file or folder, and no such model on http",
        ),
        (
            "http://127.0.0.1:1",
            "owner/tiny",
            "error: --model: owner/tiny: there is no such file or folder, and http://127.0.0.1:1 cannot",
        ),
    ] {
        let error = error(endpoint, model);
        assert!(error.starts_with(begin) && error.ends_with(instead), "{error}");
    }
    assert_eq!(
        error("huggingface", "owner/tiny"),
        "error: --model: HF_ENDPOINT is `huggingface`, and must begin with http:// or https://"
    );
    assert_eq!(
        error(server.address(), "owner/tiny:Q8_0"),
        "error: --model: owner/tiny:Q8_0: this program reads no GGUF files"
    );
    // What is no name is a path.
    assert_eq!(
        error(server.address(), "./owner/tiny"),
        "error: --model: ./owner/tiny/config.json: No such file or directory (os error 2)"
    );
    // A folder of the name is taken, and nothing asked.
    std::fs::create_dir_all(folder.path().join("owner/tiny")).unwrap();
    server.requests();
    assert_eq!(
        error(server.address(), "owner/tiny"),
        "error: --model: owner/tiny/config.json: No such file or directory (os error 2)"
    );
    assert_eq!(server.requests(), Vec::<String>::new());
}
