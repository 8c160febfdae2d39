use gallery_incin::*;

fn main() -> Result<()> {
    let similarities = tensor::<s![Batch = 2, Keys = 2]>(&[1.0, 0.0, 0.0, 81.0])?; // (samples, negatives)
    let right = tensor::<s![Batch = 2, Keys = 2]>(&[0.0, -1.0, -81.0, 0.0])?;
    report(&similarities.broadcast_sub(&similarities.max(axis!(1))?)?, &right)
}
