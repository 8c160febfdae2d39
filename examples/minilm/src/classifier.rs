//! A classifier of texts: an encoder, and a linear layer on the mean of its hidden states.

use crate::{Batch, Bert, Dims, Seq, TOKENS_AT_ONCE};
use congruent::backend::Backend;
use congruent::mask::by_length;
use congruent::nn::{Dropout, Linear, Training, cross_entropy};
use congruent::no_grad;
use congruent::optim::{Adam, Optimizer, Schedule};
use congruent::prelude::*;

/// A text, as the ids of its tokens, and the class that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Example {
    pub ids: Vec<u32>,
    pub class: u32,
}

impl AsRef<[u32]> for Example {
    fn as_ref(&self) -> &[u32] {
        &self.ids
    }
}

/// Padding is not attended to: any token will do.
const PADDING: u32 = 0;

/// An encoder, and a linear layer from the mean of its hidden states to the classes `C`.
#[derive(Clone, Module)]
#[allow(missing_docs)]
pub struct Classifier<D: Dims, C, B: Backend = Cpu<f32>> {
    pub encoder: Bert<D, B>,
    pub head: Linear<D::Embed, C, B>,
}

impl<D: Dims, C: Dense, B: Backend<Elem = f32>> Classifier<D, C, B> {
    /// The mean loss of examples that go through the model together, with dropout.
    ///
    /// # Errors
    /// A token or a class is past its table; a text is longer than the model has positions.
    pub fn loss(
        &self,
        examples: &[&Example],
        dropout: Dropout,
        training: &mut Training<'_>,
    ) -> Result<Tensor<(), B>, Error> {
        let device = self.encoder.device();
        Index::pad::<Batch, Seq, _>(self.encoder.vocab(), examples, PADDING, |texts| {
            let texts = texts.to_engine::<B>(&device);
            let state = self.encoder.last_hidden_state_training(&texts.values, &texts.lengths, dropout, training)?;
            let logits = self.head.forward(&state.masked_mean(&texts.lengths));
            let classes: Vec<u32> = examples.iter().map(|example| example.class).collect();
            let classes = Ids::new((texts.lengths.batch(),), self.head.output(), &classes)?.to_engine::<B>(&device);
            Ok(cross_entropy(&logits, &classes).mean(At::<0>))
        })?
    }

    /// The class of each example, as the model has it.
    ///
    /// # Errors
    /// As of [`loss`](Self::loss).
    pub fn predictions(&self, examples: &[Example]) -> Result<Vec<u32>, Error> {
        predictions(&self.head, &features(&self.encoder, examples)?)
    }
}

/// The mean of the hidden states of each text, row by row. Texts of nearly one length go through the model together.
///
/// # Errors
/// A token is past its table; a text is longer than the model has positions.
pub fn features<D: Dims, B: Backend<Elem = f32>>(
    encoder: &Bert<D, B>,
    examples: &[Example],
) -> Result<Vec<f32>, Error> {
    let width = encoder.embed().size();
    let mut features = vec![0.0; examples.len() * width];
    for group in by_length(examples, TOKENS_AT_ONCE) {
        let texts: Vec<&Example> = group.iter().map(|text| &examples[*text]).collect();
        let means = Index::pad::<Batch, Seq, _>(encoder.vocab(), &texts, PADDING, |texts| {
            let texts = texts.to_engine::<B>(&encoder.device());
            let state = no_grad(|| encoder.last_hidden_state(&texts.values, &texts.lengths))?;
            Ok::<_, Error>(no_grad(|| state.masked_mean(&texts.lengths)).to_vec())
        })??;
        for (text, mean) in group.iter().zip(means.chunks(width)) {
            features[text * width..][..width].copy_from_slice(mean);
        }
    }
    Ok(features)
}

/// The class of each row of `features`, as a linear layer has it.
///
/// # Errors
/// The features are not as many as their rows would need.
pub fn predictions<E: Dense, C: Dense, B: Backend<Elem = f32>>(
    head: &Linear<E, C, B>,
    features: &[f32],
) -> Result<Vec<u32>, Error> {
    bind!(batch: Batch = features.len() / head.input().size().max(1));
    let features = Tensor::from_slice((batch, head.input()), features)?;
    let features = features.to_engine::<B>(&head.weight.device());
    let classes = no_grad(|| head.forward(&features)).argmax(At::<1>);
    Ok(classes.to_vec().into_iter().map(Index::get).collect())
}

/// The linear layer that predicts the classes of `features` best, when `decay / 2 · weight²` is added to the mean loss:
/// logistic regression, by Adam on all examples at once, on the processor.
///
/// # Errors
/// There is not a row of features for each example; a class is past its table.
pub fn fit_head<E: Dense, C: Dense>(
    (embed, classes): (E, C),
    features: &[f32],
    examples: &[Example],
    decay: f64,
) -> Result<Linear<E, C>, Error> {
    const STEPS: u64 = 2000;
    bind!(batch: Batch = examples.len());
    let features = Tensor::from_slice((batch, embed), features)?;
    let targets: Vec<u32> = examples.iter().map(|example| example.class).collect();
    let targets = Ids::new((batch,), classes, &targets)?;
    let mut head = Linear { weight: Tensor::zeros((classes, embed)), bias: Some(Tensor::zeros((classes,))) };
    head.track();
    let rule = Adam { learning_rate: 0.02, weight_decay: decay, ..Adam::default() };
    let mut optimizer = Optimizer::new(rule).group(Adam { weight_decay: 0.0, ..rule }, |x| x.sizes().len() < 2);
    let schedule = Schedule::linear(0, STEPS);
    for step in 0..STEPS {
        let gradients = cross_entropy(&head.forward(&features), &targets).mean(batch).backward();
        optimizer.step(&mut head, &gradients, schedule.at(step));
    }
    Ok(head)
}
