//! Windows of a padded signal.
use congruent::prelude::*;

dims! { Batch = 2; Time = 7; Frames = 3; Frame = 3; }

fn main() {
    let x = Tensor::ones((Batch, Ragged(Time)));
    let y = x.unfold(Ragged(Time), Frames, Frame, N::<2>);
}
