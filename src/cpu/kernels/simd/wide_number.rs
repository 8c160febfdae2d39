//! Numbers that products are summed in, by what lanes, and in what memory.

use super::vector::{Lanes, Vector};
use crate::backend::{Float, Number, Real};
use crate::cpu::memory::Elements;
use std::cell::Cell;
use std::ops::AddAssign;
use std::thread::LocalKey;

/// A number that products are summed in.
pub trait Wide: Real + Float<Wide = Self> + AddAssign + Default {
    /// Lanes of it, by the instructions of a vector.
    type Lanes<V: Vector>: Lanes<Element = Self>;

    /// Where packed blocks are kept for the next product of this thread.
    fn rooms() -> &'static LocalKey<Rooms<Self>>;
}

/// Memory for blocks: see [`blocked`](super::blocked).
pub type Rooms<S> = Cell<[Option<Elements<S>>; 3]>;

/// Memory for so many elements, which is used again.
pub fn room<S: Number>(kept: &mut Option<Elements<S>>, len: usize) -> &mut [S] {
    kept.get_or_insert_with(|| Elements::arbitrary(len)).get_mut().expect("the elements of this thread")
}

macro_rules! wide { ($($wide:ident: $V:ident => $lanes:ty;)*) => {$(
    impl Wide for $wide {
        type Lanes<$V: Vector> = $lanes;

        fn rooms() -> &'static LocalKey<Rooms<Self>> {
            thread_local! {
                static ROOMS: Rooms<$wide> = const { Cell::new([const { None }; 3]) };
            }
            &ROOMS
        }
    }
)*} }
wide! {
    f32: V => V;
    f64: V => V::Double;
}
