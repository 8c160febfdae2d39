use gallery_burn::*;

fn main() {
    let (hidden, table) = (wave([2, 2]), wave([3, 2])); // (batch, embed), (vocab, embed)
    hidden.matmul(table);
}
