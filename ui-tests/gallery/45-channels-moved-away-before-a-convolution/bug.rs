use congruent::{Sliding, Tensor, dims};

dims! { Batch = 1; Channels = 2; Time = 4; Width = 3; Inner = 2; Hidden = 1; }

fn convolve(weight: &Tensor<(Hidden, Channels, Width)>, x: &Tensor<(Batch, Channels, Time)>) {
    let x = x.transpose(Channels, Time);
    let y = x.conv(weight, None, Inner, Sliding::default());
}

fn main() {}
