use gallery_ndarray::*;

fn main() {
    let (hidden, table) = (wave((2, 2)), wave((3, 2))); // (batch, embed), (vocab, embed)
    let _ = hidden.dot(&table);
}
