//! Instructions of what every request computes, counted by valgrind's callgrind: the same on a busy machine.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use local::Error;
use tokio::process::Command;

use crate::progress::bar;
use crate::setup::{binary, scratch};

/// The binary that has them, and hashes passwords for the section on sign-ins.
pub const PROGRAM: &str = "hot-paths";
/// Calls in the run that others are compared with: by then, what is made once has been made.
const FEW: u64 = 100;
/// Instructions that a longer run has more, at least: then noise of a process, 0.1 million, is below 0.1 %.
const MANY_INSTRUCTIONS: u64 = 200_000_000;
/// Calls that a longer run has more, at least and at most.
const MORE: (u64, u64) = (100, 50_000);

/// Counts every path. A run under callgrind is some fifty times slower than without.
pub async fn measure() -> Result<BTreeMap<String, u64>, Error> {
    let keys = scratch()?.join("keys");
    let counted = count_all(&keys).await;
    let _ = std::fs::remove_file(&keys);
    counted
}

async fn count_all(keys: &Path) -> Result<BTreeMap<String, u64>, Error> {
    let program = binary(PROGRAM)?;
    let prepared = Command::new(&program)
        .arg("prepare")
        .arg(keys)
        .status()
        .await?;
    if !prepared.success() {
        return Err("hot-paths makes no keys".into());
    }
    let list = Command::new(&program).arg("list").output().await?;
    let list = String::from_utf8(list.stdout)?;
    let bar = bar("hot paths", list.lines().count());
    let mut counts = BTreeMap::new();
    let first = list.lines().next().unwrap_or_default();
    let start = instructions(&program, first, 0, keys).await?;
    for name in list.lines() {
        let few = instructions(&program, name, FEW, keys).await?;
        let more = longer(few.saturating_sub(start) / FEW);
        let many = instructions(&program, name, FEW + more, keys).await?;
        counts.insert(name.to_owned(), many.saturating_sub(few) / more);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(counts)
}

/// How many calls more a longer run has, of a path that takes about so many instructions.
fn longer(instructions: u64) -> u64 {
    (MANY_INSTRUCTIONS / instructions.max(1)).clamp(MORE.0, MORE.1)
}

async fn instructions(program: &Path, name: &str, count: u64, keys: &Path) -> Result<u64, Error> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind
        .arg(program)
        .args([name, &count.to_string()])
        .arg(keys);
    let output = valgrind
        .output()
        .await
        .map_err(|error| format!("valgrind cannot be run, install it: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("hot-paths under valgrind: {printed}").into());
    }
    collected(&printed).ok_or_else(|| format!("callgrind counted nothing: {printed}").into())
}

/// The total that callgrind prints at the end.
fn collected(printed: &str) -> Option<u64> {
    let line = printed.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// The section.
pub fn markdown(counts: &BTreeMap<String, u64>) -> Result<String, Error> {
    let mut text = "| path | instructions a call |\n|---|---:|\n".to_owned();
    for (name, count) in counts {
        writeln!(text, "| {name} | {} |", thousands(*count))?;
    }
    writeln!(
        text,
        "\nHow: valgrind's callgrind over `local/hot-paths`, release build: what a run has more than one of {FEW} \
         calls, by the calls it has more ({} to {}), so that start-up and what is made once do not count.",
        MORE.0, MORE.1
    )?;
    Ok(text)
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheap_path_is_run_often_and_a_dear_one_seldom() {
        assert_eq!(
            [0, 1, 40_000, 14_000_000].map(longer),
            [50_000, 50_000, 5_000, 100]
        );
    }

    #[test]
    fn the_total_is_read_and_written_for_people() {
        let printed = "==7== Events    : Ir\n==7== Collected : 12345678\n==7==\n";
        assert_eq!(collected(printed), Some(12_345_678));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
        assert_eq!(
            [7, 999, 1000, 1_234_567].map(thousands),
            ["7", "999", "1,000", "1,234,567"]
        );
    }
}
