//! Whether a refused sign-in takes longer for one reason than for another.

use std::time::Instant;

use local::Error;
use local::event::HttpRequest;
use local::function::Function;
use local::settings::TABLE;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::seed_command::progress_bar;

/// The functions it runs.
pub const FUNCTIONS: [&str; 3] = ["rotate-keys", "register", "login"];
const ROUNDS: usize = 400;
/// Beyond this a difference would be called one (Reparaz et al., "Dude, is my code constant time?", 2017).
const NOTICEABLE: f64 = 4.5;
const PASSWORD: &str = "correct horse battery staple";

/// Signs in wrongly, each way in turn and from an address of its own, and prints a line for each way.
pub async fn run(bench: &Bench) -> Result<(), Error> {
    let register = bench.function("register").await?;
    for name in ["active", "suspended", "verified"] {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        send(&register, "/v1/auth/register", &body, 0, 201).await?;
    }
    prepare(bench)?;
    // Unverified is what the other accounts are.
    let ways = ["nobody", "active", "suspended", "verified"];
    let login = bench.function("login").await?;
    let mut times = ways.map(|_| Vec::with_capacity(ROUNDS));
    let bar = progress_bar(ROUNDS)?;
    for round in 0..ROUNDS {
        // Another one begins each round: what follows on what tells nothing.
        for turn in 0..ways.len() {
            let way = (round + turn) % ways.len();
            let email = format!("{}@example.com", ways[way]);
            let body = json!({ "email": email, "password": format!("a guess {round}") });
            let started = Instant::now();
            send(
                &login,
                "/v1/auth/login",
                &body,
                round * ways.len() + turn,
                401,
            )
            .await?;
            times[way].push(started.elapsed().as_secs_f64() * 1000.0);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();

    println!(
        "login, {ROUNDS} refusals each, taken in turn, in ms; t: Welch's, against a wrong password"
    );
    println!(
        "{:<24}{:>9}{:>9}{:>9}{:>9}",
        "", "median", "mean", "sd", "t"
    );
    let names = [
        "no such account",
        "wrong password",
        "suspended",
        "verified address",
    ];
    let reference = Sample::of(&mut times[1].clone());
    let mut noticeable = Vec::new();
    for (name, times) in names.iter().zip(&mut times) {
        let sample = Sample::of(times);
        let t = sample.welch(&reference);
        let Sample { median, mean, .. } = sample;
        println!(
            "{name:<24}{median:>9.3}{mean:>9.3}{:>9.3}{t:>9.2}",
            sample.variance.sqrt()
        );
        if t.abs() > NOTICEABLE {
            noticeable.push(*name);
        }
    }
    let verdict = if noticeable.is_empty() {
        "no difference"
    } else {
        "a difference"
    };
    println!(
        "|t| up to {NOTICEABLE}: {verdict} {}",
        noticeable.join(", ")
    );
    Ok(())
}

/// Suspends one account and verifies another.
fn prepare(bench: &Bench) -> Result<(), Error> {
    let database = bench.engine.database();
    let items = database.scan(serde_json::from_value(json!({ "TableName": TABLE }))?)?;
    let items = serde_json::to_value(items)?["Items"].take();
    for mut item in items.as_array().cloned().unwrap_or_default() {
        match item["email"]["S"].as_str() {
            Some("suspended@example.com") => item["status"] = json!({ "S": "suspended" }),
            Some("verified@example.com") => item["email_verified"] = json!({ "BOOL": true }),
            _ => continue,
        }
        let request = json!({ "TableName": TABLE, "Item": item });
        database.put_item(serde_json::from_value(request)?)?;
    }
    Ok(())
}

async fn send(
    function: &Function,
    path: &str,
    body: &Value,
    from: usize,
    expected: u64,
) -> Result<(), Error> {
    let mut request = HttpRequest::new("POST", path).json(body);
    request.source_ip = format!("198.51.{}.{}", from / 256, from % 256);
    let answer = function.invoke(&request.event(path)).await;
    let answer = answer.map_err(|error| error.0)?;
    if answer["statusCode"].as_u64() == Some(expected) {
        return Ok(());
    }
    Err(format!("{path} answered {answer}").into())
}

struct Sample {
    median: f64,
    mean: f64,
    variance: f64,
    count: f64,
}

impl Sample {
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    fn of(times: &mut [f64]) -> Self {
        times.sort_by(f64::total_cmp);
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let squares = times.iter().map(|time| (time - mean).powi(2));
        let variance = squares.sum::<f64>() / (count - 1.0);
        Self {
            median: times[times.len() / 2],
            mean,
            variance,
            count,
        }
    }

    /// Welch's t of two means.
    fn welch(&self, other: &Self) -> f64 {
        let error = self.variance / self.count + other.variance / other.count;
        (self.mean - other.mean) / error.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_and_noise_does_not() {
        let sample = |offset: f64| {
            let mut times: Vec<f64> = (0..100).map(|n| f64::from(n % 10) + offset).collect();
            Sample::of(&mut times)
        };
        assert!(sample(0.0).welch(&sample(0.0)).abs() < f64::EPSILON);
        assert!(sample(0.1).welch(&sample(0.0)).abs() < NOTICEABLE);
        assert!(sample(3.0).welch(&sample(0.0)) > NOTICEABLE);
    }
}
