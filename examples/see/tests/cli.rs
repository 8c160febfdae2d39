//! The program, and what it says where it is told what cannot be.

use image::{ImageFormat, Rgb};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program ends with, and what it writes to standard output and to standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_see")).args(arguments).output().unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), out, error)
}

/// What the package finds.
const FACES: &str = "\
58.0 33.0 101.3 87.4 1.000 70.7 51.6 91.7 52.5 81.3 65.1 69.1 70.0 91.3 70.9
195.5 52.7 221.3 84.3 1.000 201.6 63.7 214.8 62.8 208.5 71.5 202.6 75.1 215.5 74.3
";

fn picture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/faces.png")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn it_finds_faces_and_draws_them() {
    see::find_or_fetch(None).unwrap();
    let (folder, path) = (tempfile::tempdir().unwrap(), picture());
    let drawn = folder.path().join("drawn.png");
    let (code, out, error) = run(&[text(&path), "--draw", text(&drawn)]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert_eq!(out, FACES);
    let (drawn, picture) = (see::read(&drawn).unwrap(), see::read(&path).unwrap());
    assert_eq!(drawn.dimensions(), picture.dimensions());
    // The upper left corner of a box, and the nose in it.
    for (at, colour) in [((58, 33), [0, 255, 0]), ((196, 53), [0, 255, 0]), ((81, 65), [255, 0, 0])] {
        assert_eq!(*drawn.get_pixel(at.0, at.1), Rgb(colour));
    }
    assert_eq!(drawn.get_pixel(5, 5), picture.get_pixel(5, 5));
    let jpeg = folder.path().join("drawn.jpg");
    run(&[text(&path), "--draw", text(&jpeg)]);
    assert!(std::fs::read(jpeg).unwrap().starts_with(&[0xff, 0xd8]));
    // One of the two is far smaller than that.
    let (_, out, _) = run(&["--smallest", "70", text(&path)]);
    assert_eq!(out.lines().count(), 1, "{out}");
    let (code, out, _) = run(&["--threshold", "1", text(&path)]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
}

#[test]
fn a_jpeg_file_has_the_same_faces() {
    see::find_or_fetch(None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faces.jpg");
    see::read(&picture()).unwrap().save_with_format(&path, ImageFormat::Jpeg).unwrap();
    let (code, out, error) = run(&[text(&path)]);
    assert_eq!((code, error.as_str(), out.lines().count()), (Some(0), "", 2), "{out}");
    for (found, expected) in out.split_whitespace().zip(FACES.split_whitespace()) {
        let [found, expected] = [found, expected].map(|number| number.parse::<f32>().unwrap());
        assert!((found - expected).abs() < 2.0, "{out}");
    }
}

#[test]
fn what_is_wrong_is_one_line_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let (no_picture, cut) = (path("text.png"), path("cut.png"));
    std::fs::write(&no_picture, "no picture").unwrap();
    let whole = std::fs::read(picture()).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    for (file, expected) in [
        (&path("nope.png"), "No such file or directory"),
        (&no_picture, "it is no PNG or JPEG file"),
        (&cut, "unexpected end of file"),
    ] {
        let (code, _, error) = run(&[text(file)]);
        assert!(code == Some(1) && error.starts_with(&format!("error: {}: ", text(file))), "{error}");
        assert!(error.contains(expected) && error.lines().count() == 1, "{error}");
    }
    let (code, _, error) = run(&["--model", text(folder.path()), text(&picture())]);
    let file = path("pnet.pt");
    assert!(code == Some(1) && error.starts_with(&format!("error: --model: {}: ", text(&file))), "{error}");
    // The file of another network.
    let model = see::find_or_fetch(None).unwrap();
    for (from, to) in [("rnet.pt", "pnet.pt"), ("rnet.pt", "rnet.pt"), ("onet.pt", "onet.pt")] {
        std::fs::copy(model.join(from), path(to)).unwrap();
    }
    let (code, _, error) = run(&["--model", text(folder.path()), text(&picture())]);
    assert!(code == Some(1) && error.starts_with(&format!("error: --model: {}: ", text(&file))), "{error}");
    assert!(error.contains("conv1.weight"), "{error}");
    let (code, _, error) = run(&["--draw", text(folder.path()), text(&picture())]);
    assert!(code == Some(1) && error.starts_with("error: --draw: "), "{error}");
    let (code, _, error) = run(&["--draw", "faces.gif", text(&picture())]);
    let expected = "error: --draw: faces.gif: the name of a picture must end in .png, .jpg or .jpeg\n";
    assert_eq!((code, error.as_str()), (Some(1), expected));
    let (code, _, error) = run(&["--threshold", "2", text(&picture())]);
    assert!(code == Some(2) && error.contains("it must be from 0 to 1"), "{error}");
    let (code, _, error) = run(&["--smallest", "0", text(&picture())]);
    assert!(code == Some(2) && error.contains("--smallest"), "{error}");
}
