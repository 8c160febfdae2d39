use congruent::dim::Normal;
use congruent::{N, dims};

dims! { Embed = 8; }

fn parameters<In: Normal, Out: Normal>(input: In, output: Out) -> usize {
    (input.size() + 1) * output.size()
}

fn main() {
    println!("{}", parameters(Embed, N::<1500>));
}
