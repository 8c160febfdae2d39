//! Attention of random sizes under random masks.

use congruent::backend::{AttentionMask, AttentionOptions, Autodiff, Backend, Binary, Float, Primitive, Reduce};
use congruent::cpu::Device;
use congruent::prelude::*;

type Array<T> = congruent::cpu::Array<T>;

/// Queries, keys and values, and what is attended to.
pub struct Attention<T: Float> {
    pub sizes: String,
    inputs: [Array<T>; 3],
    mask: AttentionMask<Array<bool>>,
    soft_cap: Option<f64>,
    /// The bias, and whether each sequence has its own.
    bias: Option<(Array<T>, bool)>,
    sinks: Option<Array<T>>,
}

/// Exact numbers, of zeros with their sign, and every NaN alike.
pub fn bits<T: Float>(x: &Array<T>) -> Vec<u64> {
    let bits = |x: f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    Cpu::<T>::to_vec(x).unwrap().iter().map(|x| bits(x.to_f64().unwrap())).collect()
}

/// The sequence of a batch.
pub fn alone<T: Primitive>(x: &Array<T>, sequence: usize) -> Array<T> {
    Cpu::<T>::narrow(x, 0, sequence, 1)
}

/// An array, and its gradient with respect to another, if it is a step from one to the other.
pub fn with_gradients<T: Float>(inputs: &[Array<T>], f: impl Fn(&[Array<T>]) -> Array<T>) -> Vec<Array<T>> {
    let inputs: Vec<_> = inputs.iter().map(|x| Cpu::<T>::track(x.clone())).collect();
    let result = f(&inputs);
    // The gradient of half the sum of squares is the result itself, of each sequence its own.
    let mut loss = Cpu::<T>::binary(Binary::Mul, result.clone(), Cpu::<T>::detach(result.clone()));
    while !Cpu::<T>::sizes(&loss).is_empty() {
        loss = Cpu::<T>::reduce(Reduce::Sum, &loss, 0);
    }
    let gradients = Cpu::<T>::backward(loss);
    let of_inputs = inputs.iter().map(|x| Cpu::<T>::gradient(&gradients, x).unwrap());
    [Cpu::<T>::detach(result)].into_iter().chain(of_inputs).collect()
}

impl<T: Float> Attention<T> {
    /// The case of this number; of some, a few values are infinite.
    pub fn random(case: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(case);
        let (batch, key_heads, group) = (rng.usize(1..4), rng.usize(1..3), rng.usize(1..9));
        // Below and above what is taken in one go, and one more than a multiple of that.
        let queries = match case % 4 {
            0 => rng.usize(1..40),
            1 => 32 * rng.usize(1..6) + 1,
            2 => rng.usize(40..64),
            _ => rng.usize(64..300),
        };
        let keys = queries + if rng.bool() { 0 } else { rng.usize(0..100) };
        let (d, e) = ([rng.usize(1..10), 4 * rng.usize(1..12)][case as usize % 2], rng.usize(1..40));
        let window = rng.bool().then(|| rng.usize(1..keys + 20));
        let lengths: Vec<usize> = (0..batch).map(|_| rng.usize(0..keys + 1)).collect();
        let first_query: Vec<usize> = (0..batch).map(|_| rng.usize(0..keys - queries + 1)).collect();
        let of_batch = rng.bool();
        let sizes = [&[batch][usize::from(!of_batch)..], &[queries, keys]].concat();
        let allowed: Vec<bool> = (0..sizes.iter().product()).map(|_| rng.u8(..) > 40).collect();
        let mask = AttentionMask {
            causal: rng.bool(),
            window,
            first_query: rng.bool().then(|| first_query.into()),
            lengths: rng.bool().then(|| lengths.into()),
            allowed: (rng.u8(..) < 80).then(|| Cpu::<bool>::from_elements(allowed, &sizes, &Device)),
            ranks: None,
        };
        let sizes = [batch, key_heads, group, queries, keys, d, e];
        let mut case = Self::new(sizes, mask, case, rng.u8(..) < 40);
        case.soft_cap = (rng.u8(..) < 60).then_some(1.5);
        let number = |x: f64| T::from(x).unwrap();
        if rng.u8(..) < 100 {
            let (of_batch, of_heads) = (rng.bool(), rng.bool());
            let sizes = [if of_batch { batch } else { 1 }, if of_heads { key_heads * group } else { 1 }, queries, keys];
            let forbids = rng.bool();
            let mut element = || match forbids && rng.u8(..) < 40 {
                true => number(f64::NEG_INFINITY),
                false => number(rng.f64() - 0.5),
            };
            let bias = (0..sizes.iter().product()).map(|_| element()).collect();
            case.bias = Some((Cpu::<T>::from_elements(bias, &sizes, &Device), of_batch));
        }
        if rng.u8(..) < 60 {
            let sinks = (0..key_heads * group).map(|_| number(rng.f64() * 4.0 - 2.0)).collect();
            case.sinks = Some(Cpu::<T>::from_elements(sinks, &[key_heads * group], &Device));
        }
        let bias = case.bias.as_ref().map(|(bias, of_batch)| (Cpu::<T>::sizes(bias), of_batch));
        let added = format!(", cap {:?}, bias {bias:?}, sinks {}", case.soft_cap, case.sinks.is_some());
        case.sizes.push_str(&added);
        case
    }

