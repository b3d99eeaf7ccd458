//! `cargo local bench`: start, memory and growth of every function, beside a hello-world.

use std::path::{Path, PathBuf};
use std::time::Duration;

use local::engine::Engine;
use local::event::HttpRequest;
use local::function::Function;
use local::services::Services;
use local::settings::{Settings, TABLE};
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{bench_events, bench_lists, bench_logins};

const STARTS: usize = 11;
pub const CALLS: usize = 200;
/// Growth counts from here on: what is allocated once has been allocated by then.
const SETTLED_AFTER: usize = 50;
/// Most a function may grow between call 50 and call 200.
const MAX_GROWTH: u64 = 1024 * 1024;

/// Builds everything for release and prints a line for each function. Fails when one grows by more than
/// 1 MiB.
pub async fn run() -> Result<(), Error> {
    let root = workspace_root();
    build(&root, &["--bins"]).await?;
    build(&root, &["--package", "hello-world"]).await?;
    let bench = Bench::start(&root).await?;
    println!(
        "{:<26}{:>9}{:>9}{:>12}{:>12}{:>12}",
        "", "init", "ratio", "RSS", "peak RSS", "growth"
    );
    println!(
        "{:<26}{:>9}{:>9}{:>12}{:>12}{:>12}",
        "", "ms", "", "MiB", "MiB", "50-200 KiB"
    );

    let hello = Function::start(&bench.binary("hello-world"), &[]).await?;
    let event = HttpRequest::new("GET", "/").event("/");
    let events = (0..CALLS).map(|_| event.clone()).collect();
    let memory = measure(&hello, events).await?;
    print_line(
        "hello-world",
        &bench.init("hello-world", &[]).await?,
        &memory,
    );

    let mut grown = Vec::new();
    for block in bench.template.functions() {
        let environment = bench.settings.environment(&block);
        let init = bench.init(&block.binary, &environment).await?;
        let events = bench_events::of(&bench, &block.binary).await?;
        let function = Function::start(&bench.binary(&block.binary), &environment).await?;
        let memory = measure(&function, events).await?;
        print_line(&block.binary, &init, &memory);
        if memory.growth > MAX_GROWTH {
            grown.push(block.binary);
        }
    }
    println!();
    println!(
        "init: spawn to the first request for an invocation, median of {STARTS}, embedded engine; ratio to hello-world, started in turn;"
    );
    println!("RSS after {CALLS} calls, each with an event of its own.");
    if grown.is_empty() {
        return Ok(());
    }
    Err(format!("grew by more than 1 MiB: {}", grown.join(", ")).into())
}

/// Builds everything for release and measures long lists.
pub async fn run_lists() -> Result<(), Error> {
    let root = workspace_root();
    build(&root, &["--bins"]).await?;
    bench_lists::run(&Bench::start(&root).await?).await
}

/// Builds what it takes for release and compares refused sign-ins.
pub async fn run_logins() -> Result<(), Error> {
    let root = workspace_root();
    let functions = bench_logins::FUNCTIONS.iter();
    let binaries: Vec<&str> = functions
        .flat_map(|function| ["--bin", *function])
        .collect();
    build(&root, &binaries).await?;
    bench_logins::run(&Bench::start(&root).await?).await
}

/// Medians of starts taken in turn, so that both meet the same load on the machine.
struct Init {
    own: Duration,
    hello: Duration,
}

struct Memory {
    resident: u64,
    peak: u64,
    growth: u64,
}

async fn measure(function: &Function, events: Vec<Value>) -> Result<Memory, Error> {
    let mut settled = 0;
    for (number, event) in events.iter().enumerate() {
        if number == SETTLED_AFTER {
            settled = function.memory()?.0;
        }
        let answer = function.invoke(event).await.map_err(|error| error.0)?;
        let status = answer["statusCode"].as_u64().unwrap_or(200);
        if status >= 500 || (status >= 300 && !matches!(status, 401)) {
            return Err(format!("an invocation answered {answer}").into());
        }
    }
    let (resident, peak) = function.memory()?;
    Ok(Memory {
        resident,
        peak,
        growth: resident.saturating_sub(settled),
    })
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn print_line(name: &str, init: &Init, memory: &Memory) {
    let mebibytes = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    println!(
        "{name:<26}{:>9.2}{:>9.2}{:>12.1}{:>12.1}{:>12}",
        init.own.as_secs_f64() * 1000.0,
        init.own.as_secs_f64() / init.hello.as_secs_f64(),
        mebibytes(memory.resident),
        mebibytes(memory.peak),
        memory.growth / 1024,
    );
}

async fn build(root: &Path, what: &[&str]) -> Result<(), Error> {
    println!("Building for release: up to a quarter of an hour on two cores the first time.");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release"])
        .args(what)
        .current_dir(root);
    if !cargo.status().await.is_ok_and(|status| status.success()) {
        return Err("the release build failed".into());
    }
    Ok(())
}

/// A bundle in memory.
pub struct Bench {
    template: Template,
    settings: Settings,
    binaries: PathBuf,
    /// Its table.
    pub engine: Engine,
    /// Its mail provider and event bus.
    pub services: Services,
}

impl Bench {
    async fn start(root: &Path) -> Result<Self, Error> {
        let template = Template::load(root)?;
        let engine = Engine::in_memory().await?;
        engine.create_table(&template, TABLE)?;
        let services = Services::in_memory().await?;
        let target = crate::run::binaries()?;
        let bench = Self {
            template,
            settings: Settings {
                endpoint: engine.endpoint().to_owned(),
                services: services.endpoint().to_owned(),
                issuer: "http://127.0.0.1:9000".to_owned(),
                session_secret: crate::state::random_secret(),
                mail_secret: crate::state::random_secret(),
            },
            binaries: target.with_file_name("release"),
            engine,
            services,
        };
        bench
            .function("rotate-keys")
            .await?
            .invoke(&json!({}))
            .await
            .map_err(|error| error.0)?;
        Ok(bench)
    }

    fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Starts a function.
    pub async fn function(&self, binary: &str) -> Result<Function, Error> {
        let blocks = self.template.functions();
        let block = blocks.iter().find(|block| block.binary == binary);
        let block = block.ok_or_else(|| format!("template.yaml has no function {binary}"))?;
        Function::start(&self.binary(binary), &self.settings.environment(block)).await
    }

    async fn init(&self, binary: &str, environment: &[(String, String)]) -> Result<Init, Error> {
        let (mut own, mut hello) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            own.push(
                Function::start(&self.binary(binary), environment)
                    .await?
                    .init(),
            );
            hello.push(
                Function::start(&self.binary("hello-world"), &[])
                    .await?
                    .init(),
            );
        }
        own.sort_unstable();
        hello.sort_unstable();
        Ok(Init {
            own: own[STARTS / 2],
            hello: hello[STARTS / 2],
        })
    }
}
