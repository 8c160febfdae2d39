// Bindings where control flow is unusual, and beside variables that have the names of the macro's own.
use congruent::prelude::*;

dims! { Seq; Batch; }

fn never_returns(size: usize) -> ! {
    bind!(seq: Seq = size, batch: Batch = size);
    panic!("{:?}", Tensor::ones((batch, seq)).sizes())
}

fn in_a_loop() -> Vec<usize> {
    let mut sizes = Vec::new();
    for size in 0..5 {
        bind!(seq: Seq = size);
        if seq.size() == 1 {
            continue;
        }
        bind!(batch: Batch = seq.size() + 1);
        if batch.size() == 4 {
            break;
        }
        sizes.push(Tensor::ones((batch, seq)).dim(batch).size());
    }
    sizes
}

fn with_a_question_mark(text: &str) -> Result<usize, std::num::ParseIntError> {
    bind!(seq: Seq = text.parse()?);
    Ok(seq.size())
}

async fn suspended() -> usize {
    bind!(seq: Seq = 3);
    std::future::ready(()).await;
    seq.size()
}

fn main() {
    let (size, guard, brand, never) = (2, "guard", "brand", "never");
    bind!(seq: Seq = size, _unused: Batch = size + 1);
    bind!(seq: Seq = seq.size() + 3);
    assert_eq!((seq.size(), size, guard, brand, never), (5, 2, "guard", "brand", "never"));
    assert_eq!(in_a_loop(), [1, 3]);
    assert!(with_a_question_mark("7") == Ok(7) && with_a_question_mark("x").is_err());
    let closure = |size: usize| {
        bind!(seq: Seq = size);
        seq.size()
    };
    assert_eq!(closure(4), 4);
    drop(suspended());
    let panic = std::panic::catch_unwind(|| never_returns(2)).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "[2, 2]");
}
