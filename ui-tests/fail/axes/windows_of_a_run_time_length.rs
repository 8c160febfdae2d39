use congruent::prelude::*;

dims! { Time; Frames = 4; Frame = 4; }

fn main() {
    bind!(time: Time = 10);
    let signal = Tensor::ones((time,));
    let frames = signal.unfold(time, Frames, Frame, N::<2>);
}
