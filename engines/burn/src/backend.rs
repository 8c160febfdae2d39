//! The contract of engines, by operations on arrays.

use crate::array::Array;
use crate::attention;
use crate::device::Device;
use crate::engine::BurnEngine;
use crate::interface::is_flex;
use burn_backend::{DType, Scalar};
use congruent::backend::{
    ArrayOf, Backend, Binary, Blocks, Bytes, Compare, DataType, Element, Epilogue, Failure, Float, MaskOf, Number,
    OptionsOf, Order, Primitive, PrimitiveOf, Reduce, RotaryLayout, Scan, Unary, Value, Windows, composed,
};
use congruent::prelude::Cpu;
use std::marker::PhantomData;

/// The backend that calculates on the devices of burn, with elements of type `T`.
#[derive(Clone, Copy, Debug)]
pub struct Burn<T>(PhantomData<fn() -> T>);

pub(crate) fn dtype<P: Primitive>() -> DType {
    match P::DATA_TYPE {
        DataType::Bool => DType::Bool(burn_backend::BoolStore::Native),
        DataType::I8 => DType::I8,
        DataType::I16 => DType::I16,
        DataType::I32 => DType::I32,
        DataType::I64 => DType::I64,
        DataType::U8 => DType::U8,
        DataType::U16 => DType::U16,
        DataType::U32 => DType::U32,
        DataType::U64 => DType::U64,
        DataType::F16 => DType::F16,
        DataType::BF16 => DType::BF16,
        DataType::F32 => DType::F32,
        DataType::F64 => DType::F64,
    }
}

fn scalar<T: Number>(x: T) -> Scalar {
    match x.to_value() {
        Value::Float(x) => Scalar::Float(x),
        Value::Integer(x) => i64::try_from(x).map_or_else(|_| Scalar::UInt(x as u64), Scalar::Int),
    }
}

/// A number or a `bool` as a scalar.
fn constant<P: Primitive>(x: P) -> Scalar {
    let bytes = P::bytes(std::slice::from_ref(&x));
    macro_rules! of { ($($name:ident $t:ty: $scalar:expr;)*) => {
        match P::DATA_TYPE {
            $(DataType::$name => {
                let x = <$t>::from_ne_bytes(bytes.try_into().expect("the size of the element"));
                $scalar(x.into())
            })*
            DataType::Bool => Scalar::Bool(bytes[0] != 0),
        }
    } }
    of! {
        I8 i8: Scalar::Int; I16 i16: Scalar::Int; I32 i32: Scalar::Int; I64 i64: Scalar::Int;
        U8 u8: Scalar::UInt; U16 u16: Scalar::UInt; U32 u32: Scalar::UInt; U64 u64: Scalar::UInt;
        F16 congruent::half::f16: Scalar::Float; BF16 congruent::half::bf16: Scalar::Float; F32 f32: Scalar::Float; F64 f64: Scalar::Float;
    }
}

type A = Array;

/// The elements on congruent's own engine, if they lie in the memory of the processor: for what burn has not, or otherwise.
fn on_processor<T: Element>(x: &A) -> Option<ArrayOf<Cpu<T>>> {
    if !is_flex(x.place()) {
        return None;
    }
    let elements = x.elements(PrimitiveOf::<Burn<T>>::from_bytes).ok()?;
    Some(Cpu::<T>::from_elements(elements, x.sizes(), &Default::default()))
}

/// Positions that were found there, beside the array that they are of.
fn from_processor(positions: &ArrayOf<Cpu<u32>>, of: &A) -> A {
    let elements = Cpu::<u32>::to_vec(positions).expect("the processor reads its own memory");
    Array::copied(u32::bytes(&elements), DType::U32, Cpu::<u32>::sizes(positions), &of.device())
}

impl<T: Element> Backend for Burn<T> {
    type Engine = BurnEngine;
    type Elem = T;

