//! Memory for the elements of arrays: a caching allocator with reference counts.
//!
//! Fresh memory is expensive: each page faults at its first write, and is zeroed. So freed blocks are cached by size class,
//! and the next array of about that size gets one.

use super::copy::copy_few;
use crate::backend::{Element, Number};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The alignment of blocks: a cache line, so that no aligned vector crosses two.
const ALIGNMENT: usize = 64;
/// From this size on blocks are aligned to pages. Input and output then have the same offset in their pages, and no load
/// waits for a store to another page (4K aliasing: a quarter of the time of GELU).
const LARGE: usize = 1 << 14;
const PAGE: usize = 1 << 12;
/// From this size on blocks are aligned to huge pages, and use them if the system has them.
pub const HUGE_PAGE: usize = 2 << 20;
/// So many bytes of freed blocks are cached, however small the peak of memory in use was.
const MIN_CACHE_LIMIT: usize = 256 << 20;
/// Four size classes for each power of two.
const SIZE_CLASSES: usize = 4 * usize::BITS as usize;

/// Bytes, all of them initialised at all times.
struct Block {
    start: NonNull<u8>,
    bytes: usize,
    /// The index of its size class.
    size_class: usize,
    cache: BufferCache,
}

/// What was computed from elements, such as a packed weight; it is dropped when they may change.
pub type BufferCache = OnceLock<Box<dyn Any + Send + Sync>>;

// SAFETY: a block owns its bytes, as a vector does.
unsafe impl Send for Block {}
// SAFETY: as above; they are changed through an exclusive reference only.
unsafe impl Sync for Block {}

impl Block {
    fn layout(bytes: usize) -> Layout {
        let alignment = match bytes {
            ..LARGE => ALIGNMENT,
            LARGE..HUGE_PAGE => PAGE,
            HUGE_PAGE.. => HUGE_PAGE,
        };
        Layout::from_size_align(bytes, alignment).expect("more elements than memory can hold")
    }

    fn new((bytes, size_class): (usize, usize)) -> Self {
        let layout = Self::layout(bytes);
        // SAFETY: no block is empty.
        let start = unsafe { alloc(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        // SAFETY: the bytes were just allocated.
        advise(unsafe { std::slice::from_raw_parts(start.as_ptr().cast::<MaybeUninit<u8>>(), bytes) }, false);
        // SAFETY: the block has as many bytes.
        unsafe { start.write_bytes(0, bytes) };
        ALLOCATED.fetch_add(bytes, Ordering::Relaxed);
        Block { start, bytes, size_class, cache: BufferCache::new() }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        ALLOCATED.fetch_sub(self.bytes, Ordering::Relaxed);
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.start.as_ptr(), Self::layout(self.bytes)) };
    }
}

/// Of Linux 6.1.
#[cfg(all(target_os = "linux", not(miri)))]
const MADV_COLLAPSE: libc::c_int = 25;

/// Asks the system for huge pages; `now` is for memory that was written before. Products of large matrices were 3 to 5 %
/// faster in them, those of a row 20 to 25 %. What comes of it changes no element, and nothing depends on it.
fn advise<T>(elements: &[T], now: bool) {
    let start = elements.as_ptr() as usize;
    let (first, end) = (start.next_multiple_of(HUGE_PAGE), start + size_of_val(elements));
    #[cfg(all(target_os = "linux", not(miri)))]
    if end > first {
        // SAFETY: the advice is about whole pages inside the elements, and does not change them.
        let ask = |advice| unsafe {
            libc::madvise(first as *mut libc::c_void, (end - first) / HUGE_PAGE * HUGE_PAGE, advice)
        };
        // An older system may still do it by and by.
        if !now || ask(MADV_COLLAPSE) != 0 {
            ask(libc::MADV_HUGEPAGE);
        }
    }
    let _ = (first, end, now);
}

