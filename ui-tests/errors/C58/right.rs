use congruent::{Tensor, dims};

dims! { Batch = 2; Embed = 8; }

fn main() {
    let x = Tensor::ones((Batch, Embed));
    let doubled = &x * 2.0;
    assert_eq!(doubled.to_vec(), [2.0; 16]);

    let scale: f64 = 0.5;
    let halved = &doubled * scale as f32;
    let exact = x.cast::<f64>() * scale;
    assert_eq!((halved.cast::<f64>() - exact).to_vec(), [0.5; 16]);
}
