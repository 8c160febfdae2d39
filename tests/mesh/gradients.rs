//! Operations in which what each rank has alike meets what differs: gradients are those of one process.

use congruent::backend::{Autodiff, Backend};
use congruent::dim::{Dim, N, Shard};
use congruent::half::f16;
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::{LayerNorm, Linear, RmsNorm};
use congruent::optim::LossScale;
use congruent::prelude::*;
use congruent::{Gradients, checkpoint, custom};

dims! { Batch = 4; Rows = 3; Embed = 6; Wide = 8; Data = 2; Parts = 2; }

type X<D, B> = Tensor<(D, Rows, Embed), B>;
type W<B> = Tensor<(Rows, Embed), B>;

/// An operation on what differs, a batch of which each rank has a part, and a parameter, which all have alike.
trait Case {
    fn apply<D: Dim + 'static, B: Autodiff<Elem = f32> + 'static>(x: &X<D, B>, w: &W<B>) -> X<D, B>;
}

macro_rules! cases { ($($name:ident: |$x:ident, $w:ident| $y:expr;)*) => {
    $(
        #[allow(non_camel_case_types)]
        struct $name;
        impl Case for $name {
            fn apply<D: Dim + 'static, B: Autodiff<Elem = f32> + 'static>($x: &X<D, B>, $w: &W<B>) -> X<D, B> {
                $y
            }
        }
    )*
    #[test]
    fn gradients_are_those_of_one_process() {
        $(check::<$name>(stringify!($name));)*
    }
} }

cases! {
    added: |x, w| x + w;
    product_on_the_left: |x, w| w.expand(x.shape().0) * x;
    function_before: |x, w| x * &w.tanh();
    twice: |x, w| x * w + &w.exp();
    matrices: |x, w| {
        let square = x.matmul(&w.transpose(Rows, Embed).relabel(Rows, N::<3>));
        square.matmul(&w.relabel(Rows, N::<3>))
    };
    layer: |x, w| {
        let to = Linear { weight: w.relabel(Rows, N::<3>), bias: Some(w.mean(Embed).relabel(Rows, N::<3>)) };
        let back = Linear { weight: w.transpose(Rows, Embed).relabel(Rows, N::<3>), bias: None };
        back.forward(&to.forward(x).relu())
    };
    layer_norm: |x, w| {
        LayerNorm { weight: w.mean(Rows), bias: Some(w.sum(Rows)), epsilon: 1e-5 }.forward(x)
    };
    rms_norm: |x, w| RmsNorm { weight: w.mean(Rows), epsilon: 1e-5 }.forward(x);
    keys_and_values: |x, w| {
        let q = x.expand(N::<1>).permute((x.shape().0, N::<1>, Rows, Embed));
        let k = w.relabel(Rows, N::<3>).expand(N::<1>).expand(x.shape().0);
        let y: Tensor<(D, N<1>, Rows, Embed), B> = attention(&q, &k, &k.tanh(), &Full);
        y.at(N::<1>, 0).unwrap()
    };
    gathered: |x, w| {
        let ids = Ids::new((Rows,), Rows, &[2, 0, 2]).unwrap().to_engine::<B>(&w.device());
        x * &w.lookup(&ids)
    };
    beside: |x, w| {
        let (x, w) = (x.relabel(Rows, N::<3>), w.expand(x.shape().0));
        let both = w.concat(Rows, &x);
        let (first, second) = both.unconcat(Plus(Rows, N::<3>));
        first.sin() + second.relabel(N::<3>, Rows)
    };
    chosen: |x, w| {
        let w = w.expand(x.shape().0);
        x.select(&x.greater(&w), &w.exp())
    };
    again: |x, w| {
        let w = w.clone();
        checkpoint(x, move |x| {
            let y: X<D, B> = x * &w;
            y.tanh() + &w
        })
    };
    what_does_not_meet: |x, w| {
        let _ = w;
        x.exp()
    };
}

