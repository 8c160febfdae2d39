use congruent::{Error, Plus, Tensor, dims};

dims! { Batch = 4; Embed = 2; }

fn conditional(doubled: &Tensor<(Plus<Batch, Batch>, Embed)>, sample: usize) -> Result<Tensor<(Embed,)>, Error> {
    doubled.at(Plus(Batch, Batch), 2 * sample + 1)
}

fn main() {}