    fn from_elements(elements: Vec<PrimitiveOf<Self>>, sizes: &[usize], device: &Device) -> A {
        Array::from_bytes(PrimitiveOf::<Self>::bytes(&elements), dtype::<PrimitiveOf<Self>>(), sizes, device)
    }
    fn filled(value: PrimitiveOf<Self>, sizes: &[usize], device: &Device) -> A {
        Array::filled(constant(value), sizes, dtype::<PrimitiveOf<Self>>(), device)
    }
    fn from_bytes(bytes: &Bytes, sizes: &[usize], device: &Device) -> A {
        Array::from_bytes(bytes.as_slice(), dtype::<PrimitiveOf<Self>>(), sizes, device)
    }
    /// Burn has no arrays of such blocks: the processor reads the numbers, once.
    fn from_blocks(blocks: &Blocks, sizes: &[usize], device: &Device) -> Option<A> {
        let numbers = Cpu::<T>::from_blocks(blocks, sizes, &Default::default())?;
        let numbers = Cpu::<T>::to_vec(&numbers).expect("the processor reads its own memory");
        Some(Self::from_elements(numbers, sizes, device))
    }
    fn range(size: usize, device: &Device) -> A
    where
        T: Number,
    {
        Array::range(size, dtype::<T>(), device)
    }
    fn to_vec(x: &A) -> Result<Vec<PrimitiveOf<Self>>, Failure> {
        // The type of an array does not say what it holds.
        assert_eq!(
            x.dtype().name(),
            x.device().stored(dtype::<PrimitiveOf<Self>>()).name(),
            "an array is read as elements of another type"
        );
        x.read(PrimitiveOf::<Self>::from_bytes)
    }
    fn to_device(x: &A, device: &Device) -> A {
        x.to_device(device).unwrap_or_else(|| composed::to_device::<Self>(x, device))
    }
    fn failure(x: &A) -> Option<Failure> {
        x.failure()
    }
    fn is_tracked(x: &A) -> bool {
        x.is_tracked()
    }
    fn tracked_like(x: A, like: &A) -> A
    where
        T: Float,
    {
        if like.is_tracked() { x.track() } else { x }
    }
    fn detach(x: A) -> A {
        x.detach()
    }

    fn permute(x: &A, order: &[usize]) -> A {
        x.permute(order)
    }
    fn reshape(x: &A, sizes: &[usize]) -> A {
        x.reshape(sizes)
    }
    fn narrow(x: &A, axis: usize, start: usize, len: usize) -> A {
        x.narrow(axis, start, len)
    }
    fn broadcast(x: &A, sizes: &[usize]) -> A {
        x.broadcast(sizes)
    }
    fn concat(parts: &[&A], axis: usize) -> A {
        Array::concat(parts, axis)
    }
    fn update_slice(x: A, part: &A, starts: &[usize]) -> A {
        x.update_slice(part, starts)
    }
    fn gather(table: &A, ids: &A) -> A {
        table.gather(ids)
    }
    fn pick(x: &A, ids: &A) -> A {
        x.pick(ids)
    }
    fn take_along(x: &A, axis: usize, ids: &A) -> A {
        if is_flex(x.place()) { x.take_along(axis, ids) } else { composed::take_along::<Self>(x, axis, ids) }
    }
    fn put_along(x: A, axis: usize, ids: &A, values: &A) -> A {
        // Only where elements are put one after another the last one stays, and gradients are not of it alone.
        match is_flex(x.place()) && !x.is_tracked() && !values.is_tracked() {
            true => x.put_along(axis, ids, values),
            false => composed::put_along::<Self>(&x, axis, ids, values),
        }
    }
    fn scatter_add(x: A, ids: &A, rows: &A) -> A
    where
        T: Number,
    {
        match x.dtype() {
            _ if !is_flex(x.place()) => composed::scatter_add::<Self>(x, ids, rows),
            // Sums are calculated in `f32`.
            DType::F16 | DType::BF16 => {
                let (narrow, wide) = (x.dtype(), |x: &A| x.cast(DType::F32));
                wide(&x).scatter_add(ids, &wide(rows)).cast(narrow)
            }
            // Others may overflow, which flex takes for a mistake.
            DType::F32 | DType::F64 => x.scatter_add(ids, rows),
            _ => composed::scatter_add::<Self>(x, ids, rows),
        }
    }
    fn cast<U: Number>(x: &A) -> A
    where
        T: Number,
    {
        x.cast(dtype::<U>())
    }

    fn unary(op: Unary, x: A) -> A
    where
        T: Float,
    {
        match op {
            // Some devices are not exact next to zero, and say that NaN has a sign.
            Unary::Erf if !is_flex(x.place()) => composed::unary::<Self>(op, x),
            Unary::Log1p | Unary::Expm1 | Unary::Sign | Unary::Atan => composed::unary::<Self>(op, x),
            Unary::Rsqrt | Unary::Exp2 | Unary::Log2 | Unary::Log10 | Unary::Tan => composed::unary::<Self>(op, x),
            _ => x.unary(op),
        }
    }
    fn binary(op: Binary, x: A, y: A) -> A
    where
        T: Number,
    {
        x.binary(op, y)
    }
    fn binary_scalar(op: Binary, x: A, y: T) -> A
    where
        T: Number,
    {
        x.binary_scalar(op, scalar(y))
    }
    fn scalar_binary(op: Binary, x: T, y: A) -> A
    where
        T: Number,
    {
        y.scalar_binary(op, scalar(x))
    }
    fn compare(op: Compare, x: &A, y: &A) -> A
    where
        T: PartialOrd,
    {
        x.compare(op, y)
    }
    fn compare_scalar(op: Compare, x: &A, y: PrimitiveOf<Self>) -> A
    where
        T: PartialOrd,
    {
        x.compare_scalar(op, constant(y))
    }
    fn select(condition: &A, x: &A, y: &A) -> A {
        Array::select(condition, x, y)
    }

