use congruent::dim::numbers::{U2, U8};
use congruent::prelude::*;

dims! { Zero = 0; Odd = 50_257; Large = 4_294_967_311; Hexadecimal = 0x10; Sum = Odd + 3 * (Hexadecimal + 1); }

fn main() {
    assert_eq!((Zero.size(), Odd.size(), Large.size(), Sum.size()), (0, 50257, 4294967311, 50308));
    let x = Tensor::ones((U2, U8));
    let y: Tensor<(U2, Times<N<2>, N<4>>)> = x.relabel(U8, Times(N, N));
    let z = Tensor::ones((N::<2>, N::<1500>)).sum(N::<1500>);
    assert_eq!(z.to_vec(), [1500.0; 2]);
    let same: Tensor<(Hexadecimal,)> = Tensor::ones((N::<16>,)).relabel(N::<16>, Hexadecimal);
}
