//! Inference records nothing, and allocates nothing for it.

use congruent::backend::Backend;
use congruent::nn::{EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
use congruent::prelude::*;
use congruent::{no_grad, threads};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 20; }

/// The system's allocator, which counts what each thread asks it for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: by the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: by the caller.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `f` allocates, after the memory of its arrays was used before.
fn allocations<R>(f: impl Fn() -> R) -> usize {
    threads::with(1, || {
        (0..3).for_each(|_| drop(f()));
        let before = COUNT.get();
        drop(f());
        COUNT.get() - before
    })
}

fn layer(track: bool) -> EncoderLayer<Embed, Heads, HeadDim, Hidden> {
    fn linear<I: Dim, O: Dim>(input: I, output: O, track: bool) -> Linear<I, O> {
        let Linear { weight, bias } = Linear::random(input, output, &mut Rng::with_seed(1));
        if track {
            Linear { weight: weight.tracked(), bias: bias.map(Tensor::tracked) }
        } else {
            Linear { weight, bias }
        }
    }
    let heads = Times(Heads, HeadDim);
    EncoderLayer {
        attention: MultiHeadAttention {
            query: linear(Embed, heads, track),
            key: linear(Embed, heads, track),
            value: linear(Embed, heads, track),
            output: linear(heads, Embed, track),
        },
        attention_norm: LayerNorm::new(Embed, 1e-5),
        feed_forward: FeedForward {
            up: linear(Embed, Hidden, track),
            activation: Default::default(),
            down: linear(Hidden, Embed, track),
        },
        feed_forward_norm: LayerNorm::new(Embed, 1e-5),
        order: NormOrder::Pre,
    }
}

#[test]
fn inference_records_nothing() {
    let (constant, tracked) = (layer(false), layer(true));
    let x = Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(2));
    let inference = || constant.forward(&x, &Full);
    assert!(!inference().is_tracked());
    let without = || no_grad(|| tracked.forward(&x, &Full));
    assert!(!without().is_tracked());
    assert!(tracked.forward(&x, &Full).is_tracked());
    assert_eq!(inference().to_vec(), tracked.forward(&x, &Full).to_vec());
    assert_eq!(allocations(inference), allocations(without));
    assert!(allocations(inference) < allocations(|| tracked.forward(&x, &Full)));
}

#[test]
fn what_copies_nothing_allocates_nothing() {
    let x = Tensor::ones((Batch, Seq, Embed));
    let views = || {
        let view = Cpu::<f32>::permute(x.array(), &[1, 0, 2]);
        let view = Cpu::<f32>::narrow(&view, 0, 1, 2);
        Cpu::<f32>::broadcast(&view, &[3, 2, 2, 12])
    };
    assert_eq!(allocations(views), 0);
    // In the memory of its argument.
    assert_eq!(allocations(|| Cpu::<f32>::detach(Cpu::<f32>::reshape(x.array(), &[120]))), 0);
}
