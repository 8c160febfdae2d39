//! burn by hand: the operations that its tensors and layers are made of.
//!
//! `burn_tensor::Tensor` wraps each of these calls, so that it is not faster.

use crate::library::{Library, Pairs, Parameters, Training, adamw, copied};
use burn_backend::ops::{
    ActivationOps, AttentionModuleOptions, BoolTensorOps, FloatTensorOps, IntTensorOps, ModuleOps,
};
use burn_backend::{
    AutodiffBackend, DType, FloatDType, Scalar, Shape, Slice, TensorData, TensorMetadata, get_or_init_device_settings,
};
use burn_dispatch::{Dispatch, DispatchDevice, DispatchTensor};
use congruent::module::Module;

type Tensor = DispatchTensor;

/// burn on a device.
#[derive(Clone)]
pub struct Burn {
    /// Where tensors are.
    pub device: DispatchDevice,
    /// Weights are `(inputs, outputs)` in memory, as burn's own layers have them; else `(outputs, inputs)`, as files of PyTorch
    /// and congruent do.
    pub own_order: bool,
    /// Parameters that typed tensors have as well: weights in other places of memory are read 2 to 7 % faster or slower.
    pub shared: Vec<Tensor>,
}

impl Burn {
    /// With the parameters of this model for the next one.
    pub fn sharing(&self, model: &impl Module<congruent_burn::Burn<f32>>) -> Self {
        let mut shared = Vec::new();
        model.for_each(|x| shared.push(x.array().tensor().expect("parameters have elements")));
        Burn { shared, ..self.clone() }
    }
}

fn float(x: f64) -> Scalar {
    Scalar::Float(x)
}

fn last(x: &Tensor) -> usize {
    x.shape().num_dims() - 1
}

/// With axes of size 1 before its own, so many in all.
fn aligned(x: Tensor, rank: usize) -> Tensor {
    let sizes = x.shape();
    let own = sizes.num_dims();
    if own == rank {
        return x;
    }
    let mut aligned = vec![1; rank - own];
    aligned.extend(sizes.iter());
    Dispatch::float_reshape(x, Shape::from(aligned))
}

fn slices(sizes: &[usize], axis: usize, start: usize, len: usize) -> Vec<Slice> {
    let slice = |(i, &size): (usize, &usize)| match i == axis {
        true => Slice::from(start..start + len),
        false => Slice::from(0..size),
    };
    sizes.iter().enumerate().map(slice).collect()
}

impl Library for Burn {
    type Tensor = Tensor;

    fn tensor(&self, elements: &[f32], sizes: &[usize]) -> Tensor {
        Dispatch::float_from_data(TensorData::new(elements.to_vec(), Shape::from(sizes.to_vec())), &self.device)
    }
    fn weight(&self, elements: &[f32], sizes: &[usize]) -> Tensor {
        if !self.own_order {
            return self.tensor(elements, sizes);
        }
        let swapped = |i: usize| elements[i % sizes[0] * sizes[1] + i / sizes[0]];
        let elements: Vec<f32> = (0..elements.len()).map(swapped).collect();
        self.tensor(&elements, &[sizes[1], sizes[0]])
    }
    fn parameters(&self, parameters: &Parameters, tables: usize) -> Vec<Tensor> {
        if self.shared.is_empty() { copied(self, parameters, tables) } else { self.shared.clone() }
    }
    fn ids(&self, ids: &[u32], sizes: &[usize]) -> Tensor {
        Dispatch::int_from_data(TensorData::new(ids.to_vec(), Shape::from(sizes.to_vec())), &self.device)
    }
    fn padding(&self, lengths: &[usize], heads: usize, queries: usize) -> Tensor {
        let keys = lengths.iter().copied().max().unwrap_or(0);
        let forbidden = lengths.iter().flat_map(|length| (0..keys).map(move |key| key >= *length)).collect();
        let data = TensorData::new::<bool, _>(forbidden, [lengths.len(), 1, 1, keys]);
        let store = get_or_init_device_settings::<Dispatch>(&self.device).bool_dtype;
        let forbidden = Dispatch::bool_from_data(data.convert_dtype(DType::Bool(store)), &self.device);
        Dispatch::bool_expand(forbidden, Shape::from(vec![lengths.len(), heads, queries, keys]))
    }
    fn values(&self, x: Tensor) -> Vec<f32> {
        let data = burn_tensor::read_sync(Dispatch::float_into_data(x)).expect("the device has calculated");
        data.try_into_vec().expect("elements are f32")
    }

