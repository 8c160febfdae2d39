use congruent::prelude::*;

dims! { Time = 10; Frames = 5; Frame = 4; }

fn main() {
    let signal = Tensor::ones((Time,));
    let frames = signal.unfold(Time, Frames, Frame, N::<2>);
}
