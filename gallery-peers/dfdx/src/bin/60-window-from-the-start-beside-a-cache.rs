use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k) = (dev.ones::<Rank3<1, 1, 1>>(), dev.ones::<Rank3<1, 5, 1>>()); // the query stands behind 4 keys
    let v = dev.tensor([[[1.0], [1.0], [1.0], [1.0], [100.0]]]);
    // A window of the token and the one before it.
    let [got, right] = [0, 4].map(|query| {
        let bias = [0, 1, 2, 3, 4].map(|key| if key <= query && query < key + 2 { 0.0 } else { f32::NEG_INFINITY });
        attend(q.clone(), k.clone(), v.clone(), dev.tensor([[bias]]))
    });
    report(got, right);
}
