//! Races: requests at the same time, by processes of their own, their calls to the table let through one by one in
//! an order drawn from a seed, some writes with a conflict. Whatever the order, the same is to hold.

use std::collections::BTreeSet;
use std::io::{self, Write};

use futures_util::future::join_all;
use local::event::HttpRequest;
use local::function::Function;

use crate::{Answer, Bundle};

/// Orders that each race is run in.
pub const SEEDS: u64 = 24;

/// Processes that race, and the orders seen so far.
pub struct Track {
    /// What they run on.
    pub bundle: Bundle,
    processes: Vec<(String, Function)>,
    orders: BTreeSet<Vec<(String, String)>>,
    interleaved: usize,
    decided: u64,
}

impl Track {
    /// A process for each of these functions; with `setting`, where there is one.
    pub async fn new(bundle: Bundle, functions: &[&str], setting: Option<(&str, &str)>) -> Self {
        let mut processes = Vec::new();
        for (number, function) in functions.iter().enumerate() {
            processes.push(bundle.spawn_numbered(function, number, setting).await);
        }
        Self {
            bundle,
            processes,
            orders: BTreeSet::new(),
            interleaved: 0,
            decided: 0,
        }
    }

    /// Sends a request to each process, all at once, and answers in their order.
    ///
    /// # Panics
    /// When an answer is 500, or above 503.
    pub async fn run<const N: usize>(
        &mut self,
        seed: u64,
        requests: [HttpRequest; N],
    ) -> [Answer; N] {
        let names: Vec<&str> = self
            .processes
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let interleaving = self.bundle.recorder().interleave(seed, &names);
        let answers =
            self.processes
                .iter()
                .zip(&requests)
                .map(async |((name, process), request)| {
                    let answer = self.bundle.send_to(process, request).await;
                    interleaving.done(name);
                    answer
                });
        let answers = join_all(answers).await;
        for answer in &answers {
            assert!(
                answer.status != 500 && answer.status < 504,
                "{}",
                answer.text
            );
        }
        let order = interleaving.order();
        let turns = order.windows(2).filter(|calls| calls[0].0 != calls[1].0);
        // One that goes on after another had its turn.
        self.interleaved += usize::from(turns.count() >= names.len());
        self.orders.insert(order);
        answers
            .try_into()
            .unwrap_or_else(|_| panic!("an answer for each request"))
    }

    /// What holds after every race; then a clean table for the next.
    /// `decided` is whether what the race is about was carried out.
    ///
    /// # Panics
    /// When what holds between items does not.
    pub fn settle(&mut self, seed: u64, decided: bool) {
        self.decided += u64::from(decided);
        if let Err(broken) = self.bundle.check_invariants() {
            panic!("seed {seed}: {broken}");
        }
        self.bundle.clear();
    }

    /// Says how the races went, on standard error.
    ///
    /// # Panics
    /// When the calls were hardly interleaved, or what the race is about was hardly ever carried out: then it has
    /// shown nothing.
    pub fn tell(&self, what: &str) {
        let (orders, interleaved, decided) = (self.orders.len(), self.interleaved, self.decided);
        let _ = writeln!(
            io::stderr(),
            "{what}: {SEEDS} races, {interleaved} interleaved in {orders} orders, {decided} decided"
        );
        assert!(
            interleaved >= 8 && orders >= 4,
            "the calls of {what} are interleaved: {:#?}",
            self.orders
        );
        assert!(
            decided >= SEEDS / 2,
            "{what} is carried out half of the time"
        );
    }

    /// Asserts that a session is over: its access token and its newest refresh token.
    ///
    /// # Panics
    /// When one of them works.
    pub async fn assert_over(&self, seed: u64, access: &str, refresh: &str) {
        let me = HttpRequest::new("GET", "/v1/users/me").bearer(access);
        assert_eq!(
            self.bundle.send(&me).await.status,
            401,
            "seed {seed}: access"
        );
        assert_eq!(
            self.bundle.refresh(refresh).await.status,
            401,
            "seed {seed}: refresh"
        );
    }

    /// Asserts that what a sign-in may have begun is over.
    ///
    /// # Panics
    /// When it is not.
    pub async fn assert_nobody_in(&self, seed: u64, login: &Answer) {
        if login.status == 200 {
            let (access, refresh) = (
                login.text_at("/accessToken"),
                login.text_at("/refreshToken"),
            );
            self.assert_over(seed, &access, &refresh).await;
        }
    }
}
