use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (q, k) = (wave::<Rank3<1, 1, 2>>(), wave::<Rank3<1, 5, 2>>()); // the query stands behind 4 keys
    let table = -arange::<Rank1<8>>(); // a bias for each distance
    let [got, right] = [0usize, 4].map(|query| {
        let bias: T<Rank1<5>> = table.clone().gather(dev.tensor([0, 1, 2, 3, 4].map(|key| query.abs_diff(key))));
        attend(q.clone(), k.clone(), k.clone(), bias.broadcast::<_, Axes2<0, 1>>())
    });
    report(got, right);
}
