//! What each function does, all of it: an endpoint or consumer in each of the situations in which it talks to the
//! table in another way. [`Area`] tries every fault in all of them, and compares them with the policies.

mod area;
mod faults;
mod limits;

use std::pin::Pin;

use local::event::HttpRequest;
use serde_json::Value;

use crate::Bundle;

pub use area::Area;
pub use limits::after;

/// One situation of one function. [`scene!`](crate::scene) makes it.
#[derive(Clone, Copy)]
pub struct Scene {
    /// What it is about.
    pub name: &'static str,
    /// The function that is at work.
    pub function: &'static str,
    /// Sets the scene.
    pub prepare: Prepare,
    /// Whether it takes a bundle of its own.
    pub is_alone: bool,
    /// Whether what a page calls for an operation is left to the function that is there for it.
    pub is_own: bool,
}

/// Brings about the situation, and answers what is done in it.
pub type Prepare = for<'a> fn(&'a Bundle) -> Pin<Box<dyn Future<Output = Act> + Send + 'a>>;

/// What is done in a scene, and what is to come of it.
pub struct Act {
    /// What is done.
    pub what: What,
    /// Status of the answer.
    pub expected: u64,
    /// The code of that, where it is a refusal.
    pub refusal: &'static str,
    /// Where it leads, if that matters.
    pub to: Option<&'static str>,
    /// What a repetition may be answered as well, where the first one was carried out and its answer got lost.
    pub repeated: &'static [u64],
    /// Whether it has been carried out.
    pub done: Box<dyn Fn(&Bundle) -> bool + Send + Sync>,
}

/// What makes a function work.
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
    /// Gives it a bundle of its own: it changes what every other scene needs.
    #[must_use]
    pub const fn alone(self) -> Self {
        Self {
            is_alone: true,
            ..self
        }
    }

    /// Tries what a page calls by itself, and leaves the rest to the functions whose operations it does.
    #[must_use]
    pub const fn own(self) -> Self {
        Self {
            is_own: true,
            ..self
        }
    }
}

impl Act {
    /// Something that is done, and the status of its answer.
    #[must_use]
    pub fn new(what: What, expected: u64) -> Self {
        Self {
            what,
            expected,
            refusal: "invalid_token",
            to: None,
            repeated: &[],
            done: Box::new(|_| true),
        }
    }

    /// A request, and the status of its answer.
    #[must_use]
    pub fn send(request: HttpRequest, expected: u64) -> Self {
        Self::new(What::Send(request), expected)
    }

    /// A form of a page, and where it leads.
    #[must_use]
    pub fn submit(request: HttpRequest, to: &'static str) -> Self {
        Self {
            to: Some(to),
            ..Self::send(request, 303)
        }
    }

    /// It is refused with this code.
    #[must_use]
    pub fn refused(self, refusal: &'static str) -> Self {
        Self { refusal, ..self }
    }

    /// A repetition may be answered with these as well.
    #[must_use]
    pub fn repeated(self, repeated: &'static [u64]) -> Self {
        Self { repeated, ..self }
    }

    /// It is done when this holds.
    #[must_use]
    pub fn done(self, done: impl Fn(&Bundle) -> bool + Send + Sync + 'static) -> Self {
        let done = Box::new(done);
        Self { done, ..self }
    }

    /// It is done when there is such an item.
    #[must_use]
    pub fn until(self, found: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.done(move |bundle| bundle.items().iter().any(&found))
    }
}

/// A [`Scene`](crate::scenes::Scene) from a name, a function and an async block that answers an
/// [`Act`](crate::scenes::Act).
#[macro_export]
macro_rules! scene {
    ($name:literal, $function:expr, |$bundle:ident| $body:block) => {
        $crate::scenes::Scene {
            name: $name,
            function: $function,
            prepare: |$bundle| Box::pin(async move $body),
            is_alone: false,
            is_own: false,
        }
    };
}

/// The two tests of an area: every fault, and every policy, in all of its scenes. Takes the name of any of its binaries,
/// and the scenes; `may_fail` names the calls, as `store-calls.txt` has them, without which an answer is no other, and
/// `workers` is how many cases are at work at the same time, where it is not as many as usual.
#[macro_export]
macro_rules! area {
    ($binary:literal, $scenes:expr $(, may_fail: $may_fail:expr)? $(, workers: $workers:expr)?) => {
        $crate::faults!($binary, $scenes $(, may_fail: $may_fail)? $(, workers: $workers)?);

        #[tokio::test(flavor = "multi_thread")]
        async fn every_policy_is_exactly_what_its_function_does() {
            area().assert_policies().await;
        }
    };
}

/// The first of the two alone, for an area whose functions do operations of others: their policies are compared with
/// those of the functions that are there for them. Takes what [`area!`](crate::area) takes.
#[macro_export]
macro_rules! faults {
    ($binary:literal, $scenes:expr $(, may_fail: $may_fail:expr)? $(, workers: $workers:expr)?) => {
        fn area() -> $crate::scenes::Area {
            $crate::scenes::Area::new(
                env!("CARGO_PKG_NAME"),
                env!(concat!("CARGO_BIN_EXE_", $binary)),
                $scenes,
            )
            $(.may_fail($may_fail))?
            $(.workers($workers))?
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn every_store_call_meets_every_fault() {
            area().assert_faults().await;
        }
    };
}

/// Whether an item is of this type and has this value.
#[must_use]
pub fn is(item: &Value, kind: &str, attribute: &str, value: &str) -> bool {
    item["type"]["S"] == kind && item[attribute]["S"] == value
}

/// An item that shows that all sessions of an account have been ended at once.
pub fn epoch_raised(id: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "user", "id", &id) && item["session_epoch"]["N"] != "0"
}

/// An item that shows that a session has been ended.
pub fn revoked(session: String) -> impl Fn(&Value) -> bool + Send + Sync {
    move |item| is(item, "session", "id", &session) && item["revoked_at"]["N"].is_string()
}
