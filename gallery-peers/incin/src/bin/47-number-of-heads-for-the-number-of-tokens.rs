use gallery_incin::*;

fn main() -> Result<()> {
    let mut seen = 0;
    for length in [3, 1] {
        let q = Cpu.zeros(shape![1, length, 4, 2])?; // (batch, sequence, heads, head_dim)
        seen += q.dims().as_ref()[2];
    }
    report(&tensor::<s![]>(&[seen as f32])?, &tensor::<s![]>(&[4.0])?)
}
