use gallery_burn::*;

fn main() {
    let (scores, table) = (arange([2, 3]), wave([8, 2])); // (beams, vocab), a table padded to 8 rows
    let best = scores.flatten::<1>(0, 1).argmax(0); // 5: beam 1, token 2
    report(table.clone().select(0, best.clone()), table.select(0, best.remainder_scalar(3)));
}
