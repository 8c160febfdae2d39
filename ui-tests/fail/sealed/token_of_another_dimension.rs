use congruent::prelude::*;

dims! { once Width; once Height; }

fn main() {
    let height = Height::set(5).unwrap();
    let width = Width { token: height.token };
}
