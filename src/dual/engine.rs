//! The engine of values and slopes.

use super::slope;
use crate::backend::{
    ArrayOf, Backend, Binary, Compare, DeviceOf, Element, Engine, Failure, Float, Number, Primitive, PrimitiveOf,
    Reduce, Unary, composed,
};
use std::marker::PhantomData;

/// An engine whose arrays have, beside each number of an array on `E`, how fast it changes along a direction.
#[derive(Clone, Copy, Debug)]
pub struct Duals<E>(PhantomData<fn() -> E>);

/// The backend of dual numbers `T`, on the engine `E`.
#[derive(Clone, Copy, Debug)]
pub struct Dual<E, T>(PhantomData<fn() -> (E, T)>);

/// Values, and how fast they change: not at all, where there are no slopes.
#[derive(Clone, Debug)]
pub struct WithSlope<A> {
    pub(super) value: A,
    pub(super) slope: Option<A>,
}

impl<A> WithSlope<A> {
    fn constant(value: A) -> Self {
        WithSlope { value, slope: None }
    }
    /// What a linear operation makes of both.
    fn map<R>(&self, f: impl Fn(&A) -> R) -> WithSlope<R> {
        WithSlope { value: f(&self.value), slope: self.slope.as_ref().map(f) }
    }
}

impl<E: Engine> Engine for Duals<E> {
    type Array<P: Primitive> = WithSlope<E::Array<P>>;
    type Device = E::Device;
    type Backend<T: Element> = Dual<E, T>;

    fn sizes<P: Primitive>(x: &Self::Array<P>) -> &[usize] {
        E::sizes(&x.value)
    }
    fn device<P: Primitive>(x: &Self::Array<P>) -> E::Device {
        E::device(&x.value)
    }
}

/// The backend of the values.
type Of<E, T> = <E as Engine>::Backend<T>;

/// The slopes of some arrays, zeros where one has none; nothing if all have none.
fn slopes<B: Backend>(of: &[&WithSlope<ArrayOf<B>>]) -> Option<Vec<ArrayOf<B>>> {
    let numbers = slope::numbers::<B>().filter(|_| of.iter().any(|x| x.slope.is_some()))?;
    let slope =
        |x: &&WithSlope<ArrayOf<B>>| x.slope.clone().unwrap_or_else(|| (numbers.zeros)(B::sizes(&x.value), &x.value));
    Some(of.iter().map(slope).collect())
}

/// The sum of what there is.
fn sum<B: Backend<Elem: Number>>(terms: impl IntoIterator<Item = Option<ArrayOf<B>>>) -> Option<ArrayOf<B>> {
    terms.into_iter().flatten().reduce(|x, y| B::binary(Binary::Add, x, y))
}

#[diagnostic::do_not_recommend]
impl<E: Engine, T: Element> Backend for Dual<E, T> {
    type Engine = Duals<E>;
    type Elem = T;

    fn from_elements(elements: Vec<T::Primitive>, sizes: &[usize], device: &E::Device) -> ArrayOf<Self> {
        WithSlope::constant(Of::<E, T>::from_elements(elements, sizes, device))
    }
    fn filled(value: T::Primitive, sizes: &[usize], device: &E::Device) -> ArrayOf<Self> {
        WithSlope::constant(Of::<E, T>::filled(value, sizes, device))
    }
    fn to_vec(x: &ArrayOf<Self>) -> Result<Vec<T::Primitive>, Failure> {
        Of::<E, T>::to_vec(&x.value)
    }
    fn failure(x: &ArrayOf<Self>) -> Option<Failure> {
        Of::<E, T>::failure(&x.value)
    }
    fn as_slice(x: &ArrayOf<Self>) -> Option<&[T::Primitive]> {
        Of::<E, T>::as_slice(&x.value)
    }
    fn is_tracked(x: &ArrayOf<Self>) -> bool {
        Of::<E, T>::is_tracked(&x.value) || x.slope.as_ref().is_some_and(Of::<E, T>::is_tracked)
    }
    fn to_device(x: &ArrayOf<Self>, device: &DeviceOf<Self>) -> ArrayOf<Self> {
        WithSlope::constant(Of::<E, T>::to_device(&x.value, device))
    }
    fn detach(x: ArrayOf<Self>) -> ArrayOf<Self> {
        WithSlope::constant(Of::<E, T>::detach(x.value))
    }

