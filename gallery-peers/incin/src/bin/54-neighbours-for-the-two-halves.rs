use gallery_incin::*;

fn main() -> Result<()> {
    // 4 samples without a condition, and with it.
    let (without, with) = (arange::<s![4, Embed = 1]>()?, from_fn::<s![4, Embed = 1]>(|i| i + 100.0)?);
    let doubled = without.concat(&with, axis!(0))?;
    let sample = 1;
    let right = doubled.index_select(axis!(0), &ids::<s![2]>(&[sample, sample + 4])?)?;
    report(&doubled.try_narrow(axis!(0), 2 * sample as usize, 2)?, &right)
}
