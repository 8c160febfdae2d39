//! Work shared by the cores. What is computed does not depend on how it is shared.

use std::borrow::Cow;

/// Less work than this, in elementary operations, is not worth another core.
const WORTH_SHARING: usize = 1 << 15;

/// Calls `f` with each chunk of `out` and its number. `work` is what one chunk costs.
pub fn for_each_chunk<T: Send>(out: &mut [T], chunk: usize, work: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if chunk > 0 && !out.is_empty() {
        share(out, chunk, work.max(1), 0, &f);
    }
}

fn share<T: Send>(out: &mut [T], chunk: usize, work: usize, first: usize, f: &(impl Fn(usize, &mut [T]) + Sync)) {
    let count = out.len().div_ceil(chunk);
    if cfg!(feature = "threads") && !cfg!(miri) && count > 1 && count.saturating_mul(work) > WORTH_SHARING {
        let half = count / 2;
        let (left, right) = out.split_at_mut(half * chunk);
        join(|| share(left, chunk, work, first, f), || share(right, chunk, work, first + half, f));
    } else {
        out.chunks_mut(chunk).enumerate().for_each(|(i, part)| f(first + i, part));
    }
}

#[cfg(feature = "threads")]
fn join(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    rayon_core::join(left, right);
}
#[cfg(not(feature = "threads"))]
fn join(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    left();
    right();
}

/// The elements after `f` has changed each chunk of them, as [`for_each_chunk`] calls it. Borrowed ones are copied a chunk
/// at a time, right before `f` has them: they are read from memory once, and the copy is written there once.
pub fn map_chunks<T: Copy + Send + Sync>(
    elements: Cow<'_, [T]>,
    chunk: usize,
    work: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    let elements = match elements {
        Cow::Borrowed(elements) => elements,
        Cow::Owned(mut elements) => {
            for_each_chunk(&mut elements, chunk, work, f);
            return elements;
        }
    };
    assert!(chunk > 0 || elements.is_empty(), "elements in chunks of none");
    let mut out = Vec::with_capacity(elements.len());
    for_each_chunk(&mut out.spare_capacity_mut()[..elements.len()], chunk, work, |i, part| {
        let from = &elements[i * chunk..][..part.len()];
        let to = part.as_mut_ptr().cast::<T>();
        // SAFETY: `to` has room for as many elements as `from` has, and as this is a new buffer, the two do not
        // overlap. After the copy all of them are initialised.
        let part = unsafe {
            std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len());
            std::slice::from_raw_parts_mut(to, from.len())
        };
        f(i, part);
    });
    // SAFETY: the capacity is at least that, and every chunk has been initialised.
    unsafe { out.set_len(elements.len()) };
    out
}

/// How many cores there are to share work.
pub fn cores() -> usize {
    #[cfg(all(feature = "threads", not(miri)))]
    return rayon_core::current_num_threads();
    #[cfg(any(not(feature = "threads"), miri))]
    return 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_is_seen_once() {
        for (len, chunk) in [(0, 3), (1, 3), (7, 3), (1000, 7), (64, 64)] {
            let mut out = vec![0; len];
            for_each_chunk(&mut out, chunk, WORTH_SHARING, |i, part| part.iter_mut().for_each(|x| *x += i + 1));
            assert!(out.iter().enumerate().all(|(at, &x)| x == at / chunk + 1));

            let add = |i: usize, part: &mut [usize]| part.iter_mut().for_each(|x| *x += i);
            let (borrowed, owned) = (Cow::Borrowed(&out[..]), Cow::Owned(out.clone()));
            for elements in [borrowed, owned] {
                let mapped = map_chunks(elements, chunk, WORTH_SHARING, add);
                assert!(mapped.len() == len && mapped.iter().enumerate().all(|(at, &x)| x == 2 * (at / chunk) + 1));
            }
        }
    }
}
