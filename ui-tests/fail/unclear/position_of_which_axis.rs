use congruent::{Error, Tensor, dims};

dims! { Seq = 5; }

fn first(links: &Tensor<(Seq, Seq)>) -> Result<Tensor<(Seq,)>, Error> {
    links.at(Seq, 0)
}

fn main() {}
