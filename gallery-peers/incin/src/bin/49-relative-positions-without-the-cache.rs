use gallery_incin::*;

fn main() -> Result<()> {
    let q = wave::<s![Batch = 1, Queries = 1, HeadDim = 2]>()?; // it stands behind 4 keys
    let k = wave::<s![Batch = 1, Keys = 5, HeadDim = 2]>()?;
    // A bias for each distance.
    let bias = |query: f32| from_fn::<s![Queries = 1, Keys = 5]>(move |key| -(query - key).abs());
    report(&attend!(q, k, k, bias(0.0)?), &attend!(q, k, k, bias(4.0)?))
}
