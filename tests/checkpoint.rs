//! A block that is calculated again in the backward pass gives the gradients that it gives without, in less memory.

use congruent::nn::{Dropout, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder, Training};
use congruent::prelude::*;
use congruent::{checkpoint, no_grad, release_memory, threads};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

dims! { Batch = 2; Seq = 24; Embed = 16; Heads = 4; HeadDim = 4; Hidden = 64; }

type X = Tensor<(Batch, Seq, Embed)>;
type Layer = EncoderLayer<Embed, Heads, HeadDim, Hidden>;

/// The system's allocator, which counts the bytes that are held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: by the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: by the caller.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn layer(seed: u64) -> Arc<Layer> {
    let rng = &mut Rng::with_seed(seed);
    fn linear<I: Dim, O: Dim>(input: I, output: O, rng: &mut Rng) -> Linear<I, O> {
        let Linear { weight, bias } = Linear::random(input, output, rng);
        Linear { weight: weight.tracked(), bias: bias.map(Tensor::tracked) }
    }
    let heads = Times(Heads, HeadDim);
    Arc::new(EncoderLayer {
        attention: MultiHeadAttention {
            query: linear(Embed, heads, rng),
            key: linear(Embed, heads, rng),
            value: linear(Embed, heads, rng),
            output: linear(heads, Embed, rng),
        },
        attention_norm: LayerNorm::new(Embed, 1e-5),
        feed_forward: FeedForward {
            up: linear(Embed, Hidden, rng),
            activation: Default::default(),
            down: linear(Hidden, Embed, rng),
        },
        feed_forward_norm: LayerNorm::new(Embed, 1e-5),
        order: NormOrder::Pre,
    })
}

fn x() -> X {
    Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(9))
}

fn loss(y: &X) -> Tensor<()> {
    y.square().sum(Embed).sum(Seq).sum(Batch)
}

/// The gradients of a loss with respect to an input and some parameters of layers.
fn gradients(loss: &Tensor<()>, x: &X, layers: &[Arc<Layer>]) -> Vec<Vec<f32>> {
    let gradients = loss.clone().backward();
    let of_layer = |layer: &Arc<Layer>| {
        let Layer { attention, feed_forward, .. } = &**layer;
        let bias = |bias: &Option<_>| gradients.get(bias.as_ref().unwrap()).map(|x: Tensor<(Hidden,)>| x.to_vec());
        let attention = [&attention.query.weight, &attention.value.weight].map(|x| gradients.get(x).unwrap().to_vec());
        let up = gradients.get(&feed_forward.up.weight).unwrap().to_vec();
        attention.into_iter().chain([up, bias(&feed_forward.up.bias).unwrap()])
    };
    let of_layers: Vec<_> = layers.iter().flat_map(of_layer).collect();
    let of_x = gradients.get(x).map(|x| x.to_vec());
    of_x.into_iter().chain(of_layers).collect()
}

fn same_gradient(found: &X, expected: &X, x: &X) {
    assert_eq!(found.to_vec(), expected.to_vec());
    let [found, expected] = [found, expected].map(|y| loss(y).backward().of(x).to_vec());
    assert_eq!(found, expected);
}

#[test]
fn what_was_gone_back_through_is_freed() {
    let (x, held, is_freed) = (x().tracked(), Arc::new(()), Arc::new(AtomicBool::new(false)));
    let (watched, seen) = (Arc::downgrade(&held), is_freed.clone());
    let first = checkpoint(&x, move |x| {
        seen.store(watched.upgrade().is_none(), Ordering::Relaxed);
        x * 2.0
    });
    let second = checkpoint(&first, move |x| x * (Arc::strong_count(&held) as f32));
    let total = loss(&second);
    drop((first, second));
    assert!(!is_freed.load(Ordering::Relaxed));
    // The first block is calculated again when the second one is done with.
    let gradients = total.backward();
    assert!(is_freed.load(Ordering::Relaxed) && gradients.get(&x).is_some());
}

