use congruent::IdOf;
use congruent::prelude::*;

dims! { Room = 9; }

impl IdOf<Room> for u32 {}

fn main() {}
