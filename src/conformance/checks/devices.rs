//! Arrays on two devices do not meet.

use crate::backend::{
    AttentionMask, AttentionOptions, Autodiff, Backend, Binary, Compare, Engine, Epilogue, Float, Program, Reduce,
    RotaryLayout,
};
use crate::conformance::on::On;
use crate::conformance::report::{Report, holds, same, without_panic};
use crate::conformance::sample::{Sample, numbers};
use crate::conformance::view::{Maker, View};

/// Each operation of two arrays, of which the second lies elsewhere, panics and names both places.
pub fn check<E: Engine, T: Float>(report: &mut Report, device: &E::Device, other: &E::Device) {
    let (here, there) = [device, other].map(|device| Maker::<E> { view: View::Whole, device: device.clone() }).into();
    let array = |maker: &Maker<E>, sizes: &[usize]| maker.array(&numbers::<T>(sizes, 1));
    let [x, y] = [&here, &there].map(|maker| array(maker, &[2, 2]));
    let [heads, other_heads] = [&here, &there].map(|maker| array(maker, &[1, 1, 2, 2]));
    let [row, row_there] = [&here, &there].map(|maker| array(maker, &[2]));
    let ids = there.array(&Sample::full(&[2], 1u32));
    let condition = there.array(&Sample::full(&[2, 2], true));
    let allowed = AttentionMask { allowed: Some(condition.clone()), ..AttentionMask::default() };
    let full = AttentionMask::default();
    let [angles, angles_there] = [&here, &there].map(|maker| array(maker, &[1, 2, 1]));

    report.check("device", T::DATA_TYPE, || same::<E, T>(&y, &numbers::<T>(&[2, 2], 1), other));
    report.check("to_device", T::DATA_TYPE, || {
        let moved = On::<E, T>::to_device(&x, other);
        same::<E, T>(&moved, &numbers::<T>(&[2, 2], 1), other)?;
        same::<E, T>(&On::<E, T>::to_device(&moved, device), &numbers::<T>(&[2, 2], 1), device)
    });
    let mut refused = |operation: &'static str, with: &str, run: &dyn Fn()| {
        let with = if with.is_empty() { String::new() } else { format!(", {with}") };
        report.check(operation, format!("{} on {device} and on {other}{with}", T::DATA_TYPE), || {
            let said = without_panic(run).err().ok_or("no panic, where one that names both devices was expected")?;
            let names_both = said.contains(&device.to_string()) && said.contains(&other.to_string());
            holds(names_both, format_args!("expected a panic that names both, found {said:?}"))
        });
    };
    refused("binary", "Add", &|| drop(On::<E, T>::binary(Binary::Add, x.clone(), y.clone())));
    refused("fused", "", &|| drop(On::<E, T>::fused(&two(), &[x.clone(), y.clone()])));
    refused("compare", "Less", &|| drop(On::<E, T>::compare(Compare::Less, &x, &y)));
    refused("select", "the second array", &|| {
        drop(On::<E, T>::select(&here.array(&Sample::full(&[2, 2], true)), &x, &y))
    });
    refused("select", "the condition", &|| drop(On::<E, T>::select(&condition, &x, &x)));
    refused("concat", "", &|| drop(On::<E, T>::concat(&[&x, &y], 0)));
    refused("update_slice", "", &|| drop(On::<E, T>::update_slice(x.clone(), &row_of::<E, T>(&y), &[0, 0])));
    refused("gather", "", &|| drop(On::<E, T>::gather(&x, &ids)));
    refused("pick", "", &|| drop(On::<E, T>::pick(&x, &ids)));
    refused("scatter_add", "the rows", &|| {
        drop(On::<E, T>::scatter_add(x.clone(), &here.array(&Sample::full(&[2], 1)), &y));
    });
    refused("cross_entropy", "", &|| drop(On::<E, T>::cross_entropy(&x, &ids, 0.0)));
    refused("matmul", "", &|| drop(On::<E, T>::matmul(&x, &y)));
    refused("linear", "the weight", &|| drop(On::<E, T>::linear(&x, &y, Epilogue::default())));
    let bias = Epilogue { bias: Some(&row_there), ..Epilogue::default() };
    refused("linear", "the bias", &|| drop(On::<E, T>::linear(&x, &x, bias)));
    refused("linear", "the residual", &|| drop(On::<E, T>::linear(&x, &x, Epilogue::residual(&y))));
    refused("layer_norm", "the weight", &|| drop(On::<E, T>::layer_norm(x.clone(), &row_there, None, 1e-5)));
    refused("layer_norm", "the bias", &|| drop(On::<E, T>::layer_norm(x.clone(), &row, Some(&row_there), 1e-5)));
    refused("rms_norm", "the weight", &|| drop(On::<E, T>::rms_norm(x.clone(), &row_there, 1e-5)));
    refused("rotate", "the cosines", &|| {
        drop(On::<E, T>::rotate(heads.clone(), &angles_there, &angles, RotaryLayout::Half))
    });
    refused("rotate", "the sines", &|| {
        drop(On::<E, T>::rotate(heads.clone(), &angles, &angles_there, RotaryLayout::Half))
    });
    refused("masked_softmax", "the mask", &|| drop(On::<E, T>::masked_softmax(heads.clone(), &allowed)));
    let plain = AttentionOptions::scaled(1.0);
    let attend = |mask, options| drop(On::<E, T>::attention(&heads, &heads, &heads, mask, options));
    let bias = AttentionOptions { bias: Some(&other_heads), ..plain };
    let one_sink = array(&there, &[1]);
    let sinks = AttentionOptions { sinks: Some(&one_sink), ..plain };
    let factors = AttentionOptions { factors: Some(&other_heads), ..plain };
    refused("attention_weights", "the keys", &|| {
        drop(On::<E, T>::attention_weights(&heads, &other_heads, &full, plain));
    });
    refused("attention", "the values", &|| drop(On::<E, T>::attention(&heads, &heads, &other_heads, &full, plain)));
    refused("attention", "the mask", &|| attend(&allowed, plain));
    refused("attention", "the bias", &|| attend(&full, bias));
    refused("attention", "the sinks", &|| attend(&full, sinks));
    refused("attention", "the factors", &|| attend(&full, factors));
}

