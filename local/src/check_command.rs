//! `cargo local check`: what CI would say first, before a push.

use std::time::Instant;

use local::{Error, workspace_root};
use tokio::process::Command;

/// Names and arguments for cargo, in their order; as in `.ci/run`, but for the tests that need the functions built.
const STEPS: [(&str, &[&str]); 3] = [
    ("format", &["fmt", "--all", "--check"]),
    (
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "wiring and documents",
        &[
            "test",
            "--quiet",
            "--locked",
            "--package",
            "harness",
            "--test",
            "wiring",
            "--test",
            "documents",
        ],
    ),
];

/// Runs the steps up to the first that fails, and prints how long each took.
pub async fn run() -> Result<(), Error> {
    for (name, arguments) in STEPS {
        let command = format!("cargo {}", arguments.join(" "));
        println!("== {name}: {command}");
        let began = Instant::now();
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).current_dir(workspace_root());
        let status = cargo.status().await?;
        println!("{:7.1} s  {name}", began.elapsed().as_secs_f64());
        if !status.success() {
            return Err(format!("cargo local check stopped at {name}: {command}").into());
        }
    }
    Ok(())
}
