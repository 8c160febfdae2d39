//! A training: what it does in a step, and how it goes on later.

use crate::{Curve, Point, Settings, Text, mean_loss};
use anyhow::{Context, ensure};
use common::about;
use congruent::Gradients;
use congruent::backend::{Autodiff, DeviceOf};
use congruent::io::{SafeTensors, Weights, Writer, load_on};
use congruent::nn::{Dropout, Training, cross_entropy};
use congruent::optim::Optimizer;
use congruent::prelude::*;
use serde::{Deserialize, Serialize};
use speak::{Alphabet, Model, Speaker};
use std::ops::ControlFlow;
use std::path::Path;

dims! {
    /// The sequences of a step.
    Batch;
    /// The characters of a sequence.
    Seq;
}

/// The name of the file that a training goes on from.
pub const CHECKPOINT: &str = "checkpoint.safetensors";

/// A training.
pub struct Run<V, B: Autodiff = Cpu<f32>> {
    /// What is trained.
    pub speaker: Speaker<V, B>,
    optimizer: Optimizer<B>,
    state: State,
}

/// What a training is beside its parameters and those of its optimizer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    settings: Settings,
    /// How long the text is.
    characters: usize,
    step: u64,
    /// The seed that the random numbers go on from.
    seed: u64,
    /// The sum of the losses since the last point of the curve.
    loss: f64,
    curve: Curve,
}

impl<V: Dense> Run<V> {
    /// A training that begins.
    ///
    /// # Errors
    /// A setting is out of its range; the text is too short.
    pub fn new(settings: Settings, alphabet: Alphabet<V>, text: &Text<V>) -> anyhow::Result<Self> {
        Run::new_on(settings, alphabet, text, &Default::default())
    }

    /// The training whose checkpoint is in the folder: it goes on as if it had not been stopped, bit for bit.
    ///
    /// # Errors
    /// There is none, or it is of another text.
    pub fn resume(folder: &Path, alphabet: Alphabet<V>, text: &Text<V>) -> anyhow::Result<Self> {
        Run::resume_on(folder, alphabet, text, &Default::default())
    }
}

impl<V: Dense, B: Autodiff<Elem = f32>> Run<V, B> {
    /// As [`new`](Run::new), on a device of any engine.
    ///
    /// # Errors
    /// As of `new`.
    pub fn new_on(
        settings: Settings,
        alphabet: Alphabet<V>,
        text: &Text<V>,
        device: &DeviceOf<B>,
    ) -> anyhow::Result<Self> {
        settings.check()?;
        text.check(settings.context)?;
        let mut rng = Rng::with_seed(settings.seed);
        let mut model = Model::random(alphabet.vocab(), settings.layers, &mut rng).to_engine::<B>(device);
        model.track();
        let characters = text.ids().len();
        let optimizer = settings.optimizer();
        let state = State { settings, characters, step: 0, seed: rng.seed(), loss: 0.0, curve: Curve::default() };
        Ok(Run { speaker: Speaker { alphabet, model }, optimizer, state })
    }

