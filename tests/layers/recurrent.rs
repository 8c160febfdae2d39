//! Recurrent layers against the values that PyTorch calculates, and states that go along padded sequences against those of
//! each sequence alone.

use congruent::nn::{Gru, Lstm, LstmState};
use congruent::prelude::*;

dims! { Batch; Seq; Embed = 2; Hidden = 3; Three = 3; Four = 4; }

/// `scale · sin(step · i)` of the i-th element, counted from 1: what the script made of the parameters, in PyTorch's layout
/// `wave(p, step)` with a scale of 1/2.
fn wave<S: Shape>(shape: S, step: f64, scale: f64) -> Tensor<S> {
    let element = |i: usize| (0.5 * (step * (i + 1) as f64).sin()) as f32 * scale as f32;
    Tensor::from_slice(shape, &(0..shape.elements()).map(element).collect::<Vec<_>>()).unwrap()
}

fn gru([ih, hh, bias_ih, bias_hh]: [f64; 4]) -> Gru<Embed, Hidden> {
    let gates = Times(N::<3>, Hidden);
    Gru {
        weight_ih: wave((gates, Embed), ih, 1.0),
        weight_hh: wave((gates, Hidden), hh, 1.0).tracked(),
        bias_ih: wave((gates,), bias_ih, 1.0),
        bias_hh: wave((gates,), bias_hh, 1.0),
    }
}

fn lstm([ih, hh, bias_ih, bias_hh]: [f64; 4]) -> Lstm<Embed, Hidden> {
    let gates = Times(N::<4>, Hidden);
    Lstm {
        weight_ih: wave((gates, Embed), ih, 1.0),
        weight_hh: wave((gates, Hidden), hh, 1.0).tracked(),
        bias_ih: wave((gates,), bias_ih, 1.0),
        bias_hh: wave((gates,), bias_hh, 1.0),
    }
}

/// The parameters of the two directions.
const FORTH: [f64; 4] = [0.7, 1.1, 1.3, 1.7];
const BACK: [f64; 4] = [0.9, 1.2, 1.9, 2.3];
const LENGTHS: [usize; 3] = [2, 4, 1];

/// Expected values were calculated in double precision, and are printed to a millionth.
#[track_caller]
fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let is_near = |(found, expected): (&f32, &f32)| (found - expected).abs() <= 2e-6;
    assert!(found.iter().zip(expected).all(is_near), "found {found:?}, expected {expected:?}");
}

#[test]
fn gru_in_both_directions_of_padded_sequences() {
    let (forth, back) = (gru(FORTH), gru(BACK));
    let x = wave((Three, Ragged(Four), Embed), 0.37, 2.0);
    let lengths = Lengths::new(Three, Ragged(Four), &LENGTHS).unwrap();
    let (states, last) = forth.forward_masked(&x, &lengths, &forth.start(Three));
    let (reverse_states, reverse_last) = back.forward_masked_reverse(&x, &lengths, &back.start(Three));
    let both = states.concat(Hidden, &reverse_states).fill_padding(&lengths, 0.0);
    near(&both.to_vec(), &GRU_STATES);
    let lasts = Tensor::stack(N::<2>, &Each::new(N::<2>, [last, reverse_last]));
    near(&lasts.to_vec(), &GRU_LAST);
    let gradients = (lasts.square().sum_all() + both.sum_all()).backward();
    near(&gradients.of(&back.weight_hh).to_vec(), &GRU_GRADIENT);
}

