//! Work shared by the cores. What is computed does not depend on how it is shared.

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
        }
    }
}
