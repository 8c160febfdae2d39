use congruent::prelude::*;

dims! { Time = 10; Frames = 4; Frame = 4; }

fn main() {
    let signal = Tensor::ones((Time,));
    let frames: Tensor<(Frames, Frame)> = signal.unfold(Time, Frames, Frame, N::<2>);
}
