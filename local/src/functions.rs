//! The functions of a bundle, each kept running.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::Value;

use crate::Error;
use crate::function::{Function, FunctionError, Outcome, TIMED_OUT};
use crate::pump::Invoke;

type Environment = Box<dyn Fn(&str) -> Result<Vec<(String, String)>, Error> + Send + Sync>;
/// A lock for each function: one that is slow to start does not hold up another.
type Slot = Arc<tokio::sync::Mutex<Option<Running>>>;

/// One process a function, started by the first invocation and again when it has ended or been rebuilt.
pub struct Functions {
    binaries: PathBuf,
    environment: Environment,
    shows_logs: bool,
    slots: Mutex<HashMap<String, Slot>>,
    delivered: Mutex<BTreeMap<String, usize>>,
}

struct Running {
    function: Arc<Function>,
    built: Option<SystemTime>,
}

impl Functions {
    /// The binaries of a folder; each gets what `environment` answers for its name.
    pub fn new(
        binaries: PathBuf,
        environment: impl Fn(&str) -> Result<Vec<(String, String)>, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            binaries,
            environment: Box::new(environment),
            shows_logs: false,
            slots: Mutex::default(),
            delivered: Mutex::default(),
        }
    }

    /// What they print goes to the standard error stream, too.
    #[must_use]
    pub const fn show_logs(mut self) -> Self {
        self.shows_logs = true;
        self
    }

    /// Starts one more process of a function.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn spawn(&self, name: &str) -> Result<Function, Error> {
        let (binary, environment) = (self.binaries.join(name), (self.environment)(name)?);
        if self.shows_logs {
            Function::start_shown(&binary, &environment).await
        } else {
            Function::start(&binary, &environment).await
        }
    }

    /// The process of a function that all share.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn get(&self, name: &str) -> Result<Arc<Function>, Error> {
        let slot = self.slot(name);
        let mut slot = slot.lock().await;
        let built = std::fs::metadata(self.binaries.join(name))
            .and_then(|binary| binary.modified())
            .ok();
        if let Some(running) = &*slot
            && running.built == built
            && running.function.is_running()
        {
            return Ok(Arc::clone(&running.function));
        }
        *slot = None;
        let function = Arc::new(self.spawn(name).await?);
        *slot = Some(Running {
            function: Arc::clone(&function),
            built,
        });
        Ok(function)
    }

    /// Ends the shared process of a function, once its invocations have; the next call starts another.
    pub async fn restart(&self, name: &str) {
        *self.slot(name).lock().await = None;
    }

    /// How often each has been invoked with something from a stream, a bus or a queue since this was asked before.
    pub fn take_delivered(&self) -> BTreeMap<String, usize> {
        std::mem::take(
            &mut self
                .delivered
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

impl Invoke for Functions {
    async fn invoke(&self, name: &str, payload: &Value) -> Outcome {
        let delivered = self.delivered.lock();
        *delivered
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.to_owned())
            .or_default() += 1;
        let function = self.get(name).await;
        let function = function.map_err(|error| FunctionError(error.to_string()))?;
        let outcome = function.invoke(payload).await;
        if outcome.as_ref().is_err_and(|error| error.0 == TIMED_OUT) {
            // Lambda ends an environment that ran out of time; this one may never answer again.
            self.restart(name).await;
        }
        outcome
    }
}
