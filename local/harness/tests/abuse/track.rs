//! What a race runs on.

use std::collections::BTreeSet;
use std::io::{self, Write};

use futures_util::future::join_all;
use harness::{Answer, Bundle, Function, HttpRequest};

use crate::bundle;

pub const SEEDS: u64 = 24;

/// Processes that race, and the orders seen so far.
pub struct Track {
    pub bundle: Bundle,
    processes: Vec<(String, Function)>,
    orders: BTreeSet<Vec<(String, String)>>,
    interleaved: usize,
    decided: u64,
}

impl Track {
    /// A bundle, and a process for each of these functions; with `setting`, where there is one.
    pub async fn new(functions: &[&str], setting: Option<(&str, &str)>) -> Self {
        let bundle = bundle().await;
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
    pub fn settle(&mut self, seed: u64, decided: bool) {
        self.decided += u64::from(decided);
        if let Err(broken) = self.bundle.check_invariants() {
            panic!("seed {seed}: {broken}");
        }
        self.bundle.clear();
    }

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
