//! Transposition of 4 × 4 elements.

use std::arch::x86_64::*;

/// `Vector::transpose_4x4` by SSE, which every processor of the architecture has.
#[inline(always)]
pub unsafe fn transpose_4x4(rows: [&[f32]; 4], factor: f32, to: &mut [f32], stride: usize) {
    debug_assert!(rows.iter().all(|row| row.len() >= 4) && to.len() >= 3 * stride + 4);
    // SAFETY: the caller promises that slices are long enough.
    unsafe {
        let factor = _mm_set1_ps(factor);
        let x = _mm_mul_ps(_mm_loadu_ps(rows[0].as_ptr()), factor);
        let y = _mm_mul_ps(_mm_loadu_ps(rows[1].as_ptr()), factor);
        let z = _mm_mul_ps(_mm_loadu_ps(rows[2].as_ptr()), factor);
        let w = _mm_mul_ps(_mm_loadu_ps(rows[3].as_ptr()), factor);
        let (xy, zw) = (_mm_unpacklo_ps(x, y), _mm_unpacklo_ps(z, w));
        let (xy_end, zw_end) = (_mm_unpackhi_ps(x, y), _mm_unpackhi_ps(z, w));
        let to = to.as_mut_ptr();
        _mm_storeu_ps(to, _mm_movelh_ps(xy, zw));
        _mm_storeu_ps(to.add(stride), _mm_movehl_ps(zw, xy));
        _mm_storeu_ps(to.add(2 * stride), _mm_movelh_ps(xy_end, zw_end));
        _mm_storeu_ps(to.add(3 * stride), _mm_movehl_ps(zw_end, xy_end));
    }
}

/// The same of double precision.
#[inline(always)]
pub unsafe fn transpose_4x4_double(rows: [&[f64]; 4], factor: f64, to: &mut [f64], stride: usize) {
    debug_assert!(rows.iter().all(|row| row.len() >= 4) && to.len() >= 3 * stride + 4);
    // SAFETY: the caller promises that slices are long enough.
    unsafe {
        let (factor, to) = (_mm_set1_pd(factor), to.as_mut_ptr());
        for half in [0, 2] {
            let row = |i: usize| _mm_mul_pd(_mm_loadu_pd(rows[i].as_ptr().add(half)), factor);
            let (x, y, z, w) = (row(0), row(1), row(2), row(3));
            let (first, second) = (to.add(half * stride), to.add((half + 1) * stride));
            _mm_storeu_pd(first, _mm_unpacklo_pd(x, y));
            _mm_storeu_pd(first.add(2), _mm_unpacklo_pd(z, w));
            _mm_storeu_pd(second, _mm_unpackhi_pd(x, y));
            _mm_storeu_pd(second.add(2), _mm_unpackhi_pd(z, w));
        }
    }
}
