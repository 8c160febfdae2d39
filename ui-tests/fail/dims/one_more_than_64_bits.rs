use congruent::prelude::*;

dims! {
    Max = 18446744073709551615;
    OneMore = Max + 1;
}

fn main() {
    println!("{}", OneMore.size());
}