    fn sizes(&self, x: &Tensor) -> Vec<usize> {
        x.shape().to_vec()
    }
    fn reshape(&self, x: Tensor, sizes: &[usize]) -> Tensor {
        Dispatch::float_reshape(x, Shape::from(sizes.to_vec()))
    }
    fn swap(&self, x: Tensor, first: usize, second: usize) -> Tensor {
        Dispatch::float_swap_dims(x, first, second)
    }
    fn narrow(&self, x: Tensor, axis: usize, start: usize, len: usize) -> Tensor {
        let slices = slices(&x.shape(), axis, start, len);
        Dispatch::float_slice(x, &slices)
    }
    fn write(&self, x: Tensor, part: Tensor, axis: usize, start: usize) -> Tensor {
        let slices = slices(&x.shape(), axis, start, part.shape()[axis]);
        Dispatch::float_slice_assign(x, &slices, part)
    }
    fn rows(&self, table: Tensor, ids: Tensor) -> Tensor {
        let mut sizes = ids.shape().to_vec();
        let ids = Dispatch::int_reshape(ids, Shape::new([sizes.iter().product::<usize>()]));
        sizes.push(table.shape()[1]);
        Dispatch::float_reshape(Dispatch::float_select(table, 0, ids), Shape::from(sizes))
    }

    fn add(&self, x: Tensor, y: Tensor) -> Tensor {
        Dispatch::float_add(x, y)
    }
    fn mul(&self, x: Tensor, y: Tensor) -> Tensor {
        Dispatch::float_mul(x, y)
    }
    fn scale(&self, x: Tensor, by: f64) -> Tensor {
        Dispatch::float_mul_scalar(x, float(by))
    }
    fn shift(&self, x: Tensor, by: f64) -> Tensor {
        Dispatch::float_add_scalar(x, float(by))
    }
    fn relu(&self, x: Tensor) -> Tensor {
        Dispatch::relu(x)
    }
    fn gelu(&self, x: Tensor) -> Tensor {
        Dispatch::gelu(x)
    }
    fn silu(&self, x: Tensor) -> Tensor {
        Dispatch::float_mul(x.clone(), Dispatch::sigmoid(x))
    }
    fn softmax(&self, x: Tensor) -> Tensor {
        let axis = last(&x);
        Dispatch::softmax(x, axis)
    }
    fn matmul(&self, x: Tensor, y: Tensor) -> Tensor {
        Dispatch::float_matmul(x, y)
    }
    fn linear(&self, x: Tensor, weight: Tensor, bias: Option<Tensor>) -> Tensor {
        if self.own_order {
            return Dispatch::linear(x, weight, bias);
        }
        // As a matrix: of more axes, burn gives the weight as many, which copies one that is seen with its axes exchanged.
        let mut sizes = x.shape().to_vec();
        let inputs = sizes.pop().expect("inputs are the last axis");
        let rows = self.reshape(x, &[sizes.iter().product(), inputs]);
        sizes.push(weight.shape()[0]);
        self.reshape(Dispatch::linear(rows, Dispatch::float_swap_dims(weight, 0, 1), bias), &sizes)
    }
    fn tied(&self, x: Tensor, table: Tensor) -> Tensor {
        Burn { own_order: false, ..self.clone() }.linear(x, table, None)
    }
    fn layer_norm(&self, x: Tensor, weight: Tensor, bias: Tensor, epsilon: f64) -> Tensor {
        Dispatch::layer_norm(x, weight, Some(bias), epsilon)
    }
    fn rms_norm(&self, x: Tensor, weight: Tensor, epsilon: f64) -> Tensor {
        let axis = last(&x);
        let squares = Dispatch::float_mul(x.clone(), x.clone());
        let mean = Dispatch::float_add_scalar(Dispatch::float_mean_dim(squares, axis), float(epsilon));
        let normed = Dispatch::float_div(x, Dispatch::float_sqrt(mean));
        Dispatch::float_mul(normed, aligned(weight, axis + 1))
    }
    fn rotate(&self, x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor {
        let sizes = x.shape().to_vec();
        let &[batch, heads, sequence, d] = &sizes[..] else { panic!("heads are (batch, heads, sequence, d)") };
        let (split, axis) = match pairs {
            Pairs::Halves => ([batch, heads, sequence, 2, d / 2], 3),
            Pairs::Interleaved => ([batch, heads, sequence, d / 2, 2], 4),
        };
        let mut table = [1, 1, sequence, d / 2, d / 2];
        table[axis] = 1;
        let [cos, sin] = [cos, sin].map(|x| Dispatch::float_reshape(x, Shape::from(table.to_vec())));
        let x = Dispatch::float_reshape(x, Shape::from(split.to_vec()));
        let half = |i| Dispatch::float_slice(x.clone(), &slices(&split, axis, i, 1));
        let [first, second] = [half(0), half(1)];
        let times = |x: &Tensor, y: &Tensor| Dispatch::float_mul(x.clone(), y.clone());
        let turned = vec![
            Dispatch::float_sub(times(&first, &cos), times(&second, &sin)),
            Dispatch::float_add(times(&second, &cos), times(&first, &sin)),
        ];
        Dispatch::float_reshape(Dispatch::float_cat(turned, axis), Shape::from(sizes))
    }
    fn attention(&self, [q, k, v]: [Tensor; 3], forbidden: Option<Tensor>, causal: bool) -> Tensor {
        let ([batch, heads, queries, d], key_heads) = (q.shape().dims::<4>(), k.shape()[1]);
        let options = AttentionModuleOptions { scale: None, softcap: None, is_causal: causal };
        if heads == key_heads {
            return Dispatch::attention(q, k, v, forbidden, None, options);
        }
        assert!(queries == 1, "queries that share a head of keys are more queries of it, of one token");
        let q = Dispatch::float_reshape(q, Shape::new([batch, key_heads, heads / key_heads, d]));
        let out = Dispatch::attention(q, k, v, forbidden, None, options);
        Dispatch::float_reshape(out, Shape::new([batch, heads, queries, d]))
    }
}

/// The two moments of each parameter, and how many steps there were.
pub struct Moments {
    of: Vec<[Tensor; 2]>,
    steps: i32,
}

impl Training for Burn {
    type Optimizer = Moments;

