use gallery_incin::*;

fn main() -> Result<()> {
    let scores = arange::<s![Heads = 2, Vocab = 3]>()?; // (beams, vocab)
    let table = wave::<s![8, Embed = 2]>()?; // padded to 8 rows
    let best = scores.reshape(shape![6])?.argmax(axis!(0))?.to_vec1::<u32>()?[0]; // 5: beam 1, token 2
    let row = |id: u32| table.index_select(axis!(0), &ids::<s![1]>(&[id])?);
    report(&row(best)?, &row(best % 3)?)
}
