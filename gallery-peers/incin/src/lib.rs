//! What the programs of the gallery share.

pub use incin::prelude::*;

dim!(
    /// Sequences of a batch.
    Batch,
    /// Tokens of a sequence.
    Seq,
    /// Tokens that queries are made of.
    Queries,
    /// Tokens that keys are made of.
    Keys,
    /// Tokens that values are made of.
    Values,
    /// Heads of attention.
    Heads,
    /// Numbers of a head.
    HeadDim,
    /// Half of them.
    Half,
    /// Numbers of a token.
    Embed,
    /// Classes or tokens to choose from.
    Vocab,
    /// Rows of a table of positions.
    Positions,
    /// Outputs of a layer.
    Out
);

/// A tensor of this shape, of numbers of one kind and on one device.
pub type T<S> = Tensor<S, DefaultBackend, f32, NoGrad>;

/// Prints whether a result that incin gave without a word is the right one.
pub fn report<A: Shape + DynShape, B: Shape + DynShape>(got: &T<A>, right: &T<B>) -> Result<()> {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 + 1e-5 * b.abs();
    let (a, b) = (got.to_vec1::<f32>()?, right.to_vec1::<f32>()?);
    if sizes(got) == sizes(right) && a.iter().zip(&b).all(close) {
        println!("right");
    } else {
        println!("wrong: {} for {}", short(&sizes(got), &a), short(&sizes(right), &b));
    }
    Ok(())
}

fn sizes<S: Shape + DynShape>(x: &T<S>) -> Vec<usize> {
    x.shape_buf().as_ref().to_vec()
}

/// The sizes and the first eight numbers, to six digits.
fn short(sizes: &[usize], x: &[f32]) -> String {
    let sizes: Vec<_> = sizes.iter().map(usize::to_string).collect();
    let digits = |v: &f32| format!("{v:.5e}").parse::<f64>().map_or_else(|_| v.to_string(), |v| v.to_string());
    let values: Vec<_> = x.iter().take(8).map(digits).collect();
    format!("({}) [{}{}]", sizes.join(", "), values.join(", "), if x.len() > 8 { ", .." } else { "" })
}

/// These numbers in a shape whose sizes are all in its type.
pub fn tensor<S: Shape + DynShape>(values: &[f32]) -> Result<T<S>>
where
    S::Arg: Default,
{
    let sizes = S::resolve(S::Arg::default()).map_err(Error::Shape)?;
    Tensor::<Dyn>::from_slice(values, sizes.as_ref().to_vec())?.into_shape::<S>()
}

/// `f` of 0, 1, 2, .. in this shape.
pub fn from_fn<S: Shape + DynShape>(f: impl Fn(f32) -> f32) -> Result<T<S>>
where
    S::Arg: Default,
{
    let elements = S::resolve(S::Arg::default()).map_err(Error::Shape)?.as_ref().iter().product();
    tensor(&(0..elements).map(|i: usize| f(i as f32)).collect::<Vec<_>>())
}

/// 0, 1, 2, .. in this shape.
pub fn arange<S: Shape + DynShape>() -> Result<T<S>>
where
    S::Arg: Default,
{
    from_fn(|i| i)
}

/// Numbers without a pattern, the same in every system: sin(1), sin(2), ..
pub fn wave<S: Shape + DynShape>() -> Result<T<S>>
where
    S::Arg: Default,
{
    from_fn(|i| (i + 1.0).sin())
}

/// Positions of tokens in a vocabulary, or the like.
pub fn ids<S: Shape + DynShape>(values: &[u32]) -> Result<Tensor<S, DefaultBackend, u32>>
where
    S::Arg: Default,
{
    let sizes = S::resolve(S::Arg::default()).map_err(Error::Shape)?;
    Tensor::<Dyn, DefaultBackend, u32>::from_slice(values, sizes.as_ref().to_vec())?.into_shape::<S>()
}

/// `q kT / sqrt(d)`, whose type follows from those of `q` and `k`.
#[macro_export]
macro_rules! scores {
    ($q:expr, $k:expr) => {{
        let (q, k) = (&$q, &$k);
        let head_dim = *k.shape_buf().as_ref().last().unwrap() as f32;
        q.matmul(&k.transpose(axis!(-2), axis!(-1))?)?.mul_scalar(1.0 / head_dim.sqrt())?
    }};
}

/// `softmax(q kT / sqrt(d) + bias) v`
#[macro_export]
macro_rules! attend {
    ($q:expr, $k:expr, $v:expr) => {
        scores!($q, $k).softmax(axis!(-1))?.matmul(&$v)?
    };
    ($q:expr, $k:expr, $v:expr, $bias:expr) => {
        (scores!($q, $k).broadcast_add(&$bias)?).softmax(axis!(-1))?.matmul(&$v)?
    };
}
