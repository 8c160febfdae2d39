//! How programs end.

use anyhow::ensure;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

/// What a program ends with: an error is a line on standard error, and 1.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, as after `| head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may read this either.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nobody reads what is written.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Adds the path that an error is about, if it does not name it already.
///
/// ```
/// use std::path::Path;
/// let error = anyhow::anyhow!("no such file").context("/a/b.txt");
/// let [of_folder, of_other] = ["/a", "/c"].map(|path| common::about(Path::new(path)));
/// let error = of_folder(error);
/// assert_eq!(format!("{error:#}"), "/a/b.txt: no such file");
/// assert_eq!(format!("{:#}", of_other(error)), "/c: /a/b.txt: no such file");
/// ```
pub fn about(path: &Path) -> impl FnOnce(anyhow::Error) -> anyhow::Error {
    let path = path.display().to_string();
    move |error| if format!("{error:#}").contains(&path) { error } else { error.context(path) }
}

/// That the file which an option names can be written, as far as that is known before the work.
///
/// # Errors
/// It is a folder, or the folder that it is to be in is not there.
pub fn check_output(option: &str, path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        ensure!(folder.is_dir(), "{option}: {}: there is no folder {}", path.display(), folder.display());
    }
    ensure!(!path.is_dir(), "{option}: {}: it is a folder, and not a file to write", path.display());
    Ok(())
}