    /// As [`resume`](Run::resume), on a device of any engine, which need not be the one that wrote the checkpoint.
    ///
    /// # Errors
    /// As of `resume`.
    pub fn resume_on(
        folder: &Path,
        alphabet: Alphabet<V>,
        text: &Text<V>,
        device: &DeviceOf<B>,
    ) -> anyhow::Result<Self> {
        let path = folder.join(CHECKPOINT);
        let file = SafeTensors::open(&path).context("there is nothing to go on from")?;
        let state: State = serde_json::from_str(&file.metadata::<String>("run")?)
            .with_context(|| format!("{}: not the checkpoint of a training", path.display()))?;
        let is_same = file.metadata::<String>("alphabet")? == alphabet.to_string();
        ensure!(is_same && state.characters == text.ids().len(), "{}: it is of another text", path.display());
        let new = Run::<V, B>::new_on(state.settings.clone(), alphabet, text, device)?;
        let (model, optimizer) = load_on(&file, device, |weights: Weights<'_, f32, B>| {
            let model = weights.at("model").module(&new.speaker.model);
            let optimizer = new.optimizer.load(&weights.at("optimizer"), &model);
            (model, optimizer)
        })?;
        Ok(Run { speaker: Speaker { model, ..new.speaker }, optimizer, state })
    }

    /// Writes the checkpoint and the curve.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut writer = Writer::default();
        writer.module("model", &self.speaker.model);
        self.optimizer.save("optimizer", &mut writer);
        writer.metadata("alphabet", self.speaker.alphabet.to_string());
        writer.metadata("run", serde_json::to_string(&self.state)?);
        writer.write(folder.join(CHECKPOINT))?;
        let table = folder.join("curve.csv");
        std::fs::write(&table, self.curve().to_string()).with_context(|| table.display().to_string())?;
        let picture = folder.join("curve.svg");
        self.curve().draw(&picture).map_err(about(&picture))
    }

    /// How it is trained.
    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// How many steps there were.
    pub fn step(&self) -> u64 {
        self.state.step
    }

    /// The losses so far.
    pub fn curve(&self) -> &Curve {
        &self.state.curve
    }

    /// Goes on to the last step, or until `after`, which is told the loss of each step, breaks it. Checkpoints are written into
    /// the folder.
    ///
    /// # Errors
    /// The loss is no number any more; the text is too short; a file cannot be written.
    pub fn go_on(
        &mut self,
        text: &Text<V>,
        folder: &Path,
        mut after: impl FnMut(&Self, f64) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        while self.step() < self.settings().steps {
            let loss = self.take_step(text)?;
            let Settings { every, steps, .. } = *self.settings();
            let is_point = self.step().is_multiple_of(every) || self.step() == steps;
            if is_point {
                self.add_point(text)?;
            }
            let flow = after(self, loss);
            if is_point || flow.is_break() {
                self.save(folder)?;
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Changes the parameters once, and gives the loss before.
    fn take_step(&mut self, text: &Text<V>) -> anyhow::Result<f64> {
        let Settings { batch, context, accumulate, dropout, clip, .. } = self.state.settings;
        let (mut rng, model) = (Rng::with_seed(self.state.seed), &mut self.speaker.model);
        bind!(batch: Batch = batch, seq: Seq = context);
        let (mut sum, mut total) = (None::<Gradients<B>>, 0.0);
        for _ in 0..accumulate {
            let ids = text.sample(batch, seq, &mut rng)?;
            let [read, targets] = ids.map(|ids| ids.to_engine::<B>(&model.device()));
            let logits = model.training_logits(&read, Dropout { rate: dropout }, &mut Training::new(&mut rng))?;
            let loss: Tensor<(), B> = cross_entropy(&logits, &targets).mean(seq).mean(batch) / accumulate as f32;
            total += f64::from(loss.scalar());
            let gradients = loss.backward();
            match &mut sum {
                Some(sum) => sum.accumulate(model, &gradients),
                None => sum = Some(gradients),
            }
        }
        ensure!(
            total.is_finite(),
            "after {} steps the loss is {total}: a lower learning rate may help",
            self.state.step
        );
        if let Some(mut gradients) = sum {
            gradients.clip_norm(model, clip);
            self.optimizer.step(model, &gradients, self.state.settings.schedule().at(self.state.step));
        }
        self.state.step += 1;
        self.state.seed = rng.seed();
        self.state.loss += total;
        Ok(total)
    }

    fn add_point(&mut self, text: &Text<V>) -> anyhow::Result<()> {
        let held_out = mean_loss(&self.speaker.model, text.ids(), text.validation(), self.settings().context)?;
        let state = &mut self.state;
        let since = state.step - state.curve.0.last().map_or(0, |point| point.step);
        state.curve.0.push(Point { step: state.step, training: state.loss / since.max(1) as f64, held_out });
        state.loss = 0.0;
        Ok(())
    }
}
