//! What typed tensors add to the same calls of burn: a table for each device, or of those that the variable `DEVICES` names.
//!
//! Without the argument `--bench`, as `cargo test` calls it, it compares the numbers alone.

use congruent::prelude::*;
use congruent_burn::{Burn, Device};
use congruent_burn_benches::burn;
use congruent_burn_benches::cases::{Systems, operations};
use congruent_burn_benches::clock::{Case, Time, is_bench, milliseconds};
use congruent_burn_benches::steps::{decode_by, decode_on, embed_by, embed_on, train_by, train_on};
use congruent_burn_benches::typed::{Layers, characters, minilm, smollm};
use std::time::Duration;

const NAMES: [&str; 2] = ["burn", "typed"];

fn main() {
    let asked = std::env::var("DEVICES").ok();
    let named = |name: &str| name.parse().unwrap_or_else(|error| panic!("{error}"));
    let devices: Vec<Device> =
        asked.map_or_else(|| Device::available().to_vec(), |names| names.split(',').map(named).collect());
    for device in devices {
        let is_flex = device.to_string() == "flex";
        println!("\n| {device} | burn, ms | typed, ms | ratio | added, µs |\n|---|--:|--:|--:|--:|");
        let library = burn::Burn { device: device.burn().clone(), own_order: false, shared: Vec::new() };
        let layers = if is_bench() && is_flex { Layers::ALL } else { Layers::FEW };
        let systems = Systems::<Burn<f32>, _> { names: NAMES, device: &device, library: library.clone() };
        let run = |case| measured(case, !is_flex);
        operations(&systems).into_iter().for_each(run);

        let model = minilm::model(layers.minilm);
        let typed = model.to_engine::<Burn<f32>>(&device);
        let sharing = library.sharing(&typed);
        let mixed: Vec<usize> = (0..32).map(|i| 20 - i * 7 % 13).collect();
        for (what, lengths) in [("1×16", &[16][..]), ("32×20", &[20; 32]), ("32×20 with padding", &mixed)] {
            let case = Case::new(format!("MiniLM of {} layers, {what}", layers.minilm));
            let case = case.by(NAMES[0], embed_by(sharing.clone(), &model, lengths));
            run(case.by(NAMES[1], embed_on(typed.clone(), lengths, &device)));
        }
        let model = characters::model(layers.characters);
        let case = Case::new(format!("training of characters, {} layers", layers.characters));
        let case = case.by(NAMES[0], train_by(library.clone(), &model));
        run(case.by(NAMES[1], train_on(model.to_engine::<Burn<f32>>(&device), &device)));
        let model = smollm::model(layers.smollm);
        let typed = model.to_engine::<Burn<f32>>(&device);
        let case = Case::new(format!("a token of SmolLM2, {} layers", layers.smollm));
        let case = case.by(NAMES[0], decode_by(library.sharing(&typed), &model));
        run(case.by(NAMES[1], decode_on(typed, &device)));
    }
}

fn measured(mut case: Case<'_>, waits: bool) {
    let Some(times) = case.run(Duration::from_secs(4), waits) else { return };
    let [plain, typed] = &times[..] else { panic!("two systems") };
    let Time { nanoseconds, ratio, .. } = typed;
    let added = (ratio - 1.0) * plain.nanoseconds / 1e3;
    let [plain, typed] = [plain.nanoseconds, *nanoseconds].map(milliseconds);
    println!("| {} | {plain} | {typed} | {ratio:.3} | {added:+.2} |", case.name);
}
