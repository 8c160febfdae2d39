use congruent::{Ids, dims};

dims! { Batch = 2; Vocab = 100; Classes = 100; }

fn main() {
    let tokens = Ids::new((Batch,), Vocab, &[1, 2]).unwrap();
    let labels = Ids::new((Batch,), Classes, &[1, 2]).unwrap();
    let same = tokens.equal(&labels);
}
