//! What more users change: the same requests as the table grows, and pages far into a list.

use std::fmt::Write;

use harness::Cost;
use local::Error;
use local::event::HttpRequest;
use local::function::Function;
use local::seed::Seed;
use serde_json::{Value, json};

use crate::chart::{self, Chart, Series};
use crate::events::{PASSWORD, admin};
use crate::functions::timed;
use crate::progress::bar;
use crate::report::Budget;
use crate::setup::{Setup, invoke};
use crate::statistics::Sample;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PAGES: [usize; 4] = [1, 10, 100, 1000];
const PAGE_LENGTH: usize = 100;
const ROUNDS: usize = 51;
/// Latency of page 1,000 against page 1 (the design's budget).
const BUDGET: f64 = 1.2;

/// A request, at each size or page.
pub struct Row {
    name: String,
    times: Vec<Sample>,
    costs: Vec<Cost>,
}

/// A table, filled further and further.
pub struct Scale {
    setup: Setup,
    admin: String,
    model: Vec<Value>,
    seeds: Vec<Seed>,
    /// Users of the last of them.
    latest: usize,
    users: usize,
}

impl Scale {
    /// An empty one.
    pub async fn start() -> Result<Self, Error> {
        let setup = Setup::start().await?;
        let admin = admin(&setup).await?.access_token;
        let model = setup.engine.items()?;
        Ok(Self {
            setup,
            admin,
            model,
            seeds: Vec::new(),
            latest: 0,
            users: 0,
        })
    }

    /// Adds users until there are so many.
    fn fill(&mut self, users: usize) -> Result<(), Error> {
        let more = users - self.users;
        let bar = bar("users", more);
        let seed = Seed::new(&self.model, more)?;
        seed.write(self.setup.engine.database(), |accounts| {
            bar.inc(accounts as u64);
        })?;
        bar.finish_and_clear();
        self.seeds.push(seed);
        self.latest = more;
        self.users = users;
        Ok(())
    }

    /// The same three requests at each size.
    pub async fn growth(&mut self) -> Result<Vec<Row>, Error> {
        let names = ["get-user", "login", "list-users"];
        let mut rows = names.map(|name| Row {
            name: name.to_owned(),
            times: Vec::new(),
            costs: Vec::new(),
        });
        for size in SIZES {
            self.fill(size)?;
            for row in &mut rows {
                let function = self.setup.function(&row.name).await?;
                let events: Vec<Value> = (0..=ROUNDS)
                    .map(|turn| self.event(&row.name, turn))
                    .collect();
                // The first warms up.
                invoke(&function, &events[0]).await?;
                let mut times = Vec::new();
                for event in &events[1..] {
                    times.push(timed(&function, event).await?);
                }
                row.times.push(Sample::of_times(&times));
                row.costs.push(self.cost(&row.name, &events[0]).await?);
            }
        }
        Ok(rows.into())
    }

    /// Pages far into the list of the most users.
    pub async fn pages(&mut self) -> Result<Vec<Row>, Error> {
        if self.users < SIZES[2] {
            self.fill(SIZES[2])?;
        }
        let function = self.setup.function("list-users").await?;
        let walk = bar("pages", PAGES[3]);
        let (mut events, mut cursor) = (Vec::new(), String::new());
        for page in 1..=PAGES[PAGES.len() - 1] {
            let event = self.page(&cursor);
            let answer = invoke(&function, &event).await?;
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
            let next = body["page"]["nextCursor"].as_str().unwrap_or_default();
            cursor = format!("&cursor={next}");
            if PAGES.contains(&page) {
                events.push(event);
            }
            walk.inc(1);
        }
        walk.finish_and_clear();
        let mut times = [const { Vec::new() }; PAGES.len()];
        for _ in 0..ROUNDS {
            for (event, times) in events.iter().zip(&mut times) {
                times.push(timed(&function, event).await?);
            }
        }
        let mut rows = Vec::new();
        for ((page, event), times) in PAGES.iter().zip(&events).zip(times) {
            rows.push(Row {
                name: format!("page {page}"),
                times: vec![Sample::of_times(&times)],
                costs: vec![self.cost("list-users", event).await?],
            });
        }
        Ok(rows)
    }

