use congruent::prelude::*;

dims! { Embed = 12; Hidden = 16; }

fn main() {
    let equal = Equal::known(Embed, Hidden);
}
