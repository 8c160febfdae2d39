use gallery_incin::*;

/// The mean loss of the tokens from the second on.
macro_rules! next_token_loss {
    ($logits:expr, $tokens:expr, $next:ty, $rows:ty) => {{
        let predictions = $logits.get(i![0..-1, ..])?.into_shape::<$rows>()?;
        CrossEntropyLoss::new().forward(&predictions, &ids::<$next>(&$tokens[1..])?)?
    }};
}

fn main() -> Result<()> {
    let tokens = [0, 1, 2, 3];
    // Of a model that is all but certain of what follows.
    let next = |i: f32| if matches!(i as usize, 1 | 6 | 11 | 12) { 9.0 } else { 0.0 };
    let logits = from_fn::<s![Seq = 4, Vocab = 4]>(next)?;
    let cut = logits.get(i![0..-1, ..])?.into_shape::<s![Seq = 3, Vocab = 4]>()?;
    let got = next_token_loss!(cut, tokens[1..], s![Seq = 2], s![Seq = 2, Vocab = 4]);
    report(&got, &next_token_loss!(logits, tokens, s![Seq = 3], s![Seq = 3, Vocab = 4]))
}
