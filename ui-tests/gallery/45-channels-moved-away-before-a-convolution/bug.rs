use congruent::nn::Linear;
use congruent::{Each, Error, Tensor, dims};

dims! { Batch = 1; Channels = 2; Time = 4; Width = 3; Inner = 2; Hidden = 1; }

fn convolve(kernel: &Each<Width, Linear<Channels, Hidden>>, x: &Tensor<(Batch, Time, Channels)>) -> Result<(), Error> {
    let x = x.transpose(Time, Channels);
    let first = kernel[0].forward(&x.narrow(Time, 0, Inner)?);
    Ok(())
}

fn main() {}
