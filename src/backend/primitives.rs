//! The elements that an engine stores.

use super::{DataType, Element, Primitive, Proven};
use half::{bf16, f16};
use zerocopy::{FromBytes, Immutable};

macro_rules! primitive { ($($T:ty, $DATA_TYPE:expr, $from_bytes:expr, $in_bytes:expr;)*) => {$(
    impl Element for $T {
        type Primitive = $T;
        #[inline(always)]
        fn to_primitive(self) -> $T { self }
        #[inline(always)]
        fn to_primitives(elements: Vec<$T>) -> Vec<$T> { elements }
        #[inline(always)]
        fn of_primitives(primitives: Vec<$T>, _: Proven) -> Vec<$T> { primitives }
        #[inline(always)]
        fn of_slice(primitives: &[$T], _: Proven) -> &[$T] { primitives }
    }
    impl Primitive for $T {
        const DATA_TYPE: DataType = $DATA_TYPE;
        fn from_bytes(bytes: &[u8]) -> Vec<$T> {
            $from_bytes(bytes)
        }
        fn in_bytes(bytes: &[u8]) -> Option<&[$T]> {
            $in_bytes(bytes)
        }
    }
)*} }
primitive! {
    bool, DataType::Bool, |bytes: &[u8]| bytes.iter().map(|byte| *byte != 0).collect(), |_| None;
    i8, DataType::I8, numbers, number_slice;
    i16, DataType::I16, numbers, number_slice;
    i32, DataType::I32, numbers, number_slice;
    i64, DataType::I64, numbers, number_slice;
    u8, DataType::U8, numbers, number_slice;
    u16, DataType::U16, numbers, number_slice;
    u32, DataType::U32, numbers, number_slice;
    u64, DataType::U64, numbers, number_slice;
    usize, const { if usize::BITS == 64 { DataType::U64 } else { DataType::U32 } }, numbers, number_slice;
    f16, DataType::F16, numbers, number_slice;
    bf16, DataType::BF16, numbers, number_slice;
    f32, DataType::F32, numbers, number_slice;
    f64, DataType::F64, numbers, number_slice;
}

fn number_slice<T: FromBytes + Immutable>(bytes: &[u8]) -> Option<&[T]> {
    <[T]>::ref_from_bytes(bytes).ok()
}

fn numbers<T: FromBytes>(bytes: &[u8]) -> Vec<T> {
    read_numbers(bytes).collect()
}

/// The numbers whose bytes these are, aligned or not.
pub(crate) fn read_numbers<T: FromBytes>(bytes: &[u8]) -> impl Iterator<Item = T> {
    let elements = bytes.chunks_exact(size_of::<T>());
    assert!(elements.remainder().is_empty(), "{} bytes of elements of {}", bytes.len(), size_of::<T>());
    elements.map(|element| T::read_from_bytes(element).expect("a chunk of the size of an element"))
}