fn loss<C: Case, D: Dim + 'static, B: Autodiff<Elem = f32> + 'static>(x: &X<D, B>, w: &W<B>) -> Tensor<(D,), B> {
    let y = C::apply(x, w);
    (&y * &y).mean(Embed).mean(Rows)
}

/// A part of the loss that no rank differs in.
fn of_all<B: Backend<Elem = f32>>(w: &W<B>) -> Tensor<(), B> {
    w.square().mean(Embed).mean(Rows)
}

fn check<C: Case>(name: &str) {
    let rng = &mut Rng::with_seed(5);
    let x = Tensor::<(Batch, Rows, Embed)>::normal((Batch, Rows, Embed), 0.0, 1.0, rng).tracked();
    let w = Tensor::<(Rows, Embed)>::normal((Rows, Embed), 0.0, 1.0, rng).tracked();
    let expected = (loss::<C, _, _>(&x, &w).mean(Batch) + of_all(&w)).backward();
    let [of_x, of_w] = [expected.of(&x).to_vec(), expected.of(&w).to_vec()];
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let batch = mesh.shard(Batch, N::<2>);
        let rng = &mut Rng::with_seed(5);
        let x: Tensor<(_, Rows, Embed)> = Tensor::normal((batch, Rows, Embed), 0.0, 1.0, rng);
        let w: Tensor<(Rows, Embed)> = Tensor::normal((Rows, Embed), 0.0, 1.0, rng);
        let x = x.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
        let w = w.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
        let loss = loss::<C, _, _>(&x, &w).partial_mean(batch).all_reduce() + of_all(&w);
        let found = loss.backward();
        let own = &of_x[batch.rank() * 36..][..36];
        assert_close(&found.of(&x).to_vec(), own, &format!("{name}, of what differs"));
        assert_close(&found.of(&w).to_vec(), &of_w, &format!("{name}, of the parameter"));
    });
}

/// Sums of the ranks are rounded in another order.
fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
            "{what}, {i}: {found}, expected {expected}"
        );
    }
}

/// A parameter in half precision and a loss in single: it meets what varies in either of the two.
#[test]
fn precisions_meet_before_or_after_ranks_differ() {
    fn product(x: &Tensor<(Shard<Batch, N<2>>, Embed), OnMesh<Cpu<f32>>>, w: &Half) -> Tensor<(), OnMesh<Cpu<f32>>> {
        let batch = x.shape().0;
        let before = (x * &w.cast::<f32>()).square().sum(Embed).partial_sum(batch).all_reduce();
        before + (x.cast::<f16>() * w).cast::<f32>().square().sum(Embed).partial_sum(batch).all_reduce()
    }
    let found = in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (batch, device) = (mesh.shard(Batch, N::<2>), mesh.device());
        let w: Half = Tensor::full((Embed,), 0.5).cast::<f16>().to_engine(&device).tracked();
        let x = Tensor::full((batch, Embed), 1.0 + mesh.rank(N::<2>) as f32).to_engine(&device);
        product(&x, &w).backward().of(&w).to_vec()
    });
    // Of two rows of ones, and two of twos.
    assert!(found.into_iter().flatten().all(|slope| slope == f16::from_f32(20.0)));
}

type Half = Tensor<(Embed,), OnMesh<Cpu<f16>>>;

#[derive(Module)]
struct Halves<E: Dim, B: Backend> {
    part: Tensor<(E,), B>,
    bias: Tensor<(Wide,), B>,
}

