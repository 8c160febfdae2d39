//! Files that are whole or not there.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// How many letters and digits tell the parts of one file apart.
const RANDOM: usize = 12;
/// What a part has for a name, between that of the file and these letters, and behind them.
const MARKS: [&str; 2] = [".congruent-", ".part"];

/// Writes the file: to a part beside it first, which takes its place once the disk has it. Parts that nobody writes any more,
/// since their process has ended, are removed. Of a link, the file that it leads to is written; the permissions of a file that
/// was there stay. A device or a pipe stays what it is, and is written to.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let found = path.canonicalize().ok();
    let path = match &found {
        // `..` and the root lead to folders too, and are no names of files.
        Some(found) if path.file_name().is_some() => found,
        _ => path,
    };
    if path.metadata().is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(".".as_ref());
    remove_left_over(folder, name);
    let mut part = new_part(folder, name)?;
    part.write_all(bytes)?;
    if let Some(before) = path.metadata().ok().filter(|before| before.is_file()) {
        part.as_file().set_permissions(before.permissions())?;
    }
    part.as_file().sync_all()?;
    // Until it is dropped, it is locked.
    let _written = part.persist(path)?;
    // That the file has its name is on the disk once its folder is. Not every system opens a folder.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A part that this call alone writes, and that is locked as long as it does.
fn new_part(folder: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    let mut prefix = name.to_owned();
    prefix.push(MARKS[0]);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(MARKS[1]).rand_bytes(RANDOM);
    // As of any new file: the process has a mask for it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let part = builder.tempfile_in(folder)?;
        match part.as_file().try_lock() {
            // Another has taken it for left over before it was locked, and removes it or has done so.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !part.path().try_exists()? => {}
            // Where files cannot be locked, none is ever taken for left over.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(part),
        }
    }
}

/// Removes the parts of a file of this name that nobody holds locked. What cannot be removed stays: it is in nobody's way.
fn remove_left_over(folder: &Path, name: &OsStr) {
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.filter_map(Result::ok).filter(|entry| is_part(&entry.file_name(), name)) {
        let Ok(part) = File::open(entry.path()) else { continue };
        // Locked while it is removed: whoever has just made it sees that, or that it is gone.
        if part.try_lock().is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a file of the first name is a part of one of the other.
fn is_part(found: &OsString, name: &OsStr) -> bool {
    let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
    let rest = rest.and_then(|rest| rest.strip_prefix(MARKS[0].as_bytes()));
    let random = rest.and_then(|rest| rest.strip_suffix(MARKS[1].as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn parts_that_nobody_writes_are_removed_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let kept = ["model.congruent-short.part", "model.part", "other.congruent-abcdefABCDEF.part"];
        for name in kept.into_iter().chain(["model.congruent-abcdefABCDEF.part"]) {
            std::fs::write(folder.path().join(name), "a part").unwrap();
        }
        let living = new_part(folder.path(), "model".as_ref()).unwrap();
        write_whole(&path, b"whole").unwrap();
        let name_of_living = living.path().file_name().unwrap().to_owned();
        let mut expected: Vec<OsString> = kept.into_iter().chain(["model"]).map(Into::into).collect();
        expected.push(name_of_living);
        expected.sort();
        assert_eq!(names(folder.path()), expected);
        drop(living);
        assert_eq!(std::fs::read(path).unwrap(), b"whole");
    }

    #[test]
    fn many_threads_that_write_one_file_leave_one_of_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = &folder.path().join("model");
        std::thread::scope(|scope| {
            for thread in 0..4u8 {
                scope.spawn(move || {
                    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
                        write_whole(path, &vec![thread; 10_000 + usize::from(thread)]).unwrap();
                        let found = std::fs::read(path).unwrap();
                        assert_eq!(found.len(), 10_000 + usize::from(found[0]));
                        assert!(found.iter().all(|byte| *byte == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["model"]);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        std::fs::create_dir(&path).unwrap();
        assert!(write_whole(&path, b"whole").is_err());
        assert_eq!(names(folder.path()), ["model"]);
        assert!(write_whole(&folder.path().join("missing/model"), b"whole").is_err());
        assert!(write_whole("..".as_ref(), b"whole").is_err());
    }

    /// Whoever may replace it would else do so.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_replaced() {
        use std::os::unix::{fs::FileTypeExt, net::UnixListener};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let _socket = UnixListener::bind(&path).unwrap();
        assert!(write_whole(&path, b"whole").is_err());
        assert!(path.metadata().unwrap().file_type().is_socket());
        assert_eq!(names(folder.path()), ["model"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_so_do_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [link, elsewhere] = ["link", "elsewhere"].map(|name| folder.path().join(name));
        std::fs::create_dir(&elsewhere).unwrap();
        let path = elsewhere.join("model");
        write_whole(&path, b"before").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        write_whole(&link, b"after").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"after");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!((names(folder.path()).len(), names(&elsewhere).len()), (2, 1));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_permissions_of_any_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let [saved, other] = ["saved", "other"].map(|name| folder.path().join(name));
        write_whole(&saved, b"whole").unwrap();
        std::fs::write(&other, "any").unwrap();
        let permissions = |path: &Path| path.metadata().unwrap().permissions();
        assert_eq!(permissions(&saved), permissions(&other));
    }
}
