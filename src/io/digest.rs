//! Numbers that tell contents apart.

use std::hash::{DefaultHasher, Hasher};

/// A number for these bytes, which is another one for others, but for chance. It is the same in all processes of one program, and
/// that of no standard.
pub fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::digest;
    use std::collections::BTreeSet;

    #[test]
    fn each_change_gives_another_number() {
        let bytes: Vec<u8> = (0..43).collect();
        let mut found = BTreeSet::from([digest(&bytes), digest(&bytes[..42]), digest(&[]), digest(&[0])]);
        let step = if cfg!(miri) { 31 } else { 1 };
        for bit in (0..8 * bytes.len()).step_by(step) {
            for other in (0..=bit).step_by(step) {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                if other < bit {
                    changed[other / 8] ^= 1 << (other % 8);
                }
                assert!(found.insert(digest(&changed)), "bits {bit} and {other}");
            }
        }
    }
}
