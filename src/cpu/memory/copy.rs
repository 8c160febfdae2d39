//! Copies of few elements.

/// Copies elements, where they are mostly so few that a call of `memcpy` would take longer than to copy them: in copies of a fixed length, the
/// last of which may overlap the one before it.
///
/// # Panics
/// The slices are not of one length.
#[inline(always)]
pub fn copy_few<T: Copy>(to: &mut [T], from: &[T]) {
    #[inline(always)]
    fn ends<T: Copy, const LEN: usize>(to: &mut [T], from: &[T]) -> bool {
        if let (true, Some(first), Some(last)) =
            (from.len() <= 2 * LEN, from.first_chunk::<LEN>(), from.last_chunk::<LEN>())
        {
            to[..LEN].copy_from_slice(first);
            to[from.len() - LEN..].copy_from_slice(last);
            return true;
        }
        false
    }
    const LEN: usize = 8;
    /// More elements are left to `memcpy`.
    const MOST: usize = 16 * LEN;
    let to = &mut to[..from.len()];
    if ends::<T, LEN>(to, from) || ends::<T, 4>(to, from) || ends::<T, 2>(to, from) || ends::<T, 1>(to, from) {
        return;
    }
    match from.last_chunk::<LEN>() {
        Some(last) if from.len() <= MOST => {
            for (to, from) in to.chunks_exact_mut(LEN).zip(from.chunks_exact(LEN)) {
                to.copy_from_slice(from);
            }
            to[from.len() - LEN..].copy_from_slice(last);
        }
        _ => to.copy_from_slice(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied() {
        for len in (0..40).chain([127, 128, 129, 200]) {
            let (from, mut to): (Vec<usize>, _) = ((1..=len).collect(), vec![0; len]);
            copy_few(&mut to, &from);
            assert_eq!(to, from);
        }
    }

    #[test]
    #[should_panic]
    fn a_place_that_is_too_small_is_refused() {
        copy_few(&mut [0; 3], &[1; 4]);
    }
}
