//! Asks a language model that is divided among the processes that `mpirun` has started.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(congruent_mpi::run(|world| chat::cli_on_ranks(std::env::args_os(), world)))
}
