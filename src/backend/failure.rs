//! What an engine could not do.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// That an engine failed, as where its memory is full or its device is gone.
///
/// Operations give arrays and no results, and many engines calculate later. So an array that could not be made stands for
/// the failure, as everything that is calculated of it, and says so where its elements are asked for: `try_to_vec`, saving and
/// drawing a token give the error, `to_vec`, `scalar` and going to another engine panic with its text, and a tensor is printed with the
/// text in place of its elements.
///
/// What an engine knows of a failure before elements are asked for, by [`Backend::failure`](super::Backend::failure), is told as soon:
/// `load_on` names the tensor of the file that the device had no room for, and a step of an optimizer whose gradients failed panics
/// before it changes a parameter. An engine that does not know says nothing, and its arrays fail later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The operation that failed, as the method of the backend is called.
    pub operation: String,
    /// The device, in the engine's words.
    pub device: String,
    /// What the engine says.
    pub reason: String,
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Failure { operation, device, reason } = self;
        write!(f, "`{operation}` failed on {device}: {reason}")
    }
}
impl Error for Failure {}
