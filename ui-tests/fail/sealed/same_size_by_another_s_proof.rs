use congruent::prelude::*;

dims! { Narrow = 3; Wide = 4; once Width; once Height; }

impl SameSize<Height> for Width {
    fn sealed(_: congruent::sealed::Sealed) {}
}

fn main() {}
