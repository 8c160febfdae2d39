use dfdx::prelude::*;
use gallery_dfdx::*;

fn main() {
    let dev = Cpu::default();
    let heads: [T<(Const<1>, Const<2>, usize)>; 3] = std::array::from_fn(|_| wave::<Rank3<1, 2, 2>>().realize());
    let output = dev.build_module::<Linear<6, 6>, f32>();
    let [a, b, _] = heads;
    output.forward((a, b).concat_along(Axis::<2>).realize::<Rank3<1, 2, 6>>());
}
