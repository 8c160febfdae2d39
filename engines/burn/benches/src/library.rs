//! What a library of tensors without types offers, as far as the models need it.

/// The parameters of a model, in the order in which its fields stand.
pub type Parameters = Vec<(Vec<usize>, Vec<f32>)>;

/// Tensors of a library for these, of which the first so many are tables or norms.
pub fn copied<L: Library + ?Sized>(library: &L, parameters: &Parameters, tables: usize) -> Vec<L::Tensor> {
    let own = |(i, (sizes, elements)): (usize, &(Vec<usize>, Vec<f32>))| match sizes.len() == 2 && i >= tables {
        true => library.weight(elements, sizes),
        false => library.tensor(elements, sizes),
    };
    parameters.iter().enumerate().map(own).collect()
}

/// Where a pair of elements that is turned stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// Side by side.
    Interleaved,
    /// One in each half.
    Halves,
}

/// The operations. All tensors are row-major, and their ranks run-time values.
pub trait Library {
    /// A tensor. A clone shares its elements.
    type Tensor: Clone;

    /// A tensor of these elements.
    fn tensor(&self, elements: &[f32], sizes: &[usize]) -> Self::Tensor;
    /// The weight `(outputs, inputs)` of a layer, as [`linear`](Self::linear) takes it: in the order that the library prefers.
    fn weight(&self, elements: &[f32], sizes: &[usize]) -> Self::Tensor;
    /// Those of a model, of which the first so many are tables or norms.
    fn parameters(&self, parameters: &Parameters, tables: usize) -> Vec<Self::Tensor> {
        copied(self, parameters, tables)
    }
    /// Ids of a table.
    fn ids(&self, ids: &[u32], sizes: &[usize]) -> Self::Tensor;
    /// What attention is not to see: of each sequence the keys from its length on, for `(batch, heads, queries, keys)`.
    fn padding(&self, lengths: &[usize], heads: usize, queries: usize) -> Self::Tensor;
    /// The elements.
    fn values(&self, x: Self::Tensor) -> Vec<f32>;

    fn sizes(&self, x: &Self::Tensor) -> Vec<usize>;
    fn reshape(&self, x: Self::Tensor, sizes: &[usize]) -> Self::Tensor;
    /// Two axes exchanged.
    fn swap(&self, x: Self::Tensor, first: usize, second: usize) -> Self::Tensor;
    fn narrow(&self, x: Self::Tensor, axis: usize, start: usize, len: usize) -> Self::Tensor;
    /// `part` in place of what stands from `start` on along the axis, where the tensor lies.
    fn write(&self, x: Self::Tensor, part: Self::Tensor, axis: usize, start: usize) -> Self::Tensor;
    /// Rows of the table.
    fn rows(&self, table: Self::Tensor, ids: Self::Tensor) -> Self::Tensor;

    fn add(&self, x: Self::Tensor, y: Self::Tensor) -> Self::Tensor;
    fn mul(&self, x: Self::Tensor, y: Self::Tensor) -> Self::Tensor;
    fn scale(&self, x: Self::Tensor, by: f64) -> Self::Tensor;
    fn shift(&self, x: Self::Tensor, by: f64) -> Self::Tensor;
    fn relu(&self, x: Self::Tensor) -> Self::Tensor;
    /// By the error function.
    fn gelu(&self, x: Self::Tensor) -> Self::Tensor;
    fn silu(&self, x: Self::Tensor) -> Self::Tensor;
    /// Over the last axis.
    fn softmax(&self, x: Self::Tensor) -> Self::Tensor;
    fn matmul(&self, x: Self::Tensor, y: Self::Tensor) -> Self::Tensor;
    /// `x (.., inputs)` by a [`weight`](Self::weight).
    fn linear(&self, x: Self::Tensor, weight: Self::Tensor, bias: Option<Self::Tensor>) -> Self::Tensor;
    /// `x (.., inputs)` by the rows of a table, `(outputs, inputs)`.
    fn tied(&self, x: Self::Tensor, table: Self::Tensor) -> Self::Tensor;
    fn layer_norm(&self, x: Self::Tensor, weight: Self::Tensor, bias: Self::Tensor, epsilon: f64) -> Self::Tensor;
    fn rms_norm(&self, x: Self::Tensor, weight: Self::Tensor, epsilon: f64) -> Self::Tensor;
    /// Pairs of `(batch, heads, sequence, d)` turned by tables `(sequence, d / 2)`.
    fn rotate(&self, x: Self::Tensor, cos: Self::Tensor, sin: Self::Tensor, pairs: Pairs) -> Self::Tensor;
    /// `(batch, heads, sequence, d)`, where keys and values may have fewer heads.
    fn attention(&self, qkv: [Self::Tensor; 3], forbidden: Option<Self::Tensor>, causal: bool) -> Self::Tensor;
}

/// A library with gradients.
pub trait Training: Library {
    /// AdamW of some parameters.
    type Optimizer;

    /// The tensor, as what gradients are calculated of.
    fn tracked(&self, x: Self::Tensor) -> Self::Tensor;
    fn optimizer(&self, parameters: &[Self::Tensor]) -> Self::Optimizer;
    /// The mean cross-entropy of logits `(rows, classes)`.
    fn cross_entropy(&self, logits: Self::Tensor, targets: Self::Tensor) -> Self::Tensor;
    /// The parameters after a step, by the gradients of the loss.
    fn step(
        &self,
        loss: &Self::Tensor,
        parameters: Vec<Self::Tensor>,
        optimizer: &mut Self::Optimizer,
    ) -> Vec<Self::Tensor>;
}

/// The settings of AdamW in all systems.
pub mod adamw {
    pub const RATE: f64 = 1e-3;
    pub const BETAS: [f64; 2] = [0.9, 0.999];
    pub const EPSILON: f64 = 1e-8;
    pub const DECAY: f64 = 0.01;
}
