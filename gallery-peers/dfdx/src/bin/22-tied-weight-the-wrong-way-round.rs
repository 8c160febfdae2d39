use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let (hidden, table) = (wave::<Rank2<2, 2>>(), wave::<Rank2<3, 2>>()); // (batch, embed), (vocab, embed)
    hidden.matmul(table);
}