    fn tracked(&self, x: Tensor) -> Tensor {
        Dispatch::float_set_require_grad(Dispatch::from_inner(x), true)
    }
    fn optimizer(&self, parameters: &[Tensor]) -> Moments {
        let zeros = |x: &Tensor| Dispatch::float_zeros(x.shape(), &self.device, FloatDType::F32);
        Moments { of: parameters.iter().map(|x| [zeros(x), zeros(x)]).collect(), steps: 0 }
    }
    fn cross_entropy(&self, logits: Tensor, targets: Tensor) -> Tensor {
        let rows = logits.shape()[0];
        let logs = Dispatch::log_softmax(logits, 1);
        let chosen = Dispatch::float_gather(1, logs, Dispatch::int_reshape(targets, Shape::new([rows, 1])));
        Dispatch::float_neg(Dispatch::float_mean(chosen))
    }
    fn step(&self, loss: &Tensor, parameters: Vec<Tensor>, moments: &mut Moments) -> Vec<Tensor> {
        let gradients = <Dispatch as AutodiffBackend>::backward(loss.clone());
        moments.steps += 1;
        let steps = moments.steps;
        let stepped = |(x, moments): (Tensor, &mut [Tensor; 2])| {
            let gradient = <Dispatch as AutodiffBackend>::grad(&x, &gradients).expect("a part in the loss");
            self.tracked(self.adamw(<Dispatch as AutodiffBackend>::inner(x), gradient, moments, steps))
        };
        parameters.into_iter().zip(&mut moments.of).map(stepped).collect()
    }
}

impl Burn {
    /// The parameter after a step.
    fn adamw(&self, x: Tensor, gradient: Tensor, moments: &mut [Tensor; 2], steps: i32) -> Tensor {
        use adamw::{BETAS, DECAY, EPSILON, RATE};
        let square = Dispatch::float_mul(gradient.clone(), gradient.clone());
        // By value: nobody else holds a moment, so that it is written in place.
        let empty = || Dispatch::float_zeros(Shape::new([1]), &self.device, FloatDType::F32);
        let running = |moment: &mut Tensor, x, stays: f64| {
            let before = self.scale(std::mem::replace(moment, empty()), stays);
            *moment = Dispatch::float_add(before, self.scale(x, 1.0 - stays));
            moment.clone()
        };
        let [mean, mean_square] = moments;
        let (mean, square) = (running(mean, gradient, BETAS[0]), running(mean_square, square, BETAS[1]));
        let begun = |stays: f64| 1.0 - stays.powi(steps);
        let root = self.scale(Dispatch::float_sqrt(square), begun(BETAS[1]).sqrt().recip());
        let fall = Dispatch::float_div(mean, self.shift(root, EPSILON));
        let x = self.scale(x, 1.0 - RATE * DECAY);
        Dispatch::float_add(x, self.scale(fall, -RATE / begun(BETAS[0])))
    }
}
