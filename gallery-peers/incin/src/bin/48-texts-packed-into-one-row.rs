use gallery_incin::*;

fn main() -> Result<()> {
    let q = Tensor::<s![Batch = 1, Seq = 4, HeadDim = 1]>::ones(())?; // two texts of two tokens
    let v = tensor::<s![Batch = 1, Seq = 4, HeadDim = 1]>(&[100.0, 100.0, 1.0, 1.0])?;
    let causal = from_fn::<s![Seq = 4, Seq = 4]>(|_| f32::NEG_INFINITY)?.triu(1)?;
    let own = from_fn::<s![Seq = 4, Seq = 4]>(|i| match i as usize {
        8 | 9 | 12 | 13 => f32::NEG_INFINITY,
        _ => 0.0,
    })?;
    let own = causal.broadcast_add(&own)?;
    report(&attend!(q, q, v, causal), &attend!(q, q, v, own))
}
