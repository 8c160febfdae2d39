use gallery_incin::*;

fn main() -> Result<()> {
    // A recurrent layer that adds up its inputs, and in the other direction those of the text turned round.
    let forward = tensor::<s![Seq = 3, 1]>(&[1.0, 2.0, 3.0])?.cumsum(axis!(0))?;
    let turned = tensor::<s![Seq = 3, 1]>(&[3.0, 2.0, 1.0])?.cumsum(axis!(0))?;
    let reverse = turned.index_select(axis!(0), &ids::<s![Seq = 3]>(&[2, 1, 0])?)?.into_shape::<s![Seq = 3, 1]>()?;
    let states = forward.concat(&reverse, axis!(1))?; // (sequence, both directions)
    report(&states.get(i![2, ..])?, &tensor::<s![2]>(&[6.0, 6.0])?)
}
