use gallery_ndarray::*;
use ndarray::s;

fn main() {
    let (q, keys) = (wave((2, 1, 2)), wave((2, 4, 2))); // of each sequence 2 tokens, and 2 drafted ones
    let accepted = [2, 0];
    let cache = keys.slice(s![.., ..2 + *accepted.iter().max().unwrap(), ..]);
    let right = keys.slice(s![1.., ..2, ..]);
    report(&attend(&q, &cache, &cache).slice(s![1.., .., ..]), &attend(&q.slice(s![1.., .., ..]), &right, &right));
}