    fn reduce(op: Reduce, x: &A, axis: usize) -> A
    where
        T: Number,
    {
        x.reduce(op, axis)
    }
    fn scan(op: Scan, x: &A, axis: usize) -> A
    where
        T: Number,
    {
        x.scan(op, axis).unwrap_or_else(|| composed::scan::<Self>(op, x, axis))
    }
    fn argmax(x: &A, axis: usize) -> A
    where
        T: Number,
    {
        if x.is_in_parts(axis) {
            return composed::argmax::<Self>(x, axis);
        }
        x.argmax(axis)
    }
    fn argsort(x: &A, axis: usize, order: Order) -> A
    where
        T: Number,
    {
        match on_processor::<T>(x) {
            Some(found) => from_processor(&Cpu::<T>::argsort(&found, axis, order), x),
            None => composed::argsort::<Self>(x, axis, order),
        }
    }
    fn top_k(x: &A, k: usize) -> (A, A)
    where
        T: Number,
    {
        let Some(found) = on_processor::<T>(x) else { return composed::top_k::<Self>(x, k) };
        let ids = from_processor(&Cpu::<T>::top_k(&found, k).1, x);
        (x.take_along(x.sizes().len() - 1, &ids), ids)
    }
    fn softmax(x: A, axis: usize) -> A
    where
        T: Float,
    {
        x.softmax(axis)
    }
    fn log_softmax(x: A, axis: usize) -> A
    where
        T: Float,
    {
        x.log_softmax(axis)
    }
    fn matmul(x: &A, y: &A) -> A
    where
        T: Number,
    {
        x.matmul(y)
    }
    fn linear(x: &A, weight: &A, after: Epilogue<'_, A>) -> A
    where
        T: Float,
    {
        let Some(mut product) = x.linear(weight, after.bias) else {
            return composed::linear::<Self>(x, weight, after);
        };
        if let Some(op) = after.activation {
            product = Self::unary(op, product);
        }
        match after.residual {
            Some(residual) => product.binary(Binary::Add, residual.clone()),
            None => product,
        }
    }
    fn windows(x: &A, windows: Windows, fill: T) -> A
    where
        T: Number,
    {
        // Burn's gradient goes through one window after another.
        let found = if x.is_tracked() { None } else { x.windows(&windows, scalar(fill)) };
        found.unwrap_or_else(|| composed::windows::<Self>(x, windows, fill))
    }
    fn convolution(x: &A, weight: &A, bias: Option<&A>, groups: usize, windows: Windows) -> A
    where
        T: Float,
    {
        x.convolution(weight, bias, groups, &windows)
            .unwrap_or_else(|| composed::convolution::<Self>(x, weight, bias, groups, windows))
    }
    fn transposed_convolution(
        x: &A,
        weight: &A,
        bias: Option<&A>,
        groups: usize,
        windows: Windows,
        sizes: [usize; 2],
    ) -> A
    where
        T: Float,
    {
        x.transposed_convolution(weight, bias, groups, &windows, sizes)
            .unwrap_or_else(|| composed::transposed_convolution::<Self>(x, weight, bias, groups, windows, sizes))
    }
    fn layer_norm(x: A, weight: &A, bias: Option<&A>, epsilon: f64) -> A
    where
        T: Float,
    {
        // Squares of `f16` are beyond it at 256.
        if x.dtype() != DType::F16 {
            return x.layer_norm(weight, bias, epsilon);
        }
        let wide = |x: &A| x.cast(DType::F32);
        wide(&x).layer_norm(&wide(weight), bias.map(wide).as_ref(), epsilon).cast(DType::F16)
    }
    fn rms_norm(x: A, weight: &A, epsilon: f64) -> A
    where
        T: Float,
    {
        match x.dtype() {
            DType::F16 | DType::BF16 => composed::rms_norm::<Self>(x, weight, epsilon),
            _ => x.rms_norm(weight, epsilon),
        }
    }
    fn rotate(x: A, cos: &A, sin: &A, layout: RotaryLayout) -> A
    where
        T: Float,
    {
        x.rotate([cos, sin], layout)
    }
    fn masked_softmax(scores: A, mask: &MaskOf<Self>) -> A
    where
        T: Float,
    {
        attention::masked_softmax::<T>(scores, mask)
    }
    fn attention(q: &A, k: &A, v: &A, mask: &MaskOf<Self>, options: OptionsOf<'_, Self>) -> A
    where
        T: Float,
    {
        attention::attention::<T>([q, k, v], mask, options)
    }
}