/// Brings large elements, which will be read again and again, into huge pages if the system can.
pub fn use_huge_pages<T>(elements: &[T]) {
    advise(elements, true);
}

/// The size classes below half of [`LARGE`]: one block of each is 51 KiB in all.
const SMALL_CLASSES: usize = 4 * LARGE.ilog2() as usize;

thread_local! {
    /// For each small size class the block that this thread freed last: it is reused without a lock, and counts as in use.
    static THREAD_CACHE: [Cell<Option<Arc<Block>>>; SMALL_CLASSES] = const { [const { Cell::new(None) }; SMALL_CLASSES] };
}

/// Replaces the cached block of a size class and returns the old one. Returns `block` itself where nothing is cached: for
/// larger blocks, and when the thread exits.
fn swap_thread_cached(class: usize, block: Option<Arc<Block>>) -> Option<Arc<Block>> {
    let block = Cell::new(block);
    _ = THREAD_CACHE.try_with(|last| last.get(class).map(|cached| cached.swap(&block)));
    block.into_inner()
}

/// Freed blocks by size class.
static FREE_LISTS: [Mutex<Vec<Arc<Block>>>; SIZE_CLASSES] = [const { Mutex::new(Vec::new()) }; SIZE_CLASSES];
/// The bytes in the free lists.
static CACHED: AtomicUsize = AtomicUsize::new(0);
/// The bytes of all blocks.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
/// The most bytes that were in use at once: the limit of the free lists. A training step holds what the backward pass needs,
/// then frees it, and the next step reuses all of it.
static PEAK_IN_USE: AtomicUsize = AtomicUsize::new(0);

fn in_use() -> usize {
    // Two loads, so the value is not exact where threads allocate at the same time.
    ALLOCATED.load(Ordering::Relaxed).saturating_sub(CACHED.load(Ordering::Relaxed))
}

fn free_list(class: usize) -> MutexGuard<'static, Vec<Arc<Block>>> {
    FREE_LISTS[class].lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of a block for so many bytes, and the index of its size class: small ones are powers of two, others at most a
/// quarter too large.
pub fn size_class(bytes: usize) -> (usize, usize) {
    let power = bytes.max(ALIGNMENT).next_power_of_two();
    let bytes = if power < 8 * ALIGNMENT { power } else { bytes.next_multiple_of(power / 8) };
    (bytes, 4 * power.ilog2() as usize + bytes / (power / 8) % 4)
}

/// Gives the memory that is kept for later arrays back to the system.
///
/// What arrays leave behind is kept, since fresh memory costs more than most of what is calculated in it: up to 256 MiB, or as
/// much as arrays have held at once, if that was more. Every other thread still keeps its last small blocks, 51 KiB at most.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 512; Embed = 512; }
/// drop(Tensor::ones((Batch, Embed)) + 1.0);
/// congruent::release_memory();
/// ```
pub fn release_memory() {
    for class in 0..SIZE_CLASSES {
        drop(swap_thread_cached(class, None));
        let blocks = std::mem::take(&mut *free_list(class));
        CACHED.fetch_sub(blocks.iter().map(|block| block.bytes).sum(), Ordering::Relaxed);
    }
    PEAK_IN_USE.store(in_use(), Ordering::Relaxed);
}

/// A reference-counted block; the last holder returns it to the cache.
struct Shared(Option<Arc<Block>>);

impl Shared {
    fn new(bytes: usize) -> Self {
        let (bytes, class) = size_class(bytes);
        if let Some(block) = swap_thread_cached(class, None) {
            return Shared(Some(block));
        }
        let free = free_list(class).pop();
        if let Some(block) = &free {
            CACHED.fetch_sub(block.bytes, Ordering::Relaxed);
        }
        let block = free.unwrap_or_else(|| Arc::new(Block::new((bytes, class))));
        let in_use = in_use();
        if in_use > PEAK_IN_USE.load(Ordering::Relaxed) {
            PEAK_IN_USE.store(in_use, Ordering::Relaxed);
        }
        Shared(Some(block))
    }

