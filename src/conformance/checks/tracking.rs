//! What is recorded, and what becomes of it.

use crate::backend::{Autodiff, Backend, Binary, Compare, Engine, Float, Order, Reduce, RotaryLayout, Unary, no_grad};
use crate::conformance::on::On;
use crate::conformance::report::{Report, holds, same, without_panic};
use crate::conformance::sample::{Sample, numbers};
use crate::conformance::view::{Maker, View};

pub struct Tracking<'a, E: Engine, T: Float> {
    report: &'a mut Report,
    maker: Maker<E>,
    x: Sample<T>,
}

impl<'a, E: Engine, T: Float> Tracking<'a, E, T>
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    pub fn new(report: &'a mut Report, device: &E::Device) -> Self {
        let maker = Maker::<E> { view: View::Whole, device: device.clone() };
        Tracking { report, maker, x: numbers::<T>(&[2, 3], 1) }
    }
    pub fn constant(&self) -> E::Array<T> {
        self.maker.array(&self.x)
    }
    pub fn tracked(&self) -> E::Array<T> {
        On::<E, T>::track(self.constant())
    }
    pub fn expect(&mut self, operation: &'static str, what: &str, check: impl FnOnce(&Self) -> bool) {
        let found = without_panic(|| check(self));
        self.report.check(operation, format!("{} arrays", T::DATA_TYPE), || match found {
            Ok(holds_so) => holds(holds_so, format_args!("expected that {what}")),
            Err(said) => Err(format!("expected that {what}, but it panicked: {said}")),
        });
    }
}

pub fn sum<E: Engine, T: Float>(x: &E::Array<T>) -> E::Array<T> {
    let count = On::<E, T>::sizes(x).iter().product();
    On::<E, T>::reduce(Reduce::Sum, &On::<E, T>::reshape(x, &[count]), 0)
}

pub fn bits<E: Engine, T: Float>(x: Option<E::Array<T>>) -> Option<Vec<f64>> {
    Some(On::<E, T>::to_vec(&x?).ok()?.into_iter().map(crate::conformance::sample::double).collect())
}

/// What another thread gives.
fn elsewhere<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let result = scope.spawn(|| without_panic(f)).join().expect("what panics is caught");
        result.unwrap_or_else(|said| panic!("{said}"))
    })
}

