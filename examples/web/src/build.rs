//! The page's program, built by cargo for WebAssembly.

use std::env::{current_exe, var_os};
use std::ffi::OsString;
use std::fs::read;
use std::path::Path;
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";
/// WebAssembly cannot be asked what it has: what is compiled with vectors has them.
const FLAGS: &str = "-Ctarget-feature=+simd128";

/// The bytes of the program.
pub fn program() -> Result<Vec<u8>, String> {
    install_target()?;
    // Where this program was built, as whoever built it may have chosen the folder.
    let exe = current_exe().map_err(|error| error.to_string())?;
    let folder = exe.parent().and_then(Path::parent).ok_or("this program lies in no folder of cargo's")?;
    let mut cargo = Command::new(var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args(["build", "--release", "--package", "page", "--lib", "--target", TARGET, "--target-dir"]).arg(folder);
    // Flags for the processor of this machine are none of the page's.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS).current_dir(env!("CARGO_MANIFEST_DIR"));
    run(&mut cargo)?;
    let path = folder.join(TARGET).join("release/page.wasm");
    read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The standard library for WebAssembly comes with no toolchain.
fn install_target() -> Result<(), String> {
    let mut rustc = Command::new(var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = rustc.stderr(Stdio::inherit()).output().map_err(|error| format!("rustc: {error}"))?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim_end()).is_dir() {
        return Ok(());
    }
    run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(env!("CARGO_MANIFEST_DIR")))
        .map_err(|error| format!("the standard library for {TARGET} is not installed, and {error}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
