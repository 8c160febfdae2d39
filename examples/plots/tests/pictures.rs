//! Pictures as files: which kind they are, and that nothing of them is cut off.

use plots::{Line, Lines, Matrix, check, draw_matrices};
use std::path::Path;

/// Three texts, of which one is long, and one would end a tag.
fn matrix() -> Matrix {
    let long = "It is a truth universally acknowledged, that a single man in possession of a good fortune must be in want of a wife, \
                however little known the feelings or views of such a man may be on his first entering a neighbourhood.";
    Matrix {
        title: "similarity".to_owned(),
        axes: ["row".to_owned(), "column".to_owned()],
        names: vec![long.to_owned(), "a < b & \"c\"\n\u{1}".to_owned(), "w".repeat(300)],
        rows: vec![vec![1.0, 0.5, -0.25], vec![0.5, 1.0, 0.125], vec![-0.25, 0.125, 1.0]],
        scale: [-1.0, 1.0],
    }
}

fn lines() -> Lines {
    let line = |name: &str, points: &[(f64, f64)]| Line { name: name.to_owned(), points: points.to_vec() };
    let lines = vec![line("one", &[(1.0, 2.5), (9000.0, 1.25)]), line("other", &[(1.0, f64::NAN), (9000.0, 1.5)])];
    Lines { across: "steps".to_owned(), up: "loss".to_owned(), lines }
}

/// The texts of an SVG file, each with where it begins.
fn texts(svg: &str) -> Vec<(f64, f64, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, value) = tag.split_once(&format!(" {name}=\"")).unwrap();
        value.split('"').next().unwrap().parse().unwrap()
    };
    let elements = svg.split("<text ").skip(1).map(|rest| rest.split_once("</text>").unwrap().0);
    let of = |element: &str| {
        let (tag, text) = element.split_once('>').unwrap();
        (attribute(&format!(" {tag}"), "x"), attribute(&format!(" {tag}"), "y"), text.trim().to_owned())
    };
    elements.map(of).collect()
}

#[test]
fn the_end_of_the_name_says_which_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a.svg", "b.SVG"] {
        draw_matrices(&path(name), &[matrix(), matrix()]).unwrap();
        assert!(std::fs::read_to_string(path(name)).unwrap().starts_with("<svg "), "{name}");
        lines().save(&path(name)).unwrap();
    }
    draw_matrices(&path("a.png"), &[matrix()]).unwrap();
    assert!(std::fs::read(path("a.png")).unwrap().starts_with(b"\x89PNG\r\n"));
    for name in ["a.jpg", "a", ".svg"] {
        let path = path(name);
        let expected = format!("--plot: {}: the name of a picture must end in .svg or .png", path.display());
        assert_eq!(format!("{:#}", check("--plot", &path).unwrap_err()), expected);
        assert!(lines().save(&path).is_err() && !path.exists());
    }
    let full = check("--plot", Path::new("/nope/a.svg")).unwrap_err();
    assert_eq!(full.to_string(), "--plot: /nope/a.svg: there is no folder /nope");
}

#[test]
fn names_are_whole_and_numbers_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.svg");
    draw_matrices(&path, &[matrix()]).unwrap();
    let texts = texts(&std::fs::read_to_string(&path).unwrap());
    let all: Vec<&str> = texts.iter().map(|(.., text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    let joined = all.join(" ");
    for expected in ["similarity", "row", "column", "-0.25", "0.12", "-1.00", "1.00", "a &lt; b &amp; &quot;c&quot;"] {
        assert!(joined.contains(expected), "{expected}: {joined}");
    }
    // Word by word, whatever the lines.
    let long = &matrix().names[0];
    assert!(joined.contains(long.as_str()), "{joined}");
    let ws = all.iter().filter(|text| text.chars().all(|character| character == 'w'));
    assert_eq!(ws.map(|text| text.len()).sum::<usize>(), 300);
}

#[test]
fn lines_have_numbers_at_both_axes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.svg");
    lines().save(&path).unwrap();
    let texts = texts(&std::fs::read_to_string(&path).unwrap());
    let at = |name: &str| texts.iter().find(|(.., text)| text == name).unwrap_or_else(|| panic!("{name}: {texts:?}"));
    for name in ["steps", "loss", "one", "other", "1000", "2.0"] {
        let (x, y, _) = at(name);
        assert!((0.0..800.0).contains(x) && (0.0..480.0).contains(y), "{name}: {x} {y}");
    }
    let empty = Lines { lines: Vec::new(), ..lines() };
    assert_eq!(empty.save(&path).unwrap_err().to_string(), "there is nothing to draw");
}
