//! The operations, as the contract asks for them: each is recorded if one of its inputs is tracked.

use super::array::Probabilities;
use super::gradient::{self, Move, Op, Tape};
use super::ops::{
    attention, convolution, cross_entropy, elementwise, fused, gather, join, matmul, norm, recurrence, reduce, rotary,
    scan, softmax,
};
use super::{Array, Cpu, Device, Processor};
use crate::backend::{
    ArrayOf, Backend, Binary, Blocks, Bytes, Compare, Element, Epilogue, Failure, Float, MaskOf, Number, OptionsOf,
    Order, Program, Reduce, RotaryLayout, Scan, Unary, Windows, composed,
};
use crate::sealed::Sealed;

impl<T: Element> Backend for Cpu<T> {
    type Engine = Processor;
    type Elem = T;
    #[inline(always)]
    fn is_checked(_: Option<Sealed>) -> bool {
        false
    }

    fn from_elements(elements: Vec<T::Primitive>, sizes: &[usize], _: &Device) -> ArrayOf<Self> {
        Array::from_vec(elements, sizes)
    }
    fn filled(value: T::Primitive, sizes: &[usize], _: &Device) -> ArrayOf<Self> {
        Array::full(value, sizes)
    }
    #[inline(never)]
    fn from_bytes(bytes: &Bytes, sizes: &[usize], _: &Device) -> ArrayOf<Self> {
        Array::from_bytes(bytes, sizes)
    }
    #[inline(never)]
    fn from_blocks(blocks: &Blocks, sizes: &[usize], _: &Device) -> Option<ArrayOf<Self>> {
        Array::from_blocks(blocks.clone(), sizes)
    }
    fn to_vec(x: &ArrayOf<Self>) -> Result<Vec<T::Primitive>, Failure> {
        Ok(x.elements().into_owned())
    }
    fn as_slice(x: &ArrayOf<Self>) -> Option<&[T::Primitive]> {
        x.as_slice()
    }
    fn is_tracked(x: &ArrayOf<Self>) -> bool {
        x.tracked().is_some()
    }
    fn tracked_like(x: Array<T>, like: &Array<T>) -> Array<T>
    where
        T: Float,
    {
        if like.tracked().is_some() { gradient::track(x) } else { x }
    }
    fn detach(x: ArrayOf<Self>) -> ArrayOf<Self> {
        x.detached()
    }

