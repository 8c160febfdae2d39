//! The node of a tracked array.

use std::any::Any;
use std::sync::Arc;

/// The node of an array in the autograd graph. It is opaque here; only the tape knows its type.
pub type Tracked = Arc<dyn Any + Send + Sync>;
