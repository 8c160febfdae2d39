use congruent::prelude::*;

dims! { Part = 3 Whole = 4; }

fn main() {

}
