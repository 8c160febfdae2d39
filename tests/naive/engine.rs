//! An engine in plain loops, which has what every engine needs and nothing else: arrays are vectors, every operation makes a
//! new one, and all that can be composed of others is.

use super::tape::{Gradients, Node, Slope};
use congruent::backend::{
    Autodiff, Backend, Binary, Compare, Element, Engine, Failure, Float, Number, Primitive, Reduce, Unary, Value,
    composed,
};
use congruent::num_traits::Zero;
use std::fmt::{self, Display, Formatter};
use std::marker::PhantomData;
use std::sync::Arc;

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// Its operations on elements `T`.
#[derive(Clone, Copy, Debug)]
pub struct Naive<T>(PhantomData<fn() -> T>);

/// It has several devices, which are all the same memory: that they are kept apart can be tested.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place(pub u8);

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "place {}", self.0)
    }
}

/// Row-major elements, and the operation that they are of, if that is recorded.
#[derive(Clone, Debug)]
pub struct Array<P> {
    sizes: Vec<usize>,
    elements: Arc<Vec<P>>,
    place: Place,
    node: Option<Arc<Node>>,
}

impl Engine for Plain {
    type Array<P: Primitive> = Array<P>;
    type Device = Place;
    type Backend<T: Element> = Naive<T>;

    fn sizes<P: Primitive>(x: &Array<P>) -> &[usize] {
        &x.sizes
    }
    fn device<P: Primitive>(x: &Array<P>) -> Place {
        x.place
    }
}

impl<P> Array<P> {
    fn new(elements: Vec<P>, sizes: &[usize], place: Place) -> Self {
        assert_eq!(sizes.iter().product::<usize>(), elements.len(), "elements of an array of {sizes:?}");
        Array { sizes: sizes.to_vec(), elements: Arc::new(elements), place, node: None }
    }

    /// The result of an operation on inputs, whose slopes are asked for if it is recorded.
    fn of<Q>(self, inputs: &[&Array<Q>], slopes: impl FnOnce() -> Vec<Slope>) -> Self {
        let nodes = inputs.iter().map(|input| input.node.clone()).collect();
        Array { node: Node::new(nodes, self.elements.len(), slopes), ..self }
    }

    fn len(&self) -> usize {
        self.elements.len()
    }
}

/// Where two arrays lie, which is the same place.
fn shared<P, Q>(x: &Array<P>, y: &Array<Q>) -> Place {
    assert!(x.place == y.place, "arrays on {} and on {} do not meet", x.place, y.place);
    x.place
}

/// The elements of some arrays, counted through all of them, that stand at these places.
fn moved<P: Copy>(inputs: &[&Array<P>], sizes: &[usize], places: &[usize]) -> Array<P> {
    let place = inputs.iter().fold(inputs[0].place, |_, input| shared(inputs[0], input));
    let all = inputs.iter().enumerate().flat_map(|(input, x)| (0..x.len()).map(move |from| (input, from)));
    let all: Vec<_> = all.collect();
    let elements = places.iter().map(|&at| inputs[all[at].0].elements[all[at].1]).collect();
    Array::new(elements, sizes, place).of(inputs, || {
        let slope = |(to, &at): (usize, &usize)| Slope { input: all[at].0, from: all[at].1, to, by: 1.0 };
        places.iter().enumerate().map(slope).collect()
    })
}

/// How far apart elements lie along each axis.
fn strides(sizes: &[usize]) -> Vec<usize> {
    (0..sizes.len()).map(|axis| sizes[axis + 1..].iter().product()).collect()
}

/// The places of an array of these sizes, whose elements lie so far apart.
fn places(sizes: &[usize], strides: &[usize], start: usize) -> Vec<usize> {
    sizes.iter().zip(strides).fold(vec![start], |places, (&size, stride)| {
        places.iter().flat_map(|place| (0..size).map(move |i| place + i * stride)).collect()
    })
}

/// The lengths before, along and behind an axis.
fn around(sizes: &[usize], axis: usize) -> [usize; 3] {
    [sizes[..axis].iter().product(), sizes[axis], sizes[axis + 1..].iter().product()]
}

