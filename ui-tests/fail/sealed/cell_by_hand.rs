use congruent::dim::SetOnce;
use congruent::prelude::*;

dims! { once Width; }

static MINE: SetOnce<Width> = SetOnce::new("mine");

fn main() {
    let width = Width { token: MINE.set(3).unwrap() };
}
