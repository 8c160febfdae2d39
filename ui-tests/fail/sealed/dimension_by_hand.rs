#![forbid(unsafe_code)]
use congruent::prelude::*;

#[derive(Clone, Copy, Debug)]
struct Liar(usize);

impl Dim for Liar {
    fn size(self) -> usize {
        self.0
    }
    fn write_name(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liar")
    }
}
impl Dense for Liar {}

fn main() {}
