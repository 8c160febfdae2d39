//! Files of safetensors: each is refused, or all of its tensors can be used.
#![no_main]

use congruent::io::SafeTensors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = SafeTensors::from_bytes(bytes.to_vec()) {
        let _ = file.metadata::<u64>("step");
        fuzz::use_all(&file);
    }
});
