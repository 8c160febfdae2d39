//! How fast models are on the processor: on congruent's own engine, on that of burn, by burn itself, and by candle.
//!
//! Without the argument `--bench`, as `cargo test` calls it, it compares the numbers alone.

use congruent::prelude::*;
use congruent_burn::{Burn, Device};
use congruent_burn_benches::burn;
#[cfg(feature = "candle")]
use congruent_burn_benches::candle::Candle;
use congruent_burn_benches::clock::{Case, is_bench, milliseconds};
use congruent_burn_benches::steps::{decode_by, decode_on, embed_by, embed_on, train_by, train_on};
use congruent_burn_benches::typed::{Layers, characters, minilm, smollm};
use std::process::Command;
use std::time::Duration;

/// So many threads may calculate: what a process of the bench is told.
const THREADS: &str = "BENCH_THREADS";

fn main() {
    if !is_bench() || std::env::var(THREADS).is_ok() {
        return measure();
    }
    for threads in ["1", "2"] {
        // The libraries ask for these when they begin.
        let mut child = Command::new(std::env::current_exe().expect("this program is a file"));
        child.args(std::env::args().skip(1)).env(THREADS, threads);
        child.env("RAYON_NUM_THREADS", threads).env("CONGRUENT_NUM_THREADS", threads);
        assert!(child.status().expect("this program runs").success(), "with {threads} threads");
    }
}

fn measure() {
    let Ok(flex) = "flex".parse::<Device>() else { return println!("built without flex") };
    let burn = burn::Burn { device: flex.burn().clone(), own_order: true, shared: Vec::new() };
    let cpu = Default::default();
    let layers = if is_bench() { Layers::ALL } else { Layers::FEW };
    let threads = std::env::var(THREADS).unwrap_or_else(|_| "all".to_string());
    println!("\n| threads: {threads} | congruent, ms | congruent on burn | burn | candle |\n|---|--:|--:|--:|--:|");

    let model = minilm::model(layers.minilm);
    for (what, lengths) in [("1×16", &[16][..]), ("32×20", &[20; 32])] {
        let case = Case::new(format!("MiniLM, {what}"));
        let case = case.by("congruent", embed_on(model.clone(), lengths, &cpu));
        let case = case.by("congruent on burn", embed_on(model.to_engine::<Burn<f32>>(&flex), lengths, &flex));
        let case = case.by("burn", embed_by(burn.clone(), &model, lengths));
        #[cfg(feature = "candle")]
        let case = case.by("candle", embed_by(Candle { trains: false }, &model, lengths));
        run(case);
    }
    let model = characters::model(layers.characters);
    let case = Case::new("a step of training characters");
    let case = case.by("congruent", train_on(model.clone(), &cpu));
    let case = case.by("congruent on burn", train_on(model.to_engine::<Burn<f32>>(&flex), &flex));
    let case = case.by("burn", train_by(burn.clone(), &model));
    #[cfg(feature = "candle")]
    let case = case.by("candle", train_by(Candle { trains: true }, &model));
    run(case);
    let model = smollm::model(layers.smollm);
    let case = Case::new("a token of SmolLM2");
    let case = case.by("congruent", decode_on(model.clone(), &cpu));
    let case = case.by("congruent on burn", decode_on(model.to_engine::<Burn<f32>>(&flex), &flex));
    let case = case.by("burn", decode_by(burn.clone(), &model));
    #[cfg(feature = "candle")]
    let case = case.by("candle", decode_by(Candle { trains: false }, &model));
    run(case);
}

fn run(mut case: Case<'_>) {
    let Some(times) = case.run(Duration::from_secs(8), false) else { return };
    let mut row: Vec<String> = times.iter().map(|time| milliseconds(time.nanoseconds)).collect();
    row.resize(4, "not built".to_string());
    println!("| {} | {} |", case.name, row.join(" | "));
}
