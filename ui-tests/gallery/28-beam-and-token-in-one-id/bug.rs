use congruent::{Error, Tensor, dims};

dims! { Beams = 2; Vocab = 3; Best = 1; Embed = 2; }

fn next(scores: &Tensor<(Beams, Vocab)>, table: &Tensor<(Vocab, Embed)>) -> Result<(), Error> {
    let all = scores.merge(Beams, Vocab);
    let (_, best) = all.top_k(all.shape().0, Best)?;
    let x = table.lookup(&best);
    Ok(())
}

fn main() {}
