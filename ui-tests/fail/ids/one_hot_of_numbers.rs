use congruent::prelude::*;

dims! { Batch = 2; Class = 3; }

fn main() {
    let classes = Cpu::<u32>::full((Batch,), 2);
    let targets: Tensor<(Batch, Class)> = classes.one_hot(Class);
}
