use gallery_incin::*;

fn main() -> Result<()> {
    let image = arange::<s![4, 4]>()?; // (height, width), to be 4 patches of 2 by 2
    let right = image.reshape(shape![2, 2, 2, 2])?.transpose(axis!(1), axis!(2))?.reshape(shape![4, 4])?;
    report(&image.reshape(shape![4, 4])?, &right)
}
