//! Functions with a backward pass of the user's own.

use super::tracking::{Tracking, bits, sum};
use crate::backend::{Autodiff, Backend, Binary, CustomFunctions, Engine, Float, Unary, no_grad};
use crate::conformance::on::On;
use crate::conformance::report::Report;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn check<E: Engine, T: Float>(report: &mut Report, device: &E::Device)
where
    E::Backend<T>: CustomFunctions<Elem = T, Engine = E>,
{
    let mut on = Tracking::<E, T>::new(report, device);
    let detached = |x: &E::Array<T>| On::<E, T>::detach(x.clone());
    let times = |x: &E::Array<T>, y: &E::Array<T>| On::<E, T>::binary(Binary::Mul, x.clone(), y.clone());
    let custom_product = move |x: &E::Array<T>, y: &E::Array<T>| {
        let saved = [detached(x), detached(y)];
        let result = times(&saved[0], &saved[1]);
        let backward = move |gradient| vec![times(&gradient, &saved[1]), times(&gradient, &saved[0])];
        On::<E, T>::custom(&[x.clone(), y.clone()], result, backward)
    };
    type Product<'a, A> = &'a dyn Fn(&A, &A) -> A;
    // What it is calculated of has its own backward pass, and so has what is calculated of it; it stands there twice.
    let gradients = |product: Product<'_, E::Array<T>>, x: &E::Array<T>, y: &E::Array<T>| {
        let inner = product(&On::<E, T>::unary(Unary::Tanh, x.clone()), y);
        let outer = product(&On::<E, T>::unary(Unary::Sigmoid, inner.clone()), &inner);
        let number = sum::<E, T>(&On::<E, T>::binary(Binary::Add, outer, x.clone()));
        let gradients = On::<E, T>::backward(number);
        [x, y].map(|x| bits::<E, T>(On::<E, T>::gradient(&gradients, x)))
    };

    on.expect("custom", "gradients through a product by hand are those through a product", |on| {
        let (x, y) = (on.tracked(), on.tracked());
        let expected = gradients(&times, &x, &y);
        let (x, y) = (on.tracked(), on.tracked());
        expected[0].is_some() && gradients(&custom_product, &x, &y) == expected
    });
    on.expect("custom", "a constant beside a tracked input has no gradient, and that of the other is right", |on| {
        let (x, y) = (on.tracked(), on.constant());
        let expected = gradients(&times, &x, &y);
        let x = on.tracked();
        let found = gradients(&custom_product, &x, &y);
        found == expected && found[0].is_some() && found[1].is_none()
    });
    on.expect("custom", "gradients are those that the function gives, and not those of its result", |on| {
        let x = on.tracked();
        let other = on.constant();
        let given = bits::<E, T>(Some(other.clone()));
        let y = On::<E, T>::custom(from_ref(&x), times(&detached(&x), &detached(&x)), move |_| vec![other.clone()]);
        let value = bits::<E, T>(Some(y.clone())) == bits::<E, T>(Some(times(&on.constant(), &on.constant())));
        value && bits::<E, T>(On::<E, T>::gradient(&On::<E, T>::backward(sum::<E, T>(&y)), &x)) == given
    });
    on.expect("custom", "an input that stands there twice has the sum of both gradients", |on| {
        let x = on.tracked();
        let y = custom_product(&x, &x);
        let found = bits::<E, T>(On::<E, T>::gradient(&On::<E, T>::backward(sum::<E, T>(&y)), &x));
        let twice = On::<E, T>::binary(Binary::Add, on.constant(), on.constant());
        found == bits::<E, T>(Some(twice))
    });
    on.expect("custom", "four inputs have their gradients in their order", |on| {
        let inputs = [(); 4].map(|()| on.tracked());
        let result = On::<E, T>::binary(Binary::Add, on.constant(), on.constant());
        let y = On::<E, T>::custom(&inputs, result, |gradient| {
            let next = |x: &E::Array<T>| Some(On::<E, T>::binary(Binary::Add, x.clone(), x.clone()));
            std::iter::successors(Some(gradient), next).take(4).collect()
        });
        let gradients = On::<E, T>::backward(sum::<E, T>(&y));
        let is_so = |(i, x): (i32, &E::Array<T>)| {
            let found = bits::<E, T>(On::<E, T>::gradient(&gradients, x));
            found.is_some_and(|found| found.iter().all(|x| *x == f64::from(2).powi(i)))
        };
        (0..).zip(&inputs).all(is_so)
    });
    on.expect(
        "custom",
        "of constants, and inside of `no_grad`, nothing is recorded, and the backward pass never called",
        |on| {
            let calls = Arc::new(AtomicUsize::new(0));
            let made = |x: &E::Array<T>| {
                let calls = calls.clone();
                On::<E, T>::custom(from_ref(x), detached(x), move |gradient| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    vec![gradient]
                })
            };
            let (x, y) = (on.constant(), on.tracked());
            let inside = no_grad(|| made(&y));
            let is_tracked = [&made(&x), &inside, &made(&y)].map(On::<E, T>::is_tracked);
            // Of what is recorded, it is called once.
            On::<E, T>::backward(sum::<E, T>(&times(&made(&y), &times(&inside, &made(&x)))));
            is_tracked == [false, false, true] && calls.load(Ordering::Relaxed) == 1
        },
    );
}
