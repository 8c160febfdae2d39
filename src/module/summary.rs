//! What a model consists of, in words.

use super::{Module, Parameter, Path};
use crate::backend::{Backend, Float, PrimitiveOf};
use std::fmt::{self, DebugStruct, Display, Formatter};

/// The parameters of a model as a table, which it shows: see [`Module::summary`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// A row for each parameter or part.
    pub parts: Vec<Part>,
}

/// A row of a [`Summary`]: a parameter, a buffer, or several together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Where it is.
    pub path: String,
    /// The dimensions of one, by name and size; of several, nothing.
    pub shape: String,
    /// The number of elements that are no buffer's.
    pub parameters: usize,
    /// How many of these are to be trained.
    pub tracked: usize,
    /// The bytes of all elements, buffers too, as the backend calculates with them: weights in blocks take less.
    pub bytes: usize,
}

impl Part {
    fn new<B: Backend<Elem: Float>>(parameter: &Parameter<'_, B>) -> Self {
        let count = parameter.sizes().iter().product::<usize>();
        let parameters = if parameter.is_buffer() { 0 } else { count };
        Part {
            path: parameter.path().to_string(),
            shape: parameter.shape().to_string(),
            parameters,
            tracked: if parameter.is_tracked() { parameters } else { 0 },
            bytes: count * size_of::<PrimitiveOf<B>>(),
        }
    }

    fn add(&mut self, other: &Part) {
        self.parameters += other.parameters;
        self.tracked += other.tracked;
        self.bytes += other.bytes;
    }
}

impl Summary {
    pub(super) fn of<B: Backend<Elem: Float>, M: Module<B> + ?Sized>(module: &M) -> Self {
        let mut parts = Vec::new();
        module.visit(&Path::root(), &mut |parameter| parts.push(Part::new(&parameter)));
        Summary { parts }
    }

    /// With one row for all that has the first `depth` names of its path in common.
    ///
    /// ```
    /// use congruent::nn::FeedForward;
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; Hidden = 8; }
    /// let layers = vec![FeedForward::random(Embed, Hidden, &mut Rng::with_seed(1)); 2];
    /// let rows: Vec<_> = layers.summary().to_depth(1).parts.into_iter().map(|x| (x.path, x.parameters)).collect();
    /// assert_eq!(rows, [("0".to_owned(), 42), ("1".to_owned(), 42)]);
    /// ```
    pub fn to_depth(&self, depth: usize) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for part in &self.parts {
            let path = part.path.split('.').take(depth).collect::<Vec<_>>().join(".");
            match parts.iter_mut().find(|of| of.path == path) {
                Some(of) => {
                    of.shape.clear();
                    of.add(part);
                }
                None => parts.push(Part { path, ..part.clone() }),
            }
        }
        Summary { parts }
    }

    /// With the rows of another one: of the parameters of another element type.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 4; Hidden = 8; }
    /// let both = RmsNorm::new(Embed, 1e-5).summary().and(RmsNorm::new(Hidden, 1e-5).summary());
    /// assert_eq!(both.total().parameters, 12);
    /// ```
    pub fn and(mut self, other: Summary) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// All rows together.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 4; Classes = 3; }
    /// let total = Linear::random(Embed, Classes, &mut Rng::with_seed(1)).summary().total();
    /// assert_eq!((total.parameters, total.tracked, total.bytes), (15, 0, 60));
    /// ```
    pub fn total(&self) -> Part {
        self.parts.iter().fold(Part::default(), |mut total, part| {
            total.add(part);
            total
        })
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let titles = ["part", "shape", "parameters", "tracked", "bytes"].map(str::to_owned);
        let row = |name: &str, part: &Part| {
            let [parameters, tracked, bytes] = [part.parameters, part.tracked, part.bytes].map(|x| x.to_string());
            [name.to_owned(), part.shape.clone(), parameters, tracked, bytes]
        };
        let own = self.parts.iter().map(|part| row(&part.path, part));
        let rows: Vec<_> = [titles].into_iter().chain(own).chain([row("all", &self.total())]).collect();
        let widths: [usize; 5] =
            std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
        for (at, [path, shape, parameters, tracked, bytes]) in rows.iter().enumerate() {
            let [a, b, c, d, e] = widths;
            let end = if at + 1 == rows.len() { "" } else { "\n" };
            write!(f, "{path:a$}  {shape:b$}  {parameters:>c$}  {tracked:>d$}  {bytes:>e$}{end}")?;
        }
        Ok(())
    }
}

/// The names and sizes of parameters, as fields: what `#[module(debug)]` shows.
#[doc(hidden)]
pub fn show<B: Backend<Elem: Float>>(module: &dyn Module<B>, to: &mut DebugStruct<'_, '_>) {
    module.visit(&Path::root(), &mut |parameter| {
        let path = parameter.path().to_string();
        to.field(if path.is_empty() { "0" } else { &path }, &format_args!("{}", parameter.shape()));
    });
}
