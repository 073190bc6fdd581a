//! The `bedside` program; everything it does is in the library.

fn main() -> std::process::ExitCode {
    bedside_desk::cli::main()
}
