use congruent::dims;
use congruent::generate::{Draft, Generation, Rewind};

dims! { Vocab = 49152; SmallVocab = 32000; }

fn with_draft<'a, Large: Rewind<Vocab = Vocab>, Small: Rewind<Vocab = SmallVocab>>(
    generation: Generation<'a, Large>,
    draft: &'a mut Draft<SmallVocab, Small>,
) -> Generation<'a, Large> {
    generation.speculating(draft, 4)
}

fn main() {}
