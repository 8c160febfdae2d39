//! What keeps the relations to this crate.

/// An argument whose type has no path outside of this crate.
///
/// A relation between dimensions, shapes or masks is what the compiler believes of them, and holds only as it is written
/// here. Each such trait has a function that takes this type, so that nobody else can write an impl. A bound would do so
/// too, and stand in messages.
pub enum Sealed {}
