use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let x = wave::<Rank3<1, 2, 4>>();
    let weight = wave::<Rank2<12, 4>>(); // its rows are (heads, 3, head_dim)
    let fused = x.matmul(weight.permute::<Rank2<4, 12>, _>());
    let read = fused.clone().reshape::<Rank5<1, 2, 3, 2, 2>>(); // as (3, heads, head_dim)
    let query = read.slice((.., .., 0..1, .., ..));
    let right = fused.reshape::<Rank5<1, 2, 2, 3, 2>>().slice((.., .., .., 0..1, ..));
    let shape = (Const::<1>, Const::<2>, Const::<2>, Const::<2>);
    report(query.reshape_like(&shape), right.reshape_like(&shape));
}
