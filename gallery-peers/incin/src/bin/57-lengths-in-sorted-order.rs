use gallery_incin::*;

fn main() -> Result<()> {
    // States of texts of 1 and of 3 tokens.
    let states = tensor::<s![Batch = 2, Seq = 3, Embed = 1]>(&[6.0, 0.0, 0.0, 3.0, 3.0, 3.0])?;
    let lengths = [1.0, 3.0];
    let mut ordered = lengths; // for a recurrent layer; its states are in the given order again
    ordered.sort_by(|a, b| f32::total_cmp(b, a));
    let mean = |lengths: [f32; 2]| states.sum(axis!(1))?.broadcast_div(&tensor::<s![Batch = 2, 1]>(&lengths)?);
    report(&mean(ordered)?, &mean(lengths)?)
}