#[test]
fn gradients_are_those_without() {
    let (layers, x) = ([layer(1), layer(2), layer(3)], x().tracked());
    let plain = |x: &X| layers.iter().fold(x.clone(), |x, layer| layer.forward(&x, &Full));
    // The input and the first layer have a part outside of the blocks as well.
    let expected = loss(&(plain(&x) + &x + &layers[0].forward(&x, &Full)));
    let each = |x: &X| {
        layers.iter().fold(x.clone(), |x, layer| {
            let layer = layer.clone();
            checkpoint(&x, move |x| layer.forward(x, &Full))
        })
    };
    let found = loss(&(each(&x) + &x + &layers[0].forward(&x, &Full)));
    assert_eq!(found.scalar(), expected.scalar());
    assert_eq!(gradients(&found, &x, &layers), gradients(&expected, &x, &layers));

    let nested = layers.clone();
    let all = checkpoint(&x, move |x| {
        let [first, second, third] = nested.clone();
        let middle = checkpoint(&first.forward(x, &Full), move |x| second.forward(x, &Full));
        third.forward(&middle, &Full)
    });
    let found = loss(&(all + &x + &layers[0].forward(&x, &Full)));
    assert_eq!(gradients(&found, &x, &layers), gradients(&expected, &x, &layers));
    // The backward pass records whatever it has to, wherever it is called.
    assert_eq!(no_grad(|| gradients(&found, &x, &layers)), gradients(&expected, &x, &layers));
}

#[test]
fn parameters_alone_are_enough() {
    let (layer, x) = (layer(1), x());
    let of_block = layer.clone();
    let found = loss(&checkpoint(&x, move |x| of_block.forward(x, &Full)));
    let expected = loss(&layer.forward(&x, &Full));
    let layers = [layer];
    assert_eq!(gradients(&found, &x, &layers), gradients(&expected, &x, &layers));
}

#[test]
fn a_block_may_do_nothing_or_hold_constants() {
    let x = x().tracked();
    let same = checkpoint(&x, X::clone);
    same_gradient(&(same + &x), &(&x + &x), &x);
    let cut = loss(&checkpoint(&x, X::detach)).backward();
    assert!(cut.get(&x).is_none());
    same_gradient(&checkpoint(&x, |x| x * &no_grad(|| x.exp())), &(&x * &x.exp().detach()), &x);
    let outside = no_grad(|| checkpoint(&x, |x| x.exp()));
    assert!(!outside.is_tracked());
    assert_eq!(outside.to_vec(), x.exp().to_vec());
}

#[test]
fn dropout_chooses_the_same_again() {
    let (x, rng) = (x().tracked(), Rng::with_seed(5));
    let of_block = rng.clone();
    let found = checkpoint(&x, move |x| {
        Dropout { rate: 0.5 }.forward_training(x, &mut Training::new(&mut of_block.clone())).exp()
    });
    let expected = Dropout { rate: 0.5 }.forward_training(&x, &mut Training::new(&mut rng.clone())).exp();
    same_gradient(&found, &expected, &x);
}

#[test]
fn less_is_kept() {
    // Alone in a process, since other tests hold memory too.
    if std::env::var_os("ALONE").is_none() {
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        let output = test.args(["--exact", "less_is_kept"]).env("ALONE", "1").output().unwrap();
        return assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let (layers, x) = ([layer(1), layer(2), layer(3), layer(4)], x().tracked());
    let held = |f: &dyn Fn() -> X| {
        threads::with(1, || {
            // Weights in another order are kept with them, from their second use on.
            drop((f(), f()));
            release_memory();
            let before = HELD.load(Ordering::Relaxed);
            let y = f();
            release_memory();
            let held = HELD.load(Ordering::Relaxed) - before;
            drop(y);
            held
        })
    };
    let plain = held(&|| layers.iter().fold(x.clone(), |x, layer| layer.forward(&x, &Full)));
    let found = held(&|| {
        layers.iter().fold(x.clone(), |x, layer| {
            let layer = layer.clone();
            checkpoint(&x, move |x| layer.forward(x, &Full))
        })
    });
    // The results of the four layers, and some nodes.
    let result = x.to_vec().len() * 4;
    assert!(found >= 4 * result && found < 6 * result, "{found} bytes for results of {result}");
    assert!(plain > 4 * found, "{plain} bytes without, {found} with");
}
