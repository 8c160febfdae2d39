use congruent::dim::Dim;
use congruent::{Error, Ids, Tensor, bind, dims};

dims! { Batch = 1; Seq; Vocab = 100; Embed = 4; }

// The caller binds the dimension, and the function takes any.
fn embed<S: Dim>(table: &Tensor<(Vocab, Embed)>, ids: &[u32], seq: S) -> Result<Tensor<(Batch, S, Embed)>, Error> {
    Ok(table.lookup(&Ids::new((Batch, seq), Vocab, ids)?))
}

struct Text<S> {
    x: Tensor<(Batch, S, Embed)>,
}

fn main() -> Result<(), Error> {
    let (table, ids) = (Tensor::ones((Vocab, Embed)), [1, 2, 3]);
    bind!(seq: Seq = ids.len());
    let text = Text { x: embed(&table, &ids, seq)? };
    assert_eq!(text.x.sum(seq).to_vec(), [3.0; 4]);

    // Or the scope of the dimension is a closure.
    let sum = Seq::with(ids.len(), |seq| embed(&table, &ids, seq).map(|x| x.sum(seq)))?;
    assert_eq!(sum.to_vec(), [3.0; 4]);
    Ok(())
}
