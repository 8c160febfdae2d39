//! The precision of what is multiplied by quantised weights.

use crate::cpu::environment::read;
use std::sync::OnceLock;

/// How the rows are rounded that are multiplied by quantised weights, by the name that `CONGRUENT_ACTIVATIONS` has for it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rounding {
    /// They are multiplied as they are.
    F32,
    I16,
    I8,
}

impl Rounding {
    #[cfg(test)]
    pub const ALL: [Rounding; 3] = [Rounding::F32, Rounding::I16, Rounding::I8];

    /// What `CONGRUENT_ACTIVATIONS` asks for.
    pub fn chosen() -> Self {
        static CHOSEN: OnceLock<Rounding> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let by_name = |asked: &str| match asked {
                "f32" => Some(Rounding::F32),
                "i16" => Some(Rounding::I16),
                "i8" => Some(Rounding::I8),
                _ => None,
            };
            read("CONGRUENT_ACTIVATIONS", by_name, "f32, i16 or i8", "i16 is used").unwrap_or(Rounding::I16)
        })
    }
}
