use gallery_burn::*;

fn main() {
    let x = wave([1, 3, 2]).slice_fill([0..1, 2..3], 9.0); // padding: the sequence has 2 tokens
    let tokens = x.clone().slice([0..1, 0..2]);
    let got = attend(x.clone(), x.clone(), x).slice([0..1, 0..2]);
    report(got, attend(tokens.clone(), tokens.clone(), tokens));
}
