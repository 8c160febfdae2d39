use congruent::{Error, Tensor, dims};

dims! { Batch = 2; Seq = 2; Embed = 3; }

fn distances(x: &Tensor<(Batch, Seq, Embed)>, prototypes: &Tensor<(Batch, Embed)>) -> Result<(), Error> {
    let first = x.at(Batch, 0)?;
    let difference = &first - prototypes;
    Ok(())
}

fn main() {}
