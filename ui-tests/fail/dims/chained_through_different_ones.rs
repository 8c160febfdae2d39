use congruent::prelude::*;

dims! { Embed = 12; Hidden = 16; }

fn main() {
    let (first, second) = (Equal::same(Embed), Equal::same(Hidden));
    let both = first.then(second);
}
