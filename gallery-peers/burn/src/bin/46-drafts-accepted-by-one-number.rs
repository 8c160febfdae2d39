use gallery_burn::*;

fn main() {
    let (q, keys) = (wave([2, 1, 2]), wave([2, 4, 2])); // of each sequence 2 tokens, and 2 drafted ones
    let accepted = [2, 0];
    let cache = keys.clone().narrow(1, 0, 2 + accepted.iter().max().unwrap());
    let right = keys.narrow(0, 1, 1).narrow(1, 0, 2);
    let got = attend(q.clone(), cache.clone(), cache).narrow(0, 1, 1);
    report(got, attend(q.narrow(0, 1, 1), right.clone(), right));
}
