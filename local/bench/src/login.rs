//! What a sign-in computes beside its password hash.

use std::fmt::Write;

use local::Error;
use tokio::process::Command;

use crate::progress::bar;
use crate::report::{Budget, mebibytes};
use crate::setup::{Setup, binary, cpu_nanos, invoke};
use crate::statistics::Sample;
use crate::{events, hot_paths};

const ROUNDS: usize = 12;
const PER_ROUND: u32 = 10;
/// CPU of a sign-in against that of one hash (the design's budget).
const BUDGET: f64 = 1.10;

/// CPU times in ms, peaks in bytes.
pub struct LoginFigures {
    login: Sample,
    arena: Sample,
    fresh: Sample,
    ratio: Sample,
    peaks: [u64; 3],
}

/// Signs in, hashes in the arena and hashes in fresh memory, in turn.
pub async fn measure() -> Result<LoginFigures, Error> {
    let setup = Setup::start().await?;
    let events = events::of(&setup, "login", PER_ROUND as usize * (ROUNDS + 1)).await?;
    let function = setup.function("login").await?;
    let bar = bar("sign-ins and hashes", ROUNDS);
    let [mut login, mut arena, mut fresh, mut ratio] = [const { Vec::new() }; 4];
    let mut peaks = [0; 3];
    for (round, events) in events.chunks(PER_ROUND as usize).enumerate() {
        let before = cpu_nanos(function.pid())?;
        for event in events {
            invoke(&function, event).await?;
        }
        let own = millis(cpu_nanos(function.pid())? - before) / f64::from(PER_ROUND);
        // The first round warms up.
        if round == 0 {
            continue;
        }
        let (in_arena, arena_peak) = hash("arena").await?;
        let (in_fresh, fresh_peak) = hash("fresh").await?;
        login.push(own);
        arena.push(in_arena);
        fresh.push(in_fresh);
        ratio.push(own / in_arena);
        peaks = [function.memory()?.1, arena_peak, fresh_peak];
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(LoginFigures {
        login: Sample::of(login),
        arena: Sample::of(arena),
        fresh: Sample::of(fresh),
        ratio: Sample::of(ratio),
        peaks,
    })
}

const WHY: &str = "What is not the hash is an RS256 signature (hot paths, below) and the calls to the table by way of the SDK, in \
     all two milliseconds. Not done: ES256 by default (API Gateway's own authorizer takes only RSA), fewer calls (the limits \
     have to be taken before the hash, and the session written after it).";

impl LoginFigures {
    /// The section.
    pub fn markdown(&self) -> Result<String, Error> {
        let mut text = "| CPU | ms, median | peak RSS MiB |\n|---|---:|---:|\n".to_owned();
        let rows = [
            ("one sign-in", &self.login),
            (
                "one argon2id, memory reused, as Latchkey has it",
                &self.arena,
            ),
            ("one argon2id, fresh memory each time", &self.fresh),
        ];
        for ((name, sample), peak) in rows.iter().zip(self.peaks) {
            writeln!(
                text,
                "| {name} | {:.2} | {:.1} |",
                sample.median(),
                mebibytes(peak)
            )?;
        }
        writeln!(
            text,
            "\nA sign-in takes **{:.3}** × the CPU of one hash: **{:.1} sign-ins a second and core**.\n\n\
             How: argon2id with 19,456 KiB, t = 2, p = 1. {ROUNDS} rounds of {PER_ROUND} sign-ins on a warm \
             function and {PER_ROUND} hashes of each kind in processes of their own, in turn; CPU time as \
             `/proc/<pid>/schedstat` has it, user and system; the ratio is the median over the rounds.",
            self.ratio.median(),
            1000.0 / self.login.median(),
        )?;
        Ok(text)
    }

    /// The budget it has to meet.
    pub fn budget(&self) -> Budget {
        Budget::at_most(
            "login: CPU against one argon2id",
            BUDGET,
            self.ratio.median(),
            "×",
        )
        .because(WHY)
    }
}

/// CPU of a hash in ms, and the process's peak memory in bytes.
async fn hash(way: &str) -> Result<(f64, u64), Error> {
    let mut command = Command::new(binary(hot_paths::PROGRAM)?);
    let output = command.args([way, &PER_ROUND.to_string()]).output().await?;
    let text = String::from_utf8(output.stdout)?;
    let (nanos, peak) = text
        .trim()
        .split_once(' ')
        .ok_or("hot-paths says nothing")?;
    Ok((millis(nanos.parse()?), peak.parse()?))
}

#[expect(clippy::cast_precision_loss, reason = "seconds at most")]
fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
