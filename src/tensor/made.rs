//! How a tensor is made of a shape and what fills it.

use super::Tensor;
use crate::Error;
use crate::backend::{ArrayOf, Backend, DeviceOf, Element, Float, constant};
use crate::shape::{Described, Given, Shape};

pub fn check_count<S: Shape>(shape: S, found: usize) -> Result<(), Error> {
    let expected = shape.elements();
    if found == expected {
        return Ok(());
    }
    Err(Error::ElementCount { shape: Described::new(shape).to_string(), expected, found })
}

pub fn random<S, X: Given<S>, B: Backend<Elem: Float>>(shape: X, mut fill: impl FnMut(&mut [f64])) -> Tensor<S, B> {
    of_shape(shape, |shape| {
        let mut numbers = |count: usize| {
            let (mut elements, mut some) = (Vec::with_capacity(count), [0.0; 256]);
            while elements.len() < count {
                let some = &mut some[..256.min(count - elements.len())];
                fill(some);
                elements.extend(some.iter().map(|number| constant::<B::Elem>(*number)));
            }
            elements
        };
        if !X::Shape::IS_SHARDED {
            return array::<B>(numbers(shape.elements()), shape);
        }
        // Of a shard, the part of what one process would get: each rank draws all numbers.
        let part = shape.part();
        array::<B>(part.of(&numbers(part.whole().iter().product())), shape)
    })
}

/// The array of these elements, of which there are as many as the shape has, on the default device.
pub fn array<B: Backend>(elements: Vec<B::Elem>, shape: impl Shape) -> ArrayOf<B> {
    B::from_elements(B::Elem::to_primitives(elements), shape.sizes().as_ref(), &DeviceOf::<B>::default())
}

/// A tensor of the shape that was given, with the array that is made in it.
pub fn of_shape<S, X: Given<S>, B: Backend>(shape: X, array: impl FnOnce(X::Shape) -> ArrayOf<B>) -> Tensor<S, B> {
    let tensor = Tensor::<_, B>::from_parts(shape.shape(), array(shape.shape()));
    Tensor { shape: shape.given(), array: tensor.array }
}
