use congruent::prelude::*;

dims! { Narrow = 3; Wide = 4; }

impl SameSize<Wide> for Narrow {}

fn main() {}
