//! What ranks of a mesh do together.

/// What the ranks along an axis of a mesh do together. In the backward pass, gradients go the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collective {
    /// The sum of what each rank has; each gets it. Its gradient is that of each term.
    Sum,
    /// The largest of what each rank has; each gets it. No gradient goes through it.
    Max,
    /// The sum, of which each rank gets its own part along an axis of the array. Gradients are gathered.
    ReduceScatter(usize),
    /// The parts of all ranks, one after another along an axis of the array. Each gets its own part of the gradient, and the sum of
    /// those of all ranks where they differ, by a reduce-scatter.
    AllGather(usize),
    /// Each rank keeps its own part, along an axis of the array, of what all have alike. Gradients are gathered.
    Part(usize),
    /// Each rank gives each other one a part along the first axis of the array, and gets parts that stand one after another along
    /// the second. Gradients go back.
    AllToAll(usize, usize),
    /// What the rank of this number has; each gets it. The sum of the gradients of all ranks is that of this one's, and those of the
    /// others are zeros.
    FromRank(usize),
}
