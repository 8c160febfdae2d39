use congruent::prelude::*;

dims! { Seq = 5; Keys = 5; Embed = 2; }

fn flatten<R: Dim, G: Dim, W: Dim>(x: &Tensor<(R, G, W)>) -> Tensor<(R, Times<G, W>)> {
    x.merge(At::<1>, At::<2>)
}

fn main() {
    let x = Tensor::from_fn((Seq, Seq), |[row, column]| (row * 10 + column) as f32);
    let t = x.transpose(At::<0>, At::<1>);
    assert_eq!(t.to_vec()[1], 10.0);
    assert_eq!(x.sum(At::<1>).to_vec()[0], 10.0);
    assert_eq!(x.sum(At::<0>).to_vec()[0], 100.0);
    assert_eq!(rearrange!(x, "a b -> b a").to_vec(), t.to_vec());

    let y: Tensor<(Seq, Times<Seq, Embed>)> = Tensor::ones((Seq, Seq, Embed)).merge(At::<1>, Embed);
    assert_eq!(flatten(&Tensor::ones((Seq, Seq, Embed))).to_vec(), y.to_vec());
    let y: Tensor<(Seq, Seq, Embed)> = y.split(At::<1>);
    let named: Tensor<(Keys, Seq, Embed)> = y.relabel(At::<0>, Keys);
    let both: Tensor<(Keys, Plus<Seq, Seq>, Embed)> = named.concat(At::<1>, &named);
    assert_eq!(both.unconcat(At::<1>).1.to_vec(), named.to_vec());
    assert_eq!(y.at(At::<1>, 4).unwrap().sizes(), y.narrow(At::<0>, 1, N::<2>).unwrap().sum(At::<0>).sizes());
}
