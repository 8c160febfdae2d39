//! How an array came about.

use std::any::Any;
use std::sync::Arc;

/// What the gradient of an array is calculated by. It is opaque here: only what records operations knows what it is.
pub type Tracked = Arc<dyn Any + Send + Sync>;
