use gallery_burn::*;

fn main() {
    let (decoder, encoder) = (wave([1, 3, 2]), wave([1, 3, 2]) * 2.0); // both padded to 3
    let got = attend(encoder.clone(), decoder.clone(), decoder.clone());
    report(got, attend(decoder, encoder.clone(), encoder));
}
