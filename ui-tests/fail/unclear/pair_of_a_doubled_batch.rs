use congruent::{Error, N, Plus, Tensor, dims};

dims! { Batch = 4; Embed = 2; }

fn of_sample(doubled: &Tensor<(Plus<Batch, Batch>, Embed)>, sample: usize) -> Result<Tensor<(N<2>, Embed)>, Error> {
    doubled.narrow(Plus(Batch, Batch), 2 * sample, N::<2>)
}

fn main() {}
