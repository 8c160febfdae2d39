//! The operations of a rank's own backend, on arrays that know along which axes of a mesh they vary.

use super::across;
use super::array::{Common, OnRanks, Twin};
use super::engine::{MeshOf, OnMesh};
use crate::backend::{
    AcrossRanks, ArrayOf, Backend, Binary, Blocks, Bytes, Compare, DeviceOf, Epilogue, Failure, Float, MaskOf,
    MeshAxes, Number, OptionsOf, Order, PrimitiveOf, Program, Reduce, RotaryLayout, Scan, Unary, Windows,
};

/// The array of the rank's own backend.
type Of<B, T = <B as Backend>::Elem> = OnRanks<ArrayOf<B, T>>;

impl<B: Backend> OnMesh<B> {
    fn made(array: ArrayOf<B>, device: &DeviceOf<Self>) -> Of<B> {
        OnRanks::new(array, MeshAxes::NONE, device.ranks.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<B: Backend> Backend for OnMesh<B> {
    type Engine = MeshOf<B::Engine>;
    type Elem = B::Elem;

    fn from_elements(elements: Vec<PrimitiveOf<B>>, sizes: &[usize], device: &DeviceOf<Self>) -> Of<B> {
        Self::made(B::from_elements(elements, sizes, &device.device), device)
    }
    fn filled(value: PrimitiveOf<B>, sizes: &[usize], device: &DeviceOf<Self>) -> Of<B> {
        Self::made(B::filled(value, sizes, &device.device), device)
    }
    fn from_bytes(bytes: &Bytes, sizes: &[usize], device: &DeviceOf<Self>) -> Of<B> {
        Self::made(B::from_bytes(bytes, sizes, &device.device), device)
    }
    fn from_blocks(blocks: &Blocks, sizes: &[usize], device: &DeviceOf<Self>) -> Option<Of<B>> {
        Some(Self::made(B::from_blocks(blocks, sizes, &device.device)?, device))
    }
    fn range(size: usize, device: &DeviceOf<Self>) -> Of<B>
    where
        B::Elem: Number,
    {
        Self::made(B::range(size, &device.device), device)
    }
    fn to_vec(x: &Of<B>) -> Result<Vec<PrimitiveOf<B>>, Failure> {
        B::to_vec(&x.array)
    }
    fn failure(x: &Of<B>) -> Option<Failure> {
        B::failure(&x.array)
    }
    fn as_slice(x: &Of<B>) -> Option<&[PrimitiveOf<B>]> {
        B::as_slice(&x.array)
    }
    fn is_tracked(x: &Of<B>) -> bool {
        B::is_tracked(&x.array)
    }
    fn tracked_like(x: Of<B>, like: &Of<B>) -> Of<B>
    where
        B::Elem: Float,
    {
        // Whether that is a parameter, and so has twins, is known by the like.
        match &like.twin {
            Some(Twin::Parameter(leaf)) => leaf.replaced(x),
            _ => x.map_into(|x| B::tracked_like(x, &like.array)),
        }
    }
    fn to_device(x: &Of<B>, device: &DeviceOf<Self>) -> Of<B> {
        let array = B::to_device(&x.array, &device.device);
        OnRanks::new(array, x.varies, device.ranks.clone())
    }
    fn detach(x: Of<B>) -> Of<B> {
        x.map_into(B::detach)
    }

    fn permute(x: &Of<B>, order: &[usize]) -> Of<B> {
        x.map(|x| B::permute(x, order))
    }
    fn reshape(x: &Of<B>, sizes: &[usize]) -> Of<B> {
        x.map(|x| B::reshape(x, sizes))
    }
    fn narrow(x: &Of<B>, axis: usize, start: usize, len: usize) -> Of<B> {
        x.map(|x| B::narrow(x, axis, start, len))
    }
    fn broadcast(x: &Of<B>, sizes: &[usize]) -> Of<B> {
        x.map(|x| B::broadcast(x, sizes))
    }
    fn concat(parts: &[&Of<B>], axis: usize) -> Of<B> {
        let common = parts[1..].iter().fold(Common::of(parts[0]), |common, part| common.and(part));
        let parts: Vec<_> = parts.iter().map(|part| common.vary::<B>(part)).collect();
        common.give(B::concat(&parts.iter().collect::<Vec<_>>(), axis))
    }
    fn update_slice(x: Of<B>, part: &Of<B>, starts: &[usize]) -> Of<B> {
        let common = Common::of(&x).and(part);
        let (x, part) = (common.vary_into::<B>(x), common.vary::<B>(part));
        common.give(B::update_slice(x, &part, starts))
    }
    fn gather(table: &Of<B>, ids: &Of<B, u32>) -> Of<B> {
        let common = Common::of(table).and(ids);
        let table = common.vary::<B>(table);
        common.give(B::gather(&table, &ids.array))
    }
    fn pick(x: &Of<B>, ids: &Of<B, u32>) -> Of<B> {
        let common = Common::of(x).and(ids);
        let x = common.vary::<B>(x);
        common.give(B::pick(&x, &ids.array))
    }
    fn take_along(x: &Of<B>, axis: usize, ids: &Of<B, u32>) -> Of<B> {
        let common = Common::of(x).and(ids);
        let x = common.vary::<B>(x);
        common.give(B::take_along(&x, axis, &ids.array))
    }
    fn put_along(x: Of<B>, axis: usize, ids: &Of<B, u32>, values: &Of<B>) -> Of<B> {
        let common = Common::of(&x).and(ids).and(values);
        let (x, values) = (common.vary_into::<B>(x), common.vary::<B>(values));
        common.give(B::put_along(x, axis, &ids.array, &values))
    }
    fn scatter_add(x: Of<B>, ids: &Of<B, u32>, rows: &Of<B>) -> Of<B>
    where
        B::Elem: Number,
    {
        let common = Common::of(&x).and(ids).and(rows);
        let (x, rows) = (common.vary_into::<B>(x), common.vary::<B>(rows));
        common.give(B::scatter_add(x, &ids.array, &rows))
    }
    fn cast<T: Number>(x: &Of<B>) -> Of<B, T>
    where
        B::Elem: Number,
    {
        x.map(|x| B::cast::<T>(x))
    }

    fn unary(op: Unary, x: Of<B>) -> Of<B>
    where
        B::Elem: Float,
    {
        x.map_into(|x| B::unary(op, x))
    }
    fn binary(op: Binary, x: Of<B>, y: Of<B>) -> Of<B>
    where
        B::Elem: Number,
    {
        let common = Common::of(&x).and(&y);
        let (x, y) = (common.vary_into::<B>(x), common.vary_into::<B>(y));
        common.give(B::binary(op, x, y))
    }
    fn binary_scalar(op: Binary, x: Of<B>, y: B::Elem) -> Of<B>
    where
        B::Elem: Number,
    {
        x.map_into(|x| B::binary_scalar(op, x, y))
    }
    fn scalar_binary(op: Binary, x: B::Elem, y: Of<B>) -> Of<B>
    where
        B::Elem: Number,
    {
        y.map_into(|y| B::scalar_binary(op, x, y))
    }
    fn fused(program: &Program<B::Elem>, inputs: &[Of<B>]) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = inputs[1..].iter().fold(Common::of(&inputs[0]), Common::and);
        let inputs: Vec<_> = inputs.iter().map(|x| common.vary::<B>(x)).collect();
        common.give(B::fused(program, &inputs))
    }
    fn fused_values(program: &Program<B::Elem>, values: &[usize], inputs: Vec<Of<B>>) -> Vec<Of<B>>
    where
        B::Elem: Float,
    {
        let common = inputs[1..].iter().fold(Common::of(&inputs[0]), Common::and);
        let inputs = inputs.into_iter().map(|x| common.vary_into::<B>(x)).collect();
        B::fused_values(program, values, inputs).into_iter().map(|array| common.clone().give(array)).collect()
    }
    fn compare(op: Compare, x: &Of<B>, y: &Of<B>) -> Of<B, bool>
    where
        B::Elem: PartialOrd,
    {
        Common::of(x).and(y).give(B::compare(op, &x.array, &y.array))
    }
    fn compare_scalar(op: Compare, x: &Of<B>, y: PrimitiveOf<B>) -> Of<B, bool>
    where
        B::Elem: PartialOrd,
    {
        x.map(|x| B::compare_scalar(op, x, y))
    }
    fn select(condition: &Of<B, bool>, x: &Of<B>, y: &Of<B>) -> Of<B> {
        let common = Common::of(condition).and(x).and(y);
        let (x, y) = (common.vary::<B>(x), common.vary::<B>(y));
        common.give(B::select(&condition.array, &x, &y))
    }

    fn reduce(op: Reduce, x: &Of<B>, axis: usize) -> Of<B>
    where
        B::Elem: Number,
    {
        x.map(|x| B::reduce(op, x, axis))
    }
    fn mean_variance(x: &Of<B>, axis: usize) -> [Of<B>; 2]
    where
        B::Elem: Number,
    {
        B::mean_variance(&x.array, axis).map(|found| x.map(|_| found))
    }
    fn scan(op: Scan, x: &Of<B>, axis: usize) -> Of<B>
    where
        B::Elem: Number,
    {
        x.map(|x| B::scan(op, x, axis))
    }
    fn linear_recurrence(decay: &Of<B>, x: &Of<B>, axis: usize) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(decay).and(x);
        let (decay, x) = (common.vary::<B>(decay), common.vary::<B>(x));
        common.give(B::linear_recurrence(&decay, &x, axis))
    }
    fn argmax(x: &Of<B>, axis: usize) -> Of<B, u32>
    where
        B::Elem: Number,
    {
        x.map(|x| B::argmax(x, axis))
    }
    fn argsort(x: &Of<B>, axis: usize, order: Order) -> Of<B, u32>
    where
        B::Elem: Number,
    {
        x.map(|x| B::argsort(x, axis, order))
    }
    fn top_k(x: &Of<B>, k: usize) -> (Of<B>, Of<B, u32>)
    where
        B::Elem: Number,
    {
        let (values, positions) = B::top_k(&x.array, k);
        (x.map(|_| values), x.map(|_| positions))
    }
    fn softmax(x: Of<B>, axis: usize) -> Of<B>
    where
        B::Elem: Float,
    {
        x.map_into(|x| B::softmax(x, axis))
    }
    fn probabilities_by(x: &Of<B>) -> Option<&'static str> {
        B::probabilities_by(&x.array)
    }
    fn log_softmax(x: Of<B>, axis: usize) -> Of<B>
    where
        B::Elem: Float,
    {
        x.map_into(|x| B::log_softmax(x, axis))
    }
    fn cross_entropy(x: &Of<B>, targets: &Of<B, u32>, smoothing: f64) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(x).and(targets);
        let x = common.vary::<B>(x);
        common.give(B::cross_entropy(&x, &targets.array, smoothing))
    }
    fn masked_softmax(scores: Of<B>, mask: &MaskOf<Self>) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(&scores).and_maybe(mask.allowed.as_ref());
        let scores = common.vary_into::<B>(scores);
        let mask = across::own_mask::<B>(mask, mask.allowed.as_ref().map(|allowed| allowed.array.clone()));
        common.give(B::masked_softmax(scores, &mask))
    }

    fn matmul(x: &Of<B>, y: &Of<B>) -> Of<B>
    where
        B::Elem: Number,
    {
        let common = Common::of(x).and(y);
        let (x, y) = (common.vary::<B>(x), common.vary::<B>(y));
        common.give(B::matmul(&x, &y))
    }
    fn linear(x: &Of<B>, weight: &Of<B>, after: Epilogue<'_, Of<B>>) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(x).and(weight).and_maybe(after.bias).and_maybe(after.residual);
        let [x, weight] = [x, weight].map(|x| common.vary::<B>(x));
        let [bias, residual] = [after.bias, after.residual].map(|x| x.map(|x| common.vary::<B>(x)));
        let after = Epilogue { bias: bias.as_ref(), activation: after.activation, residual: residual.as_ref() };
        let product = B::linear(&x, &weight, after);
        common.give(product)
    }
    fn windows(x: &Of<B>, windows: Windows, fill: B::Elem) -> Of<B>
    where
        B::Elem: Number,
    {
        x.map(|x| B::windows(x, windows, fill))
    }
    fn convolution(x: &Of<B>, weight: &Of<B>, bias: Option<&Of<B>>, groups: usize, windows: Windows) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(x).and(weight).and_maybe(bias);
        let [x, weight] = [x, weight].map(|x| common.vary::<B>(x));
        let bias = bias.map(|bias| common.vary::<B>(bias));
        common.give(B::convolution(&x, &weight, bias.as_ref(), groups, windows))
    }
    fn transposed_convolution(
        x: &Of<B>,
        weight: &Of<B>,
        bias: Option<&Of<B>>,
        groups: usize,
        windows: Windows,
        sizes: [usize; 2],
    ) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(x).and(weight).and_maybe(bias);
        let [x, weight] = [x, weight].map(|x| common.vary::<B>(x));
        let bias = bias.map(|bias| common.vary::<B>(bias));
        common.give(B::transposed_convolution(&x, &weight, bias.as_ref(), groups, windows, sizes))
    }

    fn layer_norm(x: Of<B>, weight: &Of<B>, bias: Option<&Of<B>>, epsilon: f64) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(&x).and(weight).and_maybe(bias);
        let (x, weight) = (common.vary_into::<B>(x), common.vary::<B>(weight));
        let bias = bias.map(|bias| common.vary::<B>(bias));
        common.give(B::layer_norm(x, &weight, bias.as_ref(), epsilon))
    }
    fn rms_norm(x: Of<B>, weight: &Of<B>, epsilon: f64) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(&x).and(weight);
        let (x, weight) = (common.vary_into::<B>(x), common.vary::<B>(weight));
        common.give(B::rms_norm(x, &weight, epsilon))
    }
    fn rotate(x: Of<B>, cos: &Of<B>, sin: &Of<B>, layout: RotaryLayout) -> Of<B>
    where
        B::Elem: Float,
    {
        let common = Common::of(&x).and(cos).and(sin);
        let x = common.vary_into::<B>(x);
        let [cos, sin] = [cos, sin].map(|angles| common.vary::<B>(angles));
        common.give(B::rotate(x, &cos, &sin, layout))
    }
    fn attention_weights(q: &Of<B>, k: &Of<B>, mask: &MaskOf<Self>, options: OptionsOf<'_, Self>) -> Of<B>
    where
        B::Elem: Float,
    {
        assert!(mask.ranks.is_none(), "no rank has the weights of the keys of all ranks");
        across::attend::<B>([q, k], None, mask, options, |[q, k], _, mask, options| {
            B::attention_weights(q, k, mask, options)
        })
    }
    fn attention(q: &Of<B>, k: &Of<B>, v: &Of<B>, mask: &MaskOf<Self>, options: OptionsOf<'_, Self>) -> Of<B>
    where
        B::Elem: Float,
    {
        match mask.ranks {
            Some(AcrossRanks::Ring(axis)) => across::ring::<B>(axis, [q, k, v], mask, options),
            Some(AcrossRanks::AllToAll(axis, key_heads)) => {
                across::all_to_all::<B>(axis, key_heads, [q, k, v], mask, options)
            }
            None => across::attend::<B>([q, k], Some(v), mask, options, |[q, k], v, mask, options| {
                B::attention(q, k, v.expect("values were given"), mask, options)
            }),
        }
    }
}
