use congruent::prelude::*;

dims! { Embed = 12; }

dims! { Part = Embed - 3; }

fn main() {

}
