#[path = "../common.rs"]
mod common;

use common::{assert_close, count, wave};
use congruent::dim::Dim;
use congruent::{Ids, dims};

dims! { Beams = 2; Vocab = 3; Best = 1; Embed = 2; }

fn main() {
    let (scores, table) = (count((Beams, Vocab)), wave((Vocab, Embed)));
    let all = scores.merge(Beams, Vocab);
    let (_, best) = all.top_k(all.shape().0, Best).unwrap();
    let tokens: Vec<u32> = best.to_vec().iter().map(|id| id.get() % Vocab.size() as u32).collect();
    let tokens = Ids::new((Best,), Vocab, &tokens).unwrap();
    assert_close(&table.lookup(&tokens), &[-0.958924, -0.279415]);
}
