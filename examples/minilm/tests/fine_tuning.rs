//! The published model, trained further: its file, its gradients, and that it learns.

use congruent::io::{SafeTensors, Source, Writer};
use congruent::nn::{Dropout, Linear, Training, cross_entropy};
use congruent::prelude::*;
use minilm::passages::Forms;
use minilm::{
    Bert, Classifier, Example, MiniLm, PUBLISHED, Published, Settings, config, find_or_fetch, fit_head, predictions,
};
use std::path::PathBuf;

type Model = Classifier<Published, Forms>;

const NONE: Dropout = Dropout { rate: 0.0 };

fn folder() -> PathBuf {
    find_or_fetch(None).unwrap()
}

/// The published model with a head, and lines of verse and of prose of different lengths.
fn model() -> (Model, Vec<Example>) {
    let model = MiniLm::load(&folder(), PUBLISHED).unwrap();
    let texts = [
        ("The king, sir, hath wagered with him six Barbary horses", 0),
        ("But soft, what light through yonder window breaks?", 1),
        ("Sir, I will walk here in the hall", 0),
        ("There is a willow grows aslant a brook, that shows his hoar leaves in the glassy stream", 1),
    ];
    let ids = model.tokenize(&texts.map(|(text, _)| text)).unwrap().into_iter();
    let examples = ids.zip(texts).map(|(ids, (_, class))| Example { ids, class }).collect();
    let head = Linear::random(model.bert.embed(), Forms, &mut Rng::with_seed(1));
    (Classifier { encoder: model.bert, head }, examples)
}

fn bits(model: &impl Module) -> Vec<u32> {
    let mut bits = Vec::new();
    model.for_each(|parameter| bits.extend(parameter.array().elements().iter().map(|x| x.to_bits())));
    bits
}

#[test]
fn what_is_saved_is_the_published_file() {
    let path = folder().join("model.safetensors");
    let published = SafeTensors::open(&path).unwrap();
    let (model, examples) = model();
    // The file counts its positions as well, 0 to 511.
    let count = |name: &String| published.get(name).unwrap().sizes.iter().product::<usize>();
    assert_eq!(model.encoder.parameter_count() + 512, published.names().iter().map(count).sum::<usize>());

    let mut writer = Writer::default();
    writer.module("", &model.encoder);
    let saved = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let mut expected = published.names();
    expected.retain(|name| name != "embeddings.position_ids");
    expected.sort();
    let mut names = saved.names();
    names.sort();
    assert_eq!(names, expected);
    for name in names {
        let (saved, published) = (saved.get(&name).unwrap(), published.get(&name).unwrap());
        assert_eq!((saved.dtype, saved.sizes), (published.dtype, published.sizes), "{name}");
        assert!(saved.bytes.as_slice() == published.bytes.as_slice(), "{name}");
    }

    // With a classifier it is a model still.
    writer.module("classifier", &model.head);
    let path = std::env::temp_dir().join(format!("minilm-{}.safetensors", std::process::id()));
    writer.write(&path).unwrap();
    let settings = config(&folder()).unwrap().settings().unwrap();
    let loaded = Bert::load(&SafeTensors::open(&path).unwrap(), PUBLISHED, settings).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(bits(&loaded) == bits(&model.encoder));
    let loaded = Classifier { encoder: loaded, head: model.head.clone() };
    assert_eq!(loaded.predictions(&examples).unwrap(), model.predictions(&examples).unwrap());
}

/// Of a mean loss, every gradient is the mean of those that the texts have by themselves, without padding.
#[test]
fn gradients_do_not_depend_on_padding() {
    let ((mut model, examples), mut rng) = (model(), Rng::with_seed(1));
    model.track();
    let together: Vec<&Example> = examples.iter().collect();
    let lengths: Vec<usize> = examples.iter().map(|example| example.ids.len()).collect();
    assert!(lengths.iter().min() < lengths.iter().max());
    let mut difference = model.loss(&together, NONE, &mut Training::new(&mut rng)).unwrap().backward();
    let norm = difference.norm(&model);
    for example in together {
        let loss = model.loss(&[example], NONE, &mut Training::new(&mut rng)).unwrap() * (-1.0 / examples.len() as f32);
        difference.accumulate(&model, &loss.backward());
    }
    let difference = difference.norm(&model);
    assert!(norm > 0.1 && difference < 1e-5 * norm, "{difference} of {norm}");
}

