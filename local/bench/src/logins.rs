//! Whether a refused sign-in takes longer for one reason than for another.

use std::fmt::Write;
use std::time::Instant;

use local::Error;
use local::event::HttpRequest;
use local::function::Function;
use local::settings::TABLE;
use serde_json::{Value, json};

use crate::progress::bar;
use crate::setup::Setup;
use crate::statistics::Sample;

const ROUNDS: usize = 400;
/// Beyond this a difference is called one (Reparaz et al., "Dude, is my code constant time?", 2017).
const NOTICEABLE: f64 = 4.5;
const PASSWORD: &str = "correct horse battery staple";

/// Signs in wrongly, each way in turn and from an address of its own.
pub async fn measure() -> Result<String, Error> {
    let setup = Setup::start().await?;
    let register = setup.function("register").await?;
    for name in ["active", "suspended", "verified"] {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        send(&register, "/v1/auth/register", &body, 0, 201).await?;
    }
    prepare(&setup)?;
    // Unverified is what the other accounts are.
    let ways = ["nobody", "active", "suspended", "verified"];
    let login = setup.function("login").await?;
    let mut times = ways.map(|_| Vec::with_capacity(ROUNDS));
    let bar = bar("refused sign-ins", ROUNDS);
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

    let mut text = String::new();
    writeln!(
        text,
        "| refused because | median ms | mean ms | standard deviation | t |\n|---|---:|---:|---:|---:|"
    )?;
    let names = [
        "no such account",
        "wrong password",
        "suspended",
        "verified address",
    ];
    let samples = times.map(Sample::of);
    let mut noticeable = Vec::new();
    for (name, sample) in names.iter().zip(&samples) {
        let t = sample.welch(&samples[1]);
        let (median, mean, deviation) = (sample.median(), sample.mean(), sample.variance().sqrt());
        writeln!(
            text,
            "| {name} | {median:.3} | {mean:.3} | {deviation:.3} | {t:.2} |"
        )?;
        if t.abs() > NOTICEABLE {
            noticeable.push(*name);
        }
    }
    let verdict = match noticeable.as_slice() {
        [] => "no difference".to_owned(),
        names => format!("a difference for: {}", names.join(", ")),
    };
    writeln!(
        text,
        "\n{ROUNDS} refusals of each kind, in turn, wall time of the invocation. t is Welch's, against a wrong \
         password; |t| up to {NOTICEABLE} counts as noise (Reparaz et al., 2017): {verdict}."
    )?;
    Ok(text)
}

/// Suspends one account and verifies another.
fn prepare(setup: &Setup) -> Result<(), Error> {
    let database = setup.engine.database();
    for mut item in setup.engine.items()? {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_and_noise_does_not() {
        let sample = |offset| Sample::of((0..100).map(|n| f64::from(n % 10) + offset));
        assert!(sample(0.0).welch(&sample(0.0)).abs() < f64::EPSILON);
        assert!(sample(0.1).welch(&sample(0.0)).abs() < NOTICEABLE);
        assert!(sample(3.0).welch(&sample(0.0)) > NOTICEABLE);
    }
}
