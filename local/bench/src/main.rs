//! `cargo local bench`: what Latchkey costs, measured and written down, and whether it has become more.

#![expect(clippy::print_stdout, reason = "a command-line tool")]

mod chart;
mod clients;
mod codes;
mod consequences;
mod costs;
mod costs_report;
mod counts;
mod events;
mod factors;
mod figures;
mod functions;
mod functions_report;
mod hot_paths;
mod login;
mod logins;
mod mail;
mod oauth;
mod package;
mod passkeys;
mod progress;
mod quota;
mod report;
mod scale;
mod setup;
mod statistics;

use std::fmt::Write;
use std::process::ExitCode;

use local::Error;

use crate::figures::{Figures, file};
use crate::scale::Scale;
use crate::setup::Profile;

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
        ["--build"] => return setup::build(Profile::Ci).await,
        ["--check"] => return check(Profile::Ci).await,
        ["--check", "release"] => return check(Profile::Release).await,
        ["baseline"] => return baseline().await,
        [section] if SECTIONS.contains(section) => (*section, [].as_slice()),
        _ => return Err(usage()),
    };
    let functions = setup::functions_named(only)?;
    let machine = report::machine()?;
    setup::build(Profile::Release).await?;
    let text = match section {
        "" => {
            report::write(machine).await?;
            return baseline().await;
        }
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
        "cargo local bench [baseline | {}]\ncargo local bench functions NAME…\ncargo local bench --check [release]\ncargo local bench --build",
        SECTIONS.join(" | ")
    )
    .into()
}

/// Writes down what the next check of the profile `ci` is compared with.
async fn baseline() -> Result<(), Error> {
    setup::build(Profile::Ci).await?;
    report::figures().await?.save(Profile::Ci)?;
    println!("Wrote {}.", file(Profile::Ci));
    Ok(())
}

/// Compares what does not depend on the machine with what is checked in.
async fn check(profile: Profile) -> Result<(), Error> {
    let before = Figures::load(profile)?;
    let file = file(profile);
    setup::build(profile).await?;
    counts::no_level_finer_than_info().await?;
    let now = report::figures().await?;
    let comparison = before.compare(&now);
    if !comparison.same_architecture {
        println!(
            "{file} is of {}: zips and instructions are not compared.",
            before.architecture
        );
    }
    let zips = || now.functions.values().map(|cost| cost.zip_bytes);
    if let (Some(smallest), Some(largest)) = (zips().min(), zips().max()) {
        println!(
            "Zips of the profile {}: {smallest} to {largest} bytes.",
            profile.name()
        );
    }
    for line in &comparison.improvements {
        println!("better: {line}");
    }
    if !comparison.improvements.is_empty() {
        println!("cargo local bench baseline, or the whole bench, would write that down.");
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
    println!("No function and no hot path costs more than {file} says.");
    Ok(())
}
