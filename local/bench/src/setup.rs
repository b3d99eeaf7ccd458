//! A bundle in memory, with functions built as they are deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use harness::Recorder;
use local::Error;
use local::documents::Documents;
use local::engine::Engine;
use local::function::Function;
use local::services::Services;
use local::settings::{Settings, TABLE, random_secret};
use local::template::{FunctionBlock, Template};
use local::workspace_root;
use serde_json::{Value, json};
use tokio::process::Command;

/// The smallest `lambda_http` binary.
pub const HELLO_WORLD: &str = "hello-world";
/// Memory at which Lambda gives a function one core, in MB.
pub const CORE_MEGABYTES: u32 = 1769;

/// Table, services and settings. Each section and each function has its own.
pub struct Setup {
    template: Template,
    settings: Settings,
    /// What counts the calls of functions that are started by [`counted`](Self::counted).
    pub recorder: Recorder,
    /// Its table.
    pub engine: Engine,
    /// Its mail provider and event bus.
    pub services: Services,
}

/// How the functions that are measured are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As they are deployed: each optimised as a whole.
    Release,
    /// For development, but for what only development checks: what CI drives and counts.
    Ci,
}

impl Profile {
    /// Its name in `Cargo.toml`, and of its folder in `target`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Ci => "ci",
        }
    }
}

/// What was built last, and is measured.
static PROFILE: Mutex<Profile> = Mutex::new(Profile::Release);

/// Builds what is measured: all functions, hello-world and the hot paths.
pub async fn build(profile: Profile) -> Result<(), Error> {
    *PROFILE.lock().expect("nobody panics with it") = profile;
    let minutes = match profile {
        Profile::Release => "up to twenty minutes",
        Profile::Ci => "some five minutes",
    };
    let name = profile.name();
    eprintln!("Building by the profile {name}: {minutes} on two cores the first time.");
    // Features unify over what is built together: not with the embedded engine, and the smallest binary by itself.
    let apart = ["local", "launch", "harness", "bench", HELLO_WORLD]
        .map(|name| format!("--exclude={name}"));
    let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
    for packages in [
        &[&["--workspace"], apart.as_slice()].concat(),
        &vec!["--package", HELLO_WORLD],
    ] {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--profile", name, "--locked", "--bins"])
            .args(packages);
        let status = cargo.current_dir(workspace_root()).status().await;
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("the build by the profile {name} failed").into());
        }
    }
    Ok(())
}

/// Where a binary is of what was built last.
pub fn binary(name: &str) -> Result<PathBuf, Error> {
    let program = std::env::current_exe()?;
    let own = program.parent().ok_or("this program has no folder")?;
    let profile = *PROFILE.lock().expect("nobody panics with it");
    Ok(own.with_file_name(profile.name()).join(name))
}

