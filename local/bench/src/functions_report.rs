//! The tables of single functions, and their budgets.

use std::fmt::Write;

use local::Error;
use local::template::FunctionBlock;

use crate::chart::{self, Chart};
use crate::events::ACCOUNTS;
use crate::figures::Figures;
use crate::functions::{CALLS, FunctionFigures, STARTS, hashes};
use crate::report::{Budget, mebibytes, megabytes};
use crate::setup::{HELLO_WORLD, functions};

/// Init against hello-world, with the key ring read in it and without.
const INIT_BUDGETS: [f64; 2] = [2.5, 1.5];
const ZIP_BUDGET_MEGABYTES: f64 = 4.0;
/// Peak memory in MiB, where passwords are hashed and elsewhere.
const MEMORY_BUDGETS: [f64; 2] = [48.0, 24.0];
const GROWTH_BUDGET_KIBIBYTES: f64 = 1024.0;
const OWN_TIME_BUDGET_MICROS: f64 = 150.0;
const FIRST_BUDGET: f64 = 2.0;

const WHY_INIT: &str = "By callgrind a client of DynamoDB is 1.1 million instructions more than hello-world's 0.5: 0.45 dynamic \
     relocations, 0.42 the SDK's table of partitions, 0.24 the TLS connector with Amazon's roots; and 140 page faults more than \
     120. Not done: binaries at a fixed address (no ASLR), statically linked ones (no name service of the system's), a table of \
     partitions of our own, opt-level 3 (3 % fewer instructions, zips 45 % larger). Medians of 20 starts \
     differ by a tenth and more between runs on this machine.";
const WHY_OWN_TIME: &str = "An RS256 signature and its verification are most of it (hot paths, below). login and refresh sign; \
     others over the limit verify a token, wait for a read and build a write, each time out of cold caches: of verify-email's time \
     37 % is the token, 14 % reading items. Not done: ES256 by default (API Gateway's own authorizer takes only RSA), reading the \
     table before the token is verified (forged tokens would make us read), opt-level 3 (214 µs against 221, zips 45 % larger).";
const WHY_FIRST: &str = "What reads no key at init meets the table in its first invocation: it connects, and the SDK's code is loaded \
     page by page. Not done: a call at init for the connection's sake (init 2 × hello-world in place of 1.3, for what the first \
     invocation saves), opt-level 3 (no difference).";

/// Start, latency and memory.
pub fn markdown(figures: &[FunctionFigures]) -> Result<String, Error> {
    let mut text = "| function | init ms (p5–p95) | × hello-world | first ms p50 (p99) | warm ms p50 | warm ms p99 | \
                    own µs p50 | peak RSS MiB | growth KiB |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for one in figures {
        let own = one.own.as_ref().map_or("–".to_owned(), |own| {
            format!("{:.0}", own.median() * 1000.0)
        });
        writeln!(
            text,
            "| {} | {:.1} ({:.1}–{:.1}) | {:.2} | {:.1} ({:.1}) | {:.1} | {:.1} | {own} | {:.1} | {} |",
            one.name,
            one.init.median(),
            one.init.quantile(0.05),
            one.init.quantile(0.95),
            one.init_ratio(),
            one.first.median(),
            one.first.quantile(1.0),
            one.warm.median(),
            one.warm.quantile(0.99),
            mebibytes(one.peak),
            one.growth / 1024,
        )?;
    }
    writeln!(
        text,
        "\nHow: each function with a table of its own in the embedded engine and the bench's own runtime API. *Init*: \
         spawn to the first request for an invocation, median of {STARTS} starts, hello-world started in turn with each, \
         now before it and now after it; hello-world's own row shows how far a ratio is off by chance. \
         *First*: the first invocation of each of these {STARTS}, so that p99 is the slowest. *Warm*: wall time of {CALLS} invocations, \
         engine included; {ACCOUNTS} accounts take turns where a request is about one. *Own*: time in \
         the handler while no store call and no password hash was under way, as the function's log lines say \
         (`own_micros`); – where it writes no such line. *Peak RSS*: `VmHWM` after these calls. *Growth*: RSS after \
         call 200 less RSS after call 50.",
    )?;
    Ok(text)
}

