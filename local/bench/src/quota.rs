//! The CPU that Lambda gives a function by its memory setting, imitated with a control group.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use local::Error;
use local::event::HttpRequest;

use crate::chart::{self, Chart, Series};
use crate::costs::compute_dollars;
use crate::events;
use crate::functions::{hashes, timed};
use crate::progress::bar;
use crate::setup::{
    CORE_MEGABYTES, HELLO_WORLD, Setup, binary, functions, memory_setting, scratch,
};
use crate::statistics::Sample;

/// Memory settings, in MB.
pub const MEMORY: [u32; 5] = [128, 256, 512, 1024, CORE_MEGABYTES];
const FUNCTIONS: [&str; 5] = [HELLO_WORLD, "get-user", "refresh", "login", "register"];
/// Lambda's scheduling period.
const PERIOD_MICROS: u32 = 20_000;
/// What a function may take longer with less memory than a core comes with.
const ENOUGH: f64 = 1.5;
const STARTS: usize = 7;
const CALLS: usize = 60;
const HASHING_CALLS: usize = 15;

/// What was measured of one function at one memory setting.
pub struct Cell {
    /// The function.
    pub function: &'static str,
    /// The setting in MB.
    pub megabytes: u32,
    /// Spawn to first request for an invocation, ms.
    pub init: Sample,
    /// Warm invocations, ms.
    pub warm: Sample,
}

