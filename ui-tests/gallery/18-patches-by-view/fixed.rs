#[path = "../common.rs"]
mod common;

use common::{assert_close, count};
use congruent::{Tensor, Times, dims, rearrange};

dims! { Rows = 2; Columns = 2; PatchHeight = 2; PatchWidth = 2; }

fn main() {
    let image = count((Times(Rows, PatchHeight), Times(Columns, PatchWidth)));
    let patches: Tensor<(Times<Rows, Columns>, Times<PatchHeight, PatchWidth>)> =
        rearrange!(image, "(r h) (c w) -> (r c) (h w)");
    let right = [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 12.0, 13.0, 10.0, 11.0, 14.0, 15.0];
    assert_close(&patches, &right);
}
