//! `cargo xtask …`: the program's commands, run from anywhere in the repository.

use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Recipes name the data sets relative to the repository, wherever in it the command is given.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let program = tuwen::commands::Program { root, commit: option_env!("TUWEN_COMMIT") };
    tuwen::commands::main(std::env::args_os(), program)
}
