//! Memory for the elements of arrays.
//!
//! Fresh memory is dear: the system hands it out in pages of zeros, one at a time, as they are first written. So a block
//! that nobody holds any more is kept, and the next array of about its size gets it.

use crate::backend::{Element, Number};
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Where a block begins: with a line of the cache, so that no vector is read across two.
const ALIGNMENT: usize = 64;
/// From this size on a block begins with a page: what is read and what is written then move through their pages side by
/// side, and no read waits for a write that only seems to be of the same place (a quarter of the time of GELU).
const LARGE: usize = 1 << 14;
const PAGE: usize = 1 << 12;
/// From this size on a block begins with a page of this size, if the system has such.
pub const HUGE_PAGE: usize = 2 << 20;
/// So many bytes are kept for later, of all blocks together, however few arrays there were at once.
const ALWAYS_KEPT: usize = 256 << 20;
/// Four sizes of blocks for each power of two.
const SIZES: usize = 4 * usize::BITS as usize;

/// Bytes, all of them initialised at all times.
struct Block {
    start: NonNull<u8>,
    bytes: usize,
    /// The number of its size.
    size: usize,
    derived: Derived,
}

/// What was calculated of elements that do not change, and is kept with them.
pub type Derived = OnceLock<Box<dyn Any + Send + Sync>>;

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

    fn new((bytes, size): (usize, usize)) -> Self {
        let layout = Self::layout(bytes);
        // SAFETY: no block is empty.
        let start = unsafe { alloc(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        // SAFETY: the bytes were just allocated.
        advise(unsafe { std::slice::from_raw_parts(start.as_ptr().cast::<MaybeUninit<u8>>(), bytes) }, false);
        // SAFETY: the block has as many bytes.
        unsafe { start.write_bytes(0, bytes) };
        ALLOCATED.fetch_add(bytes, Ordering::Relaxed);
        Block { start, bytes, size, derived: Derived::new() }
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

/// The sizes of blocks up to half of [`LARGE`]: one of each are 51 KiB.
const SMALL_SIZES: usize = 4 * LARGE.ilog2() as usize;

thread_local! {
    /// Of each small size the block that this thread let go last: it is taken again without a lock. It counts as held.
    static LAST: [Cell<Option<Arc<Block>>>; SMALL_SIZES] = const { [const { Cell::new(None) }; SMALL_SIZES] };
}

/// Puts a block of this size, or none, in the place of the last one, and gives that; the same one where there is no place: for
/// larger blocks, and at the end of a thread.
fn swap_last(size: usize, block: Option<Arc<Block>>) -> Option<Arc<Block>> {
    let block = Cell::new(block);
    _ = LAST.try_with(|last| last.get(size).map(|place| place.swap(&block)));
    block.into_inner()
}

/// Blocks that nobody holds, by their size.
static FREE: [Mutex<Vec<Arc<Block>>>; SIZES] = [const { Mutex::new(Vec::new()) }; SIZES];
/// The bytes of all of them.
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// The bytes of all blocks.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
/// The most bytes that arrays have held at once. A step of training holds what the way back needs, and then nothing: the next
/// one finds it all again.
static MOST_HELD: AtomicUsize = AtomicUsize::new(0);

fn held() -> usize {
    // Each is read at another moment: the limit is not exact where threads allocate at the same time.
    ALLOCATED.load(Ordering::Relaxed).saturating_sub(KEPT.load(Ordering::Relaxed))
}

fn free_blocks(size: usize) -> MutexGuard<'static, Vec<Arc<Block>>> {
    FREE[size].lock().unwrap_or_else(PoisonError::into_inner)
}

/// The size of a block for so many bytes, and its number: small ones are powers of two, others at most a quarter too large.
pub fn block_size(bytes: usize) -> (usize, usize) {
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
    for size in 0..SIZES {
        drop(swap_last(size, None));
        let blocks = std::mem::take(&mut *free_blocks(size));
        KEPT.fetch_sub(blocks.iter().map(|block| block.bytes).sum(), Ordering::Relaxed);
    }
    MOST_HELD.store(held(), Ordering::Relaxed);
}

/// A shared block; it is kept when the last holder goes.
struct Shared(Option<Arc<Block>>);

impl Shared {
    fn new(bytes: usize) -> Self {
        let (bytes, size) = block_size(bytes);
        if let Some(block) = swap_last(size, None) {
            return Shared(Some(block));
        }
        let free = free_blocks(size).pop();
        if let Some(block) = &free {
            KEPT.fetch_sub(block.bytes, Ordering::Relaxed);
        }
        let block = free.unwrap_or_else(|| Arc::new(Block::new((bytes, size))));
        let held = held();
        if held > MOST_HELD.load(Ordering::Relaxed) {
            MOST_HELD.store(held, Ordering::Relaxed);
        }
        Shared(Some(block))
    }

    fn block(&self) -> &Arc<Block> {
        self.0.as_ref().expect("a block is held until it is dropped")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Where two holders go at once, neither may see itself as the last: then the block is not kept.
        let Some(last) = self.0.as_mut().and_then(Arc::get_mut) else { return };
        last.derived.take();
        let size = last.size;
        let Some(block) = swap_last(size, self.0.take()) else { return };
        let (bytes, most) = (block.bytes, ALWAYS_KEPT.max(MOST_HELD.load(Ordering::Relaxed)));
        if KEPT.fetch_add(bytes, Ordering::Relaxed) + bytes <= most {
            free_blocks(size).push(block);
        } else {
            KEPT.fetch_sub(bytes, Ordering::Relaxed);
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
    fn room(len: usize) -> Shared {
        const { assert!(align_of::<T>() <= ALIGNMENT) };
        let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize / 2);
        Shared::new(bytes.expect("more elements than memory can hold"))
    }

    /// The first `len` elements.
    ///
    /// # Panics
    /// There are fewer.
    pub fn collect(len: usize, elements: impl IntoIterator<Item = T>) -> Self {
        let mut shared = Self::room(len);
        let block = shared.0.as_mut().and_then(Arc::get_mut).expect("a new block has one holder");
        // SAFETY: the block is as large, aligned for any element, and nobody else's.
        let room = unsafe { std::slice::from_raw_parts_mut(block.start.cast::<MaybeUninit<T>>().as_ptr(), len) };
        let mut count = 0;
        room.iter_mut().zip(elements).for_each(|(room, element)| {
            room.write(element);
            count += 1;
        });
        assert_eq!(count, len, "fewer elements than the array has");
        Elements { shared, len, elements: PhantomData }
    }
}

impl<T: Number> Elements<T> {
    /// Elements of any value, to be overwritten.
    pub fn any(len: usize) -> Self {
        // The bytes of a block are initialised, since an element has no padding, and any bytes are a number.
        Elements { shared: Self::room(len), len, elements: PhantomData }
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
        block.derived.take();
        // SAFETY: as above, and nobody else holds the block.
        Some(unsafe { std::slice::from_raw_parts_mut(block.start.cast::<T>().as_ptr(), self.len) })
    }

    pub fn derived(&self) -> &Derived {
        &self.shared.block().derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_hardly_larger_than_what_it_is_for() {
        let mut sizes = std::collections::HashMap::new();
        for bytes in (0..3000).chain([1 << 20, (1 << 20) + 1, 5 << 20, 1_310_720]) {
            let (block, size) = block_size(bytes);
            assert!(
                block >= bytes && block <= (bytes + bytes / 4).max((2 * bytes).clamp(ALIGNMENT, 4 * ALIGNMENT)),
                "{block} for {bytes}"
            );
            assert_eq!(block % ALIGNMENT, 0);
            assert_eq!(block_size(block), (block, size));
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
        x.derived().set(Box::new(7)).unwrap();
        x.get_mut().unwrap()[4] = 9;
        assert!(x.derived().get().is_none());
        assert_eq!(x.as_slice(), [1, 2, 3, 4, 9]);
        assert!(Elements::<f32>::any(0).as_slice().is_empty());
    }

    #[test]
    fn a_block_is_used_again_by_another_type() {
        // Of a size that no other test takes, since tests share what is kept.
        let len = if cfg!(miri) { 123_456 } else { 10_000_000 };
        let mut x = Elements::<f32>::any(len);
        x.get_mut().unwrap().fill(1.0);
        let (start, y) = (x.as_slice().as_ptr() as usize, x.clone());
        drop(x);
        drop(y);
        let z = Elements::<u16>::any(2 * len);
        assert_eq!(z.as_slice().as_ptr() as usize, start);
        assert_eq!(z.as_slice()[..4], [0, 0x3f80, 0, 0x3f80]);
        drop(z);
        release_memory();
        assert!(Elements::<u8>::any(4 * len).as_slice().iter().all(|&x| x == 0));
    }

    #[test]
    fn a_small_block_stays_with_its_thread() {
        let start = || Elements::<f32>::any(700).as_slice().as_ptr() as usize;
        let here = start();
        // The other one is alive as long as this comparison, or its block could be had again.
        let other = std::thread::spawn(|| Elements::<f32>::any(700)).join().unwrap();
        assert_ne!(other.as_slice().as_ptr() as usize, here);
        assert_eq!(start(), here);
        let (x, y) = (Elements::<f32>::any(700), Elements::<f32>::any(700));
        assert_ne!(x.as_slice().as_ptr(), y.as_slice().as_ptr());
    }

    #[test]
    #[should_panic(expected = "fewer elements")]
    fn too_few_elements_are_refused() {
        Elements::collect(3, [1.0f32, 2.0]);
    }
}
