//! `cargo local bench`: what Latchkey costs, measured and written down, and whether it has become more.

#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod chart;
mod consequences;
mod costs;
mod costs_report;
mod counts;
mod events;
mod figures;
mod functions;
mod functions_report;
mod hot_paths;
mod login;
mod logins;
mod mail;
mod package;
mod progress;
mod quota;
mod report;
mod scale;
mod setup;
mod statistics;

use std::fmt::Write;
use std::process::ExitCode;

use local::Error;

use crate::figures::Figures;
use crate::scale::Scale;

/// What can be measured by itself.
const SECTIONS: [&str; 6] = ["functions", "login", "lists", "growth", "quota", "logins"];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<(), Error> {
    let (section, only) = match arguments {
        [] => ("", [].as_slice()),
        ["functions", names @ ..] => ("functions", names),
        [section] if *section == "--check" || SECTIONS.contains(section) => {
            (*section, [].as_slice())
        }
        _ => return Err(usage()),
    };
    let functions = setup::functions_named(only)?;
    if section == "--check" {
        return check().await;
    }
    let machine = report::machine()?;
    setup::build().await?;
    let text = match section {
        "" => return report::write(machine).await,
        "functions" => functions_report::markdown(&functions::measure(&functions).await?)?,
        "login" => login::measure().await?.markdown()?,
        "lists" => scale::pages_markdown(&Scale::start().await?.pages().await?)?,
        "growth" => scale::growth_markdown(&Scale::start().await?.growth().await?)?,
        "quota" => quota::markdown(&quota::measure().await?)?,
        "logins" => logins::measure().await?,
        _ => return Err(usage()),
    };
    println!("{text}");
    Ok(())
}

fn usage() -> Error {
    format!(
        "cargo local bench [--check | {}]\ncargo local bench functions NAME…",
        SECTIONS.join(" | ")
    )
    .into()
}

/// Compares what does not depend on the machine with what is checked in.
async fn check() -> Result<(), Error> {
    let before = Figures::load()?;
    setup::build().await?;
    counts::no_level_finer_than_info().await?;
    let now = report::figures().await?;
    let comparison = before.compare(&now);
    if !comparison.same_architecture {
        println!(
            "docs/performance.json is of {}: zips and instructions are not compared.",
            before.architecture
        );
    }
    for line in &comparison.improvements {
        println!("better: {line}");
    }
    if !comparison.improvements.is_empty() {
        println!("cargo local bench would write that down.");
    }
    if !comparison.regressions.is_empty() {
        let mut text = format!("worse:\n{}", comparison.regressions.join("\n"));
        if before.tools != now.tools {
            write!(
                text,
                "\nmeasured with {}, and now with {}",
                before.tools, now.tools
            )?;
        }
        return Err(text.into());
    }
    println!("No function and no hot path costs more than docs/performance.json says.");
    Ok(())
}
