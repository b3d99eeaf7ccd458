//! A barrier between functions and the engine: the calls of several requests, one at a time, in an order drawn
//! from a seed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Fault, Site};

/// How often a write of an interleaved request meets a transaction of somebody else: one in so many.
const CONFLICTS: u64 = 6;

/// The calls of some processes, let through one by one. A call waits until every process has one waiting or
/// is done with its request; then one of them is drawn.
pub struct Interleaving {
    state: Mutex<State>,
}

struct State {
    running: BTreeSet<String>,
    waiting: Vec<Waiting>,
    busy: bool,
    random: u64,
    order: Vec<(String, String)>,
}

struct Waiting {
    process: String,
    site: Site,
    pass: oneshot::Sender<Option<Fault>>,
}

/// A place in the order. Once it has come up, the next call is let through when it is dropped.
pub(super) struct Turn {
    interleaving: Arc<Interleaving>,
    passed: oneshot::Receiver<Option<Fault>>,
    is_up: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // A caller may give up just when its turn has come.
        self.passed.close();
        if self.is_up || self.passed.try_recv().is_ok() {
            let mut state = self.interleaving.lock();
            state.busy = false;
            state.advance();
        }
    }
}

impl Interleaving {
    pub(super) fn new(seed: u64, processes: &[&str]) -> Self {
        let state = State {
            running: processes
                .iter()
                .map(|process| (*process).to_owned())
                .collect(),
            waiting: Vec::new(),
            busy: false,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            order: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// A process has answered: nobody waits for it any more.
    pub fn done(&self, process: &str) {
        let mut state = self.lock();
        state.running.remove(process);
        state.advance();
    }

    /// The calls so far, each with its process, in the order in which they were let through.
    #[must_use]
    pub fn order(&self) -> Vec<(String, String)> {
        self.lock().order.clone()
    }

    /// Waits for its turn; processes that take no part go through at once.
    pub(super) async fn turn(
        self: &Arc<Self>,
        process: &str,
        site: &Site,
    ) -> Option<(Turn, Option<Fault>)> {
        let mut turn = {
            let mut state = self.lock();
            if !state.running.contains(process) {
                return None;
            }
            let (pass, passed) = oneshot::channel();
            state.waiting.push(Waiting {
                process: process.to_owned(),
                site: site.clone(),
                pass,
            });
            state.advance();
            Turn {
                interleaving: Arc::clone(self),
                passed,
                is_up: false,
            }
        };
        let fault = (&mut turn.passed).await.ok()?;
        turn.is_up = true;
        Some((turn, fault))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn advance(&mut self) {
        let waits = |process: &String| self.waiting.iter().any(|call| call.process == *process);
        if self.busy || self.waiting.is_empty() || !self.running.iter().all(waits) {
            return;
        }
        // Whichever came first: the order is the seed's alone.
        self.waiting
            .sort_by(|one, other| (&one.process, &one.site).cmp(&(&other.process, &other.site)));
        let drawn = usize::try_from(self.draw()).unwrap_or_default() % self.waiting.len();
        let call = self.waiting.swap_remove(drawn);
        let writes = ["PutItem", "UpdateItem", "TransactWriteItems"];
        let conflicts =
            writes.contains(&call.site.operation.as_str()) && self.draw().is_multiple_of(CONFLICTS);
        let fault = conflicts.then_some(Fault::TransactionConflict);
        // Whoever has given up needs no turn.
        self.busy = call.pass.send(fault).is_ok();
        if self.busy {
            self.order.push((call.process, call.site.to_string()));
        } else {
            self.advance();
        }
    }

    /// xorshift64 (Marsaglia 2003): the same order for the same seed.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 16
    }
}
