use gallery_ndarray::*;
use ndarray::{Axis, array, s, stack};

fn main() {
    let x = array![1.0, 2.0, 3.0];
    // A recurrent layer that adds up its inputs: (sequence, both directions).
    let (mut forward, mut reverse) = (x.clone(), x);
    forward.accumulate_axis_inplace(Axis(0), |before, state| *state += before);
    reverse.slice_mut(s![..;-1]).accumulate_axis_inplace(Axis(0), |before, state| *state += before);
    let states = stack![Axis(1), forward, reverse];
    report(&states.row(2), &array![states[[2, 0]], states[[0, 1]]].view());
}
