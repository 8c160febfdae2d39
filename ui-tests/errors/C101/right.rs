use congruent::{Sliding, Tensor, Times, dims};

dims! { Batch = 2; Channels = 2; In = 3; Out = 4; Time = 9; Kernel = 3; Frames = 7; }

fn main() {
    let x = Tensor::ones((Batch, Times(Channels, In), Time));
    let weight = Tensor::ones((Times(Channels, Out), In, Kernel));
    let y = x.conv(&weight, None, Frames, Sliding::default().groups(Channels));
    // Each output is a sum of the three channels of its group at three positions.
    assert!(y.to_vec().iter().all(|y| *y == 9.0));

    // In one group, it is of all six.
    let weight = Tensor::ones((Out, Times(Channels, In), Kernel));
    let y = x.conv(&weight, None, Frames, Sliding::default());
    assert!(y.to_vec().iter().all(|y| *y == 18.0));
}
