use gallery_incin::*;

fn main() -> Result<()> {
    let x = arange::<s![Batch = 2, Embed = 4]>()?;
    let layer = Linear::<s![Embed = 4, Out = 1]>::build(())?;
    let y = x.broadcast_add(&layer.forward(x.clone())?.detach())?;
    let stretched = f32::from(y.dims().as_ref() == x.dims().as_ref());
    report(&tensor::<s![]>(&[stretched])?, &tensor::<s![]>(&[0.0])?)
}
