use gallery_ndarray::*;

fn main() {
    let (decoder, encoder) = (wave((1, 3, 2)), 2.0 * wave((1, 3, 2))); // both padded to 3
    report(&attend(&encoder, &decoder, &decoder), &attend(&decoder, &encoder, &encoder));
}