pub fn check<E: Engine, T: Float>(report: &mut Report, device: &E::Device)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    let mut on = Tracking::<E, T>::new(report, device);
    let tanh = |x: E::Array<T>| On::<E, T>::unary(Unary::Tanh, x);
    let square = |x: &E::Array<T>| On::<E, T>::binary(Binary::Mul, x.clone(), x.clone());
    let is_tracked = |x: &E::Array<T>| On::<E, T>::is_tracked(x);

    on.expect("track", "what it gives is tracked, and what it was given is not", |on| {
        let x = on.constant();
        is_tracked(&On::<E, T>::track(x.clone())) && !is_tracked(&x)
    });
    on.expect("track", "it has the same elements", |on| same::<E, T>(&on.tracked(), &on.x, &on.maker.device).is_ok());
    on.expect("is_tracked", "what is made of a tracked array is tracked, beside constants too", |on| {
        let (x, y) = (on.tracked(), on.constant());
        let of_both = On::<E, T>::binary(Binary::Add, y.clone(), x.clone());
        is_tracked(&tanh(x)) && is_tracked(&of_both) && !is_tracked(&tanh(y))
    });
    on.expect("is_tracked", "comparisons, positions and casts to integers of a tracked array are constants", |on| {
        let x = on.tracked();
        let is_less = On::<E, T>::compare_scalar(Compare::Less, &x, T::zero());
        let (_, positions) = On::<E, T>::top_k(&x, 1);
        !On::<E, bool>::is_tracked(&is_less)
            && !On::<E, u32>::is_tracked(&On::<E, T>::argmax(&x, 0))
            && !On::<E, u32>::is_tracked(&positions)
            && !On::<E, u32>::is_tracked(&On::<E, T>::argsort(&x, 1, Order::Ascending))
            && !On::<E, u32>::is_tracked(&On::<E, T>::cast::<u32>(&x))
    });
    on.expect("rotate", "angles have no part in gradients", |on| {
        let angles = On::<E, T>::track(on.maker.array(&numbers::<T>(&[1, 3, 1], 2)));
        let x = on.maker.array(&numbers::<T>(&[1, 1, 3, 2], 3));
        !is_tracked(&On::<E, T>::rotate(x, &angles, &angles, RotaryLayout::Half))
    });
    on.expect("detach", "gradients go no further back than to an array that was detached", |on| {
        let x = on.tracked();
        let constant = On::<E, T>::detach(tanh(x.clone()));
        let gradients =
            On::<E, T>::backward(sum::<E, T>(&On::<E, T>::binary(Binary::Mul, x.clone(), constant.clone())));
        !is_tracked(&constant) && bits::<E, T>(On::<E, T>::gradient(&gradients, &x)) == bits::<E, T>(Some(constant))
    });
    on.expect("to_device", "what it gives is a constant", |on| {
        !is_tracked(&On::<E, T>::to_device(&on.tracked(), &on.maker.device))
    });
    on.expect("is_tracked", "nothing is recorded inside `no_grad`, and afterwards again", |on| {
        let x = on.tracked();
        let inside = no_grad(|| tanh(x.clone()));
        let moved = no_grad(|| On::<E, T>::permute(&On::<E, T>::narrow(&x, 0, 0, 1), &[1, 0]));
        !is_tracked(&inside)
            && !is_tracked(&moved)
            && is_tracked(&tanh(x))
            && bits::<E, T>(Some(inside)) == bits::<E, T>(Some(tanh(on.constant())))
    });
    on.expect("tracked_like", "an array is tracked if the other one is", |on| {
        let (x, y) = (on.constant(), on.tracked());
        is_tracked(&On::<E, T>::tracked_like(x.clone(), &y)) && !is_tracked(&On::<E, T>::tracked_like(x.clone(), &x))
    });
    on.expect("gradient", "there is none with respect to what the number does not depend on", |on| {
        let (x, y) = (on.tracked(), on.tracked());
        let gradients = On::<E, T>::backward(sum::<E, T>(&square(&x)));
        On::<E, T>::gradient(&gradients, &x).is_some()
            && On::<E, T>::gradient(&gradients, &y).is_none()
            && On::<E, T>::gradient(&gradients, &on.constant()).is_none()
    });
    on.expect("gradient", "there is one with respect to an intermediate result that `track` was called on, and still one with respect to its input", |on| {
        let x = on.tracked();
        let y = On::<E, T>::track(square(&x));
        let gradients = On::<E, T>::backward(sum::<E, T>(&tanh(y.clone())));
        On::<E, T>::gradient(&gradients, &x).is_some() && On::<E, T>::gradient(&gradients, &y).is_some()
    });
    on.expect("backward", "gradients are the same each time, bit by bit", |on| {
        let of = || {
            let x = on.tracked();
            let y = On::<E, T>::binary(Binary::Add, On::<E, T>::softmax(square(&x), 1), tanh(x.clone()));
            bits::<E, T>(On::<E, T>::gradient(&On::<E, T>::backward(sum::<E, T>(&square(&y))), &x))
        };
        of().is_some() && of() == of()
    });
    on.expect(
        "backward",
        "what one thread recorded, another goes back through, and gradients are the same bit by bit",
        |on| {
            let record = |x: &E::Array<T>| sum::<E, T>(&square(&On::<E, T>::softmax(square(x), 1)));
            let back =
                |y: E::Array<T>, x: &E::Array<T>| bits::<E, T>(On::<E, T>::gradient(&On::<E, T>::backward(y), x));
            let x = on.tracked();
            let here = back(record(&x), &x);
            let recorded_here = record(&x);
            let gone_back_there = elsewhere(|| back(recorded_here, &x));
            let recorded_there = elsewhere(|| record(&x));
            here.is_some() && gone_back_there == here && back(recorded_there, &x) == here
        },
    );
    on.expect("set_gradient", "another gradient stands in place of the first, or where there was none", |on| {
        let (x, y) = (on.tracked(), on.tracked());
        let mut gradients = On::<E, T>::backward(sum::<E, T>(&square(&x)));
        On::<E, T>::set_gradient(&mut gradients, &x, on.constant());
        On::<E, T>::set_gradient(&mut gradients, &y, on.constant());
        let expected = bits::<E, T>(Some(on.constant()));
        [x, y].iter().all(|x| bits::<E, T>(On::<E, T>::gradient(&gradients, x)) == expected)
    });
    on.expect("set_gradient", "nothing changes with respect to an array that is not tracked", |on| {
        let x = on.tracked();
        let mut gradients = On::<E, T>::backward(sum::<E, T>(&square(&x)));
        On::<E, T>::set_gradient(&mut gradients, &on.constant(), on.constant());
        On::<E, T>::gradient(&gradients, &on.constant()).is_none() && On::<E, T>::gradient(&gradients, &x).is_some()
    });
    checkpoint(&mut on);
}

/// A block, of `x` and of a tracked array that it holds.
fn checkpoint<E: Engine, T: Float>(on: &mut Tracking<'_, E, T>)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    fn block<E: Engine, T: Float>(x: E::Array<T>, weight: &E::Array<T>) -> E::Array<T> {
        On::<E, T>::unary(Unary::Tanh, On::<E, T>::binary(Binary::Mul, x, weight.clone()))
    }
    let gradients = |x: &E::Array<T>, weight: &E::Array<T>, y: &E::Array<T>| {
        let gradients = On::<E, T>::backward(sum::<E, T>(&On::<E, T>::binary(Binary::Mul, y.clone(), y.clone())));
        [x, weight].map(|x| bits::<E, T>(On::<E, T>::gradient(&gradients, x)))
    };
    on.expect(
        "checkpoint",
        "results and gradients are the same as without, with respect to what the block holds too",
        |on| {
            let (x, weight) = (on.tracked(), on.tracked());
            let held = weight.clone();
            let (y, other) = On::<E, T>::checkpoint(x.clone(), move |x| (block::<E, T>(x, &held), "other"));
            let without = block::<E, T>(x.clone(), &weight);
            other == "other"
                && bits::<E, T>(Some(y.clone())) == bits::<E, T>(Some(without.clone()))
                && gradients(&x, &weight, &y) == gradients(&x, &weight, &without)
        },
    );
    on.expect("checkpoint", "of a constant, gradients reach what the block holds", |on| {
        let (x, weight) = (on.constant(), on.tracked());
        let held = weight.clone();
        let (y, ()) = On::<E, T>::checkpoint(x.clone(), move |x| (block::<E, T>(x, &held), ()));
        let without = block::<E, T>(x.clone(), &weight);
        gradients(&x, &weight, &y) == gradients(&x, &weight, &without)
    });
    on.expect("checkpoint", "nothing is recorded inside `no_grad`", |on| {
        let (x, weight) = (on.tracked(), on.tracked());
        let (y, ()) = no_grad(|| On::<E, T>::checkpoint(x, move |x| (block::<E, T>(x, &weight), ())));
        !On::<E, T>::is_tracked(&y)
    });
}