#[test]
fn a_model_learns_as_its_seed_says() {
    let (published, examples) = model();
    let loss = |model: &Model| {
        let examples: Vec<&Example> = examples.iter().collect();
        model.loss(&examples, NONE, &mut Training::new(&mut Rng::with_seed(1))).unwrap().scalar()
    };
    let settings = Settings { epochs: 6, batch: 2, learning_rate: 1e-4, weight_decay: 0.01, clip: 1.0, dropout: 0.1 };
    let tuned = |seed, epochs| {
        let mut model = published.clone();
        model.encoder.track_layers();
        model.head.track();
        let mut losses = Vec::new();
        let settings = Settings { epochs, ..settings.clone() };
        settings.tune(&mut model, &examples, seed, |loss| losses.push(loss)).unwrap();
        assert_eq!(losses.len() as u64, settings.steps(4));
        model
    };
    let before = loss(&published);
    let after = loss(&tuned(1, 6));
    assert!(before > 0.4 && after < before / 3.0, "{before} {after}");

    let [one, same, other] = [1, 1, 2].map(|seed| tuned(seed, 1));
    assert!(bits(&one) == bits(&same) && bits(&one) != bits(&other));
    // Nothing is left where it was but the tables, the norm after them, and the pooler.
    let mut unchanged = Vec::new();
    let (mut at, before, after) = (0, bits(&published.encoder), bits(&one.encoder));
    one.encoder.for_each(|parameter| {
        let end = at + parameter.sizes().iter().product::<usize>();
        if before[at..end] == after[at..end] {
            unchanged.push(parameter.path().to_string());
        }
        at = end;
    });
    let tables = ["word_embeddings.weight", "position_embeddings.weight", "token_type_embeddings.weight"];
    let first =
        tables.into_iter().chain(["LayerNorm.weight", "LayerNorm.bias"]).map(|name| format!("embeddings.{name}"));
    let last = ["weight", "bias"].map(|name| format!("pooler.dense.{name}"));
    assert_eq!(unchanged, first.chain(last).collect::<Vec<_>>());
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let (mut model, examples) = model();
    let settings = Settings { epochs: 1, batch: 2, learning_rate: 1e-4, weight_decay: 0.01, clip: 1.0, dropout: 0.1 };
    let mut message = |settings: Settings| settings.tune(&mut model, &examples, 1, |_| ()).unwrap_err().to_string();
    assert_eq!(message(Settings { batch: 0, ..settings.clone() }), "--batch is 0, and must be at least 1");
    let expected = "--dropout is 1, and must be from 0 up to, not including, 1";
    assert_eq!(message(Settings { dropout: 1.0, ..settings }), expected);
}

congruent::dims! { Rows = 40; Width = 3; }

/// Where the loss and the decay are least, their gradients are each other's opposite.
#[test]
fn a_head_is_fitted_to_the_end() {
    let mut rng = Rng::with_seed(1);
    let features = Tensor::uniform((Rows, Width), -1.0..1.0, &mut rng);
    let row =
        |row: &[f32]| Example { ids: Vec::new(), class: u32::from(row[0] + 0.3 * row[1] > rng.f64() as f32 - 0.5) };
    let examples: Vec<Example> = features.to_vec().chunks(3).map(row).collect();
    let decay = 0.01;
    let mut head = fit_head((Width, Forms), &features.to_vec(), &examples, decay).unwrap();
    head.track();
    let classes: Vec<u32> = examples.iter().map(|example| example.class).collect();
    let classes = Ids::new((Rows,), Forms, &classes).unwrap();
    let gradients = cross_entropy(&head.forward(&features), &classes).mean(Rows).backward();
    let rest = gradients.of(&head.weight) + &head.weight * decay as f32;
    assert!(rest.abs().to_vec().iter().all(|x| *x < 1e-4), "{rest}");
    assert!(head.weight.abs().to_vec()[0] > 0.5, "{}", head.weight);
    let found = predictions(&head, &features.to_vec()).unwrap();
    assert!(found.iter().zip(&examples).filter(|(found, example)| **found == example.class).count() >= 28);
}
