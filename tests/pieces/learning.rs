//! Losses and layers that are written by hand.

use crate::plain::{close, linear, softmax, wide};
use congruent::backend::Backend;
use congruent::module::Boxed;
use congruent::nn::{
    FeedForward, GatedFeedForward, Linear, Mixed, MixtureOfExperts, Routing, binary_cross_entropy, cross_entropy,
    squared_error,
};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

dims! {
    Batch = 4; Seq = 3; Embed = 6; Hidden = 8; Experts = 3; Classes = 3; Latent = 2; Nodes; Edges; Top = 2; Regions;
    Glimpses = 2; Words; Joint = 5;
}

// Two experts of three for each token, by hand, static. Against the layer.
struct HandMixture {
    router: Linear<Embed, Experts>,
    experts: Vec<GatedFeedForward<Embed, Hidden>>,
}
impl HandMixture {
    fn forward(&self, x: &Tensor<(Batch, Seq, Embed)>) -> (Tensor<(Batch, Seq, Embed)>, Tensor<()>) {
        let probabilities = self.router.forward(x).softmax(Experts);
        let (weights, ids) = probabilities.top_k(Experts, Top).unwrap();
        let weights = &weights / weights.sum(Top).expand_as(&weights, Top);
        let chosen = ids.one_hot::<f32, _>(Experts);
        let gates: Tensor<(Batch, Seq, Experts)> = einsum!("b s k, b s k x -> b s x", weights, chosen);
        let all: Vec<_> = self.experts.iter().map(|expert| expert.forward(x)).collect();
        let all: Tensor<(Experts, Batch, Seq, Embed)> = Tensor::try_stack(Experts, &all).unwrap();
        let y = einsum!("x b s e, b s x -> b s e", all, gates);
        let shares = chosen.sum(Top).mean(Batch).mean(Seq);
        let balance = (shares * probabilities.mean(Batch).mean(Seq)).sum(Experts) * 3.0;
        (y, balance)
    }
}
#[test]
fn mixture() {
    let rng = &mut Rng::with_seed(2);
    let layer = MixtureOfExperts::random(Embed, Hidden, Experts, Routing::new(2), rng).unwrap();
    let hand = HandMixture { router: layer.router().clone(), experts: layer.experts().to_vec() };
    let x = Tensor::normal((Batch, Seq, Embed), 0.0, 1.0, rng);
    let Mixed { y, balance, .. } = layer.forward(&x);
    let (by_hand, of_hand) = hand.forward(&x);
    close(&by_hand, &wide(&y));
    close(&of_hand, &wide(&balance));
}

