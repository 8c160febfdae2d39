//! Parts of dimensions, and sums that are pending, on a mesh of ranks.

use super::errors;

errors! {
    C94: "`D` is not known to be a dimension that ids choose from"
    /// Ids choose from a dimension of which each rank has all positions, or a [`Shard`](crate::dim::Shard) of one: its
    /// [`Table::Whole`](crate::dim::Table) is what they are ids of, on each rank. Generic code asks for a
    /// [`Vocabulary`](crate::dim::Vocabulary).

    C95: "`D` is not known to be a vocabulary"
    /// Embedding, logits and cross-entropy are one code for a vocabulary of which each rank has all tokens, and for a
    /// [`Shard`](crate::dim::Shard) of one: [`Vocabulary`](crate::dim::Vocabulary). Ids are of its
    /// [`Whole`](crate::dim::Table::Whole). A vocabulary has no padding.

    C96: "the weights of attention to `K` have no dropout: no rank has those of all keys"
    /// [`RingAttention`](crate::mesh::RingAttention) and [`AllToAllAttention`](crate::mesh::AllToAllAttention) attend to the keys of other
    /// ranks piece by piece, and no rank has all weights of a query. Dropout of what attention gives, or of the features of other layers,
    /// is that of each rank's part.

    C97: "the size of `D` is not compared: it may have padding, or be one rank's part"
    /// [`Equal::check`](crate::dim::Equal::check) compares sizes, and what it proves equal takes the place of each other. How much of a
    /// padded dimension is valid no size says. Parts of a [`Shard`](crate::dim::Shard) are equal if the wholes are, along one axis of a mesh:
    /// [`of_parts`](crate::dim::Equal::of_parts).

    C98: "`K` may be one rank's part of the keys, and `M` leaves out those of the other ranks"
    /// Each rank has a part of a sequence that is a [`Shard`](crate::dim::Shard), and a softmax over the keys of this part would be
    /// another one than that over all keys. How queries reach the keys of the other ranks is said in place of the mask:
    /// [`RingAttention`](crate::mesh::RingAttention) sends keys and values around all ranks, and
    /// [`AllToAllAttention`](crate::mesh::AllToAllAttention) gives each rank all positions of a part of the heads. Both have the mask
    /// of the whole sequence in them, and whole lengths: padding stands within the parts, `mesh.shard(Ragged(Seq), axis)`.

    C99: "`R` are not the positions of `L` in the batch `B`"
    /// Positions are `(batch, sequence)`, of the sequence whose heads they turn. Of a [`Shard`](crate::dim::Shard), numbers that
    /// each rank makes for its own part would as a rule begin at 0 on each of them. So those of the whole sequence are given, which
    /// all ranks have alike, and each rank takes its own part of them.

    C109: "positions `R` may be those that one rank made for its part of a sequence"
    /// [`LearnedPositions::forward_at`](crate::nn::LearnedPositions::forward_at) adds the vectors of given positions. Those that a rank
    /// makes for its part of a [`Shard`](crate::dim::Shard) would as a rule begin at 0 on each rank.
    /// [`forward`](crate::nn::LearnedPositions::forward) knows where the part begins.

    C110: "`D` may be one rank's part, and this operation would take it for the whole"
    /// Each rank has some of the positions of a [`Shard`](crate::dim::Shard). A softmax, a norm, a mean, a product over it, or a
    /// position that is taken, would be that of one part, and another one on each rank. A sum or a product over it becomes
    /// [`Partial`](crate::mesh::Partial), which the ranks add up; a [`Linear`](crate::nn::Linear) layer along it does both. Else each
    /// rank gets all positions by [`all_gather`](crate::Tensor::all_gather), one of them by
    /// [`broadcast_at`](crate::Tensor::broadcast_at), or other ones by [`all_to_all`](crate::Tensor::all_to_all).

    C111: "each rank has all of `D`: no other one has a part of it"
    /// Ranks add up, or gather, what each has of a [`Shard`](crate::dim::Shard). Of a dimension that each has all of, the sum of all
    /// ranks would count each position as many times as there are ranks.

    C112: "`D` is not divided evenly among the ranks along `M`"
    /// Each rank has as many positions of a [`Shard`](crate::dim::Shard) as any other. Where the compiler does not know both sizes,
    /// [`try_shard`](crate::mesh::Mesh::try_shard) compares them.

    C113: "a sum `S` that is pending along `M` takes no `X` before the ranks have added it"
    /// Each rank has a term of the sum. A bias that is added to each term is in the sum as many times as there are ranks. It comes
    /// after [`all_reduce`](crate::mesh::Partial::all_reduce). Two sums that are pending along one axis of the mesh, and have one
    /// shape, are added term by term.

    C114: "the sum `S` is pending along `M`: a rank has its own term of it, and not its value"
    /// A function that is not linear, of one term, is not a term of anything: `relu(a) + relu(b)` is not `relu(a + b)`. Nor is a term
    /// what a user reads, prints, saves, or calls `backward` on. [`all_reduce`](crate::mesh::Partial::all_reduce) gives each
    /// rank the sum, [`reduce_scatter`](crate::mesh::Partial::reduce_scatter) its part of it. Gradients go through both.

    C115: "`S` may have one rank's part of a dimension, and this operation would take it for the whole"
    /// The mean of all elements, or what is found among all of them, would be that of one rank's part. The axis that is a
    /// [`Shard`](crate::dim::Shard) is reduced before, as in [`C110`].

    C116: "`S` is not `(batch, Shard<sequence, M>, E)`"
    /// A sequence-parallel layer has its heads and hidden features in parts along a mesh axis, and takes a sequence of which each rank has a
    /// part along the same one: norms, dropout and what is added are calculated of that part alone. It gathers and scatters
    /// positions by itself, and the mask is that of the whole sequence.

    C117: "`B` has no ranks that could divide the state of an optimizer"
    /// The state of a [`sharded`](crate::optim::Optimizer::sharded) optimizer is divided among the ranks of a mesh, on which the model
    /// is: [`OnMesh`](crate::mesh::OnMesh). One rank without MPI is a mesh too: [`Alone`](crate::mesh::Alone).

    C120: "a sum `S` that is pending along `M` is not multiplied by `X` before the ranks have added it"
    /// A product with another sum, or with what differs from rank to rank, is not the sum of the products of the terms. A product
    /// with a number is: [`scaled`](crate::mesh::Partial::scaled).
}
