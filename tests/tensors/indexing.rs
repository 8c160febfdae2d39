//! What is made of an axis by ids, order and position, beside plain loops over random shapes.

use congruent::dim::Keys;
use congruent::prelude::*;
use congruent::{Error, Side};

dims! { Batch; Rows; Seq; Embed; Kept; Table; Windows; Size; Before; After; Count; Kinds; Found; }

/// Sizes with zeros and ones among them.
fn sizes(rng: &mut Rng) -> [usize; 3] {
    [0; 3].map(|_| [0, 1, 2, 3, 5, 8][rng.u64() as usize % 6])
}

/// A tensor of small whole numbers, so that some are equal, as it was made and as a view that is permuted.
fn views<A: Dim, B: Dim, C: Dim>(shape: (A, B, C), rng: &mut Rng) -> [Tensor<(A, B, C)>; 2] {
    let x = Tensor::from_fn(shape, |_| (rng.u64() % 7) as f32 - 3.0);
    let (a, b, c) = shape;
    let turned = x.permute_by_hand((a, b, c));
    [x, turned]
}

/// The same elements, whose last axis is the outermost in memory.
trait ByHand<A, B, C> {
    fn permute_by_hand(&self, shape: (A, B, C)) -> Self;
}
impl<A: Dim, B: Dim, C: Dim> ByHand<A, B, C> for Tensor<(A, B, C)> {
    fn permute_by_hand(&self, shape: (A, B, C)) -> Self {
        let (a, b, c) = shape;
        let [n, m] = [b.size(), c.size()];
        let elements = self.to_vec();
        let turned = Tensor::from_fn((c, a, b), |[k, i, j]| elements[(i * n + j) * m + k]);
        turned.transpose(At::<0>, At::<1>).transpose(At::<1>, At::<2>)
    }
}

fn random_ids<D: Dim>(sizes: [usize; 3], table: D, rng: &mut Rng) -> Vec<u32> {
    (0..sizes.iter().product()).map(|_| (rng.u64() % table.size().max(1) as u64) as u32).collect()
}

fn numbers<S: Shape, D>(ids: &Ids<S, D>) -> Vec<usize>
where
    D: Dim,
{
    ids.to_vec().iter().map(|id| id.get() as usize).collect()
}

#[test]
fn taken_put_and_added() -> Result<(), Error> {
    let mut rng = Rng::with_seed(1);
    for _ in 0..60 {
        let [b, s, e] = sizes(&mut rng);
        let k = if s == 0 { 0 } else { rng.u64() as usize % 4 };
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e, kept: Kept = k);
        for x in views((batch, seq, embed), &mut rng) {
            let elements = x.to_vec();
            let at = |i: usize, j: usize, l: usize| elements[(i * s + j) * e + l];
            let ids = Ids::new((batch, kept, embed), seq, &random_ids([b, k, e], seq, &mut rng))?;
            let named = numbers(&ids);
            let id = |i: usize, j: usize, l: usize| named[(i * k + j) * e + l];

            let taken: Tensor<(_, _, _)> = x.take_along(seq, &ids);
            assert_eq!(
                taken.to_vec(),
                Tensor::from_fn((batch, kept, embed), |[i, j, l]| at(i, id(i, j, l), l)).to_vec()
            );

            let values = Tensor::from_fn((batch, kept, embed), |[i, j, l]| (100 * i + 10 * j + l) as f32);
            let mut expected = elements.clone();
            for (i, j, l) in (0..b).flat_map(|i| (0..k).flat_map(move |j| (0..e).map(move |l| (i, j, l)))) {
                expected[(i * s + id(i, j, l)) * e + l] = (100 * i + 10 * j + l) as f32;
            }
            assert_eq!(x.put_along(seq, &ids, &values).to_vec(), expected);

            let hot: Tensor<(_, _, _, _)> = ids.one_hot(seq);
            let hot = hot.to_vec();
            assert!(hot.iter().enumerate().all(|(at, &x)| x == (named[at / s] == at % s) as u8 as f32));

            bind!(table: Table = 1 + rng.u64() as usize % 4);
            let rows = Ids::new((batch, seq), table, &random_ids([b, s, 1], table, &mut rng))?;
            let of_row = numbers(&rows);
            let sums = Tensor::ones((table, embed)).scatter_add(&rows, &x);
            let expected = Tensor::from_fn((table, embed), |[t, l]| {
                let pairs = (0..b).flat_map(|i| (0..s).map(move |j| (i, j)));
                1.0 + pairs.filter(|(i, j)| of_row[i * s + j] == t).map(|(i, j)| at(i, j, l)).sum::<f32>()
            });
            assert_eq!(sums.to_vec(), expected.to_vec());
            let filled = x.masked_fill(&x.less_than(0.0), 9.0).to_vec();
            assert!(filled.iter().zip(&elements).all(|(y, x)| *y == if *x < 0.0 { 9.0 } else { *x }));
        }
    }
    Ok(())
}

