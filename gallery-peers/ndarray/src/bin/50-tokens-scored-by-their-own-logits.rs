use gallery_ndarray::*;
use ndarray::{Array1, ArrayRef2, Axis, Zip, array, s};

/// What each row says of an id.
fn choose(rows: &ArrayRef2<f32>, ids: &[usize]) -> Array1<f32> {
    Zip::from(rows.rows()).and(ids).map_collect(|row, id| row[*id])
}

fn main() {
    let prompt = [0, 1, 2, 3];
    // Of a model that is all but certain of what follows.
    let logits = array![[0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 0.0, 9.0], [9.0, 0.0, 0.0, 0.0]];
    let scores = softmax(logits, Axis(1)).ln();
    report(&choose(&scores, &prompt), &choose(&scores.slice(s![..3, ..]), &prompt[1..]));
}