/// Where the gradients of one rank alone overflow, of a parameter of which each has a part, no rank takes the step; else all have those
/// of one process.
#[test]
fn ranks_agree_on_a_loss_that_is_scaled() {
    type On = OnMesh<Cpu<f16>>;
    let w = Tensor::from_fn((Wide,), |[e]| (e * e) as f32);
    in_threads(4, |world| {
        let mesh = Mesh::new(world, (Data, Parts)).unwrap();
        let (batch, wide, device) = (mesh.shard(Batch, Data), mesh.shard(Wide, Parts), mesh.device());
        let mut model = Halves {
            part: w.cast::<f16>().to_engine::<On>(&device).shard(wide),
            bias: Cpu::<f16>::ones((Wide,)).to_engine(&device),
        };
        model.track();
        let loss = |x: f32| {
            // What varies along the batch meets both parameters in half precision.
            let x = Tensor::full((batch, Wide), x).cast::<f16>().to_engine::<On>(&device);
            let of_part = (x.shard(wide) * &model.part).square().cast::<f32>().partial_mean(wide).all_reduce();
            let of_bias = (&x * &model.bias).cast::<f32>().mean(Wide);
            (of_part + of_bias).partial_mean(batch).all_reduce()
        };
        // Slopes are `2¹² w`, of which those of the first part, where `w` is at most 9, are finite.
        let mut scale = LossScale::default();
        assert!(
            scale.unscaled::<_, On, _>(scale.backward(loss(0.5)), &model).is_none(),
            "of rank {}",
            mesh.rank(Parts)
        );
        assert_eq!((scale.factor, scale.finite), (32768.0, 0));
        let found: Gradients<On> = scale.unscaled(scale.backward(loss(0.25)), &model).unwrap();
        assert_eq!(scale.finite, 1);
        let slopes = found.of(&model.part).all_gather(wide).to_vec();
        assert!(slopes.into_iter().map(f32::from).eq(w.to_vec().into_iter().map(|w| w / 64.0)));
        assert!(found.of(&model.bias).to_vec().into_iter().all(|slope| f32::from(slope) == 1.0 / 32.0));
    });
}

/// The gradient of what all ranks have is a sum over the ranks, which a backward pass of one's own has to give as such: the ranks do not add
/// it up once more. And what the ranks have added up in such a function is whole.
#[test]
fn functions_of_ones_own_add_up_over_the_ranks() {
    let (x, weight) = (Tensor::arange(Batch), Tensor::full((), 3.0));
    let (x, weight) = (x.tracked(), weight.tracked());
    let gradients = einsum!("b, -> b", x, weight).square().sum(Batch).backward();
    let expected = (gradients.of(&x).to_vec(), gradients.of(&weight).to_vec());
    in_threads(2, |world| {
        type On = OnMesh<Cpu<f32>>;
        type Part = Tensor<(Shard<Batch, N<2>>,), On>;
        type One = Tensor<(), On>;
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let batch = mesh.shard(Batch, N::<2>);
        let x = x.to_engine::<On>(&mesh.device()).tracked();
        let weight = weight.to_engine::<On>(&mesh.device()).tracked();
        let y: Part = custom(
            (&x.shard(batch), &weight),
            |(x, w): (Part, One)| (einsum!("b, -> b", x, w), (x, w)),
            move |(x, w): &(Part, One), gradient: Part| {
                (einsum!("b, -> b", gradient, w), (x * &gradient).partial_sum(batch).all_reduce())
            },
        );
        let sum: One = custom(
            &y.square(),
            move |y: Part| (y.partial_sum(batch).all_reduce(), ()),
            move |(), gradient: One| gradient.expand(batch),
        );
        let gradients = sum.backward();
        assert_eq!((gradients.of(&x).to_vec(), gradients.of(&weight).to_vec()), expected);
    });
}

/// A result that is tracked by itself has a gradient, and hands it on, also where it meets what differs.
#[test]
fn tracked_results_hand_their_gradients_on() {
    let w = Tensor::from_nested((Embed,), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let batch = mesh.shard(Batch, N::<2>);
        let w = w.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device()).tracked();
        let square = w.square().tracked();
        let x = Tensor::ones((batch, Embed)).to_engine(&mesh.device());
        let gradients = (&x * &square).sum(Embed).partial_sum(batch).all_reduce().backward();
        assert_eq!(gradients.of(&square).to_vec(), [4.0; 6]);
        assert_eq!(gradients.of(&w).to_vec(), [8.0, 16.0, 24.0, 32.0, 40.0, 48.0]);
    });
}