    #[inline(never)]
    fn permute(x: &ArrayOf<Self>, order: &[usize]) -> ArrayOf<Self> {
        Tape::new(&[x], || Move::Permute(order.to_vec())).record(|| x.permute(order))
    }
    #[inline(never)]
    fn reshape(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        Tape::new(&[x], || Move::Reshape(x.sizes().to_vec())).record(|| x.reshape(sizes))
    }
    #[inline(never)]
    fn narrow(x: &ArrayOf<Self>, axis: usize, start: usize, len: usize) -> ArrayOf<Self> {
        let starts = || (0..x.sizes().len()).map(|i| if i == axis { start } else { 0 }).collect();
        Tape::new(&[x], || Move::Narrow([x.sizes().to_vec(), starts()])).record(|| x.narrow(axis, start, len))
    }
    #[inline(never)]
    fn broadcast(x: &ArrayOf<Self>, sizes: &[usize]) -> ArrayOf<Self> {
        Tape::new(&[x], || Move::Broadcast(x.sizes().to_vec())).record(|| x.broadcast(sizes))
    }
    #[inline(never)]
    fn concat(parts: &[&ArrayOf<Self>], axis: usize) -> ArrayOf<Self> {
        let op = || Move::Concat(axis, parts.iter().map(|part| part.sizes()[axis]).collect());
        Tape::new(parts, op).record(|| join::concat(parts, axis))
    }
    #[inline(never)]
    fn update_slice(x: ArrayOf<Self>, part: &ArrayOf<Self>, starts: &[usize]) -> ArrayOf<Self> {
        let tape = Tape::new(&[&x, part], || Move::UpdateSlice([part.sizes().to_vec(), starts.to_vec()]));
        tape.record(|| join::update_slice(x.detached(), part, starts))
    }
    #[inline(never)]
    fn gather(table: &ArrayOf<Self>, ids: &Array<u32>) -> ArrayOf<Self> {
        let elements = ids.elements();
        let rows = elements.iter().map(|id| *id as usize);
        let tape = Tape::new(&[table], || Move::Gather(table.sizes().to_vec(), rows.clone().collect()));
        tape.record(|| gather::gather(table, rows.clone(), ids.sizes()))
    }
    #[inline(never)]
    fn pick(x: &ArrayOf<Self>, ids: &Array<u32>) -> ArrayOf<Self> {
        let size = x.sizes()[x.sizes().len() - 1];
        let elements = ids.elements();
        let places = elements.iter().enumerate().map(|(row, id)| row * size + *id as usize);
        let flat = Self::reshape(x, &[x.sizes().iter().product()]);
        let tape = Tape::new(&[&flat], || Move::Gather(flat.sizes().to_vec(), places.clone().collect()));
        tape.record(|| gather::gather(&flat, places.clone(), ids.sizes()))
    }
    #[inline(never)]
    fn take_along(x: &ArrayOf<Self>, axis: usize, ids: &Array<u32>) -> ArrayOf<Self> {
        let places = gather::places_along(x.sizes(), axis, ids);
        let flat = Self::reshape(x, &[x.sizes().iter().product()]);
        let tape = Tape::new(&[&flat], || Move::Gather(flat.sizes().to_vec(), places.clone()));
        tape.record(|| gather::gather(&flat, places.iter().copied(), ids.sizes()))
    }
    #[inline(never)]
    fn put_along(x: ArrayOf<Self>, axis: usize, ids: &Array<u32>, values: &ArrayOf<Self>) -> ArrayOf<Self> {
        let places = gather::places_along(x.sizes(), axis, ids);
        let tape = Tape::new(&[&x, values], || Move::PutAlong(places.clone(), values.sizes().to_vec()));
        tape.record(|| gather::put(x.detached(), &places, values))
    }
    #[inline(never)]
    fn scatter_add(x: Array<T>, ids: &Array<u32>, rows: &Array<T>) -> Array<T>
    where
        T: Number,
    {
        let at: Vec<usize> = ids.elements().iter().map(|id| *id as usize).collect();
        let tape = Tape::new(&[&x, rows], || Op::ScatterAdd(at.clone(), rows.sizes().to_vec()));
        tape.record(|| gather::scatter_add(x.detached(), &at, rows))
    }
    fn cast<U: Number>(x: &Array<T>) -> Array<U>
    where
        T: Number,
    {
        gradient::cast(x)
    }

