use congruent::prelude::*;

dims! { Length; Twice = 2 * Length; }

fn main() {

}