/// What is made on another device of an array that is tracked is a constant, and gradients lie where the array does.
pub fn tracked<E: Engine, T: Float>(report: &mut Report, device: &E::Device, other: &E::Device)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    let sample = numbers::<T>(&[3], 1);
    for [from, to] in [[device, other], [other, device]] {
        let of = format!("{} on {from}, tracked, to {to}", T::DATA_TYPE);
        let x = On::<E, T>::track(On::<E, T>::from_elements(sample.elements.clone(), &sample.sizes, from));
        let square = On::<E, T>::binary(Binary::Mul, x.clone(), x.clone());
        report.check("to_device", &of, || {
            for moved in [&x, &square].map(|x| On::<E, T>::to_device(x, to)) {
                holds(!On::<E, T>::is_tracked(&moved), "what went over is tracked, and not a constant")?;
            }
            same::<E, T>(&On::<E, T>::to_device(&x, to), &sample, to)?;
            // What was there is as it was.
            let gradients = On::<E, T>::backward(On::<E, T>::reduce(Reduce::Sum, &square, 0));
            let gradient = On::<E, T>::gradient(&gradients, &x).ok_or("no gradient of what was copied elsewhere")?;
            same::<E, T>(&gradient, &sample.map(|x| x + x), from)
        });
    }
}

/// The sum of two.
fn two<T: Float>() -> Program<T> {
    let mut program = Program::new(2);
    program.push(crate::backend::Step::Binary(Binary::Add, 0, 1));
    program
}

fn row_of<E: Engine, T: Float>(x: &E::Array<T>) -> E::Array<T> {
    On::<E, T>::narrow(x, 0, 0, 1)
}