    #[inline(never)]
    fn unary(op: Unary, x: Array<T>) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x], || Op::unary(op, &x));
        if op == Unary::Sigmoid {
            return tape.record(|| elementwise::unary(op, x)).with_probabilities(Probabilities::BySigmoid);
        }
        tape.record(|| elementwise::unary(op, x))
    }
    #[inline(never)]
    fn binary(op: Binary, x: Array<T>, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&x, &y], || Op::binary(op, &x, &y));
        tape.record(|| elementwise::binary(op, x, y))
    }
    #[inline(never)]
    fn binary_scalar(op: Binary, x: Array<T>, y: T) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&x], || Op::binary_scalar(op, &x, y));
        tape.record(|| elementwise::binary_scalar(op, x, y))
    }
    #[inline(never)]
    fn scalar_binary(op: Binary, x: T, y: Array<T>) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[&y], || Op::scalar_binary(op, x, &y));
        tape.record(|| elementwise::scalar_binary(op, x, y))
    }
    #[inline(never)]
    fn fused(program: &Program<T>, inputs: &[Array<T>]) -> Array<T>
    where
        T: Float,
    {
        let saved = || inputs.iter().map(Array::saved).collect();
        let tape = Tape::new(&inputs.iter().collect::<Vec<_>>(), || Op::Fused(program.clone(), saved()));
        tape.record(|| fused::fused(program, inputs))
    }
    fn fused_values(program: &Program<T>, values: &[usize], inputs: Vec<Array<T>>) -> Vec<Array<T>>
    where
        T: Float,
    {
        fused::values(program, values, inputs.into_iter().map(Array::detached).collect())
    }
    #[inline(never)]
    fn compare(op: Compare, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> Array<bool>
    where
        T: PartialOrd,
    {
        elementwise::compare(op, x, y)
    }
    #[inline(never)]
    fn compare_scalar(op: Compare, x: &ArrayOf<Self>, y: T::Primitive) -> Array<bool>
    where
        T: PartialOrd,
    {
        elementwise::compare_scalar(op, x, y)
    }
    #[inline(never)]
    fn select(condition: &Array<bool>, x: &ArrayOf<Self>, y: &ArrayOf<Self>) -> ArrayOf<Self> {
        Tape::new(&[x, y], || Move::Select(condition.saved())).record(|| elementwise::select(condition, x, y))
    }

    #[inline(never)]
    fn reduce(op: Reduce, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Number,
    {
        Tape::new(&[x], || Op::reduce(op, x, axis)).record(|| reduce::reduce(op, x, axis))
    }
    #[inline(never)]
    fn mean_variance(x: &Array<T>, axis: usize) -> [Array<T>; 2]
    where
        T: Number,
    {
        let [mean, variance] = reduce::mean_variance(x, axis);
        [(Reduce::Mean, mean), (Reduce::Variance, variance)]
            .map(|(op, found)| Tape::new(&[x], || Op::reduce(op, x, axis)).record(|| found))
    }
    #[inline(never)]
    fn scan(op: Scan, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Number,
    {
        Tape::new(&[x], || Op::scan(op, x, axis)).record(|| scan::scan(op, x, axis, scan::From::Start))
    }
    #[inline(never)]
    fn linear_recurrence(decay: &Array<T>, x: &Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        Tape::new(&[decay, x], || Op::Recurrence(decay.saved(), axis))
            .record(|| recurrence::linear_recurrence(decay, x, axis, scan::From::Start))
    }
    #[inline(never)]
    fn argmax(x: &Array<T>, axis: usize) -> Array<u32>
    where
        T: Number,
    {
        reduce::argmax(x, axis)
    }
    #[inline(never)]
    fn argsort(x: &Array<T>, axis: usize, order: Order) -> Array<u32>
    where
        T: Number,
    {
        reduce::argsort(x, axis, order)
    }
    #[inline(never)]
    fn top_k(x: &Array<T>, k: usize) -> (Array<T>, Array<u32>)
    where
        T: Number,
    {
        let (values, positions) = reduce::top_k(x, k);
        (Tape::new(&[x], || Op::TopK(x.sizes().to_vec(), positions.saved())).record(|| values), positions)
    }
    #[inline(never)]
    fn softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x], || Op::Softmax(axis));
        tape.record(|| softmax::softmax(x, axis)).with_probabilities(Probabilities::BySoftmax)
    }
    fn probabilities_by(x: &ArrayOf<Self>) -> Option<&'static str> {
        match x.probabilities() {
            Probabilities::Unknown => None,
            Probabilities::BySoftmax => Some("softmax"),
            Probabilities::BySigmoid => Some("sigmoid"),
        }
    }
    #[inline(never)]
    fn log_softmax(x: Array<T>, axis: usize) -> Array<T>
    where
        T: Float,
    {
        Tape::new(&[&x], || Op::LogSoftmax(axis)).record(|| softmax::log_softmax(x, axis))
    }
    #[inline(never)]
    fn cross_entropy(x: &Array<T>, targets: &Array<u32>, smoothing: f64) -> Array<T>
    where
        T: Float,
    {
        let targets = targets.elements().iter().map(|target| *target as usize).collect::<Vec<_>>();
        let losses = cross_entropy::cross_entropy(x, &targets, smoothing);
        Tape::new(&[x], || Op::CrossEntropy(x.saved(), targets, smoothing)).record(|| losses)
    }
    #[inline(never)]
    fn masked_softmax(scores: Array<T>, mask: &MaskOf<Self>) -> Array<T>
    where
        T: Float,
    {
        Tape::new(&[&scores], || Op::Softmax(3)).record(|| softmax::masked_softmax(scores, mask))
    }

    #[inline(never)]
    fn matmul(x: &Array<T>, y: &Array<T>) -> Array<T>
    where
        T: Number,
    {
        Tape::new(&[x, y], || Op::MatMul([x.saved(), y.saved()])).record(|| matmul::matmul(x, y))
    }
    #[inline(never)]
    fn linear(x: &Array<T>, weight: &Array<T>, epilogue: Epilogue<'_, Array<T>>) -> Array<T>
    where
        T: Float,
    {
        gradient::linear(x, weight, epilogue)
    }
    #[inline(never)]
    fn windows(x: &Array<T>, windows: Windows, fill: T) -> Array<T>
    where
        T: Number,
    {
        let tape = Tape::new(&[x], || Op::Windows(windows, x.sizes().to_vec()));
        tape.record(|| convolution::windows(x, &windows, fill))
    }
    #[inline(never)]
    fn convolution(
        x: &Array<T>,
        weight: &Array<T>,
        bias: Option<&Array<T>>,
        groups: usize,
        windows: Windows,
    ) -> Array<T>
    where
        T: Float,
    {
        let tape = gradient::convolution([x, weight], bias, groups, windows, false);
        tape.record(|| convolution::convolution(x, weight, bias, groups, &windows))
    }
    #[inline(never)]
    fn transposed_convolution(
        x: &Array<T>,
        weight: &Array<T>,
        bias: Option<&Array<T>>,
        groups: usize,
        windows: Windows,
        sizes: [usize; 2],
    ) -> Array<T>
    where
        T: Float,
    {
        let tape = gradient::convolution([x, weight], bias, groups, windows, true);
        tape.record(|| convolution::transposed(x, weight, bias, groups, &windows, sizes))
    }
    #[inline(never)]
    fn layer_norm(x: Array<T>, weight: &Array<T>, bias: Option<&Array<T>>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        let op = || Op::Norm([x.saved(), weight.saved()], true, epsilon);
        let tape = match bias {
            Some(bias) => Tape::new(&[&x, weight, bias], op),
            None => Tape::new(&[&x, weight], op),
        };
        tape.record(|| norm::layer_norm(x, weight, bias, epsilon))
    }
    #[inline(never)]
    fn rms_norm(x: Array<T>, weight: &Array<T>, epsilon: f64) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x, weight], || Op::Norm([x.saved(), weight.saved()], false, epsilon));
        tape.record(|| norm::rms_norm(x, weight, epsilon))
    }
    #[inline(never)]
    fn rotate(x: Array<T>, cos: &Array<T>, sin: &Array<T>, layout: RotaryLayout) -> Array<T>
    where
        T: Float,
    {
        let tape = Tape::new(&[&x], || Op::Rotate([cos.saved(), sin.saved()], layout));
        tape.record(|| rotary::rotate(x, cos, sin, layout))
    }
    #[inline(never)]
    fn attention_weights(q: &Array<T>, k: &Array<T>, mask: &MaskOf<Self>, options: OptionsOf<'_, Self>) -> Array<T>
    where
        T: Float,
    {
        if let Some(factors) = options.factors {
            let weights = Self::attention_weights(q, k, mask, OptionsOf::<Self> { factors: None, ..options });
            return Self::binary(Binary::Mul, weights, factors.clone());
        }
        gradient::attention([q, k], None, mask, options).record(|| attention::weights(q, k, mask, options))
    }
    #[inline(never)]
    fn attention(
        q: &Array<T>,
        k: &Array<T>,
        v: &Array<T>,
        mask: &MaskOf<Self>,
        options: OptionsOf<'_, Self>,
    ) -> Array<T>
    where
        T: Float,
    {
        if options.factors.is_some() {
            return composed::attention::<Self>([q, k, v], mask, options);
        }
        gradient::attention([q, k], Some(v), mask, options).record(|| attention::attention(q, k, v, mask, options))
    }
}