/// Zip sizes and table units.
pub fn costs_markdown(figures: &Figures) -> Result<String, Error> {
    let mut text =
        "| function | round trips | RU | WU | zip MB |\n|---|---:|---:|---:|---:|\n".to_owned();
    for (name, cost) in &figures.functions {
        writeln!(
            text,
            "| {name} | {} | {} | {} | {:.2} |",
            cost.round_trips,
            cost.read_units,
            cost.write_units,
            megabytes(cost.zip_bytes)
        )?;
    }
    writeln!(
        text,
        "\nHow: one warm call that succeeds, every call to the table held for 40 ms so that calls made together count as one \
         round trip; units as the engine reports consumed capacity. Zip: the release binary as `bootstrap`, deflated at \
         level 6 as `cargo lambda build --output-format zip` does; it is this machine's glibc build."
    )?;
    Ok(text)
}

/// Init of every function.
pub fn chart(figures: &[FunctionFigures]) -> Result<Chart, Error> {
    let own = figures.iter().filter(|one| one.name != HELLO_WORLD);
    let rows: Vec<(String, f64)> = own
        .map(|one| (one.name.clone(), one.init_ratio()))
        .collect();
    chart::bars(
        "Init against hello-world's: spawn to the first request for an invocation",
        &rows,
        (HELLO_WORLD, 1.0),
    )
}

/// The budgets that every function has to meet, by the worst.
pub fn budgets(measured: &[FunctionFigures], counted: &Figures) -> Result<Vec<Budget>, Error> {
    let blocks = functions()?;
    let own: Vec<&FunctionFigures> = measured
        .iter()
        .filter(|one| one.name != HELLO_WORLD)
        .collect();
    let mut budgets = Vec::new();
    for (limit, with_ring, what) in [
        (
            INIT_BUDGETS[0],
            true,
            "init against hello-world, key ring read",
        ),
        (
            INIT_BUDGETS[1],
            false,
            "init against hello-world, no key ring",
        ),
    ] {
        let inits = own
            .iter()
            .filter(|one| reads_key_ring(&blocks, &one.name) == with_ring);
        let inits = inits.map(|one| (one.name.as_str(), one.init_ratio()));
        budgets.push(Budget::worst(what, limit, inits, "×").because(WHY_INIT));
    }
    let zips = counted.functions.iter();
    let zips = zips.map(|(name, cost)| (name.as_str(), megabytes(cost.zip_bytes)));
    budgets.push(Budget::worst("zip", ZIP_BUDGET_MEGABYTES, zips, "MB"));
    for (limit, hashing, what) in [
        (MEMORY_BUDGETS[0], true, "peak RSS, hashing"),
        (MEMORY_BUDGETS[1], false, "peak RSS, others"),
    ] {
        let mut peaks = Vec::new();
        for one in &own {
            if hashes(&one.name) == hashing {
                peaks.push((one.name.as_str(), mebibytes(one.peak)));
            }
        }
        budgets.push(Budget::worst(what, limit, peaks.into_iter(), "MiB"));
    }
    #[expect(clippy::cast_precision_loss, reason = "memory of a process")]
    let growth = own
        .iter()
        .map(|one| (one.name.as_str(), one.growth as f64 / 1024.0));
    budgets.push(Budget::worst(
        "growth from call 50 to 200",
        GROWTH_BUDGET_KIBIBYTES,
        growth,
        "KiB",
    ));
    let times = own
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.own.as_ref()?.median() * 1000.0)));
    budgets.push(
        Budget::worst(
            "handler outside store and hash, p50",
            OWN_TIME_BUDGET_MICROS,
            times,
            "µs",
        )
        .because(WHY_OWN_TIME),
    );
    let firsts = own
        .iter()
        .map(|one| (one.name.as_str(), one.first.median() / one.warm.median()));
    budgets.push(
        Budget::worst(
            "first invocation against a warm one",
            FIRST_BUDGET,
            firsts,
            "×",
        )
        .because(WHY_FIRST),
    );
    Ok(budgets)
}

/// Whether a function may read `KEYS` or `SIGNING-KEYS`: then it does so during init, except for the one that makes them.
fn reads_key_ring(blocks: &[FunctionBlock], name: &str) -> bool {
    if name == "rotate-keys" {
        return false;
    }
    let block = blocks.iter().find(|block| block.binary == name);
    block.is_some_and(|block| {
        block
            .grants
            .iter()
            .any(|grant| grant.leading_keys.ends_with("KEYS"))
    })
}