#[test]
fn lstm_in_both_directions_of_padded_sequences() {
    let (forth, back) = (lstm(FORTH), lstm(BACK));
    let x = wave((Three, Ragged(Four), Embed), 0.37, 2.0);
    let lengths = Lengths::new(Three, Ragged(Four), &LENGTHS).unwrap();
    let (states, last) = forth.forward_masked(&x, &lengths, &forth.start(Three));
    let (reverse_states, reverse_last) = back.forward_masked_reverse(&x, &lengths, &back.start(Three));
    let both = states.concat(Hidden, &reverse_states).fill_padding(&lengths, 0.0);
    near(&both.to_vec(), &LSTM_STATES);
    let stack = |x, y| Tensor::stack(N::<2>, &Each::new(N::<2>, [x, y]));
    let lasts = stack(last.hidden, reverse_last.hidden);
    near(&lasts.to_vec(), &LSTM_LAST);
    near(&stack(last.cell, reverse_last.cell).to_vec(), &LSTM_CELLS);
    let gradients = (lasts.square().sum_all() + both.sum_all()).backward();
    near(&gradients.of(&back.weight_hh).to_vec(), &LSTM_GRADIENT);
}

/// A sequence is calculated in one piece or in two, and from its end as its mirror image is from its begin.
#[test]
fn a_state_goes_on_and_directions_mirror() {
    let (gru, lstm) = (gru(FORTH), lstm(BACK));
    let x = wave((Three, Plus(Three, Four), Embed), 0.23, 2.0);
    let (first, second) = x.unconcat(Plus(Three, Four));
    let (states, last) = gru.forward(&x, &gru.start(Three));
    let (of_first, between) = gru.forward(&first, &gru.start(Three));
    let (of_second, end) = gru.forward(&second, &between);
    near(&states.to_vec(), &of_first.concat(At::<1>, &of_second).to_vec());
    near(&last.to_vec(), &end.to_vec());
    let (states, last) = lstm.forward_reverse(&x, &lstm.start(Three));
    let (mirrored, end) = lstm.forward(&x.flip(At::<1>), &lstm.start(Three));
    near(&states.to_vec(), &mirrored.flip(At::<1>).to_vec());
    near(&last.cell.to_vec(), &end.cell.to_vec());
}

/// One input at a time, a decoder comes to what it comes to of all of them, and its gradients are the same.
#[test]
fn steps_are_those_of_a_sequence() {
    let (gru, lstm) = (gru(FORTH), lstm(BACK));
    let x = wave((Three, Four, Embed), 0.23, 2.0);
    let start = wave((Three, Hidden), 0.7, 1.0);
    let (states, last) = gru.forward(&x, &start);
    let mut state = start.clone();
    for at in 0..4 {
        state = gru.step(&x.at(Four, at).unwrap(), &state);
        near(&state.to_vec(), &states.at(Four, at).unwrap().to_vec());
    }
    let [found, expected] = [state, last].map(|state| state.square().sum_all().backward().of(&gru.weight_hh));
    near(&found.to_vec(), &expected.to_vec());

    let start = LstmState { cell: &start * 0.5, hidden: start };
    let (states, last) = lstm.forward(&x, &start);
    let mut state = start;
    for at in 0..4 {
        state = lstm.step(&x.at(Four, at).unwrap(), &state);
        near(&state.hidden.to_vec(), &states.at(Four, at).unwrap().to_vec());
    }
    near(&state.cell.to_vec(), &last.cell.to_vec());
    let of = |state: LstmState<_, _>| (state.hidden * state.cell).sum_all().backward().of(&lstm.weight_hh);
    near(&of(state).to_vec(), &of(last).to_vec());
}

/// What the steps of one sequence give, by plain numbers: a sum that decays, beside a product of `1 + x / 4`.
fn alone(x: impl Iterator<Item = f32>) -> (f32, f32, Vec<f32>) {
    let (mut sum, mut product, mut outputs) = (0.5, 1.0, Vec::new());
    for x in x {
        sum = 0.5 * sum + x;
        product *= 1.0 + x / 4.0;
        outputs.push(sum * product);
    }
    (sum, product, outputs)
}

