use congruent::{Tensor, bind, dims};

dims! { Tokens; Embed = 8; }

fn main() {
    let mut last = None;
    for length in [3, 9] {
        bind!(tokens: Tokens = length);
        let x = Tensor::ones((tokens, Embed));
        if let Some(last) = &last {
            let _change = &x - last;
        }
        last = Some(x);
    }
}
