//! Files of GGUF: each is refused, or its metadata can be read and its tensors used.
#![no_main]

use congruent::io::Gguf;
use congruent_models::decoder::Config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = Gguf::from_bytes(bytes.to_vec()) else { return };
    for key in file.keys() {
        let _ = (file.integer::<u64>(key), file.integer::<i8>(key), file.float(key), file.boolean(key));
        let _ = (file.string(key), file.strings(key), file.integers::<i32>(key), file.floats(key));
    }
    if let Ok(config) = Config::from_gguf(&file) {
        let _ = config.dims();
    }
    fuzz::use_all(&file);
});
