//! `docs/performance.md`: everything measured, written down.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use local::template::FunctionBlock;
use local::{Error, workspace_root};
use tokio::process::Command;

use crate::chart::Chart;
use crate::consequences::Consequence;
use crate::figures::{Figures, FunctionCost};
use crate::functions::FunctionFigures;
use crate::login::LoginFigures;
use crate::package::zip_bytes;
use crate::progress::begin;
use crate::quota::Cell;
use crate::scale::{Row, Scale};
use crate::{
    consequences, costs_report, counts, functions, functions_report, hot_paths, login, quota,
    scale, setup,
};

/// A promise and what became of it.
pub struct Budget {
    name: String,
    limit: String,
    measured: String,
    met: bool,
    /// What to know where it is not met.
    why: String,
}

impl Budget {
    /// That something is no larger than a limit.
    pub fn at_most(name: &str, limit: f64, measured: f64, unit: &str) -> Self {
        Self {
            name: name.to_owned(),
            limit: format!("≤ {limit} {unit}"),
            measured: format!("{measured:.2} {unit}"),
            met: measured <= limit,
            why: String::new(),
        }
    }

    /// Says what it is that keeps it from being met, and what was tried.
    #[must_use]
    pub fn because(mut self, why: &str) -> Self {
        why.clone_into(&mut self.why);
        self
    }

    /// That none of all is larger than a limit.
    pub fn worst<'a>(
        name: &str,
        limit: f64,
        all: impl Iterator<Item = (&'a str, f64)>,
        unit: &str,
    ) -> Self {
        let all: Vec<(&str, f64)> = all.collect();
        let over = all.iter().filter(|(_, measured)| *measured > limit).count();
        let worst = all.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let (function, measured) = worst.copied().unwrap_or(("nothing", f64::NAN));
        let mut budget = Self::at_most(name, limit, measured, unit);
        write!(budget.measured, ", {function}").ok();
        if over > 1 {
            write!(budget.measured, " ({over} of {} are over it)", all.len()).ok();
        }
        budget
    }
}

/// Measures what `--check` compares.
pub async fn figures() -> Result<Figures, Error> {
    let mut figures = Figures {
        architecture: std::env::consts::ARCH.to_owned(),
        tools: tools().await?,
        ..Figures::default()
    };
    // Side by side: none of it looks at the clock.
    let zips = tokio::task::spawn_blocking(zips);
    let (costs, hot_paths) = tokio::try_join!(counts::of_all(), hot_paths::measure())?;
    let zips = zips.await??;
    for (name, cost) in costs {
        let zip = zips.get(&name).ok_or("a function was not packed")?;
        let cost = FunctionCost::new(&cost, *zip);
        figures.functions.insert(name, cost);
    }
    figures.hot_paths = hot_paths;
    Ok(figures)
}

/// The size of every function's zip, in bytes, by the names of their binaries.
fn zips() -> Result<BTreeMap<String, u64>, Error> {
    let packed = |block: FunctionBlock| Ok((block.binary.clone(), zip_bytes(&block.binary)?));
    setup::functions()?.into_iter().map(packed).collect()
}

/// What builds and counts.
async fn tools() -> Result<String, Error> {
    let mut versions = Vec::new();
    for tool in ["rustc", "cc", "valgrind"] {
        let output = Command::new(tool).arg("--version").output().await;
        let output =
            output.map_err(|error| format!("{tool} cannot be run, install it: {error}"))?;
        let printed = String::from_utf8(output.stdout)?;
        versions.push(printed.lines().next().unwrap_or_default().to_owned());
    }
    Ok(versions.join(", "))
}

