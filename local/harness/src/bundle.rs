//! The whole bundle under test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use local::engine::Engine;
use local::event::{HttpRequest, matches_route};
use local::function::Function;
use local::functions::Functions;
use local::pump::{Pump, Storage};
use local::services::Services;
use local::settings::{Settings, TABLE};
use local::template::{FunctionBlock, Template};
use local::workspace_root;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{Answer, Contract, Recorder};

/// How long the pump waits before it repeats an invocation that failed: tests wait for it.
const RETRY_DELAY: Duration = Duration::from_millis(1);

/// The password of every account the harness makes.
pub const PASSWORD: &str = "correct horse battery staple";
/// A strong secret, for tests alone.
const SECRET: &str = "uT7xKq2mWz9RbLc4VnYe8HgPs3JdFa6oNiXy1BwQvMtZkEr5";
/// Another one, for second factors.
const FACTOR_SECRET: &str = "Kd9wPx3vTz7mQb1nHs5jYc8gLr2fUe6aWi4oVyBtXkMqZpRu";
/// Another one, for other providers.
const PROVIDER_SECRET: &str = "Qm3vRt8kXy2pLc6wJz9nBh4sFd7gUe1aTi5oNq0xVbWkSrYc";
/// Another one, for letters.
pub const MAIL_SECRET: &str = "Zr4tBv8nMq1xWc6yKe9uJh3gLf7dSp2aOi5zXw0RbTkEmNoC";

/// Table, functions and everything between them. Each test has its own.
pub struct Bundle {
    binaries: PathBuf,
    template: &'static Template,
    contract: &'static Contract,
    pub(crate) engine: Engine,
    recorder: Arc<Recorder>,
    pub(crate) running: Arc<Functions>,
    pub(crate) services: Arc<Services>,
    pub(crate) pump: Pump<Arc<Functions>>,
    pub(crate) accounts: AtomicU32,
    pub(crate) shares_accounts: bool,
    changed: Changed,
}

/// Read once a process: every bundle would take a moment of the whole machine.
static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| Template::load(&workspace_root()).expect("template.yaml is readable"));

/// Settings that have another value than the template's default.
type Changed = Arc<Mutex<BTreeMap<String, String>>>;

/// An account that has signed in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Its access token.
    pub access_token: String,
    /// Its refresh token.
    pub refresh_token: String,
}

/// A call that the matrix of faults does not know fails every test that makes it.
impl Drop for Bundle {
    fn drop(&mut self) {
        let unlisted = self.recorder.unlisted();
        assert!(
            unlisted.is_empty() || std::thread::panicking(),
            "calls without cases: add a scene to the scenes.rs of the area that each function is in, and these lines to its store-calls.txt: {unlisted:#?}"
        );
    }
}

