use congruent::prelude::*;

dims! { Embed = 12; }

fn main() {
    bind!(embed: Embed = 5);
}