/// A folder of our own for what only lives during a run.
pub fn scratch() -> Result<PathBuf, Error> {
    let folder = binary("bench")?.with_file_name("bench-scratch");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The functions of the template.
pub fn functions() -> Result<Vec<FunctionBlock>, Error> {
    Ok(Template::load(&workspace_root())?.functions().to_vec())
}

/// Some of the functions of the template, by the names of their binaries; all of them for no names.
pub fn functions_named(names: &[&str]) -> Result<Vec<FunctionBlock>, Error> {
    if names.is_empty() {
        return functions();
    }
    let template = Template::load(&workspace_root())?;
    names.iter().map(|name| template.function(name)).collect()
}

/// The memory that the template gives a function, in MB.
pub fn memory_setting(binary: &str) -> Result<u32, Error> {
    let template = Template::load(&workspace_root())?;
    let document = template.document();
    let block = template.function(binary)?;
    let own = document["Resources"][&block.logical_id]["Properties"]["MemorySize"].as_u64();
    let global = document["Globals"]["Function"]["MemorySize"].as_u64();
    let memory = own.or(global).ok_or("template.yaml sets no memory")?;
    Ok(u32::try_from(memory)?)
}

impl Setup {
    /// An empty table with a signing key.
    pub async fn start() -> Result<Self, Error> {
        let template = Template::load(&workspace_root())?;
        let engine = Engine::in_memory().await?;
        engine.create_table(&template, TABLE)?;
        let services = Services::in_memory(Documents::in_memory()).await?;
        let recorder = Recorder::start(engine.endpoint()).await;
        let settings = Settings {
            endpoint: engine.endpoint().to_owned(),
            services: services.endpoint().to_owned(),
            issuer: "http://127.0.0.1:9000".to_owned(),
            app_url: String::new(),
            session_secret: random_secret(),
            mail_secret: random_secret(),
            factor_secret: random_secret(),
            provider_secret: random_secret(),
        };
        let setup = Self {
            template,
            settings,
            recorder,
            engine,
            services,
        };
        invoke(&setup.function("rotate-keys").await?, &json!({})).await?;
        Ok(setup)
    }

    /// Starts a function.
    pub async fn function(&self, name: &str) -> Result<Function, Error> {
        self.function_by(&binary(name)?, name).await
    }

    /// Starts a function whose calls to the table are counted, which takes them a little longer.
    pub async fn counted(&self, name: &str) -> Result<Function, Error> {
        let endpoint = self.recorder.endpoint_for(name);
        Function::start(&binary(name)?, &self.environment(name, &endpoint)?).await
    }

    /// Starts a function that is to log all it can.
    pub async fn talkative(&self, name: &str) -> Result<Function, Error> {
        let mut environment = self.environment(name, self.engine.endpoint())?;
        environment.push(("AWS_LAMBDA_LOG_LEVEL".to_owned(), "TRACE".to_owned()));
        Function::start(&binary(name)?, &environment).await
    }

    /// Starts a function by way of a program that runs it.
    pub async fn function_by(&self, program: &Path, name: &str) -> Result<Function, Error> {
        let endpoint = self.engine.endpoint();
        Function::start(program, &self.environment(name, endpoint)?).await
    }

    /// Where the pages are.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    fn environment(&self, name: &str, endpoint: &str) -> Result<Vec<(String, String)>, Error> {
        if name == HELLO_WORLD {
            return Ok(Vec::new());
        }
        let block = self.template.function(name)?;
        let mut settings = self.settings.clone();
        endpoint.clone_into(&mut settings.endpoint);
        Ok(settings.environment(&block))
    }

    /// What the table holds now, to come back to.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let items = self.engine.items()?.into_iter();
        Ok(Snapshot(items.map(|item| (key(&item), item)).collect()))
    }

    /// Brings the table back to what it was.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let now = self.snapshot()?;
        let database = self.engine.database();
        for (key, item) in &now.0 {
            if !snapshot.0.contains_key(key) {
                let key = json!({ "pk": item["pk"], "sk": item["sk"] });
                let request = json!({ "TableName": TABLE, "Key": key });
                database.delete_item(serde_json::from_value(request)?)?;
            }
        }
        for (key, item) in &snapshot.0 {
            if now.0.get(key) != Some(item) {
                let request = json!({ "TableName": TABLE, "Item": item });
                database.put_item(serde_json::from_value(request)?)?;
            }
        }
        Ok(())
    }
}

/// What a table held.
pub struct Snapshot(BTreeMap<String, Value>);

fn key(item: &Value) -> String {
    format!("{} {}", item["pk"]["S"], item["sk"]["S"])
}

/// Invokes a function, which has to succeed.
pub async fn invoke(function: &Function, event: &Value) -> Result<Value, Error> {
    let answer = function.invoke(event).await.map_err(|error| error.0)?;
    match answer["statusCode"].as_u64() {
        Some(status) if status >= 400 => Err(format!("an invocation answered {answer}").into()),
        _ => Ok(answer),
    }
}

/// CPU time that a process has had, in nanoseconds.
pub fn cpu_nanos(pid: u32) -> Result<u64, Error> {
    let mut nanos = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let schedule = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let first = schedule.split(' ').next().unwrap_or_default();
        nanos += first.parse::<u64>()?;
    }
    Ok(nanos)
}
