use congruent::{Tensor, dims};

dims! { Batch = 2; Seq = 5; Hidden = 3; Other = 3; }

fn main() {
    let x = Tensor::ones((Batch, Seq, Hidden));
    x.linear_recurrence(Seq, &Tensor::ones((Other,)));
}
