use congruent::cpu::Processor;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 8; }

fn print(_: &Tensor<(Batch, Embed), Processor>) {}

fn main() {}
