//! What each function does, all of it: an endpoint or consumer in each of the situations in which it talks to the
//! table in another way. The matrix of faults and the replay of policies go through all of them.

mod administration;
mod auth;
mod background;
mod limits;
mod users;

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::{Account, Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

/// One situation of one function.
#[derive(Clone, Copy)]
pub struct Scene {
    /// What it is about.
    pub name: &'static str,
    /// The function that is at work.
    pub function: &'static str,
    /// Sets the scene.
    pub prepare: Prepare,
}

pub type Prepare = for<'a> fn(&'a Bundle) -> Pin<Box<dyn Future<Output = Act> + Send + 'a>>;

/// What is done in a scene, and what is to come of it.
pub struct Act {
    pub what: What,
    /// Status of the answer.
    pub expected: u64,
    /// What a repetition may be answered as well, where the first one was carried out and its answer got lost.
    pub repeated: &'static [u64],
    /// Whether it has been carried out.
    pub done: Box<dyn Fn(&Bundle) -> bool + Send + Sync>,
}

pub enum What {
    /// A request.
    Send(HttpRequest),
    /// A request to a function that has this setting.
    SendTo(HttpRequest, &'static str, &'static str),
    /// A direct invocation.
    Invoke(Value),
    /// What is on the stream and the buses.
    Deliver,
}

impl Scene {
    /// Whether it changes what every other scene needs, so that it takes a bundle of its own.
    pub fn is_alone(&self) -> bool {
        ["rotate-keys", "create-admin"].contains(&self.function)
    }
}

impl Act {
    pub fn new(what: What, expected: u64) -> Self {
        Self {
            what,
            expected,
            repeated: &[],
            done: Box::new(|_| true),
        }
    }

    pub fn send(request: HttpRequest, expected: u64) -> Self {
        Self::new(What::Send(request), expected)
    }

    pub fn repeated(self, repeated: &'static [u64]) -> Self {
        Self { repeated, ..self }
    }

    pub fn done(self, done: impl Fn(&Bundle) -> bool + Send + Sync + 'static) -> Self {
        let done = Box::new(done);
        Self { done, ..self }
    }

    /// It is done when there is such an item.
    pub fn until(self, found: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.done(move |bundle| bundle.items().iter().any(&found))
    }
}

/// A scene from a name, a function and an async block.
macro_rules! scene {
    ($name:literal, $function:literal, |$bundle:ident| $body:block) => {
        Scene {
            name: $name,
            function: $function,
            prepare: |$bundle| Box::pin(async move $body),
        }
    };
}
pub(crate) use scene;

/// Every scene.
pub fn all() -> Vec<Scene> {
    [
        auth::scenes(),
        users::scenes(),
        administration::scenes(),
        background::scenes(),
        limits::scenes(),
    ]
    .concat()
}

/// An address that nobody has used before.
fn new_email() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("new{}@example.com", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn post(path: &str, body: &Value) -> HttpRequest {
    HttpRequest::new("POST", path).json(body)
}

pub fn by(account: &Account, method: &str, path: &str) -> HttpRequest {
    HttpRequest::new(method, path).bearer(&account.access_token)
}

pub fn sign_in(email: &str, password: &str) -> HttpRequest {
    post(
        "/v1/auth/login",
        &json!({ "email": email, "password": password }),
    )
}

pub fn register(email: &str) -> HttpRequest {
    post(
        "/v1/auth/register",
        &json!({ "email": email, "password": PASSWORD }),
    )
}

/// Whether an item is of this type and has this value.
fn is(item: &Value, kind: &str, attribute: &str, value: &str) -> bool {
    item["type"]["S"] == kind && item[attribute]["S"] == value
}

/// The token in the letter of this kind to an address, which is delivered for it.
pub async fn token(bundle: &Bundle, email: &str, letter: &str) -> String {
    bundle.deliver().await;
    let mut letters = bundle.letters_to(email).into_iter();
    let token = letters.rfind(|found| found.name() == letter);
    token
        .and_then(|letter| letter.token())
        .expect("a letter with a token")
}