// A VAE, generic.
#[derive(Module)]
struct Vae<E, F, Z> {
    encoder: Linear<E, F>,
    statistics: Linear<F, Plus<Z, Z>>,
    decoder: FeedForwardDecoder<Z, F, E>,
}
#[derive(Module)]
struct FeedForwardDecoder<Z, F, E> {
    hidden: Linear<Z, F>,
    out: Linear<F, E>,
}
impl<E: Dense, F: Dense, Z: Dense> Vae<E, F, Z> {
    /// The loss of each sample: reconstruction and divergence.
    fn loss<B: Dense>(&self, x: &Tensor<(B, E)>, noise: &Tensor<(B, Z)>) -> Tensor<(B,)> {
        let statistics = self.statistics.forward(&self.encoder.forward(x).relu());
        let (mean, log_variance) = statistics.unconcat(At::<1>);
        let z = &mean + (&log_variance * 0.5).exp() * noise;
        let y = self.decoder.out.forward(&self.decoder.hidden.forward(&z).relu());
        let divergence = (mean.square() + log_variance.exp() - &log_variance - 1.0).sum(At::<1>) * 0.5;
        squared_error(&y, x).sum(At::<1>) + divergence
    }
}
#[test]
fn vae() {
    let rng = &mut Rng::with_seed(5);
    let mut model = Vae {
        encoder: Linear::random(Embed, Hidden, rng),
        statistics: Linear::random(Hidden, Plus(Latent, Latent), rng),
        decoder: FeedForwardDecoder {
            hidden: Linear::random(Latent, Hidden, rng),
            out: Linear::random(Hidden, Embed, rng),
        },
    };
    let x = Tensor::normal((Batch, Embed), 0.0, 1.0, rng);
    let noise = Tensor::normal((Batch, Latent), 0.0, 1.0, rng);
    let of = |l: &[f64]| l.iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
    fn by<I: Dim, O: Dim>(l: &Linear<I, O>, x: &[f64]) -> Vec<f64> {
        linear(x, &wide(&l.weight), &wide(l.bias.as_ref().unwrap()), l.input().size())
    }
    let (xs, n) = (wide(&x), wide(&noise));
    let s = by(&model.statistics, &of(&by(&model.encoder, &xs)));
    let z: Vec<f64> =
        (0..8).map(|at| s[at / 2 * 4 + at % 2] + (0.5 * s[at / 2 * 4 + 2 + at % 2]).exp() * n[at]).collect();
    let y = by(&model.decoder.out, &of(&by(&model.decoder.hidden, &z)));
    let expected: Vec<f64> = (0..4)
        .map(|b| {
            let error: f64 = (0..6).map(|e| (y[b * 6 + e] - xs[b * 6 + e]).powi(2)).sum();
            let kl: f64 = (0..2)
                .map(|z| {
                    let (m, l) = (s[b * 4 + z], s[b * 4 + 2 + z]);
                    0.5 * (m * m + l.exp() - l - 1.0)
                })
                .sum();
            error + kl
        })
        .collect();
    close(&model.loss(&x, &noise), &expected);
    model.track();
    let mut optimizer = Optimizer::new(AdamW { learning_rate: 0.01, ..AdamW::default() });
    let before = model.loss(&x, &noise).mean(Batch).scalar();
    for _ in 0..50 {
        let loss = model.loss(&x, &noise).mean(Batch);
        optimizer.step(&mut model, &loss.backward(), 1.0);
    }
    assert!(model.loss(&x, &noise).mean(Batch).scalar() < 0.8 * before);
}

// The penalty on the gradient of a critic (WGAN-GP): `(|g| - 1)²`. Static.
#[derive(Clone, Module)]
struct Critic<B: Backend = Cpu<f32>> {
    hidden: Linear<Embed, Hidden, B>,
    out: Linear<Hidden, N<1>, B>,
}
impl<B: Backend<Elem = f32>> Critic<B> {
    fn forward(&self, x: &Tensor<(Batch, Embed), B>) -> Tensor<(Batch,), B> {
        self.out.forward(&self.hidden.forward(x).tanh()).sum(At::<1>)
    }
}
fn dual_of<I: Dim, O: Dim>(l: &Linear<I, O>) -> Linear<I, O, congruent::dual::DualOf<Cpu<f32>>> {
    Linear { weight: l.weight.dual(), bias: l.bias.as_ref().map(|b| b.dual()) }
}
/// The value of the penalty, and a loss whose gradients are those of the penalty.
fn penalty(critic: &Critic, x: &Tensor<(Batch, Embed)>) -> (f32, Tensor<()>) {
    let x = x.detach().tracked();
    let gradient = critic.forward(&x).sum(Batch).backward().of(&x);
    let norm = gradient.square().sum(Embed).sqrt();
    let value = (&norm - 1.0).square().mean(Batch).scalar();
    // d(|g| - 1)² = 2 (1 - 1 / |g|) g · dg, and g · dg is the gradient of the slope along g.
    let factor = ((1.0 - norm.recip()) * (2.0 / Batch.size() as f32)).expand_as(&gradient, Embed);
    let direction = (gradient * factor).detach();
    let duals = Critic { hidden: dual_of(&critic.hidden), out: dual_of(&critic.out) };
    (value, duals.forward(&x.detach().dual_along(&direction)).slope().sum(Batch))
}
#[test]
fn gradient_penalty() {
    let rng = &mut Rng::with_seed(6);
    let mut critic = Critic { hidden: Linear::random(Embed, Hidden, rng), out: Linear::random(Hidden, N::<1>, rng) };
    critic.track();
    let x = Tensor::normal((Batch, Embed), 0.0, 1.0, rng);
    let (_, loss) = penalty(&critic, &x);
    let found = loss.backward().of(&critic.hidden.weight).to_vec();
    // Differences of the value.
    let weight = critic.hidden.weight.to_vec();
    for at in [0, 7, 30, 47] {
        let value = |by: f32| {
            let mut w = weight.clone();
            w[at] += by;
            let mut critic = critic.clone();
            critic.hidden.weight = Tensor::from_vec((Hidden, Embed), w).unwrap();
            penalty(&critic, &x).0
        };
        let slope = (value(1e-2) - value(-1e-2)) / 2e-2;
        assert!((slope - found[at]).abs() < 2e-3, "{slope} {}", found[at]);
    }
}

