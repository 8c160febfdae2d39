//! The guide of congruent. Its chapters are Markdown, which `mdbook build guide` makes pages of; their code is tested as that of
//! documentation is.

macro_rules! chapters { ($($name:ident: $file:literal;)*) => { $(
    #[doc = include_str!($file)]
    pub mod $name {}
)* } }

chapters! {
    introduction: "src/introduction.md";
    dimensions: "src/dimensions.md";
    from_pytorch: "src/from-pytorch.md";
    run_time_sizes: "src/run-time-sizes.md";
    generic_layers: "src/generic-layers.md";
    padding: "src/padding.md";
    caches: "src/caches.md";
    training: "src/training.md";
    files: "src/files.md";
    engines: "src/engines.md";
    many_machines: "src/many-machines.md";
    own_engine: "src/own-engine.md";
    porting: "../AGENTS.md";
    debugging: "src/debugging.md";
    messages: "src/messages.md";
    limits: "src/limits.md";
}
