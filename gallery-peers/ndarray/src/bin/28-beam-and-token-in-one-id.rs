use gallery_ndarray::*;

fn main() {
    let (scores, table) = (arange((2, 3)), wave((8, 2))); // (beams, vocab), a table padded to 8 rows
    let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0; // 5: beam 1, token 2
    report(&table.row(best), &table.row(best % 3));
}
