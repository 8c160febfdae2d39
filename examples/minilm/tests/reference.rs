//! The model against the values that PyTorch calculates: valid tokens within 1e-5 at every layer, as
//! an implementation in double precision agrees with them within 2.5e-6.

mod agreement;

use agreement::{an_unpadded_sentence_agrees, every_layer_agrees, strings, texts, texts_agree_in_batches_of_any_size};
use minilm::{Configured, Dims, MiniLm, PUBLISHED, config, find_or_fetch};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Hidden states and embeddings.
const TOLERANCE: f32 = 1e-5;

fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| find_or_fetch(None).unwrap())
}

#[test]
fn tokens_agree() {
    let model = MiniLm::load(folder(), PUBLISHED).unwrap();
    let texts = texts();
    for (text, expected) in strings(&texts["texts"]).iter().zip(texts["tokens"].as_array().unwrap()) {
        let expected = strings(expected);
        let tokens = model.tokenizer.encode(text.as_str(), true).unwrap().get_tokens().to_vec();
        // Of a long text the file may hold the first tokens only.
        assert_eq!(tokens[..expected.len().min(tokens.len())], expected[..], "{text}");
    }
}

fn agrees(dims: impl Dims) {
    let model = MiniLm::load(folder(), dims).unwrap();
    every_layer_agrees(&model, TOLERANCE);
    an_unpadded_sentence_agrees(&model, TOLERANCE);
    texts_agree_in_batches_of_any_size(&model, TOLERANCE);
}

#[test]
fn with_the_published_dimensions() {
    agrees(PUBLISHED);
}

#[test]
fn with_the_dimensions_of_the_configuration() {
    agrees(Configured::set(&config(folder()).unwrap()).unwrap());
}

#[test]
fn the_same_numbers_from_types_and_from_the_configuration() {
    let texts = strings(&texts()["texts"]);
    let dims = Configured::set(&config(folder()).unwrap()).unwrap();
    let configured = MiniLm::load(folder(), dims).unwrap().embed(&texts).unwrap();
    assert_eq!(MiniLm::load(folder(), PUBLISHED).unwrap().embed(&texts).unwrap(), configured);
}

#[test]
fn a_picture_is_drawn() {
    let model = MiniLm::load(folder(), PUBLISHED).unwrap();
    let texts = ["one text".to_owned(), "another".to_owned()];
    let similarities = minilm::similarities(&model.embed(&texts).unwrap());
    let (tokens, attention) = model.attention(&texts[0], 5, 11).unwrap();
    let rows: Vec<Vec<f32>> = attention.chunks(tokens.len()).map(<[f32]>::to_vec).collect();
    assert!(rows.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    assert!(model.attention(&texts[0], 6, 0).is_err() && model.attention(&texts[0], 0, 12).is_err());
    let path = std::env::temp_dir().join(format!("minilm-{}.svg", std::process::id()));
    minilm::plot(&path, &texts, &similarities, &tokens, &rows, "a head").unwrap();
    let picture = std::fs::read_to_string(&path).unwrap();
    // The scales have squares too.
    assert!(picture.matches("<rect").count() > 4 + tokens.len() * tokens.len());
    assert!(texts.iter().chain(&tokens).all(|name| picture.contains(name.as_str())), "{picture}");
    std::fs::remove_file(path).unwrap();
}
