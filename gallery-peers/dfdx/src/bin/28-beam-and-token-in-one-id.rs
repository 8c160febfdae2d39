use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (scores, table) = (arange::<Rank2<2, 3>>(), wave::<Rank2<8, 2>>()); // (beams, vocab), a table padded to 8 rows
    let scores = scores.as_vec();
    let best = (0..6).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap(); // 5: beam 1, token 2
    report(table.clone().select(dev.tensor(best)), table.select(dev.tensor(best % 3)));
}
