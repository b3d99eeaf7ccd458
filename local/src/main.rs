//! `cargo local`: Latchkey on a laptop, without AWS and without Docker.

#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod cargo_lambda;
mod check_command;
mod letters_command;
mod pages_command;
mod replay_command;
mod run;
mod samples;
mod seed_command;
mod state;

use std::process::ExitCode;

use local::Error;
use tokio::process::Command;

const USAGE: &str = "\
cargo local                 run everything: table, keys, a first admin, and the functions on 127.0.0.1:9000
cargo local event <bin>     print a sample event for a function, with live tokens and ids
cargo local seed --users N  fill the running bundle with generated users
cargo local new-endpoint AREA VERB-NOUN METHOD PATH
                            make everything a new endpoint needs, and a test that says what to write
cargo local check           format, clippy, wiring and documents: what CI would say first
cargo local letters         write every letter in every language to .local/letters, to look at
cargo local pages           write every page in every language and state to .local/pages, to look at
cargo local replay          deliver failed stream batches and dead letters once more
cargo local bench           build for release, measure everything and write docs/performance.md
cargo local bench --check   compare what does not depend on the machine with docs/performance-ci.json; with release
                            after it, a release build with docs/performance.json
cargo local bench baseline  count and write docs/performance-ci.json alone
cargo local bench SECTION   one section, printed: functions [NAME…], login, lists, growth, quota, logins
cargo local reset           forget everything: accounts, keys, secrets, letters

options of cargo local:     --port N (9000), --dynamodb-port N (8000), --mail-port N (8025)
LOCAL_STATE=DIR             keep it all there, not in .local: a second bundle beside the first";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["event", binary] => samples::print(binary).await,
        ["bench", section @ ..] => bench(section).await,
        ["seed", "--users", users] => match users.parse() {
            Ok(users) if users > 0 => seed_command::run(users).await,
            _ => Err("--users takes a number above 0".into()),
        },
        ["new-endpoint", area, name, method, path] => new_endpoint(area, name, method, path),
        ["check"] => check_command::run().await,
        ["letters"] => letters_command::run(),
        ["pages"] => pages_command::run(),
        ["replay"] => replay_command::run().await,
        ["reset"] => state::reset(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        options => match run::Options::parse(options) {
            Some(options) => run::run(options).await,
            None => Err(Error::from(format!(
                "cargo local does not know that.\n{USAGE}"
            ))),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn new_endpoint(area: &str, name: &str, method: &str, path: &str) -> Result<(), Error> {
    let files = local::new_endpoint::make(&local::workspace_root(), area, name, method, path)?;
    for file in files {
        println!("{file}");
    }
    let test = name.replace('-', "_");
    println!("\nThe test that says what to write: cargo test -p {area} {test}");
    Ok(())
}

/// Runs the bench, a program of its own: it takes long to build and nobody else needs it.
async fn bench(arguments: &[&str]) -> Result<(), Error> {
    let root = local::workspace_root();
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--workspace", "--bin", "bench"]);
    let mut bench = Command::new(std::env::current_exe()?.with_file_name("bench"));
    bench.args(arguments);
    for mut step in [build, bench] {
        if !step.current_dir(&root).status().await?.success() {
            return Err("cargo local bench failed".into());
        }
    }
    Ok(())
}