    fn block(&self) -> &Arc<Block> {
        self.0.as_ref().expect("a block is held until it is dropped")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Where two holders drop at once, neither may see itself as the last: then the block is not cached.
        let Some(last) = self.0.as_mut().and_then(Arc::get_mut) else { return };
        last.cache.take();
        let class = last.size_class;
        let Some(block) = swap_thread_cached(class, self.0.take()) else { return };
        let (bytes, limit) = (block.bytes, MIN_CACHE_LIMIT.max(PEAK_IN_USE.load(Ordering::Relaxed)));
        if CACHED.fetch_add(bytes, Ordering::Relaxed) + bytes <= limit {
            free_list(class).push(block);
        } else {
            CACHED.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// Elements in a shared block.
pub struct Elements<T> {
    shared: Shared,
    len: usize,
    elements: PhantomData<T>,
}

impl<T> Clone for Elements<T> {
    fn clone(&self) -> Self {
        Elements { shared: Shared(self.shared.0.clone()), ..*self }
    }
}

impl<T: Element> Elements<T> {
    fn allocate(len: usize) -> Shared {
        const { assert!(align_of::<T>() <= ALIGNMENT) };
        let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize / 2);
        Shared::new(bytes.expect("more elements than memory can hold"))
    }

    /// `len` elements in a new block, which `write` writes.
    ///
    /// # Safety
    /// It writes all of them.
    pub unsafe fn written(len: usize, write: impl FnOnce(&mut [MaybeUninit<T>])) -> Self {
        let mut shared = Self::allocate(len);
        let block = shared.0.as_mut().and_then(Arc::get_mut).expect("a new block has one holder");
        // SAFETY: the block is as large, aligned for any element, and nobody else's.
        write(unsafe { std::slice::from_raw_parts_mut(block.start.cast::<MaybeUninit<T>>().as_ptr(), len) });
        Elements { shared, len, elements: PhantomData }
    }

    /// The first `len` elements.
    ///
    /// # Panics
    /// There are fewer.
    pub fn collect(len: usize, elements: impl IntoIterator<Item = T>) -> Self {
        let write = |memory: &mut [MaybeUninit<T>]| {
            let mut count = 0;
            memory.iter_mut().zip(elements).for_each(|(to, element)| {
                to.write(element);
                count += 1;
            });
            assert_eq!(count, len, "fewer elements than the array has");
        };
        // SAFETY: they were counted.
        unsafe { Self::written(len, write) }
    }

    /// `len` elements: these parts one after another.
    ///
    /// # Panics
    /// They are fewer, or more.
    pub fn joined<'a>(len: usize, parts: impl Iterator<Item = &'a [T]>) -> Self
    where
        T: 'a,
    {
        let write = |memory: &mut [MaybeUninit<T>]| {
            let mut rest = memory;
            for part in parts {
                let (to, behind) = rest.split_at_mut(part.len());
                // SAFETY: an element that is there is one that may be.
                copy_few(to, unsafe { std::slice::from_raw_parts(part.as_ptr().cast(), part.len()) });
                rest = behind;
            }
            assert!(rest.is_empty(), "fewer elements than the array has");
        };
        // SAFETY: nothing is left.
        unsafe { Self::written(len, write) }
    }
}

impl<T: Number> Elements<T> {
    /// Elements of arbitrary values, to be overwritten.
    pub fn arbitrary(len: usize) -> Self {
        // The bytes of a block are initialised, since an element has no padding, and any bytes are a number.
        Elements { shared: Self::allocate(len), len, elements: PhantomData }
    }
}

impl<T> Elements<T> {
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the block holds `len` elements, which were written, or any bytes are one.
        unsafe { std::slice::from_raw_parts(self.shared.block().start.cast::<T>().as_ptr(), self.len) }
    }