fn float<T: Number>(x: f64) -> T {
    T::from_value(Value::Float(x))
}

fn double<T: Number>(x: T) -> f64 {
    match x.to_value() {
        Value::Float(x) => x,
        Value::Integer(x) => x as f64,
    }
}

fn larger<'a, P>(x: &'a Array<P>, y: &'a Array<P>) -> &'a Array<P> {
    if x.sizes.len() >= y.sizes.len() { x } else { y }
}

impl<T: Element> Backend for Naive<T> {
    type Engine = Plain;
    type Elem = T;

    fn from_elements(elements: Vec<T::Primitive>, sizes: &[usize], device: &Place) -> Array<T::Primitive> {
        Array::new(elements, sizes, *device)
    }
    fn filled(value: T::Primitive, sizes: &[usize], device: &Place) -> Array<T::Primitive> {
        Array::new(vec![value; sizes.iter().product()], sizes, *device)
    }
    fn to_vec(x: &Array<T::Primitive>) -> Result<Vec<T::Primitive>, Failure> {
        Ok(x.elements.to_vec())
    }
    fn is_tracked(x: &Array<T::Primitive>) -> bool {
        x.node.is_some()
    }
    fn tracked_like(x: Array<T>, like: &Array<T>) -> Array<T>
    where
        T: Float,
    {
        if like.node.is_some() { Self::track(x) } else { x }
    }
    fn detach(x: Array<T::Primitive>) -> Array<T::Primitive> {
        Array { node: None, ..x }
    }

    fn permute(x: &Array<T::Primitive>, order: &[usize]) -> Array<T::Primitive> {
        let (sizes, apart) = (&x.sizes, strides(&x.sizes));
        let [sizes, apart]: [Vec<usize>; 2] = [sizes, &apart].map(|of| order.iter().map(|&axis| of[axis]).collect());
        moved(&[x], &sizes, &places(&sizes, &apart, 0))
    }
    fn reshape(x: &Array<T::Primitive>, sizes: &[usize]) -> Array<T::Primitive> {
        moved(&[x], sizes, &(0..x.len()).collect::<Vec<_>>())
    }
    fn narrow(x: &Array<T::Primitive>, axis: usize, start: usize, len: usize) -> Array<T::Primitive> {
        let (mut sizes, apart) = (x.sizes.clone(), strides(&x.sizes));
        sizes[axis] = len;
        moved(&[x], &sizes, &places(&sizes, &apart, start * apart[axis]))
    }
    fn broadcast(x: &Array<T::Primitive>, sizes: &[usize]) -> Array<T::Primitive> {
        let new = sizes.len() - x.sizes.len();
        let own = x.sizes.iter().zip(strides(&x.sizes)).map(|(&size, apart)| if size == 1 { 0 } else { apart });
        let apart: Vec<usize> = std::iter::repeat_n(0, new).chain(own).collect();
        moved(&[x], sizes, &places(sizes, &apart, 0))
    }
    fn concat(parts: &[&Array<T::Primitive>], axis: usize) -> Array<T::Primitive> {
        let mut sizes = parts[0].sizes.clone();
        sizes[axis] = parts.iter().map(|part| part.sizes[axis]).sum();
        let mut from = Vec::new();
        for row in 0..around(&sizes, axis)[0] {
            let mut start = 0;
            for part in parts {
                let [_, size, inner] = around(&part.sizes, axis);
                from.extend((0..size * inner).map(|at| start + row * size * inner + at));
                start += part.len();
            }
        }
        moved(parts, &sizes, &from)
    }
    fn gather(table: &Array<T::Primitive>, ids: &Array<u32>) -> Array<T::Primitive> {
        shared(table, ids);
        let row: usize = table.sizes[1..].iter().product();
        let from: Vec<usize> =
            ids.elements.iter().flat_map(|&id| (0..row).map(move |at| id as usize * row + at)).collect();
        moved(&[table], &[&ids.sizes, &table.sizes[1..]].concat(), &from)
    }
    fn select(condition: &Array<bool>, x: &Array<T::Primitive>, y: &Array<T::Primitive>) -> Array<T::Primitive> {
        shared(condition, x);
        let chosen = condition.elements.iter().enumerate().map(|(at, holds)| if *holds { at } else { x.len() + at });
        moved(&[x, y], &x.sizes, &chosen.collect::<Vec<_>>())
    }
    fn cast<U: Number>(x: &Array<T>) -> Array<U>
    where
        T: Number,
    {
        let elements = x.elements.iter().map(|x| U::from_value(x.to_value())).collect();
        let result = Array::new(elements, &x.sizes, x.place);
        // Integers have no gradients.
        if matches!(U::zero().to_value(), Value::Integer(_)) {
            return result;
        }
        result.of(&[x], || (0..x.len()).map(|at| Slope { input: 0, from: at, to: at, by: 1.0 }).collect())
    }

