use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let (decoder, encoder) = (wave::<Rank3<1, 3, 2>>(), wave::<Rank3<1, 3, 2>>() * 2.0); // both padded to 3
    let got = attend(encoder.clone(), decoder.clone(), decoder.clone(), dev.zeros());
    report(got, attend(decoder, encoder.clone(), encoder, dev.zeros()));
}