#[test]
fn padded_sequences_are_scanned_as_each_alone() {
    let cases: [(&[usize], usize); 7] =
        [(&[3, 0, 5, 2], 5), (&[4, 4], 4), (&[0, 0], 3), (&[], 3), (&[0], 0), (&[1], 1), (&[1, 2, 2], 6)];
    for (number, (lengths, size)) in cases.into_iter().enumerate() {
        bind!(batch: Batch = lengths.len(), seq: Ragged<Seq> = size);
        let mut rng = Rng::with_seed(number as u64);
        let value = |_: usize| rng.f64() as f32 - 0.5;
        let numbers: Vec<f32> = (0..lengths.len() * size).map(value).collect();
        let valid = |row: usize| &numbers[row * size..][..lengths[row]];
        // Whatever stands in the padding has no part in anything.
        let is_valid = |[row, at]: [usize; 2]| at < lengths[row];
        let x = Tensor::from_fn((batch, seq), |[row, at]| if is_valid([row, at]) { valid(row)[at] } else { f32::NAN });
        let x = x.tracked();
        let of_batch = Lengths::new(batch, seq, lengths).unwrap();
        for is_reverse in [false, true] {
            let start = (Tensor::full((batch,), 0.5), Tensor::ones((batch,)));
            let step = |(sum, product): (Tensor<_>, Tensor<_>), x: Tensor<_>| {
                let (sum, product) = (sum * 0.5 + &x, product * (x / 4.0 + 1.0));
                let output = &sum * &product;
                ((sum, product), output)
            };
            let (last, outputs) = match is_reverse {
                false => x.masked_scan(&of_batch, start, step),
                true => x.masked_scan_reverse(&of_batch, start, step),
            };
            let outputs = outputs.fill_padding(&of_batch, 0.0);
            for (row, &length) in lengths.iter().enumerate() {
                let (sum, product, mut expected) = match is_reverse {
                    false => alone(valid(row).iter().copied()),
                    true => alone(valid(row).iter().rev().copied()),
                };
                if is_reverse {
                    expected.reverse();
                }
                near(&[last.0.to_vec()[row], last.1.to_vec()[row]], &[sum, product]);
                near(&outputs.to_vec()[row * size..][..length], &expected);
            }
            if lengths.iter().sum::<usize>() == 0 {
                continue;
            }
            let gradients = (outputs.sum_all() + last.1.sum_all()).backward().of(&x).to_vec();
            let loss = |row: usize, at: usize, by: f32| {
                let mut moved = valid(row).to_vec();
                moved[at] += by;
                if is_reverse {
                    moved.reverse();
                }
                let (_, product, outputs) = alone(moved.into_iter());
                outputs.into_iter().map(f64::from).sum::<f64>() + f64::from(product)
            };
            for (row, at) in (0..lengths.len()).flat_map(|row| (0..size).map(move |at| (row, at))) {
                let found = f64::from(gradients[row * size + at]);
                let slope = match is_valid([row, at]) {
                    true => (loss(row, at, 0.01) - loss(row, at, -0.01)) / 0.02,
                    false => 0.0,
                };
                // The losses are of single precision, a millionth, and their difference is divided by a fiftieth.
                assert!((found - slope).abs() < 5e-4, "{found} for {slope} at {row}, {at} of {lengths:?}");
            }
        }
    }
}

#[test]
fn of_an_empty_axis_the_state_is_the_first() {
    bind!(batch: Batch = 2, seq: Seq = 0);
    let layer = lstm(FORTH);
    let start = LstmState { hidden: Tensor::ones((batch, Hidden)), cell: Tensor::zeros((batch, Hidden)) };
    let (states, last) = layer.forward(&Tensor::zeros((batch, seq, Embed)), &start);
    assert_eq!(states.sizes(), [2, 0, 3]);
    assert_eq!(last.hidden.to_vec(), [1.0; 6]);
}

