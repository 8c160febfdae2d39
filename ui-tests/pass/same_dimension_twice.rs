use congruent::prelude::*;

dims! { Seq = 5; }

fn main() {
    let x = Tensor::from_fn((Seq, Seq), |[row, column]| (row * 10 + column) as f32);
    let t = x.transpose(At::<0>, At::<1>);
    assert_eq!(t.to_vec()[1], 10.0);
    assert_eq!(x.sum(At::<1>).to_vec()[0], 10.0);
    assert_eq!(x.sum(At::<0>).to_vec()[0], 100.0);
    assert_eq!(rearrange!(x, "a b -> b a").to_vec(), t.to_vec());
}