    /// The elements to change, if nobody else holds them.
    pub fn get_mut(&mut self) -> Option<&mut [T]> {
        let block = Arc::get_mut(self.shared.0.as_mut()?)?;
        block.cache.take();
        // SAFETY: as above, and nobody else holds the block.
        Some(unsafe { std::slice::from_raw_parts_mut(block.start.cast::<T>().as_ptr(), self.len) })
    }

    pub fn cache(&self) -> &BufferCache {
        &self.shared.block().cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_hardly_larger_than_what_it_is_for() {
        let mut sizes = std::collections::HashMap::new();
        for bytes in (0..3000).chain([1 << 20, (1 << 20) + 1, 5 << 20, 1_310_720]) {
            let (block, size) = size_class(bytes);
            assert!(
                block >= bytes && block <= (bytes + bytes / 4).max((2 * bytes).clamp(ALIGNMENT, 4 * ALIGNMENT)),
                "{block} for {bytes}"
            );
            assert_eq!(block % ALIGNMENT, 0);
            assert_eq!(size_class(block), (block, size));
            assert_eq!(*sizes.entry(size).or_insert(block), block, "{bytes}");
        }
    }

    #[test]
    fn elements_are_aligned_shared_and_changed_by_their_only_holder() {
        let mut x = Elements::collect(5, [1u16, 2, 3, 4, 5, 6]);
        assert_eq!(x.as_slice().as_ptr() as usize % ALIGNMENT, 0);
        let y = x.clone();
        assert!(x.get_mut().is_none());
        assert_eq!(y.as_slice(), [1, 2, 3, 4, 5]);
        drop(y);
        x.cache().set(Box::new(7)).unwrap();
        x.get_mut().unwrap()[4] = 9;
        assert!(x.cache().get().is_none());
        assert_eq!(x.as_slice(), [1, 2, 3, 4, 9]);
        assert!(Elements::<f32>::arbitrary(0).as_slice().is_empty());
    }

    #[test]
    fn a_block_is_used_again_by_another_type() {
        // Of a size that no other test takes, since tests share what is kept.
        // Node has crashed at the end of programs of WebAssembly that had grown by as much as 40 MB.
        let len = match () {
            _ if cfg!(miri) => 12_345,
            _ if cfg!(target_family = "wasm") => 123_456,
            _ => 10_000_000,
        };
        let mut x = Elements::<f32>::arbitrary(len);
        x.get_mut().unwrap().fill(1.0);
        let (start, y) = (x.as_slice().as_ptr() as usize, x.clone());
        drop(x);
        drop(y);
        let z = Elements::<u16>::arbitrary(2 * len);
        assert_eq!(z.as_slice().as_ptr() as usize, start);
        assert_eq!(z.as_slice()[..4], [0, 0x3f80, 0, 0x3f80]);
        drop(z);
        release_memory();
        assert!(Elements::<u8>::arbitrary(4 * len).as_slice().iter().all(|&x| x == 0));
    }

    #[test]
    #[cfg_attr(target_family = "wasm", ignore)] // There is one thread.
    fn a_small_block_stays_with_its_thread() {
        let start = || Elements::<f32>::arbitrary(700).as_slice().as_ptr() as usize;
        let here = start();
        // The other one is alive as long as this comparison, or its block could be had again.
        let other = std::thread::spawn(|| Elements::<f32>::arbitrary(700)).join().unwrap();
        assert_ne!(other.as_slice().as_ptr() as usize, here);
        assert_eq!(start(), here);
        let (x, y) = (Elements::<f32>::arbitrary(700), Elements::<f32>::arbitrary(700));
        assert_ne!(x.as_slice().as_ptr(), y.as_slice().as_ptr());
    }

    #[test]
    #[should_panic(expected = "fewer elements")]
    fn too_few_elements_are_refused() {
        Elements::collect(3, [1.0f32, 2.0]);
    }
}
