//! What is kept between runs, under `.local/`.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::pump::Storage;
use local::settings::{Settings, random_secret};
use local::{Error, workspace_root};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Where the mail catcher listens unless told otherwise.
pub const DEFAULT_MAIL_PORT: u16 = 8025;

/// What is in the folder `.local/`.
pub struct State {
    folder: PathBuf,
    /// The session secret, made on the first run.
    pub session_secret: String,
    /// The mail secret, made on the first run.
    pub mail_secret: String,
    /// The secret behind second factors, made on the first run.
    pub factor_secret: String,
    /// The secret behind other providers.
    pub provider_secret: String,
    /// The password of the first admin, once there is one.
    pub admin_password: Option<String>,
    /// Where the functions listen.
    pub port: u16,
    /// Where the engine listens.
    pub dynamodb_port: u16,
    /// Where the mail catcher and the event bus listen.
    pub mail_port: u16,
    /// Held while cargo local runs; the system lets go of it however the process ends.
    _lock: Option<File>,
}

/// The folder `.local/`, unless `LOCAL_STATE` names another, for a second `cargo local` beside the first.
pub fn folder() -> PathBuf {
    std::env::var_os("LOCAL_STATE").map_or_else(|| workspace_root().join(".local"), PathBuf::from)
}

/// Where tools are installed that the machine does not have: the same for all.
pub fn tools() -> PathBuf {
    workspace_root().join(".local").join("tools")
}

fn broken(path: &Path, reason: impl std::fmt::Display) -> Error {
    format!(
        "{} is broken ({reason}): cargo local reset starts afresh",
        path.display()
    )
    .into()
}

/// How long one that was told to end may take: its functions end first.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Waits for one that is about to end.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|error| broken(&path, error))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < ENDS_WITHIN => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => {
                return Err("cargo local is running already: stop it first".into());
            }
            Err(TryLockError::Error(error)) => return Err(broken(&path, error)),
        }
    }
}

/// The file holds the secrets and the admin's password: it is nobody else's to read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

impl State {
    /// Reads `.local/`, making it on the first run.
    pub fn open(port: u16, dynamodb_port: u16, mail_port: u16) -> Result<Self, Error> {
        let folder = folder();
        fs::create_dir_all(&folder).map_err(|error| broken(&folder, error))?;
        let lock = lock(&folder)?;
        let settings = folder.join("settings.json");
        let before = settings.exists().then(Self::existing).transpose()?;
        let state = Self {
            folder,
            port,
            dynamodb_port,
            mail_port,
            _lock: Some(lock),
            ..before.unwrap_or_else(Self::fresh)
        };
        state.write()?;
        Ok(state)
    }

    fn fresh() -> Self {
        Self {
            folder: folder(),
            session_secret: random_secret(),
            mail_secret: random_secret(),
            factor_secret: random_secret(),
            provider_secret: random_secret(),
            admin_password: None,
            port: 0,
            dynamodb_port: 0,
            mail_port: DEFAULT_MAIL_PORT,
            _lock: None,
        }
    }

    /// Remembers the password of the first admin, which `cargo local event` signs in with.
    pub fn set_admin_password(&mut self, password: String) -> Result<(), Error> {
        self.admin_password = Some(password);
        self.write()
    }

    fn write(&self) -> Result<(), Error> {
        let settings = self.folder.join("settings.json");
        let document = json!({
            "sessionSecret": self.session_secret,
            "mailSecret": self.mail_secret,
            "factorSecret": self.factor_secret,
            "providerSecret": self.provider_secret,
            "adminPassword": self.admin_password,
            "port": self.port,
            "dynamodbPort": self.dynamodb_port,
            "mailPort": self.mail_port,
        });
        write_private(&settings, &document.to_string()).map_err(|error| broken(&settings, error))
    }

    /// Reads `.local/` as the last run left it.
    pub fn existing() -> Result<Self, Error> {
        let folder = folder();
        let path = folder.join("settings.json");
        let text = fs::read_to_string(&path)
            .map_err(|_| "nothing is running here: start cargo local in another terminal first")?;
        let document: Value = serde_json::from_str(&text).map_err(|error| broken(&path, error))?;
        let secret = document["sessionSecret"].as_str();
        let port_of = |name: &str| {
            document[name]
                .as_u64()
                .and_then(|port| u16::try_from(port).ok())
        };
        let (Some(secret), Some(port), Some(dynamodb_port)) =
            (secret, port_of("port"), port_of("dynamodbPort"))
        else {
            return Err(broken(&path, "a setting is missing"));
        };
        let fresh = Self::fresh();
        Ok(Self {
            session_secret: secret.to_owned(),
            // Earlier versions knew neither this nor the port.
            mail_secret: document["mailSecret"]
                .as_str()
                .map_or(fresh.mail_secret, str::to_owned),
            factor_secret: document["factorSecret"]
                .as_str()
                .map_or(fresh.factor_secret, str::to_owned),
            provider_secret: document["providerSecret"]
                .as_str()
                .map_or(fresh.provider_secret, str::to_owned),
            admin_password: document["adminPassword"].as_str().map(str::to_owned),
            folder,
            port,
            dynamodb_port,
            mail_port: port_of("mailPort").unwrap_or(fresh.mail_port),
            _lock: None,
        })
    }

    /// The settings of the functions.
    pub fn settings(&self) -> Settings {
        Settings {
            endpoint: format!("http://127.0.0.1:{}", self.dynamodb_port),
            services: format!("http://127.0.0.1:{}", self.mail_port),
            // By its name: passkeys and cookies belong to one, and not to an address.
            issuer: format!("http://localhost:{}", self.port),
            app_url: std::env::var("APP_URL").unwrap_or_default(),
            session_secret: self.session_secret.clone(),
            mail_secret: self.mail_secret.clone(),
            factor_secret: self.factor_secret.clone(),
            provider_secret: self.provider_secret.clone(),
        }
    }

    /// The state of a `cargo local` that is running.
    pub async fn running() -> Result<Self, Error> {
        let state = Self::existing()?;
        let port = state.dynamodb_port;
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(_) => Ok(state),
            Err(_) => Err(format!(
                "nothing listens on 127.0.0.1:{port}: start cargo local in another terminal first"
            )
            .into()),
        }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("dynamodb.sqlite")
    }

    /// Where the mail catcher keeps letters.
    pub fn inbox(&self) -> PathBuf {
        self.folder.join("inbox")
    }

    /// Where the bus keeps events until they are delivered.
    pub fn bus(&self) -> PathBuf {
        self.folder.join("bus")
    }

    /// What the event pump keeps.
    pub fn storage(&self) -> Storage {
        Storage::in_folder(&self.folder)
    }

    /// Remembers the process that serves the functions.
    pub fn watch_pid(&self) -> PathBuf {
        self.folder.join("watch.pid")
    }

    /// The database file cannot be used.
    pub fn broken_database(&self, reason: impl std::fmt::Display) -> Error {
        broken(&self.database(), reason)
    }
}

/// Forgets everything but the installed tools.
pub fn reset() -> Result<(), Error> {
    let folder = folder();
    let _lock = folder.is_dir().then(|| lock(&folder)).transpose()?;
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(_) if !folder.exists() => return Ok(()),
        Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
    };
    for entry in entries
        .flatten()
        .filter(|entry| entry.file_name() != "tools")
    {
        let path = entry.path();
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} is empty.", folder.display());
    Ok(())
}
