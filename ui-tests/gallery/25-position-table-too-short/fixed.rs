#[path = "../common.rs"]
mod common;

use common::{assert_close, wave};
use congruent::{Tensor, bind, dims};

dims! { Positions = 4; Short = 3; Seq; Embed = 2; }

fn main() {
    let table = wave((Positions, Embed));
    let first: Tensor<(Short, Embed)> = table.prefix(Positions, Short);
    assert_close(&first, &table.to_vec()[..6]);

    bind!(seq: Seq = 6);
    let error = table.narrow(Positions, 0, seq).err().unwrap();
    assert_eq!(error.to_string(), "6 positions from 0 on do not lie in `Positions`, which has 4");
}
