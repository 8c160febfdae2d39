use congruent::prelude::*;

dims! { Embed = 12; Tokens; }

fn add<S: Dim>(_: &Tensor<(S, Embed)>, _: &Tensor<(S, Embed)>) {}

fn main() {
    let mut last = None;
    for size in [3, 9] {
        bind!(tokens: Tokens = size);
        let x = Tensor::ones((tokens, Embed));
        if let Some(last) = &last {
            add(&x, last);
        }
        last = Some(x);
    }
}
