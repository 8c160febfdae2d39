#[path = "../../../tests/common/other.rs"]
mod other;

use congruent::prelude::*;
use other::Other;

dims! { Embed = 4; }

fn main() {
    let x = Other::<i32>::ones((Embed,)).tracked();
}