#[test]
fn in_order_and_found() -> Result<(), Error> {
    let mut rng = Rng::with_seed(2);
    for _ in 0..60 {
        let [b, s, e] = sizes(&mut rng);
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e, kept: Kept = s.min(2));
        for x in views((batch, seq, embed), &mut rng) {
            let elements = x.to_vec();
            for order in [Order::Ascending, Order::Descending] {
                let (values, ids) = x.sort(seq, order);
                assert_eq!(numbers(&ids), numbers(&x.argsort(seq, order)));
                assert_eq!(values.to_vec(), x.take_along(seq, &ids).to_vec());
                let (values, ids) = (values.to_vec(), numbers(&ids));
                for (i, l) in (0..b).flat_map(|i| (0..e).map(move |l| (i, l))) {
                    let mut row: Vec<(f32, usize)> = (0..s).map(|j| (elements[(i * s + j) * e + l], j)).collect();
                    row.sort_by(|x, y| match order {
                        Order::Ascending => x.0.total_cmp(&y.0),
                        Order::Descending => y.0.total_cmp(&x.0),
                    });
                    let found = (0..s).map(|j| (i * s + j) * e + l).map(|at| (values[at], ids[at]));
                    assert_eq!(found.collect::<Vec<_>>(), row);
                }
            }
            let (largest, _) = x.top_k(seq, kept)?;
            assert_eq!(largest.to_vec(), x.sort(seq, Order::Descending).0.narrow(seq, 0, kept)?.to_vec());

            let unique = x.unique()?;
            bind!(kinds: Kinds = unique.count());
            let (values, inverse) = (unique.values(kinds)?.to_vec(), unique.inverse(kinds)?);
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(numbers(&inverse).iter().zip(&elements).all(|(&at, x)| values[at] == *x));
            let counts = unique.counts(kinds)?.to_vec();
            let count = |value: &f32| elements.iter().filter(|x| *x == value).count() as u32;
            assert_eq!(counts, values.iter().map(count).collect::<Vec<_>>());

            let found = x.greater_than(0.0).nonzero()?;
            bind!(places: Found = found.count());
            let [i, j, l] = [
                numbers(&found.along(batch, places)?),
                numbers(&found.along(seq, places)?),
                numbers(&found.along(embed, places)?),
            ];
            let at: Vec<usize> = (0..places.size()).map(|n| (i[n] * s + j[n]) * e + l[n]).collect();
            assert_eq!(at, (0..elements.len()).filter(|&at| elements[at] > 0.0).collect::<Vec<_>>());

            bind!(count: Count = 4);
            let bounds = Tensor::from_vec((count,), vec![-2.0, 0.0, 0.0, f32::NAN])?;
            let last = x.masked_fill(&x.equal_to(3.0), f32::NAN);
            for (side, less) in [(Side::Left, true), (Side::Right, false)] {
                let places = numbers(&bounds.search_sorted(&last, side));
                let expected = last.to_vec().into_iter().map(|x| match (x.is_nan(), less) {
                    (true, true) => 3,
                    (true, false) => 4,
                    (false, true) => (-2.0 < x) as usize + 2 * (0.0 < x) as usize,
                    (false, false) => (-2.0 <= x) as usize + 2 * (0.0 <= x) as usize,
                });
                assert_eq!(places, expected.collect::<Vec<_>>());
            }
        }
    }
    Ok(())
}

