use dfdx::prelude::*;

fn main() {
    let dev = Cpu::default();
    let table = dev.build_module::<Embedding<5, 2>, f32>();
    table.forward(dev.tensor([1, 7]));
}