    fn page(&self, rest: &str) -> Value {
        let path = format!("/v1/users?limit={PAGE_LENGTH}{rest}");
        let request = HttpRequest::new("GET", &path).bearer(&self.admin);
        request.event("/v1/users")
    }

    /// A request about an account somewhere in the table.
    fn event(&self, function: &str, turn: usize) -> Value {
        match function {
            "list-users" => self.page(""),
            "login" => {
                let seed = &self.seeds[self.seeds.len() - 1];
                // The latest are nine in ten of all. Some are suspended, none of each tenth is.
                let email = seed.email(turn * (self.latest / (ROUNDS + 1) / 10 * 10));
                let body = json!({ "email": email, "password": PASSWORD });
                let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
                request.event("/v1/auth/login")
            }
            _ => {
                let request = HttpRequest::new("GET", "/v1/users/me").bearer(&self.admin);
                request.event("/v1/users/{id}")
            }
        }
    }

    async fn cost(&self, function: &str, event: &Value) -> Result<Cost, Error> {
        let counted: Function = self.setup.counted(function).await?;
        invoke(&counted, event).await?;
        let _ = self.setup.recorder.take();
        invoke(&counted, event).await?;
        Ok(Cost::of(&self.setup.recorder.take()))
    }
}

/// The table of requests by size.
pub fn growth_markdown(rows: &[Row]) -> Result<String, Error> {
    let mut text =
        "| request | 1,000 users | 10,000 users | 100,000 users |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        write!(text, "| {} ", row.name)?;
        for (time, cost) in row.times.iter().zip(&row.costs) {
            let Cost {
                read_units,
                write_units,
                ..
            } = cost;
            write!(
                text,
                "| {:.2} ms, {read_units} RU, {write_units} WU ",
                time.median()
            )?;
        }
        text.push_str("|\n");
    }
    writeln!(
        text,
        "\nHow: median of {ROUNDS} warm calls, wall time with the embedded engine; units counted on one call. get-user \
         reads the caller's own profile; login signs in accounts spread over the table; list-users shows the first \
         {PAGE_LENGTH}. What carries over to DynamoDB is the units: its latency does not depend on the number of items."
    )?;
    Ok(text)
}

/// Latency as the table grows.
pub fn growth_chart(rows: &[Row]) -> Result<Chart, Error> {
    let series = rows.iter().map(|row| Series {
        name: row.name.clone(),
        values: row.times.iter().map(Sample::median).collect(),
    });
    chart::lines(
        "Warm latency as the table grows, ms",
        &["1,000 users", "10,000 users", "100,000 users"],
        &series.collect::<Vec<_>>(),
    )
}

/// The table of pages.
pub fn pages_markdown(rows: &[Row]) -> Result<String, Error> {
    let mut text = "| | median ms | against page 1 | RU |\n|---|---:|---:|---:|\n".to_owned();
    for row in rows {
        let (median, units) = (row.times[0].median(), row.costs[0].read_units);
        writeln!(
            text,
            "| {} | {median:.2} | {:.2} | {units} |",
            row.name,
            median / page_one(rows)
        )?;
    }
    writeln!(
        text,
        "\nHow: 100,000 users, {PAGE_LENGTH} a page, walked to by cursors; then the four pages in turn, {ROUNDS} times \
         each, wall time with the embedded engine."
    )?;
    Ok(text)
}

/// Latency by page.
pub fn pages_chart(rows: &[Row]) -> Result<Chart, Error> {
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let series = Series {
        name: "list-users".to_owned(),
        values: rows.iter().map(|row| row.times[0].median()).collect(),
    };
    chart::lines(
        "Latency of a page of 100 of 100,000 users, ms",
        &names,
        &[series],
    )
}

/// The budget that pages have to meet.
pub fn budget(rows: &[Row]) -> Budget {
    let last = rows.last().map_or(f64::NAN, |row| row.times[0].median());
    Budget::at_most(
        "page 1,000 of 100,000 users against page 1",
        BUDGET,
        last / page_one(rows),
        "×",
    )
}

fn page_one(rows: &[Row]) -> f64 {
    rows.first().map_or(f64::NAN, |row| row.times[0].median())
}
