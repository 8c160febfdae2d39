use congruent::{N, Plus, Tensor, Times, dims};

dims! { Seq = 2; Embed = 4; }

// The gates of all elements, and behind them their values, taken for a gate and a value of each element.
fn main() {
    let both = Tensor::ones((Seq, Embed)).concat(Embed, &Tensor::ones((Seq, Embed)));
    let pairs = both.relabel(Plus(Embed, Embed), Times(Embed, N::<2>));
}
