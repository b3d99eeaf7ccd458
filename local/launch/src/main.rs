//! `cargo local`: builds the program `local` and becomes it.
//!
//! `cargo run` builds with the features of one package alone, and `cargo test --workspace` with those of all: every
//! library twice. What is built here is what the tests have built, and the other way round.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let build = [
        "build",
        "--quiet",
        "--workspace",
        "--bin",
        "local",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"),
    ];
    match Command::new("cargo").args(build).status() {
        Ok(status) if status.success() => {}
        Ok(_) => return ExitCode::FAILURE,
        Err(error) => return failed(&error),
    }
    match std::env::current_exe() {
        Ok(program) => failed(
            &Command::new(program.with_file_name("local"))
                .args(std::env::args_os().skip(1))
                .exec(),
        ),
        Err(error) => failed(&error),
    }
}

fn failed(error: &std::io::Error) -> ExitCode {
    eprintln!("cargo local does not start: {error}");
    ExitCode::FAILURE
}
