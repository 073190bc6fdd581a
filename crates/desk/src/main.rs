//! The `bedside` program; everything it does is in the library.

/// Pages are made of many short-lived texts on several threads; see `docs/decisions/0007-speed.md` for what this brings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bedside_desk::cli::main()
}