#[test]
fn by_position() -> Result<(), Error> {
    let mut rng = Rng::with_seed(3);
    for _ in 0..60 {
        let [b, s, e] = sizes(&mut rng);
        let step = 1 + rng.u64() as usize % 3;
        let size = rng.u64() as usize % 4;
        let fitting = (0..=s).step_by(step).filter(|start| start + size <= s).count();
        bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e, before: Before = rng.u64() as usize % 3);
        bind!(after: After = rng.u64() as usize % 3, count: Count = rng.u64() as usize % 4);
        bind!(window: Size = size, windows: Windows = fitting, more: Windows = fitting + 1);
        for x in views((batch, seq, embed), &mut rng) {
            let elements = x.to_vec();
            let at = |i: usize, j: usize, l: usize| elements[(i * s + j) * e + l];

            let unfolded: Tensor<(_, _, _, _)> = x.try_unfold(seq, windows, window, step)?;
            let expected = Tensor::from_fn((batch, windows, window, embed), |[i, w, j, l]| at(i, w * step + j, l));
            assert_eq!(unfolded.to_vec(), expected.to_vec());
            assert!(x.try_unfold(seq, more, window, step).is_err());

            let same = |f: &dyn Fn(usize) -> usize| Tensor::from_fn((batch, seq, embed), |[i, j, l]| at(i, f(j), l));
            assert_eq!(x.flip(seq).to_vec(), same(&|j| s - 1 - j).to_vec());
            for by in [-9, -1, 0, 2, 11] {
                let from = |j: usize| (j as isize - by).rem_euclid(s as isize) as usize;
                assert_eq!(x.roll(seq, by).to_vec(), same(&from).to_vec());
            }

            let padded = x.pad(seq, before, after, 7.0);
            let expected = Tensor::from_fn((batch, Plus(Plus(before, seq), after), embed), |[i, j, l]| {
                j.checked_sub(before.size()).filter(|&j| j < s).map_or(7.0, |j| at(i, j, l))
            });
            assert_eq!(padded.to_vec(), expected.to_vec());

            let expected = Tensor::from_fn((batch, Times(count, seq), embed), |[i, j, l]| at(i, j % s, l));
            assert_eq!(x.repeat(seq, count).to_vec(), expected.to_vec());
            let expected = Tensor::from_fn((batch, Times(seq, count), embed), |[i, j, l]| at(i, j / count.size(), l));
            assert_eq!(x.repeat_interleave(seq, count).to_vec(), expected.to_vec());

            let sums = Tensor::from_fn((batch, seq, embed), |[i, j, l]| (0..=j).map(|j| at(i, j, l)).sum());
            assert_eq!(x.cumsum(seq).to_vec(), sums.to_vec());
        }

        bind!(rows: Rows = b);
        let scores = Tensor::from_fn((rows, seq, Keys(seq)), |_| (rng.u64() % 9) as f32);
        let elements = scores.to_vec();
        let at = |i: usize, j: usize, l: usize| elements[(i * s + j) * s + l];
        let own: Tensor<(_, _)> = scores.diagonal(seq, Keys(seq));
        assert_eq!(own.to_vec(), Tensor::from_fn((rows, seq), |[i, j]| at(i, j, j)).to_vec());
        for offset in [isize::MIN, -2, -1, 0, 1, 3, isize::MAX] {
            let kept = |holds: &dyn Fn(isize) -> bool| {
                let f = |[i, j, l]: [usize; 3]| if holds(l as isize - j as isize) { at(i, j, l) } else { 0.0 };
                Tensor::from_fn((rows, seq, Keys(seq)), f).to_vec()
            };
            assert_eq!(scores.tril(seq, Keys(seq), offset).to_vec(), kept(&|apart| apart <= offset));
            assert_eq!(scores.triu(seq, Keys(seq), offset).to_vec(), kept(&|apart| apart >= offset));
        }
    }
    Ok(())
}

#[test]
fn gradients_go_back_where_elements_came_from() -> Result<(), Error> {
    dims! { Time = 5; Frames = 3; Frame = 3; }
    let x = Tensor::from_fn((Time,), |[t]| t as f32 + 1.0).tracked();
    let counts = x.unfold(Time, Frames, Frame, N::<1>).sum(At::<0>).sum(At::<0>).backward();
    assert_eq!(counts.of(&x).to_vec(), [1.0, 2.0, 3.0, 2.0, 1.0]);
    let (largest, _) = x.sort(Time, Order::Descending);
    let weights = Tensor::arange(Time);
    let slopes = (&largest * &weights).sum(Time).backward();
    assert_eq!(slopes.of(&x).to_vec(), [4.0, 3.0, 2.0, 1.0, 0.0]);
    let slopes = (x.roll(Time, 2).flip(Time) * &weights).sum(Time).backward();
    assert_eq!(slopes.of(&x).to_vec(), [2.0, 1.0, 0.0, 4.0, 3.0]);
    Ok(())
}

#[test]
fn evenly_spaced() {
    bind!(none: Seq = 0, one: Seq = 1, many: Seq = 7);
    assert_eq!(Tensor::linspace(none, 1.0..=2.0).sizes(), [0]);
    assert_eq!(Tensor::linspace(one, 1.0..=2.0).to_vec(), [1.0]);
    let found = Cpu::<f64>::linspace(many, -1.0..=0.5).to_vec();
    assert!(found.iter().enumerate().all(|(i, x)| (x - (-1.0 + 0.25 * i as f64)).abs() < 1e-15));
    assert_eq!((found[0], found[6]), (-1.0, 0.5));
    assert_eq!(Cpu::<u8>::arange(many).to_vec(), [0, 1, 2, 3, 4, 5, 6]);
}
