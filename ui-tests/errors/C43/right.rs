use congruent::nn::Linear;
use congruent::prelude::*;
use std::collections::HashMap;

dims! { Embed = 4; Classes = 3; }

#[derive(Module)]
struct Classifier {
    head: Linear<Embed, Classes>,
    #[module(skip)]
    names: HashMap<usize, String>,
}

fn main() {
    let head = Linear::random(Embed, Classes, &mut Rng::with_seed(1));
    let mut classifier = Classifier { head, names: HashMap::from([(0, "comedy".to_owned())]) };
    classifier.track();
    assert_eq!(classifier.names.len(), 1);
}
