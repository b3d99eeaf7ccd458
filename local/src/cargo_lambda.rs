//! `cargo-lambda`: found, or installed under `.local/tools`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::Error;
use tokio::process::Command;

/// The version this was tested with.
const VERSION: &str = "1.9.2";

/// The program, installed first if need be.
pub async fn find_or_install(tools: &Path) -> Result<PathBuf, Error> {
    let own = tools.join("bin").join("cargo-lambda");
    for candidate in [PathBuf::from("cargo-lambda"), own.clone()] {
        if runs(&candidate, &["lambda", "--version"]).await {
            return Ok(candidate);
        }
    }
    println!(
        "Installing cargo-lambda {VERSION} into {} …",
        tools.display()
    );
    let (requirement, folder) = (format!("cargo-lambda=={VERSION}"), tools.to_string_lossy());
    // Without its dependency zig, which only cross-compiling needs.
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        &folder,
        &requirement,
    ];
    if runs(Path::new("python3"), &pip).await && runs(&own, &["lambda", "--version"]).await {
        return Ok(own);
    }
    println!(
        "No wheel could be installed with python3, so it is compiled: a quarter of an hour on two cores."
    );
    let compiled = Command::new("cargo")
        .args([
            "install",
            "cargo-lambda",
            "--locked",
            "--version",
            VERSION,
            "--root",
        ])
        .arg(tools)
        .status()
        .await;
    match compiled {
        Ok(status) if status.success() => Ok(own),
        _ => Err("cargo-lambda could not be installed: see https://www.cargo-lambda.info".into()),
    }
}

async fn runs(program: &Path, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    status.is_ok_and(|status| status.success())
}