impl Bundle {
    /// An empty bundle with a first signing key. `binary` is any binary of the build under test
    /// (`env!("CARGO_BIN_EXE_…")`); the others stand beside it.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start(binary: &str) -> Self {
        // Made once a process: each takes a moment of the whole machine.
        static KEYS: OnceCell<Vec<Value>> = OnceCell::const_new();
        let keys = KEYS.get_or_init(async || {
            let first = Self::without_keys(binary).await;
            let rotated = first.invoke("rotate-keys", &json!({})).await;
            assert!(rotated["published"].is_string(), "{rotated}");
            first.items()
        });
        let bundle = Self::without_keys(binary).await;
        for key in keys.await {
            bundle.put(key);
        }
        bundle
    }

    /// An empty bundle before `rotate-keys` has ever run.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn without_keys(binary: &str) -> Self {
        let template = &*TEMPLATE;
        let engine = Engine::in_memory().await.expect("the engine starts");
        engine
            .create_table(template, TABLE)
            .expect("the template's table is valid");
        let recorder = Arc::new(Recorder::start(engine.endpoint()).await);
        let storage = Storage::in_memory();
        let services = Services::in_memory(storage.dead_letters.clone()).await;
        let services = Arc::new(services.expect("the services start"));
        let binaries = Path::new(binary).parent().expect("a folder of binaries");
        let changed = Changed::default();
        let running = Functions::new(binaries.to_owned(), {
            let recorder = Arc::clone(&recorder);
            let (services, binaries) = (services.endpoint().to_owned(), binaries.to_owned());
            let changed = Arc::clone(&changed);
            move |name| {
                // At once, and not after all the pump's retries.
                let _ = built(&binaries, name);
                Ok(environment(&recorder, &services, &changed, name))
            }
        });
        let running = Arc::new(running);
        let pump = Pump::new(
            template,
            engine.database(),
            Arc::clone(&services),
            storage,
            Arc::clone(&running),
        );
        Self {
            binaries: binaries.to_owned(),
            template,
            contract: Contract::load(),
            engine,
            recorder,
            running,
            services,
            pump: pump
                .expect("the template's triggers are understood")
                .retry_delay(RETRY_DELAY),
            accounts: AtomicU32::new(0),
            shares_accounts: false,
            changed,
        }
    }

    /// What stands between the functions and the table.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The settings that `function` gets, exactly as the template names them.
    ///
    /// # Panics
    /// When the template has no such function.
    #[must_use]
    pub fn environment(&self, function: &str) -> Vec<(String, String)> {
        let services = self.services.endpoint();
        environment(&self.recorder, services, &self.changed, function)
    }

    /// Gives a setting another value, for every function that starts from now on.
    ///
    /// # Panics
    /// When a test that did so has failed.
    pub fn set(&self, setting: &str, value: &str) {
        let mut changed = self.changed.lock().expect("not poisoned");
        changed.insert(setting.to_owned(), value.to_owned());
    }

    /// Where a binary is.
    ///
    /// # Panics
    /// When it is not built.
    #[must_use]
    pub fn binary(&self, function: &str) -> PathBuf {
        built(&self.binaries, function)
    }

    /// Starts one more process of a function.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn spawn(&self, function: &str) -> Function {
        let spawned = self.running.spawn(function).await;
        spawned.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts one more process of a function, under a name of its own for
    /// [`interleave`](Recorder::interleave), `login~2`, with a setting of its own where there is one.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn spawn_numbered(
        &self,
        function: &str,
        number: usize,
        setting: Option<(&str, &str)>,
    ) -> (String, Function) {
        let name = format!("{function}~{number}");
        let mut environment = self.environment(function);
        for (known, value) in &mut environment {
            if *value == self.recorder.endpoint_for(function) {
                *value = self.recorder.endpoint_for(&name);
            }
            if let Some((_, set)) = setting.filter(|(setting, _)| setting == known) {
                set.clone_into(value);
            }
        }
        let started = Function::start(&self.binary(function), &environment).await;
        (name, started.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Starts one more process of a function, with a setting of its own.
    ///
    /// # Panics
    /// When it does not start, or the template does not give it this setting.
    pub async fn spawn_with(&self, function: &str, setting: &str, value: &str) -> Function {
        let mut environment = self.environment(function);
        let known = environment.iter_mut().find(|(name, _)| name == setting);
        value.clone_into(&mut known.expect("a setting of the function").1);
        Function::start(&self.binary(function), &environment)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The process of a function that all calls and the pump share; started by the first, and again when it
    /// has ended.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn function(&self, function: &str) -> Arc<Function> {
        let running = self.running.get(function).await;
        running.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends the shared process of a function; the next call starts another.
    pub async fn restart(&self, function: &str) {
        self.running.restart(function).await;
    }

    /// Invokes a function directly.
    ///
    /// # Panics
    /// When it reports an error.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Value {
        let running = self.function(function).await;
        running
            .invoke(payload)
            .await
            .unwrap_or_else(|error| panic!("{function}: {}", error.0))
    }

    /// Sends a request to the function that serves it, and checks the answer against the contract.
    ///
    /// # Panics
    /// When no route serves it, the function fails, or the answer is not as documented.
    pub async fn send(&self, request: &HttpRequest) -> Answer {
        let (function, _) = self.route(request);
        let running = self.function(&function).await;
        self.send_to(&running, request).await
    }

    /// Sends a request to one process.
    ///
    /// # Panics
    /// As [`send`](Self::send).
    pub async fn send_to(&self, function: &Function, request: &HttpRequest) -> Answer {
        let (name, route) = self.route(request);
        let event = function.invoke(&request.event(&route)).await;
        let event = event.unwrap_or_else(|error| panic!("{name}: {}", error.0));
        let answer = Answer::from_event(&event);
        self.contract.check(request, &answer);
        assert!(!answer.text.contains("$argon2"), "{name} shows a hash");
        answer
    }

    fn route(&self, request: &HttpRequest) -> (String, String) {
        let serving = self.functions().iter().find_map(|function| {
            let serves = |(method, path): &&(String, String)| {
                *method == request.method && matches_route(path, &request.path)
            };
            let (_, path) = function.routes.iter().find(serves)?;
            Some((function.binary.clone(), path.clone()))
        });
        serving.unwrap_or_else(|| panic!("no route for {} {}", request.method, request.path))
    }

    /// A request body's answer: `POST` with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&HttpRequest::new("POST", path).json(body)).await
    }

    /// A request of an account without a body.
    pub async fn send_as(&self, account: &Account, method: &str, path: &str) -> Answer {
        self.send(&HttpRequest::new(method, path).bearer(&account.access_token))
            .await
    }

    /// Signs an account in once more.
    pub async fn sign_in(&self, email: &str) -> Account {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.post("/v1/auth/login", &body).await.expect_status(200);
        Account {
            id: answer.text_at("/user/id"),
            email: email.to_owned(),
            access_token: answer.text_at("/accessToken"),
            refresh_token: answer.text_at("/refreshToken"),
        }
    }

    /// Whether the session of this access token still is one: it reads its own account.
    ///
    /// # Panics
    /// When the answer is neither yes nor no.
    pub async fn is_signed_in(&self, account: &Account) -> bool {
        let me = self.send_as(account, "GET", "/v1/users/me").await;
        assert!([200, 401].contains(&me.status), "{}", me.text);
        me.status == 200
    }

    /// Trades a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/v1/auth/refresh", &json!({ "refreshToken": token }))
            .await
    }

    /// The functions of the template.
    #[must_use]
    pub fn functions(&self) -> &[FunctionBlock] {
        self.template.functions()
    }
}

fn built(binaries: &Path, function: &str) -> PathBuf {
    let binary = binaries.join(function);
    assert!(
        binary.exists(),
        "{function} is not built: run cargo test --workspace"
    );
    binary
}

fn environment(
    recorder: &Recorder,
    services: &str,
    changed: &Changed,
    function: &str,
) -> Vec<(String, String)> {
    let mut functions = TEMPLATE.functions().iter();
    let block = functions.find(|block| block.binary == function);
    let block = block.unwrap_or_else(|| panic!("template.yaml has no function {function}"));
    let settings = Settings {
        endpoint: recorder.endpoint_for(function),
        services: services.to_owned(),
        issuer: "http://127.0.0.1:9000".to_owned(),
        app_url: local::passkey::ORIGIN.to_owned(),
        session_secret: SECRET.to_owned(),
        mail_secret: MAIL_SECRET.to_owned(),
        factor_secret: FACTOR_SECRET.to_owned(),
        provider_secret: PROVIDER_SECRET.to_owned(),
    };
    let mut environment = settings.environment(block);
    let changed = changed.lock().expect("not poisoned");
    for (name, value) in &mut environment {
        if let Some(other) = changed.get(name) {
            value.clone_from(other);
        }
    }
    environment
}