/// All that a run measures.
struct Measured {
    machine: String,
    counted: Figures,
    functions: Vec<FunctionFigures>,
    login: LoginFigures,
    growth: Vec<Row>,
    pages: Vec<Row>,
    cells: Result<Vec<Cell>, Error>,
    consequences: Vec<(&'static str, Consequence)>,
}

/// Measures everything and writes it down.
pub async fn write(machine: String) -> Result<(), Error> {
    let measured = measure(machine).await?;
    let text = document(&measured)?;
    std::fs::write(docs().join("performance.md"), text)?;
    measured.counted.save(setup::Profile::Release)?;
    println!("Wrote docs/performance.md, docs/performance.json and docs/performance/.");
    Ok(())
}

async fn measure(machine: String) -> Result<Measured, Error> {
    begin("1 of 7: table units, zip sizes, instructions");
    let counted = figures().await?;
    begin("2 of 7: what follows a request");
    let consequences = consequences::of_all().await?;
    begin("3 of 7: every function");
    let functions = functions::measure(&setup::functions()?).await?;
    begin("4 of 7: sign-ins");
    let login = login::measure().await?;
    begin("5 of 7: a growing table");
    let mut scale = Scale::start().await?;
    let growth = scale.growth().await?;
    begin("6 of 7: long lists");
    let pages = scale.pages().await?;
    drop(scale);
    begin("7 of 7: memory settings");
    let cells = quota::measure().await;
    Ok(Measured {
        machine,
        counted,
        functions,
        login,
        growth,
        pages,
        cells,
        consequences,
    })
}

fn document(measured: &Measured) -> Result<String, Error> {
    let Measured {
        counted,
        functions,
        login,
        growth,
        pages,
        cells,
        ..
    } = measured;
    let mut budgets = functions_report::budgets(functions, counted)?;
    budgets.push(login.budget());
    budgets.push(scale::budget(pages));
    let mut text = introduction(&measured.machine)?;
    section(&mut text, "Budgets", &budgets_markdown(&budgets)?, None)?;
    let chart = ("init", functions_report::chart(functions)?);
    section(
        &mut text,
        "Each function",
        &functions_report::markdown(functions)?,
        Some(&chart),
    )?;
    let units = functions_report::costs_markdown(counted)?;
    section(&mut text, "Round trips, units and zips", &units, None)?;
    match cells {
        Ok(cells) => {
            let chart = ("memory", quota::chart(cells)?);
            section(
                &mut text,
                "Memory settings",
                &quota::markdown(cells)?,
                Some(&chart),
            )?;
        }
        Err(error) => {
            let skipped = format!("Not measured: {error}.\n");
            section(&mut text, "Memory settings", &skipped, None)?;
        }
    }
    section(&mut text, "Sign-ins", &login.markdown()?, None)?;
    let chart = ("growth", scale::growth_chart(growth)?);
    section(
        &mut text,
        "A growing table",
        &scale::growth_markdown(growth)?,
        Some(&chart),
    )?;
    let chart = ("pages", scale::pages_chart(pages)?);
    section(
        &mut text,
        "Long lists",
        &scale::pages_markdown(pages)?,
        Some(&chart),
    )?;
    add_costs(&mut text, measured)?;
    let paths = hot_paths::markdown(&counted.hot_paths)?;
    section(&mut text, "Hot paths", &paths, None)?;
    Ok(text)
}

fn add_costs(text: &mut String, measured: &Measured) -> Result<(), Error> {
    let known = costs_report::Known {
        functions: &measured.functions,
        counted: &measured.counted,
        cells: measured.cells.as_deref().unwrap_or_default(),
    };
    let mut operations = Vec::new();
    for (name, after) in &measured.consequences {
        operations.push(known.operation(name, after)?);
    }
    let table = costs_report::operations_markdown(&operations, measured.cells.is_ok())?;
    section(text, "What a million operations cost", &table, None)?;
    let chart = ("costs", costs_report::chart(&operations)?);
    let months = costs_report::months_markdown(&operations)?;
    section(
        text,
        "What active users cost, beside Cognito",
        &months,
        Some(&chart),
    )
}

fn docs() -> PathBuf {
    workspace_root().join("docs")
}

fn introduction(machine: &str) -> Result<String, Error> {
    let mut text = "# Performance\n\n".to_owned();
    writeln!(
        text,
        "Written by `cargo local bench`; nothing here is written by hand. {machine}\n\n\
         **What to make of it.** Round trips and units are the same on every machine, zip sizes and instructions within 2 % where \
         compiler and architecture are: `docs/performance.json` has them; `cargo local bench --check` fails when one gets \
         worse, in a build for development, whose figures `docs/performance-ci.json` has. Times and memory are this machine's, with an embedded engine in place of DynamoDB and no network; a warm call's \
         include the runtime API and the engine, half a millisecond and more in a build for development. Compare them with one \
         another, above all with hello-world, the smallest `lambda_http` binary. Nothing was measured in AWS."
    )?;
    Ok(text)
}

/// Adds a section, with a chart in a file of its own where it has one.
fn section(
    text: &mut String,
    title: &str,
    body: &str,
    chart: Option<&(&str, Chart)>,
) -> Result<(), Error> {
    write!(text, "\n## {title}\n\n")?;
    if let Some((name, svg)) = chart {
        let folder = docs().join("performance");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("{name}.svg")), svg)?;
        write!(text, "![{title}](performance/{name}.svg)\n\n")?;
    }
    text.push_str(body);
    Ok(())
}