// PyTorch 2.15: two directions of one layer, on packed sequences of these lengths. The states stand side by side, padding is
// zero; then the last ones of each direction, and the gradient of the sum of their squares and of all states with respect to
// `weight_hh_l0_reverse`.
#[rustfmt::skip]
const GRU_STATES: [f32; 72] = [
    -0.099086, -0.184861, -0.143366, -0.049737, 0.491798, -0.340592, -0.114689, -0.365721, -0.246123, -0.040305, 0.353034, -0.253134,
    0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
    0.011252, 0.057481, -0.137455, 0.371945, -0.280844, -0.195547, 0.034075, 0.253071, -0.066248, 0.433602, -0.507745, -0.160432,
    0.024610, 0.377402, -0.016655, 0.348963, -0.460413, -0.136437, -0.024231, 0.320970, -0.076680, 0.170401, -0.180411, -0.099597,
    -0.081602, -0.120585, -0.131848, 0.062969, 0.206369, -0.183926, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
    0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
];
#[rustfmt::skip]
const GRU_LAST: [f32; 18] = [
    -0.114689, -0.365721, -0.246123, -0.024231, 0.320970, -0.076680, -0.081602, -0.120585, -0.131848, -0.049737, 0.491798, -0.340592,
    0.371945, -0.280844, -0.195547, 0.062969, 0.206369, -0.183926,
];
#[rustfmt::skip]
const GRU_GRADIENT: [f32; 27] = [
    -0.019145, 0.018639, 0.011798, -0.011431, 0.011193, 0.007379, 0.025494, -0.026478, -0.014994, -0.024574, 0.031236, 0.013330,
    0.006834, -0.044520, 0.027026, 0.019747, -0.019653, -0.012389, 0.369068, -0.377863, -0.207097, 0.099990, -0.063589, -0.094450,
    0.293287, -0.335099, -0.145997,
];
#[rustfmt::skip]
const LSTM_STATES: [f32; 72] = [
    -0.092479, -0.170880, -0.035783, -0.042444, 0.163042, -0.026782, -0.138248, -0.421920, -0.057657, -0.035636, 0.150962, -0.013565,
    0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
    -0.019195, 0.094000, -0.033914, 0.166163, -0.081852, -0.030068, -0.023259, 0.168276, 0.002200, 0.234411, -0.116942, -0.027234,
    -0.038378, 0.200382, 0.026157, 0.217031, -0.112262, -0.021558, -0.077624, 0.228734, -0.000598, 0.116829, -0.068218, -0.014568,
    -0.076787, -0.056014, -0.028960, 0.040778, 0.039421, -0.022844, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
    0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000, 0.000000,
];
#[rustfmt::skip]
const LSTM_CELLS: [f32; 18] = [
    -0.226610, -0.658860, -0.123547, -0.222647, 0.493919, -0.000834, -0.161876, -0.091010, -0.048621, -0.138277, 0.236263, -0.049021,
    0.333500, -0.149992, -0.065897, 0.107736, 0.059529, -0.045181,
];
#[rustfmt::skip]
const LSTM_LAST: [f32; 18] = [
    -0.138248, -0.421920, -0.057657, -0.077624, 0.228734, -0.000598, -0.076787, -0.056014, -0.028960, -0.042444, 0.163042, -0.026782,
    0.166163, -0.081852, -0.030068, 0.040778, 0.039421, -0.022844,
];
#[rustfmt::skip]
const LSTM_GRADIENT: [f32; 36] = [
    0.034061, -0.018517, -0.003743, -0.032551, 0.029104, 0.002032, -0.002803, -0.000173, 0.000536, 0.035514, -0.019621, -0.003759,
    -0.014164, 0.013444, 0.000750, -0.004452, 0.001967, 0.000538, 0.203055, -0.076937, -0.026495, 0.058676, -0.004455, -0.010009,
    0.215257, -0.088159, -0.027479, 0.049462, -0.029172, -0.005063, -0.025776, 0.022078, 0.001722, -0.008985, 0.003182, 0.001197,
];
