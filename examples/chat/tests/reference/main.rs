//! SmolLM2-135M-Instruct on the processor.

mod command;
mod conversation;
mod hugging_face;
mod logits;
mod ranks;
mod tokens;

#[path = "../agreement/smollm2.rs"]
mod agreement;

use agreement::{Id, file, furthest, ids, indices, path, reference};
use chat::Pretrained;
use chat::configured::Model;
use std::sync::OnceLock;

fn model() -> Option<&'static (Pretrained, Model)> {
    static MODEL: OnceLock<(Pretrained, Model)> = OnceLock::new();
    let path = path()?;
    let load = || {
        let pretrained = Pretrained::open(path).unwrap();
        let model = pretrained.load(pretrained.config.dims().unwrap(), &Default::default(), || ()).unwrap();
        (pretrained, model)
    };
    Some(MODEL.get_or_init(load))
}
