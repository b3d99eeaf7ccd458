//! An authenticator app, as somebody has it in their hand: the crate `totp-rs`, which shares nothing with what it is used
//! with.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Totp};

const STEP_SECONDS: u64 = 30;

/// The app, which knows which of its codes it has shown.
pub struct Authenticator {
    totp: Totp,
    last_step: Mutex<u64>,
}

/// How long a code that is shown is accepted at least: what it is shown for takes a while.
const LASTS_SECONDS: u64 = 15;

/// Seconds since the epoch.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("after 1970").as_secs()
}

impl Authenticator {
    /// With a secret that was typed in.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn new(base32: &str) -> Self {
        let secret = BASE32_NOPAD.decode(base32.as_bytes()).expect("base32");
        let totp = Builder::new().with_secret(secret).build();
        Self {
            totp: totp.expect("a secret"),
            last_step: Mutex::new(0),
        }
    }

    /// A code that was not shown before and is accepted for a quarter of a minute: of the step before, of this one or of the
    /// next. Waits where all of them were shown.
    pub async fn next(&self) -> String {
        loop {
            if let Some(step) = self.take_step(now()) {
                return self.at(step);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// A code that is accepted now and for half a minute yet, and was not shown before.
    ///
    /// # Panics
    /// Never: nothing that holds the lock does.
    pub async fn last(&self) -> String {
        *self.last_step.lock().expect("unpoisoned") = now() / STEP_SECONDS;
        self.next().await
    }

    fn take_step(&self, now: u64) -> Option<u64> {
        let mut last = self.last_step.lock().expect("unpoisoned");
        let first = (now + LASTS_SECONDS) / STEP_SECONDS - 1;
        let step = (*last + 1).max(first);
        let is_accepted = step <= now / STEP_SECONDS + 1;
        if is_accepted {
            *last = step;
        }
        is_accepted.then_some(step)
    }

    /// The code of a step.
    #[must_use]
    pub fn at(&self, step: u64) -> String {
        self.totp.generate(step * STEP_SECONDS).to_string()
    }

    /// A code of long ago.
    #[must_use]
    pub fn old(&self) -> String {
        self.at(1)
    }
}
