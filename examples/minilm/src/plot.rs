//! What the model makes of texts, as a picture.

use plots::{Matrix, draw_matrices};
use std::path::Path;

/// Draws the similarities of texts, and the attention between the tokens of one of them, as SVG or PNG by the name of the file.
///
/// # Errors
/// The file has another name, or cannot be written.
pub fn plot(
    path: &Path,
    texts: &[String],
    similarities: &[Vec<f32>],
    tokens: &[String],
    attention: &[Vec<f32>],
    head: &str,
) -> anyhow::Result<()> {
    let is_negative = similarities.iter().flatten().any(|similarity| *similarity < 0.0);
    let similarities = Matrix {
        title: "similarity of the texts".to_owned(),
        axes: ["text".to_owned(), "text".to_owned()],
        names: texts.to_vec(),
        rows: similarities.to_vec(),
        scale: [if is_negative { -1.0 } else { 0.0 }, 1.0],
    };
    let attention = Matrix {
        title: format!("attention of {head}"),
        axes: ["query: the token that attends".to_owned(), "key: the token that is attended to".to_owned()],
        names: tokens.to_vec(),
        rows: attention.to_vec(),
        scale: [0.0, 1.0],
    };
    draw_matrices(path, &[similarities, attention])
}
