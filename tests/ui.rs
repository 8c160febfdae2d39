//! What must not compile, with what the compiler says; and what must.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages anew: read them before you keep them.

use std::path::Path;

#[test]
fn programs() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("ui-tests/fail/*/*.rs");
    tests.pass("ui-tests/pass/*.rs");
}

/// A binary numeral tells a user nothing.
#[test]
fn no_message_shows_a_type_level_number() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui-tests/fail");
    let topics = std::fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| std::fs::read_dir(topic).unwrap().map(|file| file.unwrap().path()));
    let (mut programs, mut messages) = (0, 0);
    for file in files {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("stderr") => messages += 1,
            _ => {
                programs += 1;
                continue;
            }
        }
        let message = std::fs::read_to_string(&file).unwrap();
        assert!(!message.contains("UInt<") && !message.contains("UTerm"), "{}:\n{message}", file.display());
    }
    assert!(programs >= 80 && messages == programs, "{programs} programs, {messages} messages");
}

/// The README shows what the compiler says, to the letter.
#[test]
fn the_readme_shows_a_real_message() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let readme = read("README.md");
    for end in ["rs", "stderr"] {
        assert!(readme.contains(read(&format!("ui-tests/fail/heads/split_unequally.{end}")).trim_end()), "{end}");
    }
}
