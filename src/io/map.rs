//! Files as memory.

use super::LoadError;
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Maps a file into memory. It must not be changed as long as the bytes are used.
pub(super) fn map(path: &Path) -> Result<Arc<Mmap>, LoadError> {
    let io = |source| LoadError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    // SAFETY: the mapping is only read. That nobody changes the file meanwhile is the condition that
    // the documentation of every function that opens a file states, as for every mapped file.
    Ok(Arc::new(unsafe { Mmap::map(&file) }.map_err(io)?))
}
