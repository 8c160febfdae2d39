use congruent::dims;
use congruent::generate::{Draft, Generation, Rewind};

dims! { Vocab = 49152; }

fn with_draft<'a, Large: Rewind<Vocab = Vocab>, Small: Rewind<Vocab = Vocab>>(
    generation: Generation<'a, Large>,
    draft: &'a mut Draft<Vocab, Small>,
) -> Generation<'a, Large> {
    generation.speculating(draft, 4)
}

fn main() {}