    pub fn new(sizes: [usize; 7], mask: AttentionMask<Array<bool>>, seed: u64, has_infinity: bool) -> Self {
        let [batch, key_heads, group, queries, keys, d, e] = sizes;
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut numbers = |sizes: &[usize], has_infinity: bool| {
            let mut number = || if has_infinity && rng.u16(..) < 20 { f64::INFINITY } else { rng.f64() * 4.0 - 2.0 };
            let numbers = (0..sizes.iter().product()).map(|_| T::from(number()).unwrap()).collect();
            Cpu::<T>::from_elements(numbers, sizes, &Device)
        };
        let q = numbers(&[batch, key_heads * group, queries, d], false);
        let inputs =
            [q, numbers(&[batch, key_heads, keys, d], false), numbers(&[batch, key_heads, keys, e], has_infinity)];
        let AttentionMask { causal, window, first_query, lengths, allowed, .. } = &mask;
        let [places, padded, chosen] = [first_query.is_some(), lengths.is_some(), allowed.is_some()];
        let sizes = format!(
            "{sizes:?}, causal {causal}, window {window:?}, placed {places}, padded {padded}, chosen {chosen}, \
             infinite {has_infinity}"
        );
        Attention { sizes, inputs, mask, soft_cap: None, bias: None, sinks: None }
    }

    pub fn batch(&self) -> usize {
        Cpu::<T>::sizes(&self.inputs[0])[0]
    }

    /// What the sequence is without the others.
    pub fn alone(&self, sequence: usize) -> Self {
        let mut mask = self.mask.clone();
        let one = |numbers: congruent::backend::PerSequence| [numbers[sequence]].into();
        (mask.lengths, mask.first_query) = (mask.lengths.map(one), mask.first_query.map(one));
        let of_batch = |allowed: &Array<bool>| Cpu::<bool>::sizes(allowed).len() == 3;
        mask.allowed = mask.allowed.map(|allowed| if of_batch(&allowed) { alone(&allowed, sequence) } else { allowed });
        Attention {
            sizes: self.sizes.clone(),
            inputs: self.inputs.each_ref().map(|x| alone(x, sequence)),
            mask,
            soft_cap: self.soft_cap,
            bias: self.bias.as_ref().map(|(bias, of_batch)| match of_batch {
                true => (alone(bias, sequence), true),
                false => (bias.clone(), false),
            }),
            sinks: self.sinks.clone(),
        }
    }

    /// The results and gradients, those of attention and of its weights, and whether they have the batch as their first axis: not
    /// the gradient of what all sequences share.
    pub fn all_results(&self) -> Vec<(Array<T>, bool)> {
        let others = [self.bias.as_ref().map(|(bias, _)| bias), self.sinks.as_ref()];
        let others: Vec<Array<T>> = others.into_iter().flatten().cloned().collect();
        let results = |inputs: &[Array<T>], run: &dyn Fn(&[Array<T>], AttentionOptions<'_, Array<T>>) -> Array<T>| {
            let of_batch = vec![true; inputs.len() + 1].into_iter();
            let of_batch = of_batch.chain(self.bias.as_ref().map(|(_, of_batch)| *of_batch)).chain([false]);
            let found = with_gradients(&[inputs, &others].concat(), |x| {
                let mut others = x[inputs.len()..].iter();
                let bias = self.bias.as_ref().and_then(|_| others.next());
                let sinks = others.next();
                run(x, AttentionOptions { soft_cap: self.soft_cap, bias, sinks, ..AttentionOptions::scaled(0.3) })
            });
            found.into_iter().zip(of_batch).collect::<Vec<_>>()
        };
        let attention =
            results(&self.inputs, &|x, options| Cpu::<T>::attention(&x[0], &x[1], &x[2], &self.mask, options));
        let weights =
            results(&self.inputs[..2], &|x, options| Cpu::<T>::attention_weights(&x[0], &x[1], &self.mask, options));
        [attention, weights].concat()
    }

    /// Those that have the batch as their first axis.
    pub fn results(&self) -> Vec<Array<T>> {
        self.all_results().into_iter().filter(|(_, of_batch)| *of_batch).map(|(result, _)| result).collect()
    }
}
