//! Each function by itself: start, first and warm call, memory, log.

use std::time::{Duration, Instant};

use local::Error;
use local::event::HttpRequest;
use local::function::Function;
use local::template::FunctionBlock;
use serde_json::Value;

use crate::events;
use crate::progress::bar;
use crate::setup::{HELLO_WORLD, Setup, invoke};
use crate::statistics::Sample;

/// Starts of each function, and of hello-world in turn.
pub const STARTS: usize = 20;
/// Warm calls of each function.
pub const CALLS: usize = 1000;
/// What hashes passwords, always or sometimes, and what makes RSA keys.
const HASHING: [&str; 8] = [
    "change-password",
    "create-admin",
    "create-user",
    "login",
    "register",
    "reset-password",
    "rotate-keys",
    "verify-email",
];
/// Growth counts from here on, what is allocated once has been allocated by then…
const SETTLED_AFTER: usize = 50;
/// … up to here.
const GROWN_BY: usize = 200;

/// Before each start.
const PAUSE: Duration = Duration::from_millis(30);

/// What was measured of one function.
pub struct FunctionFigures {
    /// Its binary.
    pub name: String,
    /// Spawn to first request for an invocation, ms.
    pub init: Sample,
    /// The same of hello-world, started in turn.
    pub hello_init: Sample,
    /// First invocations of fresh processes, ms.
    pub first: Sample,
    /// Warm invocations, ms.
    pub warm: Sample,
    /// Time in the handler outside store calls and password hashes, ms: as its log lines say, if it writes them.
    pub own: Option<Sample>,
    /// Peak resident memory, bytes.
    pub peak: u64,
    /// Growth between calls 50 and 200, bytes.
    pub growth: u64,
    /// Bytes of log a call.
    pub log_bytes: u64,
}

impl FunctionFigures {
    /// Its init against that of hello-world.
    pub fn init_ratio(&self) -> f64 {
        self.init.median() / self.hello_init.median()
    }
}

/// Measures hello-world first, then the functions in their order.
pub async fn measure(functions: &[FunctionBlock]) -> Result<Vec<FunctionFigures>, Error> {
    let bar = bar("functions", functions.len() + 1);
    let mut figures = vec![measure_one(HELLO_WORLD).await?];
    bar.inc(1);
    for block in functions {
        let measured = measure_one(&block.binary).await;
        figures.push(measured.map_err(|error| format!("{}: {error}", block.binary))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(figures)
}

/// Whether a function hashes passwords or makes keys, which is work for a whole core.
pub fn hashes(name: &str) -> bool {
    HASHING.contains(&name)
}

async fn measure_one(name: &str) -> Result<FunctionFigures, Error> {
    let setup = Setup::start().await?;
    let events = if name == HELLO_WORLD {
        let event = HttpRequest::new("GET", "/").event("/");
        vec![event; STARTS + CALLS]
    } else {
        events::of(&setup, name, STARTS + CALLS).await?
    };
    let snapshot = setup.snapshot()?;
    let restore = || {
        if events::consumes(name) {
            setup.restore(&snapshot)?;
        }
        Ok::<_, Error>(())
    };

    let (mut init, mut hello_init, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for (round, event) in events[..STARTS].iter().enumerate() {
        restore()?;
        // Each after the same pause, and each first in every other round: the second of two starts faster.
        if round % 2 == 1 {
            hello_init.push(rested(&setup, HELLO_WORLD).await?.init());
        }
        let function = rested(&setup, name).await?;
        init.push(function.init());
        if round % 2 == 0 {
            hello_init.push(rested(&setup, HELLO_WORLD).await?.init());
        }
        first.push(timed(&function, event).await?);
    }

    let function = setup.function(name).await?;
    let (mut warm, mut settled, mut grown) = (Vec::new(), 0, 0);
    for (number, event) in events[STARTS..].iter().enumerate() {
        restore()?;
        if number == SETTLED_AFTER {
            settled = function.memory()?.0;
        }
        let time = timed(&function, event).await?;
        // The first is not warm.
        if number > 0 {
            warm.push(time);
        }
        if number + 1 == GROWN_BY {
            grown = function.memory()?.0;
        }
    }
    let (_, peak) = function.memory()?;
    // What it prints is read by another task.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let log = function.log();
    if !hashes(name) && log.iter().any(|line| hashed(line)) {
        return Err("it hashes, and the bench does not know".into());
    }
    let own: Vec<f64> = log.iter().filter_map(|line| own_millis(line)).collect();
    let printed: usize = log.iter().map(|line| line.len() + 1).sum();
    Ok(FunctionFigures {
        name: name.to_owned(),
        init: Sample::of_times(&init),
        hello_init: Sample::of_times(&hello_init),
        first: Sample::of_times(&first),
        warm: Sample::of_times(&warm),
        own: (!own.is_empty()).then(|| Sample::of(own)),
        peak,
        growth: grown.saturating_sub(settled),
        log_bytes: (printed / CALLS) as u64,
    })
}

/// Starts a function after a pause, in which what ended before is gone.
async fn rested(setup: &Setup, name: &str) -> Result<Function, Error> {
    tokio::time::sleep(PAUSE).await;
    setup.function(name).await
}

/// Invokes a function and takes the time.
pub async fn timed(function: &Function, event: &Value) -> Result<Duration, Error> {
    let started = Instant::now();
    invoke(function, event).await?;
    Ok(started.elapsed())
}

/// Whether a request's line says that a password was hashed.
fn hashed(line: &str) -> bool {
    let line: Option<Value> = serde_json::from_str(line).ok();
    line.is_some_and(|line| line["fields"]["password_hashes"].as_u64() > Some(0))
}

/// What a request's line says of the time it took by itself.
fn own_millis(line: &str) -> Option<f64> {
    let line: Value = serde_json::from_str(line).ok()?;
    // A number of 128 bits is text there.
    let micros = line["fields"]["own_micros"].to_string();
    let micros: f64 = micros.trim_matches('"').parse().ok()?;
    Some(micros / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requests_line_says_whether_it_hashed() {
        let line = |hashes| format!(r#"{{"fields":{{"password_hashes":{hashes}}}}}"#);
        assert!(hashed(&line(1)) && !hashed(&line(0)) && !hashed("panicked"));
    }

    #[test]
    fn a_requests_line_says_its_own_time_and_others_do_not() {
        let line =
            r#"{"level":"INFO","fields":{"message":"request","micros":"900","own_micros":"140"}}"#;
        assert_eq!(own_millis(line), Some(0.14));
        assert_eq!(own_millis(r#"{"fields":{"message":"started"}}"#), None);
        assert_eq!(own_millis("panicked"), None);
    }
}
