#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{Ids, dims};

dims! { Seq = 2; Vocab = 5; Embed = 2; }

fn main() {
    let table = wave((Vocab, Embed));
    let error = Ids::new((Seq,), Vocab, &[1, 7]).err().unwrap();
    assert_eq!(error.to_string(), "id 7 at position [1] is not in `Vocab`, which has 5 rows");

    let ids = Ids::new((Seq,), Vocab, &[1, 4]).unwrap();
    assert_close(&table.lookup(&ids), &[3.0_f32, 4.0, 9.0, 10.0].map(f32::sin));
}
