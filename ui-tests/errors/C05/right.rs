use congruent::dim::Normal;
use congruent::dims;

dims! { Embed = 8; Vocab = 1500; }

fn parameters<In: Normal, Out: Normal>(input: In, output: Out) -> usize {
    (input.size() + 1) * output.size()
}

fn main() {
    assert_eq!(parameters(Embed, Vocab), 13500);
}
