use congruent::prelude::*;

dims! { Embed = 12; Tokens; }

fn total(size: usize) -> f32 {
    bind!(tokens: Tokens = size);
    Tensor::ones((tokens, Embed)).sum(tokens).sum(Embed).scalar()
}

fn main() {
    for size in [0, 1, 7] {
        assert_eq!(total(size), 12.0 * size as f32);
        assert_eq!(Tokens::with(size, |tokens| Tensor::ones((tokens,)).sum(tokens).scalar()), size as f32);
    }
    bind!(tokens: Tokens = 3, other: Tokens = 3);
    let x = Tensor::ones((tokens, other));
    let sum = std::thread::scope(|scope| scope.spawn(|| x.sum(tokens).to_vec()).join().unwrap());
    assert_eq!(sum, [3.0; 3]);
    let tokens = tokens;
    bind!(tokens: Tokens = tokens.size() + 1);
    assert_eq!(tokens.size(), 4);
}
