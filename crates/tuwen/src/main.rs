//! The program: `tuwen train`, `tuwen data …`, `tuwen recipe …`.

use std::path::Path;
use std::process::ExitCode;

// Training allocates and frees the same large buffers each step; this allocator keeps them instead of giving the pages
// back to the system and clearing them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = tuwen::commands::Program { root: Path::new("."), commit: option_env!("TUWEN_COMMIT") };
    tuwen::commands::main(std::env::args_os(), program)
}
