use congruent::prelude::*;

dims! { once Part = 3; }

fn main() {

}
