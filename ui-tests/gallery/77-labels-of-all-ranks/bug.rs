use congruent::dim::{Candidates, Shard};
use congruent::nn::{cross_entropy, similarities};
use congruent::{Ids, Tensor, dims};

dims! { Data = 2; Batch = 4; Embed = 2; }

fn contrast(
    images: &Tensor<(Shard<Batch, Data>, Embed)>,
    texts: &Tensor<(Shard<Batch, Data>, Embed)>,
    labels: &Ids<(Shard<Batch, Data>,), Candidates<Batch>>,
) {
    let losses = cross_entropy(&similarities(images, texts), labels);
}

fn main() {}