    fn permute(x: &ArrayOf<Self>, order: &[usize]) -> ArrayOf<Self> {
        x.map(|x| Of::<E, T>::permute(x, order))
    }
    fn reshape(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.map(|x| Of::<E, T>::reshape(x, sizes))
    }
    fn narrow(x: &ArrayOf<Self>, axis: usize, start: usize, len: usize) -> ArrayOf<Self> {
        x.map(|x| Of::<E, T>::narrow(x, axis, start, len))
    }
    fn broadcast(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        x.map(|x| Of::<E, T>::broadcast(x, sizes))
    }
    fn concat(parts: &[&ArrayOf<Self>], axis: usize) -> ArrayOf<Self> {
        let values: Vec<_> = parts.iter().map(|part| &part.value).collect();
        let slopes = slopes::<Of<E, T>>(parts);
        let slope = slopes.map(|slopes| Of::<E, T>::concat(&slopes.iter().collect::<Vec<_>>(), axis));
        WithSlope { value: Of::<E, T>::concat(&values, axis), slope }
    }
    fn gather(table: &ArrayOf<Self>, ids: &ArrayOf<Self, u32>) -> ArrayOf<Self> {
        table.map(|table| Of::<E, T>::gather(table, &ids.value))
    }
    fn cast<U: Number>(x: &ArrayOf<Self>) -> ArrayOf<Self, U>
    where
        T: Number,
    {
        let cast = |x: &_| Of::<E, T>::cast::<U>(x);
        let has_slopes = slope::numbers::<Of<E, U>>().is_some();
        WithSlope { value: cast(&x.value), slope: x.slope.as_ref().filter(|_| has_slopes).map(cast) }
    }

    fn unary(op: Unary, x: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Float,
    {
        let value = Of::<E, T>::unary(op, x.value.clone());
        let slope = x.slope.and_then(|slope| {
            let by = slope::unary::<Of<E, T>>(op, &x.value, &value)?;
            Some(Of::<E, T>::binary(Binary::Mul, slope, by))
        });
        WithSlope { value, slope }
    }
    fn binary(op: Binary, x: ArrayOf<Self>, y: ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        let value = Of::<E, T>::binary(op, x.value.clone(), y.value.clone());
        let has_slopes = x.slope.is_some() || y.slope.is_some();
        let Some(numbers) = slope::numbers::<Of<E, T>>().filter(|_| has_slopes) else {
            return WithSlope::constant(value);
        };
        let whole = |x: &_| Of::<E, T>::broadcast(x, Of::<E, T>::sizes(&value));
        let by = (numbers.binary)(op, [&whole(&x.value), &whole(&y.value)], &value);
        let terms = [&x, &y].into_iter().zip(by).map(|(x, by)| {
            let slope = whole(x.slope.as_ref()?);
            Some(Of::<E, T>::binary(Binary::Mul, slope, by?))
        });
        let slope = sum::<Of<E, T>>(terms);
        WithSlope { value, slope }
    }
    fn compare(op: Compare, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self, bool>
    where
        T: PartialOrd,
    {
        WithSlope::constant(Of::<E, T>::compare(op, &x.value, &y.value))
    }
    fn compare_scalar(op: Compare, x: &ArrayOf<Self>, y: PrimitiveOf<Self>) -> ArrayOf<Self, bool>
    where
        T: PartialOrd,
    {
        WithSlope::constant(Of::<E, T>::compare_scalar(op, &x.value, y))
    }
    fn select(condition: &ArrayOf<Self, bool>, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self> {
        let select = |x: &_, y: &_| Of::<E, T>::select(&condition.value, x, y);
        let slope = slopes::<Of<E, T>>(&[x, y]).map(|slopes| select(&slopes[0], &slopes[1]));
        WithSlope { value: select(&x.value, &y.value), slope }
    }

    fn reduce(op: Reduce, x: &ArrayOf<Self>, axis: usize) -> ArrayOf<Self>
    where
        T: Number,
    {
        if matches!(op, Reduce::Mean | Reduce::Variance) {
            return composed::reduce::<Self>(op, x, axis);
        }
        let value = Of::<E, T>::reduce(op, &x.value, axis);
        let slope = x.slope.as_ref().and_then(|slope| {
            let slope = match op {
                Reduce::Sum => slope.clone(),
                _ => {
                    let by = (slope::numbers::<Of<E, T>>()?.extreme)(&x.value, &value, axis);
                    Of::<E, T>::binary(Binary::Mul, slope.clone(), by)
                }
            };
            Some(Of::<E, T>::reduce(Reduce::Sum, &slope, axis))
        });
        WithSlope { value, slope }
    }
    fn matmul(x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self>
    where
        T: Number,
    {
        let product = |x: &_, y: &_| Of::<E, T>::matmul(x, y);
        let terms = [x.slope.as_ref().map(|x| product(x, &y.value)), y.slope.as_ref().map(|y| product(&x.value, y))];
        WithSlope { value: product(&x.value, &y.value), slope: sum::<Of<E, T>>(terms) }
    }
}
