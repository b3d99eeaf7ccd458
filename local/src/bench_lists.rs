//! Whether a page of users costs the same wherever it is.

use std::time::{Duration, Instant};

use local::Error;
use local::event::HttpRequest;
use local::function::Function;
use local::seed::Seed;
use local::settings::TABLE;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench_events::admin;
use crate::seed_command::progress_bar;

const USERS: usize = 100_000;
const LIMIT: usize = 100;
const PAGES: [usize; 4] = [1, 10, 100, 1000];
const ROUNDS: usize = 51;

/// Fills the table and prints a line for each page.
pub async fn run(bench: &Bench) -> Result<(), Error> {
    let admin = admin(bench).await?;
    let database = bench.engine.database();
    let items = database.scan(serde_json::from_value(json!({ "TableName": TABLE }))?)?;
    let items = serde_json::to_value(items)?["Items"].take();
    let seed = Seed::new(items.as_array().map_or(&[], Vec::as_slice), USERS)?;
    let bar = progress_bar(USERS)?;
    seed.write(database, |accounts| bar.inc(accounts as u64))?;
    bar.finish_and_clear();

    let function = bench.function("list-users").await?;
    let request = |cursor: &str| {
        let path = format!("/v1/users?limit={LIMIT}{cursor}");
        HttpRequest::new("GET", &path).bearer(&admin.access_token)
    };
    let mut requests = Vec::new();
    let mut cursor = String::new();
    for page in 1..=PAGES[PAGES.len() - 1] {
        if PAGES.contains(&page) {
            requests.push(request(&cursor));
        }
        let (answer, _) = send(&function, &request(&cursor)).await?;
        let next = answer["page"]["nextCursor"].as_str().unwrap_or_default();
        cursor = format!("&cursor={next}");
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); PAGES.len()];
    for _ in 0..ROUNDS {
        for (request, times) in requests.iter().zip(&mut times) {
            times.push(send(&function, request).await?.1);
        }
    }
    let medians: Vec<Duration> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2]
        })
        .collect();
    println!("list-users, {USERS} users, {LIMIT} a page: median of {ROUNDS}, pages taken in turn");
    for (page, median) in PAGES.iter().zip(&medians) {
        println!(
            "page {page:<5} {:>8.2} ms {:>8.2} x page 1",
            median.as_secs_f64() * 1000.0,
            median.as_secs_f64() / medians[0].as_secs_f64()
        );
    }
    Ok(())
}

async fn send(function: &Function, request: &HttpRequest) -> Result<(Value, Duration), Error> {
    let event = request.event("/v1/users");
    let started = Instant::now();
    let answer = function.invoke(&event).await.map_err(|error| error.0)?;
    let took = started.elapsed();
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["statusCode"] != 200 {
        return Err(format!("list-users answered {body}").into());
    }
    Ok((serde_json::from_str(body)?, took))
}
