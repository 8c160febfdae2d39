use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let ids = dev.tensor([0, 0, 5, 6]); // two of padding, and a text of two
    let (words, positions) = (dev.zeros::<Rank2<10, 1>>(), arange::<Rank2<16, 1>>());
    let hidden = |query: usize, key: usize| if key <= query && key >= 2 { 0.0 } else { -1e9 };
    let mask = dev.tensor([[0, 1, 2, 3].map(|query| [0, 1, 2, 3].map(|key| hidden(query, key)))]);
    let [got, right] = [[0, 1, 2, 3], [0, 0, 0, 1]].map(|places| {
        let (words, places): (T<Rank2<4, 1>>, T<Rank2<4, 1>>) =
            (words.clone().gather(ids.clone()), positions.clone().gather(dev.tensor(places)));
        let x = (words + places).reshape::<Rank3<1, 4, 1>>();
        let text: T<Rank3<1, 2, 1>> = attend(x.clone(), x.clone(), x, mask.clone()).slice((.., 2.., ..)).realize();
        text
    });
    report(got, right);
}
