use gallery_incin::*;

fn main() -> Result<()> {
    let tokens = ids::<s![Seq = 4]>(&[0, 0, 5, 6])?; // two of padding, and a text of two
    let (words, positions) =
        (Tensor::<s![Vocab = 10, Embed = 1]>::zeros(())?, arange::<s![Positions = 16, Embed = 1]>()?);
    let mask = from_fn::<s![Seq = 4, Seq = 4]>(|i| {
        let (query, key) = (i as usize / 4, i as usize % 4);
        if key <= query && key >= 2 { 0.0 } else { -1e9 }
    })?;
    let encode = |places| {
        let places = positions.index_select(axis!(0), &ids::<s![Seq = 4]>(places)?)?;
        let x = words.index_select(axis!(0), &tokens)?.add_exact(&places)?.into_shape::<s![Seq = 4, Embed = 1]>()?;
        attend!(x, x, x, mask).get(i![2..4, ..])
    };
    report(&encode(&[0, 1, 2, 3])?, &encode(&[0, 0, 0, 1])?)
}
