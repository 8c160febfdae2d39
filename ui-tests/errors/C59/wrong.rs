use congruent::{Error, Ids, Tensor, bind, dims};

dims! { Batch = 1; Seq; Vocab = 100; Embed = 4; }

fn embed(table: &Tensor<(Vocab, Embed)>, ids: &[u32]) -> Result<Tensor<(Batch, Seq, Embed)>, Error> {
    bind!(seq: Seq = ids.len());
    Ok(table.lookup(&Ids::new((Batch, seq), Vocab, ids)?))
}

fn main() {}
