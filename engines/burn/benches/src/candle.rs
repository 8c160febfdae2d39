//! candle: its tensors and layers on the processor.

use crate::library::{Library, Pairs, Training, adamw};
use candle_core::{D, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss, ops, rotary_emb};

/// candle. Its fused functions have no gradients: in training it calculates by others.
#[derive(Clone)]
pub struct Candle {
    /// Gradients are calculated.
    pub trains: bool,
}

fn new<T: candle_core::WithDType>(elements: &[T], sizes: &[usize]) -> Tensor {
    Tensor::from_slice(elements, sizes, &Device::Cpu).unwrap()
}

impl Library for Candle {
    type Tensor = Tensor;

    fn tensor(&self, elements: &[f32], sizes: &[usize]) -> Tensor {
        new(elements, sizes)
    }
    fn weight(&self, elements: &[f32], sizes: &[usize]) -> Tensor {
        new(elements, sizes)
    }
    fn ids(&self, ids: &[u32], sizes: &[usize]) -> Tensor {
        new(ids, sizes)
    }
    fn padding(&self, lengths: &[usize], _: usize, _: usize) -> Tensor {
        // Added to the scores.
        let keys = lengths.iter().copied().max().unwrap_or(0);
        let of = |key, length| if key < length { 0.0 } else { f32::NEG_INFINITY };
        let mask: Vec<f32> = lengths.iter().flat_map(|length| (0..keys).map(move |key| of(key, *length))).collect();
        new(&mask, &[lengths.len(), 1, 1, keys])
    }
    fn values(&self, x: Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn sizes(&self, x: &Tensor) -> Vec<usize> {
        x.dims().to_vec()
    }
    fn reshape(&self, x: Tensor, sizes: &[usize]) -> Tensor {
        x.reshape(sizes).unwrap()
    }
    fn swap(&self, x: Tensor, first: usize, second: usize) -> Tensor {
        x.transpose(first, second).unwrap().contiguous().unwrap()
    }
    fn narrow(&self, x: Tensor, axis: usize, start: usize, len: usize) -> Tensor {
        x.narrow(axis, start, len).unwrap()
    }
    fn write(&self, x: Tensor, part: Tensor, axis: usize, start: usize) -> Tensor {
        x.slice_set(&part.contiguous().unwrap(), axis, start).unwrap();
        x
    }
    fn rows(&self, table: Tensor, ids: Tensor) -> Tensor {
        let sizes = [ids.dims(), &[table.dim(1).unwrap()]].concat();
        table.index_select(&ids.flatten_all().unwrap(), 0).unwrap().reshape(sizes).unwrap()
    }

    fn add(&self, x: Tensor, y: Tensor) -> Tensor {
        (x + y).unwrap()
    }
    fn mul(&self, x: Tensor, y: Tensor) -> Tensor {
        (x * y).unwrap()
    }
    fn scale(&self, x: Tensor, by: f64) -> Tensor {
        (x * by).unwrap()
    }
    fn shift(&self, x: Tensor, by: f64) -> Tensor {
        (x + by).unwrap()
    }
    fn relu(&self, x: Tensor) -> Tensor {
        x.relu().unwrap()
    }
    fn gelu(&self, x: Tensor) -> Tensor {
        x.gelu_erf().unwrap()
    }
    fn silu(&self, x: Tensor) -> Tensor {
        x.silu().unwrap()
    }
    fn softmax(&self, x: Tensor) -> Tensor {
        match self.trains {
            true => ops::softmax(&x, D::Minus1).unwrap(),
            false => ops::softmax_last_dim(&x).unwrap(),
        }
    }
    fn matmul(&self, x: Tensor, y: Tensor) -> Tensor {
        x.matmul(&y).unwrap()
    }
    fn linear(&self, x: Tensor, weight: Tensor, bias: Option<Tensor>) -> Tensor {
        candle_core::Module::forward(&candle_nn::Linear::new(weight, bias), &x).unwrap()
    }
    fn tied(&self, x: Tensor, table: Tensor) -> Tensor {
        self.linear(x, table, None)
    }
    fn layer_norm(&self, x: Tensor, weight: Tensor, bias: Tensor, epsilon: f64) -> Tensor {
        ops::layer_norm(&x, &weight, &bias, epsilon as f32).unwrap()
    }
    fn rms_norm(&self, x: Tensor, weight: Tensor, epsilon: f64) -> Tensor {
        let norm = if self.trains { ops::rms_norm_slow } else { ops::rms_norm };
        norm(&x.contiguous().unwrap(), &weight, epsilon as f32).unwrap()
    }
    fn rotate(&self, x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor {
        match (pairs, self.trains) {
            (Pairs::Interleaved, _) => rotary_emb::rope_i(&x, &cos, &sin).unwrap(),
            (Pairs::Halves, false) => rotary_emb::rope(&x, &cos, &sin).unwrap(),
            (Pairs::Halves, true) => rotary_emb::rope_slow(&x, &cos, &sin).unwrap(),
        }
    }
    fn attention(&self, [q, k, v]: [Tensor; 3], forbidden: Option<Tensor>, causal: bool) -> Tensor {
        let sizes = q.dims().to_vec();
        let (queries, d, key_heads) = (sizes[2], sizes[3], k.dim(1).unwrap());
        // Queries that share a head of keys are more queries of it, of one token.
        let q = if sizes[1] == key_heads { q } else { q.reshape((sizes[0], key_heads, (), d)).unwrap() };
        let scores = (q.matmul(&k.t().unwrap()).unwrap() * (d as f64).sqrt().recip()).unwrap();
        let mask = if causal {
            let of = |i: usize| if i % queries > i / queries { f32::NEG_INFINITY } else { 0.0 };
            Some(new(&(0..queries * queries).map(of).collect::<Vec<_>>(), &[queries, queries]))
        } else {
            forbidden
        };
        let scores = mask.map_or(scores.clone(), |mask| scores.broadcast_add(&mask).unwrap());
        let v = v.contiguous().unwrap();
        self.softmax(scores).matmul(&v).unwrap().reshape(sizes).unwrap()
    }
}

impl Training for Candle {
    type Optimizer = AdamW;

    fn tracked(&self, x: Tensor) -> Tensor {
        Var::from_tensor(&x).unwrap().as_tensor().clone()
    }
    fn optimizer(&self, parameters: &[Tensor]) -> AdamW {
        use adamw::{BETAS, DECAY, EPSILON, RATE};
        let variables = parameters.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let [beta1, beta2] = BETAS;
        AdamW::new(variables, ParamsAdamW { lr: RATE, beta1, beta2, eps: EPSILON, weight_decay: DECAY }).unwrap()
    }
    fn cross_entropy(&self, logits: Tensor, targets: Tensor) -> Tensor {
        loss::cross_entropy(&logits, &targets).unwrap()
    }
    fn step(&self, loss: &Tensor, parameters: Vec<Tensor>, optimizer: &mut AdamW) -> Vec<Tensor> {
        // The variables are changed where they lie.
        optimizer.backward_step(loss).unwrap();
        parameters
    }
}
