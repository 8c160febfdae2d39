use burn::tensor::{Device, Int, Tensor};
use gallery_burn::*;

fn main() {
    let device = Device::default();
    let ids = Tensor::<1, Int>::from_ints([0, 0, 5, 6], &device); // two of padding, and a text of two
    let (words, positions) = (Tensor::<2>::zeros([10, 1], &device), arange([16, 1]));
    let hidden = |query: usize, key: usize| if key <= query && key >= 2 { 0.0 } else { -1e9 };
    let mask = [0, 1, 2, 3].map(|query| [0, 1, 2, 3].map(|key| hidden(query, key)));
    let [got, right] = [[0, 1, 2, 3], [0, 0, 0, 1]].map(|places| {
        let places = positions.clone().select(0, Tensor::<1, Int>::from_ints(places, &device));
        let x = (words.clone().select(0, ids.clone()) + places).unsqueeze::<3>();
        attend_biased(x.clone(), x.clone(), x, Tensor::<3>::from_floats([mask], &device)).narrow(1, 2, 2)
    });
    report(got, right);
}