fn budgets_markdown(budgets: &[Budget]) -> Result<String, Error> {
    let mut text = "| budget | limit | measured, the worst | |\n|---|---|---|---|\n".to_owned();
    for budget in budgets {
        let met = if budget.met { "met" } else { "**not met**" };
        writeln!(
            text,
            "| {} | {} | {} | {met} |",
            budget.name, budget.limit, budget.measured
        )?;
    }
    for budget in budgets.iter().filter(|budget| !budget.met) {
        if !budget.why.is_empty() {
            writeln!(text, "\n**{}**: {}", budget.name, budget.why)?;
        }
    }
    Ok(text)
}

/// Where and when this is measured.
pub fn machine() -> Result<String, Error> {
    let read = |file: &str| std::fs::read_to_string(file);
    let cpu = read("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model
        .unwrap_or_default()
        .trim_start_matches([' ', '\t', ':']);
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let load = read("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let cores = std::thread::available_parallelism()?;
    let architecture = std::env::consts::ARCH;
    let priority = match niceness(&read("/proc/self/stat")?) {
        Some(nice) if nice != 0 => format!(", at niceness {nice}"),
        _ => String::new(),
    };
    Ok(format!(
        "Measured on {day}: {model}, {architecture}, {cores} cores, Linux {kernel}{priority}. The load average at the start was \
         {load}: where that is far above 0, others used the machine as well, and times are longer and further apart than \
         they need be."
    ))
}

/// The niceness in `/proc/<pid>/stat`: the 19th field, and the name of the program may have spaces.
fn niceness(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(16)?.parse().ok()
}

/// Memory for people.
#[expect(clippy::cast_precision_loss, reason = "memory of a process")]
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// Sizes of files for people.
#[expect(clippy::cast_precision_loss, reason = "size of a file")]
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missed_budget_is_explained() {
        let budget = |limit| Budget::at_most("zip", limit, 4.0, "MB").because("Because.");
        let text = |limit| budgets_markdown(&[budget(limit)]).expect("text");
        assert!(text(3.0).ends_with("\n**zip**: Because.\n"));
        assert!(!text(5.0).contains("Because"));
    }

    #[test]
    fn niceness_is_read_behind_any_name() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 15 -5 1 0 100";
        assert_eq!(niceness(stat), Some(-5));
        assert_eq!(niceness("7"), None);
    }

    #[test]
    fn a_budget_is_met_up_to_its_limit_and_names_the_worst() {
        let all = [("login", 1.5), ("refresh", 2.5), ("logout", 0.5)];
        let budget = |limit| Budget::worst("init", limit, all.into_iter(), "×");
        assert!(budget(2.5).met && !budget(2.4).met);
        assert_eq!(budget(2.5).measured, "2.50 ×, refresh");
        assert_eq!(budget(1.0).measured, "2.50 ×, refresh (2 of 3 are over it)");
        assert!(!Budget::worst("init", 1.0, [].into_iter(), "×").met);
    }
}
