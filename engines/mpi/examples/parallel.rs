//! Trains a language model of characters by the processes that `mpirun` has started.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(congruent_mpi::run(|world| parallel::cli(std::env::args_os(), world)))
}
