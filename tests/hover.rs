//! What an editor shows of a variable: `scripts/hover.py` asks rust-analyzer, and compares with the comments.

use congruent::nn::{Linear, attention};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Vocab = 7; Tokens; Past; }

#[test]
fn variables_show_their_dimensions_by_name() {
    let x = Tensor::ones((Batch, Seq, Embed));
    //  ^ Tensor<(Batch, Seq, Embed)>
    let heads = x.relabel(Embed, Times(Heads, HeadDim)).split_heads();
    //  ^ Tensor<(Batch, Heads, Seq, HeadDim)>
    let scores = einsum!("b h i d, b h j d -> b h i j", heads, heads);
    //  ^ Tensor<(Batch, Heads, Seq, Seq)>
    let attended = attention(&heads, &heads, &heads, &Causal);
    //  ^ Tensor<(Batch, Heads, Seq, HeadDim)>
    let merged = attended.merge_heads();
    //  ^ Tensor<(Batch, Seq, Times<Heads, HeadDim>)>
    let output = Linear::random(Times(Heads, HeadDim), Embed, &mut Rng::with_seed(1));
    //  ^ Linear<Times<Heads, HeadDim>, Embed>
    let y = &x + output.forward(&merged);
    //  ^ Tensor<(Batch, Seq, Embed)>
    let mean = y.mean(Seq);
    //  ^ Tensor<(Batch, Embed)>
    let normal = y.softmax(Embed);
    //  ^ Tensor<(Batch, Seq, Embed)>
    let swapped = y.transpose(Seq, Embed);
    //  ^ Tensor<(Batch, Embed, Seq)>
    let moved = rearrange!(y, "b s e -> s b e");
    //  ^ Tensor<(Seq, Batch, Embed)>
    let product = y.matmul(&swapped);
    //  ^ Tensor<(Batch, Seq, Seq)>
    let table = Tensor::ones((Vocab, Embed));
    //  ^ Tensor<(Vocab, Embed)>
    let ids = Ids::new((Batch, Seq), Vocab, &[0; 10]).unwrap();
    //  ^ Tensor<(Batch, Seq), Cpu<Index<Vocab>>>
    let rows = table.lookup(&ids);
    //  ^ Tensor<(Batch, Seq, Embed)>

    bind!(tokens: Tokens = 4, past: Past = 6);
    let new = Tensor::ones((Batch, tokens, Embed));
    //  ^ Tensor<(Batch, Tokens<'_, tokens>, Embed)>
    let keys = Tensor::ones((Batch, past, Embed)).concat(past, &new);
    //  ^ Tensor<(Batch, Plus<Past<'_, past>, Tokens<'_, tokens>>, Embed)>
    assert_eq!(scores.sizes(), [2, 3, 5, 5]);
    assert_eq!(mean.sizes(), [2, 12]);
    assert_eq!([normal, rows].map(|x| x.sizes()), [[2, 5, 12]; 2]);
    assert_eq!(moved.sizes(), [5, 2, 12]);
    assert_eq!(product.sizes(), [2, 5, 5]);
    assert_eq!(keys.sizes(), [2, 10, 12]);
}
