//! Heads, masks, positions and caches.

use super::errors;

errors! {
    C08: "`M` does not mask attention from `Q` to `K`"
    /// The mask is for other dimensions than those of the queries and keys. [`Causal`](crate::Causal) needs queries
    /// that are the last part of the keys: `Q` itself, or `Plus<Past, Q>` in this order. [`Lengths`](crate::Lengths)
    /// are those of the keys and of the same batch. [`Allowed`](crate::Allowed) is `(B, Q, K)` or `(Q, K)`, without
    /// heads. In code that is generic over the backend, a mask is one of its engine: `&impl Mask<Batch, Q, K, B::Engine>`.

    C22: "queries `Q` cannot attend to keys `K` and values `V`"
    /// Queries, keys and values have four dimensions each: batch, heads, positions, and the size of a head. They agree
    /// in the batch and the heads; queries and keys agree in the size of a head, keys and values in their positions.
    /// Compare the three shapes from left to right. Often one of them is not yet split into heads.

    C23: "`A` query heads cannot share `B` key heads"
    /// In grouped attention several query heads share one key head. The compiler sees that by the type: the query heads
    /// are the key heads, or `Times<KeyHeads, Group>`. Name the groups by [`relabel`](crate::Tensor::relabel).

    C24: "cannot split `S` into heads"
    /// [`split_heads`](crate::Tensor::split_heads) takes `(batch, sequence, Times<heads, head_dim>)`. The last
    /// dimension of this tensor does not say what its heads are: name its factors first by
    /// [`relabel`](crate::Tensor::relabel), which holds them against its size.

    C25: "cannot merge the heads of `S`"
    /// [`merge_heads`](crate::Tensor::merge_heads) takes `(batch, heads, sequence, head_dim)`, as attention gives it.
    /// This tensor has another number of dimensions: a single text gets a batch by [`expand`](crate::Tensor::expand),
    /// and heads that were merged before need no second merge.

    C26: "`S` is not `(batch, sequence, E)`"
    /// The layers of a transformer take a batch of sequences whose last dimension is the width of the layer. A single
    /// text gets a batch by [`expand`](crate::Tensor::expand). Another width needs a layer of that width, or a
    /// [`Linear`](crate::nn::Linear) before.

    C27: "`S` cannot attend to `M`"
    /// In cross-attention the sequence and the memory, which it attends to, have the same batch and the width of the
    /// layer. Only their lengths differ. Bring a memory of another width to this one by a [`Linear`](crate::nn::Linear)
    /// layer.

    C39: "the size of `A` is not known to be even"
    /// Rotary positions turn the elements of a head in pairs, so the size of a head is even. Either the number in its
    /// declaration is odd and has to be corrected, or only run time knows it: [`Rotary::check`](crate::nn::Rotary::check)
    /// compares it there.

    C40: "a cache of heads `H` of size `D` for the batch `B` does not append `S` at `L`"
    /// The keys and values of a [`CacheStep`](crate::nn::CacheStep) are `(batch, key heads, new positions, head size)`: batch,
    /// heads and size as the cache was made with, the new positions as given to its step. With grouped queries the cache is of
    /// the key heads alone.

    C41: "positions `P` do not turn heads `S` of size `D`"
    /// [`Rotary`](crate::nn::Rotary) turns heads `(batch, heads, sequence, head size)`, of the size that its table was made for,
    /// by positions `(batch, sequence)`. Split the heads first, and give the positions of the same batch and sequence.

    C70: "`usize` does not cut the sequences of the batch `B`"
    /// The sequences of a batch end at different places after they accepted different numbers of drafted tokens, so that
    /// [`truncate`](crate::nn::KeyValueCache::truncate) takes a length for each. One number is enough for a batch that is one
    /// sequence by its type, as `Batch = 1` or `N<1>`.

    C72: "`B` is no bias for attention weights `W`"
    /// A bias is added to the score of each pair of query and key: it is of the heads of the queries, the queries and the keys,
    /// in this order; or of the batch and these, or of some of them, `(Q, K)` or `(B, Q, K)`. Beside a cache the keys are `Plus<Past, Seq>`, for which [`relative_ids`](crate::mask::relative_ids) and
    /// [`alibi`](crate::mask::alibi) count the positions of the queries behind the past.

    C73: "where queries `Q` stand among keys `K` is not known"
    /// What depends on positions asks the types where the first query stands: the keys are the queries, or `Plus<Past, Q>`, as
    /// the step of a cache lends them. Keys under a name of their own do not say it: name their parts by
    /// [`relabel`](crate::Tensor::relabel).

    C80: "`S` is no tensor of sinks for attention weights `W`"
    /// A sink is a learned score for each head of the queries, beside those of the keys: a tensor `(heads,)`. In grouped attention
    /// the heads of the queries are `Times<KeyHeads, Group>`, and so are those of the sinks.

    C124: "`R` does not turn heads of size `D`"
    /// An attention splits its width into heads, and a [`Rotary`](crate::nn::Rotary) turns pairs of elements in each head: its table is
    /// made for the size of one head, and not for the width of the model.

    C127: "`P` does not propose tokens of `V`"
    /// A [`Proposer`](crate::generate::Proposer) proposes tokens of the model that checks them, so that a draft has the same table of
    /// tokens: the same dimension. Models of one family often share their tokenizer and differ in how many rows their tables have for
    /// padding: ids of the one are then no ids of the other.
}
