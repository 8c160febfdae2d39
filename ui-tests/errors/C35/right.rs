use congruent::{Tensor, bind, dims};

dims! { Tokens; Embed = 8; }

fn main() {
    let mut last: Option<Tensor<(Embed,)>> = None;
    for length in [3, 9] {
        bind!(tokens: Tokens = length);
        let mean = Tensor::ones((tokens, Embed)).mean(tokens);
        if let Some(last) = &last {
            let change = &mean - last;
            assert_eq!(change.to_vec(), [0.0; 8]);
        }
        last = Some(mean);
    }
}