// Messages along the edges of a graph. Run-time.
fn messages<V: Dense, E: Dense, D: Dense>(
    nodes: &Tensor<(V, D)>,
    from: &Ids<(E,), V>,
    to: &Ids<(E,), V>,
    own: &Linear<D, D>,
    of_neighbours: &Linear<D, D>,
) -> Tensor<(V, D)> {
    let (v, d) = nodes.shape();
    let sent = nodes.lookup(from);
    let sums = Tensor::zeros((v, d)).scatter_add(to, &sent);
    let degrees = Tensor::zeros((v,)).scatter_add(to, &Tensor::ones((from.dim(At::<0>),)));
    let means = sums / degrees.clamp(1.0, f32::INFINITY).expand_as(nodes, At::<1>);
    (own.forward(nodes) + of_neighbours.forward(&means)).relu()
}
#[test]
fn graph() {
    let rng = &mut Rng::with_seed(7);
    bind!(nodes: Nodes = 4, edges: Edges = 5);
    let (own, other) = (Linear::random(Embed, Embed, rng), Linear::random(Embed, Embed, rng));
    let x = Tensor::normal((nodes, Embed), 0.0, 1.0, rng);
    let (from, to) = ([0, 1, 2, 3, 0], [1, 2, 2, 0, 2]);
    let ids = |list: &[u32]| Ids::new((edges,), nodes, list).unwrap();
    let y = messages(&x, &ids(&from), &ids(&to), &own, &other);
    let xs = wide(&x);
    let mut means = vec![0.0; 24];
    for v in 0..4u32 {
        let senders: Vec<usize> = (0..5).filter(|e| to[*e] == v).map(|e| from[e] as usize).collect();
        for d in 0..6 {
            means[v as usize * 6 + d] =
                senders.iter().map(|s| xs[s * 6 + d]).sum::<f64>() / senders.len().max(1) as f64;
        }
    }
    let by = |l: &Linear<Embed, Embed>, x: &[f64]| linear(x, &wide(&l.weight), &wide(l.bias.as_ref().unwrap()), 6);
    let expected: Vec<f64> = by(&own, &xs).iter().zip(by(&other, &means)).map(|(a, b)| (a + b).max(0.0)).collect();
    close(&y, &expected);
}

