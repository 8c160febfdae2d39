#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Other::<f32>::ones((Batch, Embed));
    let ids = Ids::new((Batch,), Embed, &[1, 2]).unwrap();
    let y = x.gather(&ids);
}
