//! What one call of each function costs the table: round trips, read and write units.

use std::time::Duration;

use harness::Cost;
use local::Error;

use crate::events;
use crate::progress::bar;
use crate::setup::{Setup, functions, invoke};

/// A machine at work can make one round trip of two calls look like two: the best of so many counts.
const TRIES: usize = 3;

/// Counts one call of every function, in the order of the template.
pub async fn of_all() -> Result<Vec<(String, Cost)>, Error> {
    let functions = functions()?;
    let bar = bar("table units", functions.len());
    let mut costs = Vec::new();
    for block in functions {
        let cost = of(&block.binary).await;
        let cost = cost.map_err(|error| format!("{}: {error}", block.binary))?;
        costs.push((block.binary, cost));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(costs)
}

/// That a build without debug assertions has no log level at which the SDK writes requests and answers, whatever is asked for.
pub async fn no_level_finer_than_info() -> Result<(), Error> {
    let setup = Setup::start().await?;
    let event = events::of(&setup, "get-user", 1).await?.remove(0);
    let function = setup.talkative("get-user").await?;
    invoke(&function, &event).await?;
    // What it prints is read by another task.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let log = function.log();
    let level = |line: &String, level: &str| line.contains(&format!("\"level\":\"{level}\""));
    if !log.iter().any(|line| level(line, "INFO")) {
        return Err(format!("a request left no line of its own: {log:?}").into());
    }
    let finer = |line: &&String| level(line, "DEBUG") || level(line, "TRACE");
    match log.iter().find(finer) {
        Some(line) => Err(format!("what is deployed logs finer than INFO: {line}").into()),
        None => Ok(()),
    }
}

/// Counts one call of a function that is warm.
async fn of(binary: &str) -> Result<Cost, Error> {
    let setup = Setup::start().await?;
    let events = events::of(&setup, binary, TRIES + 1).await?;
    let snapshot = setup.snapshot()?;
    let function = setup.counted(binary).await?;
    invoke(&function, &events[0]).await?;
    let mut best: Option<Cost> = None;
    for event in &events[1..] {
        if events::consumes(binary) {
            setup.restore(&snapshot)?;
        }
        let (invoked, cost) = setup.recorder.cost_of(invoke(&function, event)).await;
        invoked?;
        if best.is_none_or(|best| cost.round_trips < best.round_trips) {
            best = Some(cost);
        }
    }
    Ok(best.ok_or("nothing was counted")?)
}
