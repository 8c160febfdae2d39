use gallery_incin::*;

fn main() -> Result<()> {
    let q = Tensor::<s![Batch = 1, Queries = 1, HeadDim = 1]>::ones(())?; // it stands behind 4 keys
    let k = Tensor::<s![Batch = 1, Keys = 5, HeadDim = 1]>::ones(())?;
    let v = tensor::<s![Batch = 1, Keys = 5, HeadDim = 1]>(&[1.0, 1.0, 1.0, 1.0, 100.0])?;
    // A window of the token and the one before it.
    let hidden = |query: f32, key: f32| if key <= query && query < key + 2.0 { 0.0 } else { f32::NEG_INFINITY };
    let bias = |query: f32| from_fn::<s![Queries = 1, Keys = 5]>(move |key| hidden(query, key));
    report(&attend!(q, k, v, bias(0.0)?), &attend!(q, k, v, bias(4.0)?))
}