/// Measures every function at every setting.
pub async fn measure() -> Result<Vec<Cell>, Error> {
    let group = Group::new()?;
    let bar = bar("memory settings", FUNCTIONS.len() * MEMORY.len());
    let mut cells = Vec::new();
    for function in FUNCTIONS {
        let setup = Setup::start().await?;
        let calls = if hashes(function) {
            HASHING_CALLS
        } else {
            CALLS
        };
        let events = if function == HELLO_WORLD {
            vec![HttpRequest::new("GET", "/").event("/"); MEMORY.len() * (calls + 1)]
        } else {
            events::of(&setup, function, MEMORY.len() * (calls + 1)).await?
        };
        let snapshot = setup.snapshot()?;
        for (megabytes, events) in MEMORY.iter().zip(events.chunks(calls + 1)) {
            group.limit(*megabytes)?;
            let program = group.program(function)?;
            let mut init = Vec::new();
            for _ in 0..STARTS {
                init.push(setup.function_by(&program, function).await?.init());
            }
            let running = setup.function_by(&program, function).await?;
            let mut warm = Vec::new();
            for event in events {
                if events::consumes(function) {
                    setup.restore(&snapshot)?;
                }
                warm.push(timed(&running, event).await?);
            }
            cells.push(Cell {
                function,
                megabytes: *megabytes,
                init: Sample::of_times(&init),
                // The first is not warm.
                warm: Sample::of_times(&warm[1..]),
            });
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(cells)
}

/// The section.
pub fn markdown(cells: &[Cell]) -> Result<String, Error> {
    let mut text = "| function |".to_owned();
    for megabytes in MEMORY {
        write!(text, " {megabytes} MB |")?;
    }
    text.push_str("\n|---|---|---|---|---|---|\n");
    for function in FUNCTIONS {
        write!(text, "| {function} |")?;
        for cell in cells.iter().filter(|cell| cell.function == function) {
            let (init, warm) = (cell.init.median(), &cell.warm);
            let (median, slowest) = (warm.median(), warm.quantile(0.95));
            let dollars = compute_dollars(cell.megabytes, median);
            write!(
                text,
                " init {init:.1}, warm {median:.1} ({slowest:.1}), ${dollars:.2} |"
            )?;
        }
        text.push('\n');
    }
    writeln!(
        text,
        "\nMilliseconds: init median of {STARTS}, warm p50 and (p95) of {CALLS} calls, {HASHING_CALLS} where a password is \
         hashed; US dollars of Lambda's GB-seconds for a million such calls. How: a control group gives the function memory / \
         {CORE_MEGABYTES} of a core in periods of 20 ms, as Lambda has been seen to; the embedded engine runs outside of it. \
         The init has the same quota here, though Lambda gives it more, and the shell that joins the group is in it.\n"
    )?;
    writeln!(
        text,
        "| what a function does | the smallest setting at which a warm call takes at most {ENOUGH} × what it takes with a \
         core | `template.yaml` |\n|---|---|---|"
    )?;
    for (kind, hashing) in [
        ("waits for the table", false),
        ("hashes passwords or makes keys", true),
    ] {
        writeln!(text, "{}", setting_row(cells, kind, hashing)?)?;
    }
    text.push_str(
        "\nEach kind has one setting: what the neediest of it needs. A hash is all CPU: less memory makes it as much slower \
         as cheaper. Time spent waiting for the table is billed by memory, so whoever only waits gets little; here it waits \
         for no network, so this errs towards more memory.\n",
    );
    Ok(text)
}

/// What the functions of a kind need, and what the template gives them.
fn setting_row(cells: &[Cell], kind: &str, hashing: bool) -> Result<String, Error> {
    let (mut row, mut neediest) = (format!("| {kind} |"), Some(0));
    for function in FUNCTIONS {
        if function == HELLO_WORLD || hashes(function) != hashing {
            continue;
        }
        let needed = suggested(cells, function);
        let shown = needed.map_or("none".to_owned(), |megabytes| format!("{megabytes} MB"));
        write!(row, " {function} {shown},")?;
        neediest = neediest.max(needed).filter(|_| needed.is_some());
    }
    row.pop();
    let mut given = BTreeSet::new();
    for block in functions()? {
        if hashes(&block.binary) == hashing {
            given.insert(memory_setting(&block.binary)?);
        }
    }
    let follows = neediest.is_some_and(|neediest| given == BTreeSet::from([neediest]));
    let given: Vec<String> = given.iter().map(|given| format!("{given} MB")).collect();
    let objection = if follows {
        ""
    } else {
        ", **which does not follow**"
    };
    write!(row, " | {}{objection} |", given.join(", "))?;
    Ok(row)
}

/// The smallest memory setting with which a function is about as fast as with a core.
fn suggested(cells: &[Cell], function: &str) -> Option<u32> {
    let own = || cells.iter().filter(|cell| cell.function == function);
    let core = own().find(|cell| cell.megabytes == CORE_MEGABYTES)?;
    let enough = core.warm.median() * ENOUGH;
    let fast = own().filter(|cell| cell.warm.median() <= enough);
    fast.map(|cell| cell.megabytes).min()
}

/// Warm latency by memory.
pub fn chart(cells: &[Cell]) -> Result<Chart, Error> {
    let names = MEMORY.map(|megabytes| format!("{megabytes} MB"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let series = FUNCTIONS.map(|function| Series {
        name: function.to_owned(),
        values: cells
            .iter()
            .filter(|cell| cell.function == function)
            .map(|cell| cell.warm.median())
            .collect(),
    });
    chart::lines("Warm latency by memory setting, ms", &names, &series)
}

/// Microseconds of CPU in a period that a memory setting is worth.
fn quota_micros(megabytes: u32) -> u32 {
    PERIOD_MICROS * megabytes / CORE_MEGABYTES
}

/// A control group of our own, gone when this is.
struct Group {
    folder: PathBuf,
    programs: PathBuf,
    unified: bool,
}

impl Group {
    fn new() -> Result<Self, Error> {
        let unified = !Path::new("/sys/fs/cgroup/cpu").exists();
        let root = if unified {
            "/sys/fs/cgroup"
        } else {
            "/sys/fs/cgroup/cpu"
        };
        let name = format!("latchkey-bench-{}", std::process::id());
        let folder = Path::new(root).join(&name);
        let programs = scratch()?.join("programs");
        fs::create_dir(&folder)
            .map_err(|error| format!("no control group can be made: {error}"))?;
        // From here on it is removed again, whatever fails.
        let group = Self {
            folder,
            programs,
            unified,
        };
        fs::create_dir_all(&group.programs)?;
        group.limit(CORE_MEGABYTES)?;
        // What it may have it gets, whatever else runs.
        let (weight, most) = if unified {
            ("cpu.weight", "10000")
        } else {
            ("cpu.shares", "262144")
        };
        group.write(weight, most)?;
        Ok(group)
    }

    fn limit(&self, megabytes: u32) -> Result<(), Error> {
        let quota = quota_micros(megabytes);
        if self.unified {
            return self.write("cpu.max", &format!("{quota} {PERIOD_MICROS}"));
        }
        self.write("cpu.cfs_period_us", &PERIOD_MICROS.to_string())?;
        self.write("cpu.cfs_quota_us", &quota.to_string())
    }

    fn write(&self, file: &str, value: &str) -> Result<(), Error> {
        let written = fs::write(self.folder.join(file), value);
        Ok(written.map_err(|error| format!("{file} of a control group: {error}"))?)
    }

    /// A program that joins the group and becomes the function.
    fn program(&self, function: &str) -> Result<PathBuf, Error> {
        let program = self.programs.join(function);
        let (group, binary) = (self.folder.display(), binary(function)?);
        let binary = binary.display();
        fs::write(
            &program,
            format!("#!/bin/sh\necho $$ > '{group}/cgroup.procs' || exit 1\nexec '{binary}'\n"),
        )?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        Ok(program)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Ended processes leave it a moment later.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = fs::remove_dir_all(&self.programs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_setting_that_is_fast_enough_is_suggested() {
        let cell = |megabytes, millis| Cell {
            function: "login",
            megabytes,
            init: Sample::of([1.0]),
            warm: Sample::of([millis]),
        };
        let cells = [
            cell(512, 60.0),
            cell(1024, 45.0),
            cell(CORE_MEGABYTES, 30.0),
        ];
        assert_eq!(suggested(&cells, "login"), Some(1024));
        assert_eq!(suggested(&cells[..2], "login"), None);
    }

    #[test]
    fn a_core_is_1769_megabytes_and_less_is_a_part_of_it() {
        assert_eq!(MEMORY.map(quota_micros), [1447, 2894, 5788, 11_577, 20_000]);
    }
}
