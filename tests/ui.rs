//! What must not compile, with what the compiler says. What must is in `right.rs`.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the messages anew: read them before you keep them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All of these are checked and not built: `cargo check` alone has to refuse them.
#[test]
fn wrong_programs() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("ui-tests/fail/*/*.rs");
    tests.compile_fail("ui-tests/errors/*/wrong.rs");
    for bug in gallery().filter(|bug| bug.is_caught) {
        tests.compile_fail(bug.folder.join("bug.rs"));
    }
}

/// A bug of the gallery.
struct Bug {
    folder: PathBuf,
    is_caught: bool,
}

fn gallery() -> impl Iterator<Item = Bug> {
    let entries = std::fs::read_dir("ui-tests/gallery").unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(|folder| {
        let account = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let [is_caught, is_not] = ["**Here.** ", "**Not caught by the types.** "].map(|says| account.contains(says));
        assert!(is_caught != is_not, "{}: the account says whether the types catch it", folder.display());
        assert!(account.contains("\nSource: "), "{} has no source", folder.display());
        assert_eq!(is_caught, folder.join("bug.stderr").exists(), "{}", folder.display());
        Bug { folder, is_caught }
    })
}

/// A binary numeral tells a user nothing, and neither does what is ours alone.
#[test]
fn messages_show_nothing_internal() {
    let mut messages = 0;
    for message in files(Path::new("ui-tests"), "stderr") {
        messages += 1;
        let text = std::fs::read_to_string(&message).unwrap();
        for internal in [
            "UInt<",
            "UTerm",
            "__private",
            "Never",
            "Nothing",
            "Branded",
            "in this macro invocation",
            "originates in the macro",
        ] {
            assert!(!text.contains(internal), "{} shows {internal}:\n{text}", message.display());
        }
    }
    assert!(messages >= 160, "{messages} messages");
}

/// One mistake is told in at most two errors and thirty lines.
#[test]
fn messages_are_short() {
    let is_error = |line: &&str| line.starts_with("error: ") || line.starts_with("error[");
    for message in files(Path::new("ui-tests"), "stderr") {
        let text = std::fs::read_to_string(&message).unwrap();
        let (errors, lines) = (text.lines().filter(is_error).count(), text.trim_end().lines().count());
        // Generic code over any dimension lacks two properties, each with a message; the bound that both name mends both.
        let most = if message.ends_with("padding/generic_mean.stderr") { 46 } else { 30 };
        assert!(errors <= 2 && lines <= most, "{errors} errors, {lines} lines: {}", message.display());
    }
}

fn files(folder: &Path, with_extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, with_extension),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == with_extension))
        .collect()
}

const MESSAGES_OF_THE_COMPILER: [&str; 5] = ["C35", "C36", "C37", "C38", "C59"];

/// Every message of ours names its page in the index of errors, and every page of the index is there for a message
/// of ours or of the compiler's.
#[test]
fn every_message_is_in_the_index() {
    let number = |rest: &str| format!("C{}", rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
    let codes = |text: &str| -> Vec<String> { text.split("congruent::errors::C").skip(1).map(number).collect() };
    let mut named: BTreeSet<String> = BTreeSet::new();
    for source in files(Path::new("src"), "rs").into_iter().chain(files(Path::new("macros/src"), "rs")) {
        let text = std::fs::read_to_string(&source).unwrap();
        let codes = codes(&text);
        let messages = text.matches("on_unimplemented(").count();
        assert!(codes.len() >= messages, "{}: {messages} messages, {} codes", source.display(), codes.len());
        named.extend(codes);
    }
    let macros = std::fs::read_to_string("macros/src/lib.rs").unwrap();
    named.extend(macros.split("\"C").skip(1).map(number));
    let ours = named.clone();
    named.extend(MESSAGES_OF_THE_COMPILER.map(str::to_owned));
    let pages: BTreeSet<String> = std::fs::read_dir("ui-tests/errors")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, pages);
    for page in ours.iter().filter(|page| !MESSAGES_OF_THE_COMPILER.contains(&page.as_str())) {
        let message = std::fs::read_to_string(format!("ui-tests/errors/{page}/wrong.stderr")).unwrap();
        assert!(
            message.contains(&format!(
                "explained in `congruent::errors::{page}`: https://docs.rs/congruent/latest/congruent/errors/{page}/"
            )),
            "{page}:\n{message}"
        );
    }
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
