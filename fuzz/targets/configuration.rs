//! The text of a `config.json`: refused, or sizes that dimensions can have.
#![no_main]

use congruent_models::Architecture;

libfuzzer_sys::fuzz_target!(|json: &str| {
    if let Ok(Architecture::Decoder(config)) = Architecture::read(json) {
        let _ = config.dims();
        let _ = config.with_context(16);
    }
});
