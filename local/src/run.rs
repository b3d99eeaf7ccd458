//! `cargo local`: everything, until Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use local::engine::Engine;
use local::functions::Functions;
use local::pump::Pump;
use local::services::{Bus, Inbox, Services, Start};
use local::settings::{Settings, TABLE, random_secret};
use local::template::Template;
use local::{Error, workspace_root};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::cargo_lambda;
use crate::samples::{self, Bundle};
use crate::state::{self, DEFAULT_MAIL_PORT, State};

/// The first admin's address.
pub const ADMIN_EMAIL: &str = "admin@example.com";
/// How long `cargo lambda watch` may take to start, and to stop.
const START_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Where things listen.
pub struct Options {
    port: u16,
    dynamodb_port: u16,
    mail_port: u16,
}

impl Options {
    /// Reads the options of the command line.
    pub fn parse(arguments: &[&str]) -> Option<Self> {
        let mut options = Self {
            port: 9000,
            dynamodb_port: 8000,
            mail_port: DEFAULT_MAIL_PORT,
        };
        for pair in arguments.chunks(2) {
            match pair {
                ["--port", port] => options.port = port.parse().ok()?,
                ["--dynamodb-port", port] => options.dynamodb_port = port.parse().ok()?,
                ["--mail-port", port] => options.mail_port = port.parse().ok()?,
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs everything until it is told to stop.
pub async fn run(options: Options) -> Result<(), Error> {
    require_compiler().await?;
    let root = workspace_root();
    let mut state = State::open(options.port, options.dynamodb_port, options.mail_port)?;
    end_previous(&state).await;
    let listener = bind(options.dynamodb_port, "--dynamodb-port").await?;
    let mail_listener = bind(options.mail_port, "--mail-port").await?;
    drop(bind(options.port, "--port").await?);
    let cargo_lambda = cargo_lambda::find_or_install(&state::tools()).await?;

    let template = Template::load(&root)?;
    let engine = Engine::on_file(&state.database(), listener)
        .map_err(|error| state.broken_database(error))?;
    let created = engine
        .create_table(&template, TABLE)
        .map_err(|error| state.broken_database(error))?;
    let settings = state.settings();
    let pump = pump(&template, &engine, mail_listener, &state)?;
    println!("Building the functions: some minutes the first time, seconds afterwards.");
    build(&root).await?;
    if created {
        println!("Made the table from template.yaml.");
    }
    invoke(&template, &settings, "rotate-keys", &json!({})).await?;
    let password = random_secret();
    let admin = json!({ "email": ADMIN_EMAIL, "password": password });
    let admin = invoke(&template, &settings, "create-admin", &admin).await?;
    // Said at once: nothing that fails below may swallow it.
    if admin["created"] == true {
        println!("Made the first admin: {ADMIN_EMAIL} / {password}   (shown this once)");
        state.set_admin_password(password)?;
    }

    let pumping = tokio::spawn(async move { pump.run().await });
    let mut watch = start_watch(&cargo_lambda, &root, &settings, &options, &state)?;
    wait_until_listening(&mut watch, options.port).await?;
    let bundle = Bundle { template, settings };
    let password = state.admin_password.as_deref();
    if let Err(error) = samples::oauth::set_up(&bundle, password).await {
        println!("The provider to try is not set up: {error}");
    }
    print_welcome(&options);
    let ended = tokio::select! {
        () = stop_signal() => None,
        status = watch.wait() => Some(status?),
    };
    // With the pump its functions end.
    pumping.abort();
    let _ = pumping.await;
    stop(&mut watch, &state).await;
    match ended {
        None => Ok(()),
        Some(status) => Err(format!("cargo lambda watch ended by itself: {status}").into()),
    }
}

/// Serves the mail catcher and the bus, and makes the pump that delivers what is on it and on the stream.
fn pump(
    template: &Template,
    engine: &Engine,
    listener: TcpListener,
    state: &State,
) -> Result<Pump<Functions>, Error> {
    let (inbox, bus) = (Inbox::in_folder(state.inbox()), Bus::in_folder(state.bus()));
    let dead_letters = state.storage().dead_letters;
    let start = Start {
        api: format!("http://127.0.0.1:{}", state.port),
        pages: state.settings().issuer,
        table: format!("http://127.0.0.1:{}", state.dynamodb_port),
        admin: ADMIN_EMAIL.to_owned(),
        named: format!("http://localhost:{}", state.mail_port),
        root: workspace_root(),
    };
    let services = Services::serve_with_start(listener, inbox, bus, dead_letters, start)?;
    let services = Arc::new(services);
    let functions = functions(template, state.settings())?.show_logs();
    Pump::new(
        template,
        engine.database(),
        services,
        state.storage(),
        functions,
    )
}

/// The functions of the bundle, each kept running from its first invocation on.
pub fn functions(template: &Template, settings: Settings) -> Result<Functions, Error> {
    let template = template.clone();
    Ok(Functions::new(binaries()?, move |name| {
        Ok(settings.environment(&template.function(name)?))
    }))
}

/// Linking needs a C compiler as much as the libraries do.
async fn require_compiler() -> Result<(), Error> {
    let found = Command::new("cc")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    match found {
        Ok(status) if status.success() => Ok(()),
        _ => Err(
            "there is no C compiler (cc): install one, such as the package build-essential".into(),
        ),
    }
}

async fn bind(port: u16, option: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|_| {
        format!("port {port} is taken: stop what uses it, or choose another with {option}").into()
    })
}

async fn build(root: &Path) -> Result<(), Error> {
    let status = Command::new("cargo")
        .args(["build", "--bins", "--profile", &profile()])
        .current_dir(root)
        .status()
        .await;
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err("the functions could not be built".into()),
    }
}

/// Cargo's profile by which the functions are built: `dev`, unless `LOCAL_PROFILE` names another.
fn profile() -> String {
    std::env::var("LOCAL_PROFILE").unwrap_or_else(|_| "dev".to_owned())
}

/// Where cargo puts the functions: in `debug` for the profile `dev`, as this program, and else beside that.
fn binaries() -> Result<PathBuf, Error> {
    let program = std::env::current_exe()?;
    let own = program.parent().ok_or("this program has no folder")?;
    Ok(match profile().as_str() {
        "dev" => own.to_owned(),
        other => own.with_file_name(other),
    })
}

/// Runs a function once.
pub async fn invoke(
    template: &Template,
    settings: &Settings,
    binary: &str,
    payload: &Value,
) -> Result<Value, Error> {
    let functions = functions(template, settings.clone())?;
    let answer = functions.spawn(binary).await?.invoke(payload).await;
    answer.map_err(|error| format!("{binary}: {}", error.0).into())
}

fn start_watch(
    cargo_lambda: &Path,
    root: &Path,
    settings: &Settings,
    options: &Options,
    state: &State,
) -> Result<Child, Error> {
    let watch = Command::new(cargo_lambda)
        .args([
            "lambda",
            "watch",
            "--profile",
            &profile(),
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
        ])
        .arg(options.port.to_string())
        .current_dir(root)
        .envs(settings.shared_environment(Template::load(root)?.functions()))
        // A group of its own, so that all of it can be ended.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cargo lambda watch does not start: {error}"))?;
    let pid = watch.id().unwrap_or_default().to_string();
    std::fs::write(state.watch_pid(), pid)?;
    Ok(watch)
}

async fn wait_until_listening(watch: &mut Child, port: u16) -> Result<(), Error> {
    let listening = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        listening = tokio::time::timeout(START_TIMEOUT, listening) => {
            listening.map_err(|_| "cargo lambda watch does not listen".into())
        }
        status = watch.wait() => Err(format!("cargo lambda watch ended: {}", status?).into()),
    }
}

async fn stop_signal() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

async fn stop(watch: &mut Child, state: &State) {
    if let Some(pid) = watch.id() {
        signal_group(pid, "INT").await;
        if tokio::time::timeout(STOP_TIMEOUT, watch.wait())
            .await
            .is_err()
        {
            signal_group(pid, "KILL").await;
        }
    }
    let _ = std::fs::remove_file(state.watch_pid());
}

/// Ends what a run left behind that was killed before it could. Whoever holds the lock knows that it is
/// not running any more.
async fn end_previous(state: &State) {
    let pid = std::fs::read_to_string(state.watch_pid())
        .ok()
        .and_then(|pid| pid.trim().parse::<u32>().ok());
    let Some(pid) = pid else { return };
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if String::from_utf8_lossy(&command).contains("cargo-lambda") {
        println!("Ending what the last run left behind.");
        signal_group(pid, "INT").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        signal_group(pid, "KILL").await;
    }
    let _ = std::fs::remove_file(state.watch_pid());
}

async fn signal_group(pid: u32, signal: &str) {
    let group = format!("-{pid}");
    let _ = Command::new("kill")
        .args(["-s", signal, "--", &group])
        .stderr(Stdio::null())
        .status()
        .await;
}

fn print_welcome(options: &Options) {
    let port = options.port;
    println!();
    println!("Pages      http://localhost:{port}/sign-up, to begin with");
    println!("API        http://127.0.0.1:{port}");
    println!(
        "DynamoDB   http://127.0.0.1:{}, kept in .local/",
        options.dynamodb_port
    );
    println!(
        "Start page http://localhost:{}: everything that runs, in a browser",
        options.mail_port
    );
    println!(
        "Inbox      http://127.0.0.1:{}/inbox, where the letters arrive",
        options.mail_port
    );
    println!(
        "Admin      {ADMIN_EMAIL}; its password was shown once; cargo local reset starts afresh"
    );
    println!();
    println!("Try:");
    println!(
        "  curl -si http://127.0.0.1:{port}/v1/auth/register -H 'content-type: application/json' \\"
    );
    println!("    -d '{{\"email\":\"ada@example.com\",\"password\":\"correct horse battery\"}}'");
    println!("  cargo local event get-user > /tmp/event.json");
    println!("  cargo lambda invoke -A 127.0.0.1 get-user --data-file /tmp/event.json");
    println!();
    println!("A function starts with its first request. Ctrl-C stops everything.");
}