// Bilinear attention pooling of image regions and words, generic, by einsum.
#[derive(Module)]
struct Bilinear<V, W, J, G> {
    of_regions: Tensor<(V, J)>,
    of_words: Tensor<(W, J)>,
    glimpses: Tensor<(J, G)>,
}
impl<V: Dense, W: Dense, J: Dense, G: Dense> Bilinear<V, W, J, G> {
    fn forward<B: Dim, R: Dense, L: Dense>(
        &self,
        regions: &Tensor<(B, R, V)>,
        words: &Tensor<(B, L, W)>,
    ) -> Tensor<(B, G, J)> {
        let r = einsum!("b r v, v j -> b r j", regions, self.of_regions);
        let w = einsum!("b l w, w j -> b l j", words, self.of_words);
        let scores = einsum!("b r j, b l j, j g -> b g r l", r, w, self.glimpses);
        // One softmax over all pairs.
        let weights = rearrange!(scores, "b g r l -> b g (r l)").softmax(At::<2>).split(At::<2>);
        einsum!("b g r l, b r j, b l j -> b g j", weights, r, w)
    }
}
#[test]
fn bilinear() {
    let rng = &mut Rng::with_seed(8);
    let model = Bilinear {
        of_regions: Tensor::normal((Embed, Joint), 0.0, 0.5, rng),
        of_words: Tensor::normal((Hidden, Joint), 0.0, 0.5, rng),
        glimpses: Tensor::normal((Joint, Glimpses), 0.0, 1.0, rng),
    };
    bind!(regions: Regions = 3, words: Words = 4);
    let (x, y) =
        (Tensor::normal((Batch, regions, Embed), 0.0, 1.0, rng), Tensor::normal((Batch, words, Hidden), 0.0, 1.0, rng));
    let project = |x: &[f64], w: &[f64], width: usize| -> Vec<f64> {
        x.chunks(width).flat_map(|row| (0..5).map(move |j| (0..width).map(|i| row[i] * w[i * 5 + j]).sum())).collect()
    };
    let (r, w) = (project(&wide(&x), &wide(&model.of_regions), 6), project(&wide(&y), &wide(&model.of_words), 8));
    let g = wide(&model.glimpses);
    let mut expected = Vec::new();
    for b in 0..4 {
        for h in 0..2 {
            let score = |i: usize, l: usize| {
                (0..5).map(|j| r[(b * 3 + i) * 5 + j] * w[(b * 4 + l) * 5 + j] * g[j * 2 + h]).sum::<f64>()
            };
            let weights = softmax(&(0..12).map(|at| score(at / 4, at % 4)).collect::<Vec<_>>());
            expected.extend((0..5).map(|j| {
                (0..12).map(|at| weights[at] * r[(b * 3 + at / 4) * 5 + j] * w[(b * 4 + at % 4) * 5 + j]).sum::<f64>()
            }));
        }
    }
    close(&model.forward(&x, &y), &expected);
}

// Heads of several tasks, chosen when the program runs. Static.
trait Task: Module {
    fn loss(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<()>;
}
#[derive(Module)]
struct Classify {
    head: Linear<Embed, Classes>,
    #[module(skip)]
    labels: Ids<(Batch,), Classes>,
}
impl Task for Classify {
    fn loss(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<()> {
        cross_entropy(&self.head.forward(x), &self.labels).mean(Batch)
    }
}
#[derive(Module)]
struct Judge {
    head: Linear<Embed, N<1>>,
    #[module(skip)]
    truths: Tensor<(Batch,)>,
}
impl Task for Judge {
    fn loss(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<()> {
        binary_cross_entropy(&self.head.forward(x).at(At::<1>, 0).unwrap(), &self.truths).mean(Batch)
    }
}
#[derive(Module)]
struct MultiTask {
    trunk: FeedForward<Embed, Hidden>,
    tasks: std::collections::BTreeMap<String, Boxed<dyn Task>>,
}
#[test]
fn multi_task() {
    let rng = &mut Rng::with_seed(9);
    let labels = Ids::new((Batch,), Classes, &[0, 1, 2, 0]).unwrap();
    let mut model = MultiTask { trunk: FeedForward::random(Embed, Hidden, rng), tasks: Default::default() };
    let judge =
        Judge { head: Linear::random(Embed, N::<1>, rng), truths: Tensor::from_nested((Batch,), [0.0, 1.0, 1.0, 0.0]) };
    model
        .tasks
        .insert("classify".into(), Boxed(Box::new(Classify { head: Linear::random(Embed, Classes, rng), labels })));
    model.tasks.insert("judge".into(), Boxed(Box::new(judge)));
    model.track();
    let x = Tensor::normal((Batch, Embed), 0.0, 1.0, rng);
    let losses = |m: &MultiTask| ["classify", "judge"].map(|task| m.tasks[task].0.loss(&m.trunk.forward(&x)).scalar());
    let before = losses(&model);
    let mut names = Vec::new();
    model.for_each(|p| names.push(p.path().to_string()));
    assert!(names.contains(&"tasks.judge.head.weight".to_string()), "{names:?}");
    let mut optimizer = Optimizer::new(AdamW { learning_rate: 0.01, ..AdamW::default() });
    for step in 0..40 {
        let task = &model.tasks[if step % 2 == 0 { "classify" } else { "judge" }];
        let loss = task.0.loss(&model.trunk.forward(&x));
        optimizer.step(&mut model, &loss.backward(), 1.0);
    }
    let after = losses(&model);
    assert!(after[0] < before[0] && after[1] < before[1]);
}
