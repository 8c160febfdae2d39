//! Files that `torch.save` has written, or that look so.
#![no_main]

use congruent::io::PyTorch;
use std::io::Write;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a place for a file");
    file.write_all(bytes).expect("room for a file");
    if let Ok(file) = PyTorch::open(file.path()) {
        fuzz::use_all(&file);
    }
});
