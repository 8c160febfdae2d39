//! Operations by engine and type of elements.

use crate::backend::Engine;

/// The backend for elements of a type.
pub type On<E, T> = <E as Engine>::Backend<T>;
