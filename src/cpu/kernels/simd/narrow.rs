//! Conversions of `f16` and `bf16`, which are calculated with as `f32`.

use super::vector::{MAX_LANES, Vector};
use half::{bf16, f16};
use std::mem::MaybeUninit;

/// A number of 16 bits.
///
/// # Safety
/// It has 16 bits, and any bits are one.
pub unsafe trait Narrow: Copy + Default {
    /// The first numbers of a slice.
    ///
    /// # Safety
    /// As of [`Vector::load`].
    unsafe fn load<V: Vector>(from: &[Self]) -> V;
    /// Rounds to the nearest, of two to the even one.
    ///
    /// # Safety
    /// As of [`Vector::store`].
    unsafe fn store<V: Vector>(x: V, to: &mut [Self]);
    fn widened(self) -> f32;
}

macro_rules! narrow { ($($t:ident: $load:ident $store:ident;)*) => {$(
    // SAFETY: it is made of a `u16`.
    unsafe impl Narrow for $t {
        #[inline(always)]
        unsafe fn load<V: Vector>(from: &[$t]) -> V {
            // SAFETY: the caller's.
            unsafe { V::$load(from) }
        }
        #[inline(always)]
        unsafe fn store<V: Vector>(x: V, to: &mut [$t]) {
            // SAFETY: the caller's.
            unsafe { x.$store(to) }
        }
        #[inline(always)]
        fn widened(self) -> f32 {
            self.to_f32()
        }
    }
)*} }
narrow! {
    f16: load_f16 store_f16;
    bf16: load_bf16 store_bf16;
}

/// Writes each number as `f32`.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn widen<V: Vector, T: Narrow>(from: &[T], to: &mut [MaybeUninit<f32>]) {
    assert_eq!(from.len(), to.len(), "a place for each number");
    let to = to.as_mut_ptr().cast::<f32>();
    let mut at = 0;
    // SAFETY: the caller's; vectors are read and written inside the slices, or inside arrays as long as any vector.
    unsafe {
        while at + V::LANES <= from.len() {
            T::load::<V>(from.get_unchecked(at..)).write(to.add(at));
            at += V::LANES;
        }
        if at < from.len() {
            let (mut narrow, mut wide) = ([T::default(); MAX_LANES], [0.0; MAX_LANES]);
            let rest = from.len() - at;
            narrow[..rest].copy_from_slice(&from[at..]);
            T::load::<V>(&narrow).store(&mut wide);
            std::ptr::copy_nonoverlapping(wide.as_ptr(), to.add(at), rest);
        }
    }
}

/// Writes each number rounded.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn round<V: Vector, T: Narrow>(from: &[f32], to: &mut [T]) {
    assert_eq!(from.len(), to.len(), "a place for each number");
    let mut at = 0;
    // SAFETY: the caller's; vectors are read and written inside the slices, or inside arrays as long as any vector.
    unsafe {
        while at + V::LANES <= from.len() {
            T::store(V::load(from.get_unchecked(at..)), to.get_unchecked_mut(at..));
            at += V::LANES;
        }
        if at < from.len() {
            let mut narrow = [T::default(); MAX_LANES];
            T::store(V::load_partial(&from[at..], 0.0), &mut narrow);
            to[at..].copy_from_slice(&narrow[..from.len() - at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispatch::{round_at, widen_at};
    use super::super::level::{Level, levels};
    use super::*;

    fn widened<T: Narrow>(level: Level, x: &[T]) -> Vec<f32> {
        let mut wide = vec![MaybeUninit::uninit(); x.len()];
        widen_at(level, x, &mut wide);
        // SAFETY: all were written.
        wide.into_iter().map(|x| unsafe { x.assume_init() }).collect()
    }

    fn same(x: f32, y: f32) -> bool {
        x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan()
    }

    #[test]
    fn every_number_is_widened_as_by_half() {
        let all = || (0..=u16::MAX).step_by(if cfg!(miri) { 997 } else { 1 });
        let (x, y): (Vec<f16>, Vec<bf16>) = all().map(|bits| (f16::from_bits(bits), bf16::from_bits(bits))).unzip();
        for (name, level) in levels() {
            for (x, wide) in x.iter().zip(widened(level, &x)) {
                assert!(same(wide, x.to_f32()), "{name}: {wide} for {x}");
            }
            for (y, wide) in y.iter().zip(widened(level, &y)) {
                assert!(same(wide, y.to_f32()), "{name}: {wide} for {y}");
            }
        }
    }

    #[test]
    fn numbers_are_rounded_as_by_half() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut x = vec![f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE];
        // The NaN whose digits are all in the part that goes, and others.
        x.extend([0x7f80_0001, 0xff80_0001, 0x7fff_ffff, 0x7fc0_0000].map(f32::from_bits));
        // Each half between two neighbours, and the numbers beside it.
        for bits in (0..0x7c00u16).step_by(if cfg!(miri) { 3001 } else { 1 }) {
            let (low, high) = (f16::from_bits(bits).to_f32(), f16::from_bits(bits + 1).to_f32());
            let middle = if high.is_finite() { (low + high) / 2.0 } else { 65520.0 };
            x.extend([middle, middle.next_up(), middle.next_down(), -middle]);
            let middle = f32::from_bits((bits as u32) << 16 | 0x8000);
            x.extend([middle, middle.next_up(), middle.next_down(), -middle]);
        }
        x.extend((0..if cfg!(miri) { 20 } else { 300_000 }).map(|_| f32::from_bits(rng.u32(..))));
        x.extend((0..if cfg!(miri) { 20 } else { 300_000 }).map(|_| rng.f32() * 2.0 - 1.0));
        for (name, level) in levels() {
            let (mut narrow, mut brain) = (vec![f16::ZERO; x.len()], vec![bf16::ZERO; x.len()]);
            round_at(level, &x, &mut narrow);
            round_at(level, &x, &mut brain);
            for ((&x, narrow), brain) in x.iter().zip(narrow).zip(brain) {
                let expected = f16::from_f32(x);
                let equal = narrow.to_bits() == expected.to_bits() || narrow.is_nan() && x.is_nan();
                assert!(equal, "{name}: {narrow} for {expected}, of {x:e}");
                let expected = bf16::from_f32(x);
                let equal = brain.to_bits() == expected.to_bits() || brain.is_nan() && x.is_nan();
                assert!(equal, "{name}: {brain} for {expected}, of {x:e}");
            }
        }
    }

    #[test]
    fn any_number_of_them_is_converted() {
        for (name, level) in levels() {
            for len in (0..=70).filter(|len| !cfg!(miri) || [0, 13, 16].contains(len)) {
                let wide: Vec<f32> = (0..len).map(|i| i as f32 - 3.0).collect();
                let (mut narrow, mut brain) = (vec![f16::ONE; len], vec![bf16::ONE; len]);
                round_at(level, &wide, &mut narrow);
                round_at(level, &wide, &mut brain);
                assert_eq!(widened(level, &narrow), wide, "{name}");
                assert_eq!(widened(level, &brain), wide, "{name}");
            }
        }
    }
}