    fn unary(op: Unary, x: Array<T>) -> Array<T>
    where
        T: Float,
    {
        let (value, slope): (fn(f64) -> f64, fn(f64) -> f64) = match op {
            Unary::Abs => (f64::abs, |x| if x == 0.0 { 0.0 } else { x.signum() }),
            Unary::Sqrt => (f64::sqrt, |x| 0.5 / x.sqrt()),
            Unary::Exp => (f64::exp, f64::exp),
            Unary::Ln => (f64::ln, f64::recip),
            Unary::Sin => (f64::sin, f64::cos),
            Unary::Cos => (f64::cos, |x| -x.sin()),
            Unary::Tanh => (f64::tanh, |x| 1.0 - x.tanh().powi(2)),
            _ => return composed::unary::<Self>(op, x),
        };
        let elements = x.elements.iter().map(|&x| float(value(double(x)))).collect();
        Array::new(elements, &x.sizes, x.place).of(&[&x], || {
            let of = |at| Slope { input: 0, from: at, to: at, by: slope(double(x.elements[at])) };
            (0..x.len()).map(of).collect()
        })
    }
    fn binary(op: Binary, x: Array<T>, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        let (place, whole) = (shared(&x, &y), larger(&x, &y));
        let pair = |at: usize| [x.elements[at % x.len()], y.elements[at % y.len()]];
        let elements = (0..whole.len()).map(|at| T::binary(op, pair(at)[0], pair(at)[1])).collect();
        Array::new(elements, &whole.sizes, place).of(&[&x, &y], || {
            let slopes = |at: usize| {
                let [x, y] = pair(at).map(double);
                match op {
                    Binary::Add => [1.0, 1.0],
                    Binary::Sub => [1.0, -1.0],
                    Binary::Mul => [y, x],
                    Binary::Div => [1.0 / y, -x / y / y],
                    // Equals share it.
                    Binary::Max | Binary::Min if x == y => [0.5, 0.5],
                    Binary::Max | Binary::Min if (x > y) == (op == Binary::Max) => [1.0, 0.0],
                    Binary::Max | Binary::Min => [0.0, 1.0],
                    Binary::Pow => [if y == 0.0 { 0.0 } else { y * x.powf(y - 1.0) }, x.powf(y) * x.ln()],
                    Binary::Fmod => [1.0, -(x / y).trunc()],
                    Binary::Remainder => [1.0, -(x / y).floor()],
                }
            };
            let of = |at: usize| {
                let [of_x, of_y] = slopes(at);
                let (x, y) = (at % x.len(), at % y.len());
                [Slope { input: 0, from: x, to: at, by: of_x }, Slope { input: 1, from: y, to: at, by: of_y }]
            };
            (0..whole.len()).flat_map(of).collect()
        })
    }
    fn compare(op: Compare, x: &Array<T::Primitive>, y: &Array<T::Primitive>) -> Array<bool>
    where
        T: PartialOrd,
    {
        let (place, whole) = (shared(x, y), larger(x, y));
        let holds = |at: usize| {
            let (x, y) = (x.elements[at % x.len()], y.elements[at % y.len()]);
            match op {
                Compare::Equal => x == y,
                Compare::NotEqual => x != y,
                Compare::Less => x < y,
                Compare::LessOrEqual => x <= y,
                Compare::Greater => x > y,
                Compare::GreaterOrEqual => x >= y,
            }
        };
        Array::new((0..whole.len()).map(holds).collect(), &whole.sizes, place)
    }
    fn reduce(op: Reduce, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Number,
    {
        let first = match op {
            Reduce::Sum => T::Sum::zero(),
            // Infinite, or the last integer.
            Reduce::Max => float::<T>(f64::NEG_INFINITY).widen(),
            Reduce::Min => float::<T>(f64::INFINITY).widen(),
            Reduce::Mean | Reduce::Variance => return composed::reduce::<Self>(op, x, axis),
        };
        let step = match op {
            Reduce::Max => Binary::Max,
            Reduce::Min => Binary::Min,
            _ => Binary::Add,
        };
        let [outer, size, inner] = around(&x.sizes, axis);
        let row = |to: usize| (0..size).map(move |i| (to / inner * size + i) * inner + to % inner);
        let of_row = |to| T::narrow(row(to).fold(first, |sum, at| T::Sum::binary(step, sum, x.elements[at].widen())));
        let elements: Vec<T> = (0..outer * inner).map(of_row).collect();
        let sizes = [&x.sizes[..axis], &x.sizes[axis + 1..]].concat();
        let results = elements.clone();
        Array::new(elements, &sizes, x.place).of(&[x], || {
            let of_row = |to: usize| {
                let chosen =
                    row(to).filter(|&at| op == Reduce::Sum || x.elements[at] == results[to]).collect::<Vec<_>>();
                let by = if op == Reduce::Sum { 1.0 } else { 1.0 / chosen.len() as f64 };
                chosen.into_iter().map(move |from| Slope { input: 0, from, to, by })
            };
            (0..outer * inner).flat_map(of_row).collect()
        })
    }
    fn matmul(x: &Array<T>, y: &Array<T>) -> Array<T>
    where
        T: Number,
    {
        let place = shared(x, y);
        let (x_axes, y_axes) = (x.sizes.len(), y.sizes.len());
        let [m, k, n] = [x.sizes[x_axes - 2], x.sizes[x_axes - 1], y.sizes[y_axes - 1]];
        let sizes = [&x.sizes[..x_axes - 1], &[n]].concat();
        let terms = |to: usize| {
            let (row, column) = (to / n, to % n);
            let matrix = if y_axes == 2 { 0 } else { row / m };
            (0..k).map(move |l| (row * k + l, (matrix * k + l) * n + column))
        };
        let sum = |to: usize| {
            let product = |(x_at, y_at): (usize, usize)| {
                T::Sum::binary(Binary::Mul, x.elements[x_at].widen(), y.elements[y_at].widen())
            };
            T::narrow(terms(to).map(product).fold(T::Sum::zero(), |sum, x| T::Sum::binary(Binary::Add, sum, x)))
        };
        let count: usize = sizes.iter().product();
        Array::new((0..count).map(sum).collect(), &sizes, place).of(&[x, y], || {
            let of = |to: usize| {
                terms(to).flat_map(move |(x_at, y_at)| {
                    let [of_x, of_y] = [y.elements[y_at], x.elements[x_at]].map(double);
                    [Slope { input: 0, from: x_at, to, by: of_x }, Slope { input: 1, from: y_at, to, by: of_y }]
                })
            };
            (0..count).flat_map(of).collect()
        })
    }
}

impl<T: Float> Autodiff for Naive<T> {
    type Gradients = Gradients;

    fn track(x: Array<T>) -> Array<T> {
        Array { node: Some(Node::tracked(x.node.clone(), x.len())), ..x }
    }
    fn backward(x: Array<T>) -> Gradients {
        Gradients::of(x.node)
    }
    fn gradient(gradients: &Gradients, x: &Array<T>) -> Option<Array<T>> {
        let gradient = gradients.get(x.node.as_deref()?)?;
        Some(Array::new(gradient.iter().map(|&x| float(x)).collect(), &x.sizes, x.place))
    }
    fn set_gradient(gradients: &mut Gradients, x: &Array<T>, gradient: Array<T>) {
        if let Some(node) = &x.node {
            gradients.set(node, gradient.elements.iter().map(|&x| double(x)).collect());
        }
    }
}
