//! The messages of the compiler about shapes: what each means, a program that gets it, and the same program mended.
//!
//! # How to read a message
//!
//! ```text
#![doc = include_str!("../../ui-tests/errors/C01/wrong.stderr")]
//! ```
//!
//! - The first line says what does not hold, in the names of the program's own dimensions.
//! - The line under the program's text marks the argument that does not fit, and says what was expected there.
//! - `the trait .. is not implemented` says the same in terms of types. What it points at is the declaration of the
//!   dimension, where its size stands. The size of the other dimension stands in the declaration of that one.
//! - The notes say how such a program is mended. The last one has the code: the name of a module here.
//! - `required by a bound` shows the signature of the method that asked.
//!
//! Mend the first error and compile again: the errors after it are often about a value that the first one left without
//! a type.
//!
//! `Seq<'_, seq>` is the run-time dimension `Seq` that the variable `seq` holds: two of them are the same only if the
//! variable is. Names that were imported by `prelude::*` are shown with their path, as in `congruent::Times`.
//!
//! Sizes, lengths and ids that come from outside are checked when the program runs: see [`Error`](crate::Error).

mod attention;
mod dimensions;
mod mesh;
mod padding;
mod shapes;
mod training;

pub use attention::*;
pub use dimensions::*;
pub use mesh::*;
pub use padding::*;
pub use shapes::*;
pub use training::*;

/// One module for each code: its documentation begins with the first line of the message.
macro_rules! errors { ($($code:ident: $message:literal $(#[$meaning:meta])*)*) => {$(
    #[doc = $message]
    ///
    $(#[$meaning])*
    ///
    /// # Wrong
    ///
    /// ```compile_fail
    #[doc = include_str!(concat!("../../ui-tests/errors/", stringify!($code), "/wrong.rs"))]
    /// ```
    ///
    /// The compiler says:
    ///
    /// ```text
    #[doc = include_str!(concat!("../../ui-tests/errors/", stringify!($code), "/wrong.stderr"))]
    /// ```
    ///
    /// # Right
    ///
    /// ```
    #[doc = include_str!(concat!("../../ui-tests/errors/", stringify!($code), "/right.rs"))]
    /// ```
    #[allow(non_snake_case)]
    pub mod $code {}
)*} }
use errors;
