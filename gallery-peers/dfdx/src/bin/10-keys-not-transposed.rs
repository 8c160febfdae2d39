use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let (q, k) = (wave::<Rank4<1, 2, 5, 4>>(), wave::<Rank4<1, 2, 5, 4>>());
    q.matmul(k);
}
