use congruent::{Ids, Tensor, dims};

dims! { Batch = 1; Seq = 3; Classes = 4; }

fn loss(logits: &Tensor<(Batch, Seq, Classes)>, targets: &Ids<(Batch, Seq), Classes>) {
    let forward = logits.log_softmax(Classes).transpose(Seq, Classes);
    let chosen = forward.gather(targets);
}

fn main() {}
