//! Copies of few elements.

/// Copies elements, where they are mostly so few that a call of `memcpy` would take longer than to copy them: in two copies of a fixed
/// length, which may overlap. (A loop of such copies the compiler would replace by a call.)
///
/// # Panics
/// There are fewer places than elements.
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
    let to = &mut to[..from.len()];
    let is_copied = ends::<T, 8>(to, from) || ends::<T, 16>(to, from) || ends::<T, 32>(to, from);
    if !(is_copied || ends::<T, 4>(to, from) || ends::<T, 2>(to, from) || ends::<T, 1>(to, from)) {
        to.copy_from_slice(from);
    }
}

/// Copies every so many of the elements, the first one among them.
///
/// # Panics
/// There are fewer of them than places.
#[inline(always)]
pub fn copy_every<T: Copy>(stride: usize, to: &mut [T], from: &[T]) {
    if stride == 1 {
        return copy_few(to, &from[..to.len()]);
    }
    let Some((last, before)) = to.split_last_mut() else { return };
    *last = from[before.len() * stride];
    match stride {
        // Of a number that is known, the compiler makes vectors.
        2 => before.iter_mut().zip(from.as_chunks::<2>().0).for_each(|(to, from)| *to = from[0]),
        _ => before.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, &x)| *to = x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_so_many_are_copied() {
        for (len, stride) in (0..40usize).flat_map(|len| [1, 2, 3, 5].map(|stride| (len, stride))) {
            let from: Vec<usize> = (0..(len * stride).saturating_sub(stride - 1)).collect();
            let mut to = vec![usize::MAX; len];
            copy_every(stride, &mut to, &from);
            assert!(to.into_iter().eq(from.into_iter().step_by(stride)), "{len}, {stride}");
        }
    }

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
