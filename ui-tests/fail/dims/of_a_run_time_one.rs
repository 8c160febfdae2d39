use congruent::prelude::*;

dims! { Tokens; }

dims! { Twice = 2 * Tokens; }

fn main() {

}
