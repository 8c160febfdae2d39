#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Vocab = 10; Embed = 4; }

fn main() {
    let table = Other::<f32>::ones((Vocab, Embed));
    let ids = Ids::new((Batch,), Vocab, &[1, 9]).unwrap();
    let rows = table.lookup(&ids);
}
