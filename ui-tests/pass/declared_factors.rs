// Where the sizes agree, and the factors do not contradict each other.

use congruent::dim::SameSize;
use congruent::prelude::*;

dims! {
    KeyHeads = 4; Group = 3; Heads = KeyHeads * Group; HeadDim = 32;
    Embed = Heads * HeadDim;
    ByNumber = 384; TwelveHeads = 12; ByTwelve = TwelveHeads * HeadDim;
    Parts = 3; Qkv = 3 * Embed; QkvByNumber = 3 * ByNumber; Ffn = 4 * ByNumber;
    Colours = 3; Height = 16; Width = 16; Patch = Colours * Height * Width; Pixels = 256; OfPixels = Colours * Pixels;
    Patches = 14 * 14; Rows = 14; Columns = 14; One = 1; Padded = One * Height; Sum = (Heads + 4) * HeadDim; Padding = 4;
    Base = 4; Channels = 2 * Base; Groups = 2; PerGroup = 4;
    once Chosen;
}

fn same<A: SameSize<B>, B: Dim>(a: A, b: B) {
    let equal = Equal::known(a, b);
    assert_eq!(equal.from().size(), equal.to().size());
}

fn in_generic_code<E: SameSize<Times<H, D>>, H: Dim, D: Dim>(x: &Tensor<(E,)>, h: H, d: D) -> Tensor<(H, D)> {
    let (e,) = x.shape();
    x.relabel(e, Times(h, d)).split(Times(h, d))
}

fn main() {
    // A number may be any product, and any product a number.
    same(ByNumber, Times(TwelveHeads, HeadDim));
    same(Times(HeadDim, TwelveHeads), ByNumber);
    same(Embed, ByNumber);
    same(N::<12>, Times(N::<4>, N::<3>));
    // The declared order.
    same(Embed, Times(Heads, HeadDim));
    same(Times(Heads, HeadDim), Embed);
    same(Embed, Times(Times(KeyHeads, Group), HeadDim));
    same(Embed, Times(KeyHeads, Times(Group, HeadDim)));
    same(Patch, Times(Colours, Times(Height, Width)));
    same(Patch, Times(Times(Colours, Height), Width));
    // A factor taken apart, on either side.
    same(ByTwelve, Times(Times(KeyHeads, Group), HeadDim));
    same(Times(TwelveHeads, HeadDim), Embed);
    same(OfPixels, Times(Colours, Times(Height, Width)));
    same(Patch, OfPixels);
    same(QkvByNumber, Times(N::<3>, Times(Heads, HeadDim)));
    same(Qkv, Times(Parts, Times(Heads, HeadDim)));
    same(Ffn, Times(N::<4>, ByNumber));
    same(Ffn, Times(N::<4>, Embed));
    // Numbers without a name.
    same(Patches, Times(Rows, Columns));
    same(Patches, Times(N::<14>, N::<14>));
    same(Times(N::<14>, N::<14>), Times(Rows, Columns));
    same(Padded, Times(Height, N::<1>));
    // A number among the factors says how large the product is, and no order.
    same(Channels, Times(Groups, PerGroup));
    same(Channels, Times(Base, N::<2>));
    same(Sum, Times(Plus(Heads, Padding), HeadDim));
    same(Plus(Heads, Heads), Plus(N::<4>, N::<20>));
    same(Ragged(Patch), Ragged(Times(Colours, Pixels)));
    same(Chosen::set(3).unwrap(), Chosen::set(3).unwrap());

    let x = Tensor::from_fn((Embed,), |[i]| i as f32);
    assert_eq!(in_generic_code(&x, Heads, HeadDim).to_vec(), x.to_vec());
    // By numbers alone: the louder ways.
    let exchanged = Equal::check(Embed, Times(HeadDim, Heads)).unwrap();
    assert_eq!(x.relabel_by(exchanged).to_vec(), x.to_vec());
    let renamed = Equal::known(Rows, Columns).times(Equal::same(Height));
    assert_eq!(Tensor::ones((Times(Rows, Height),)).relabel_by(renamed).shape(), (Times(Columns, Height),));
}
