//! Operations beside products and attention, as models have them.

use super::tensor;
use congruent::Sliding;
use congruent::nn::{Lstm, attention_with_bias};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use peers::{Bench, ids, weights};

dims! { Batch; Rows; Columns; Heads; Seq; HeadDim; Channels; Outputs; Height; Width; Side; Time; Frames; Table; Embed; Hidden; }

/// Whether it is one of these.
pub fn case(bench: &Bench) -> bool {
    match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("conv2d", &[b, c, h, w, o, k]) => {
            bind!(batch: Batch = b, channels: Channels = c, height: Height = h, width: Width = w);
            bind!(outputs: Outputs = o, side: Side = k);
            let x = tensor(1, (batch, channels, height, width));
            let weight = weights(2, c * k * k, o * c * k * k);
            let weight = Tensor::from_vec((outputs, channels, side, side), weight).unwrap();
            let sliding = Sliding::default().padding(k / 2);
            let step = || x.try_conv(&weight, None, (height, width), sliding).unwrap();
            bench.run(step, Tensor::to_vec);
        }
        ("depthwise", &[b, c, h, w, k]) => {
            bind!(batch: Batch = b, channels: Channels = c, height: Height = h, width: Width = w, side: Side = k);
            let x = tensor(1, (batch, Times(channels, N::<1>), height, width));
            let weight = Tensor::from_vec((Times(channels, N::<1>), N::<1>, side, side), weights(2, k * k, c * k * k));
            let (weight, sliding) = (weight.unwrap(), Sliding::default().padding(k / 2).groups(channels));
            bench.run(|| x.try_conv(&weight, None, (height, width), sliding).unwrap(), Tensor::to_vec);
        }
        ("conv1d", &[b, c, t, o, k, stride]) => {
            bind!(batch: Batch = b, channels: Channels = c, time: Time = t, frames: Frames = t / stride);
            bind!(outputs: Outputs = o, side: Side = k);
            let x = tensor(1, (batch, channels, time));
            let weight = Tensor::from_vec((outputs, channels, side), weights(2, c * k, o * c * k)).unwrap();
            let sliding = Sliding::default().padding(k / 2).stride(stride);
            bench.run(|| x.try_conv(&weight, None, frames, sliding).unwrap(), Tensor::to_vec);
        }
        ("max_pool", &[b, c, h, w, k]) => {
            bind!(batch: Batch = b, channels: Channels = c, height: Height = h, width: Width = w);
            bind!(rows: Rows = h / k, columns: Columns = w / k);
            let x = tensor(1, (batch, channels, height, width));
            let sliding = Sliding::default().stride(k);
            bench.run(|| x.try_max_pool(k, (rows, columns), sliding).unwrap(), Tensor::to_vec);
        }
        ("lstm", &[b, s, e, h]) => {
            bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e, hidden: Hidden = h);
            let mut lstm = Lstm::random(embed, hidden, &mut congruent::Rng::with_seed(1));
            let mut seed = 1;
            lstm.for_each_mut(|mut parameter| {
                seed += 1;
                let sizes = parameter.as_parameter().sizes().to_vec();
                let numbers = weights(seed, h, sizes.iter().product());
                parameter.change(|_| Cpu::<f32>::from_elements(numbers, &sizes, &Default::default()));
            });
            let (x, start) = (tensor(1, (batch, seq, embed)), lstm.start(batch));
            bench.run(|| lstm.forward(&x, &start).0, Tensor::to_vec);
        }
        ("biased_attention", &[b, h, s, d]) => {
            bind!(batch: Batch = b, heads: Heads = h, seq: Seq = s, head_dim: HeadDim = d);
            let [q, k, v] = [1, 2, 3].map(|seed| tensor(seed, (batch, heads, seq, head_dim)));
            let bias = tensor(4, (heads, seq, seq));
            bench.run(|| attention_with_bias(&q, &k, &v, &bias, &Full), Tensor::to_vec);
        }
        ("scatter_add", &[rows, columns, table]) => {
            bind!(rows: Rows = rows, columns: Columns = columns, table: Table = table);
            let zeros = Tensor::zeros((table, columns));
            let to = Ids::new((rows,), table, &ids(2, rows.size(), table.size())).unwrap();
            let x = tensor(1, (rows, columns));
            bench.run(|| zeros.scatter_add(&to, &x), Tensor::to_vec);
        }
        ("lookup", &[rows, columns, table]) => {
            bind!(rows: Rows = rows, columns: Columns = columns, table: Table = table);
            let from = Ids::new((rows,), table, &ids(2, rows.size(), table.size())).unwrap();
            let x = tensor(1, (table, columns));
            bench.run(|| x.lookup(&from), Tensor::to_vec);
        }
        ("softmax_middle", &[b, r, c]) => {
            bind!(batch: Batch = b, rows: Rows = r, columns: Columns = c);
            let x = tensor(1, (batch, rows, columns));
            bench.run(|| x.softmax(rows), Tensor::to_vec);
        }
        ("permute", &[b, r, h, d]) => {
            bind!(batch: Batch = b, rows: Rows = r, heads: Heads = h, head_dim: HeadDim = d);
            let x = tensor(1, (batch, rows, heads, head_dim));
            // A function of what lies in another order, in the new one.
            bench.run(|| x.permute((batch, heads, rows, head_dim)) * 2.0, Tensor::to_vec);
        }
        ("scale_rows", &[b, s, e]) => {
            bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e);
            let (x, scale) = (tensor(1, (batch, seq, embed)), tensor(2, (batch, embed)));
            bench.run(|| &x * scale.expand_as(&x, seq), Tensor::to_vec);
        }
        ("dot_rows", &[b, s, e]) => {
            bind!(batch: Batch = b, seq: Seq = s, embed: Embed = e);
            let (x, y) = (tensor(1, (batch, seq, embed)), tensor(2, (batch, embed)));
            bench.run(|| einsum!("b s e, b e -> b s", &x, &y), Tensor::to_vec);
        }
        ("cumsum", &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            let x = tensor(1, (rows, columns));
            bench.run(|| x.cumsum(columns), Tensor::to_vec);
        }
        ("sort", &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            let x = tensor(1, (rows, columns));
            bench.run(|| x.sort(columns, Order::Ascending).0, Tensor::to_vec);
        }
        ("top_k", &[rows, columns, k]) => {
            bind!(rows: Rows = rows, columns: Columns = columns, few: Side = k);
            let x = tensor(1, (rows, columns));
            bench.run(|| x.top_k(columns, few).unwrap().0, Tensor::to_vec);
        }
        ("argmax", &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            let x = tensor(1, (rows, columns));
            bench.run(|| x.argmax(columns), |ids| ids.to_vec().iter().map(|id| id.get() as f32).collect());
        }
        // Every library has numbers of its own: their count is compared, and that is all.
        ("normal", &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            let mut rng = congruent::Rng::with_seed(1);
            bench.run(|| Tensor::normal((rows, columns), 0.0, 1.0, &mut rng), |x| vec![x.to_vec().len() as f32]);
        }
        // So many steps have been made when the results are compared: one.
        ("adamw", &[rows, columns]) => {
            bind!(rows: Rows = rows, columns: Columns = columns);
            let (mut x, y) = (tensor(1, (rows, columns)).tracked(), tensor(2, (rows, columns)));
            let mut optimizer = Optimizer::new(AdamW { learning_rate: 1e-3, ..AdamW::default() });
            let step = || {
                let gradients = (&x * &y).sum_all().backward();
                optimizer.step(&mut x, &gradients, 1.0);
                x.detach()
            };
            bench.run(step, Tensor::to_vec);
        }
        _ => return false,
    }
    true
}
