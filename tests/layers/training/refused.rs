//! What an optimizer refuses, and what it leaves as it is.

use super::*;
use congruent::optim::Muon;

#[test]
fn training_that_would_change_nothing_says_so() {
    let rule = Sgd::default();
    // Never tracked, frozen again, or not recorded.
    let (mut model, x) = small();
    let constant = "the loss depends on nothing that is tracked: call `track` on the model before";
    assert!(message(|| drop(loss_of(&model, &x).backward())).starts_with(constant));
    model.track();
    model.freeze();
    assert!(message(|| drop(loss_of(&model, &x).backward())).starts_with(constant));
    model.track();
    assert!(message(|| drop(congruent::no_grad(|| loss_of(&model, &x)).backward())).starts_with(constant));
    assert!(message(|| drop(loss_of(&model, &x).detach().backward())).starts_with(constant));

    // Something is tracked, and nothing of the model.
    let (mut model, x) = small();
    let gradients = loss_of(&model, &x.clone().tracked()).backward();
    let said = message(|| Optimizer::new(rule).step(&mut model, &gradients, 1.0));
    let expected = "the step changes nothing: no parameter of `Linear<Embed, Vocab>` (`weight`, `bias`) is tracked";
    assert!(said.starts_with(expected), "{said}");

    // Tracked after the loss.
    let (mut model, x) = small();
    model.track();
    let loss = loss_of(&model, &x);
    model.track();
    let gradients = loss.backward();
    let said = message(|| Optimizer::new(rule).step(&mut model, &gradients, 1.0));
    let expected = "none of the 2 tracked parameters of `Linear<Embed, Vocab>` (`weight`, `bias`) has a gradient";
    assert!(said.contains(expected), "{said}");

    // Another model.
    let mut other = model.clone();
    other.track();
    let gradients = loss_of(&model, &x).backward();
    assert!(message(|| Optimizer::new(rule).step(&mut other, &gradients, 1.0)).contains(expected));

    // A second step of one state; a loss that is calculated once, before the loop.
    let mut optimizer = Optimizer::new(rule);
    let loss = loss_of(&model, &x);
    let gradients = loss.clone().backward();
    optimizer.step(&mut model, &gradients, 1.0);
    assert!(message(|| optimizer.step(&mut model, &gradients, 1.0)).contains(expected));
    let gradients = loss.backward();
    assert!(message(|| optimizer.step(&mut model, &gradients, 1.0)).contains(expected));
    let mut anew = loss_of(&model, &x).backward();
    let said = message(|| anew.accumulate(&model, &gradients));
    assert!(said.starts_with("nothing is accumulated: none of the 2 tracked"), "{said}");
    optimizer.step(&mut model, &anew, 1.0);

    // Without parameters.
    let said = message(|| Optimizer::<Cpu<f32>>::new(rule).step(&mut Dropout { rate: 0.1 }, &anew, 1.0));
    assert_eq!(said, "the step changes nothing: `Dropout` has no parameters");
    // A model of many shows the first.
    let said = message(|| Optimizer::new(rule).step(&mut Model::new(1), &anew, 1.0));
    let list = "(`embedding.weight`, `encoder.layers.0.attention.query.weight`, \
                `encoder.layers.0.attention.query.bias`, …)";
    assert!(said.contains(list), "{said}");
}

/// A part of the parameters may have no gradient.
#[test]
fn a_part_without_gradient_stays_as_it_is() {
    let (first, x) = small();
    let mut model = (first.clone(), first);
    model.track();
    let before = model.clone();
    let gradients = loss_of(&model.0, &x).backward();
    Optimizer::new(Sgd::default()).step(&mut model, &gradients, 1.0);
    assert_ne!(model.0.weight.to_vec(), before.0.weight.to_vec());
    assert_eq!(model.1.weight.to_vec(), before.1.weight.to_vec());
}

#[test]
fn a_gradient_of_a_constant_says_so() {
    let (mut model, x) = small();
    model.track();
    let gradients = loss_of(&model, &x).backward();
    let said = message(|| drop(gradients.of(&x)));
    assert_eq!(
        said,
        "no gradient with respect to a constant of shape (Batch = 3, Embed = 8): track it before the loss is calculated"
    );
    assert!(gradients.get(&x).is_none());
}

#[test]
#[should_panic(expected = "`rate` is 2, expected a number from 0 to 1")]
fn a_rate_that_is_no_share_is_refused() {
    Dropout { rate: 2.0 }.forward_training(&Tensor::ones((N::<3>,)), &mut Training::new(&mut Rng::with_seed(1)));
}

#[test]
fn an_optimizer_takes_no_rule_with_a_setting_out_of_its_range() {
    fn refused(rule: impl Rule + 'static) -> String {
        message(|| drop(Optimizer::<Cpu<f32>>::new(rule)))
    }
    let (adam, sgd) = (AdamW::default(), Sgd::default());
    assert_eq!(refused(AdamW { betas: [0.9, 1.0], ..adam }), "`betas[1]` is 1, expected a number from 0 to below 1");
    assert_eq!(refused(AdamW { epsilon: -1.0, ..adam }), "`epsilon` is -1, expected a number from 0 on");
    assert!(refused(Sgd { learning_rate: f64::NAN, ..sgd }).starts_with("`learning_rate` is NaN"));
    let of_group = AdamW { learning_rate: -0.1, ..adam };
    let of_group = message(|| drop(Optimizer::<Cpu<f32>>::new(adam).group(of_group, |_| true)));
    assert_eq!(of_group, "`learning_rate` is -0.1, expected a number from 0 on");
    // What has a rule in it, asks that too.
    assert!(
        refused(Muon { others: AdamW { weight_decay: -1.0, ..adam }, ..Muon::default() }).starts_with("`weight_decay`")
    );
}
