//! The matrix: every call that any function of an area makes to the table in any of its scenes, times every fault
//! that can happen to it.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use local::function::Function;
use tokio::task::JoinSet;

use super::{Act, Area, Scene, What};
use crate::recorder::listed;
use crate::{Answer, Bundle, Fault, Site};

/// Cases at work at the same time: most of a case is waiting for time-outs.
pub(super) const WORKERS: usize = 24;
/// Most failed cases of which late ones are tried again: a machine that stands still for a moment is late with all
/// that are at work, and more are no accident.
const MOST_AGAIN: usize = WORKERS;
/// An invocation answers a second before Lambda's deadline of ten; the rest is for a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_millis(9_700);
/// One lost attempt costs a second and the wait before the next one; making a key takes seconds of a busy machine.
const HEALED_WITHIN: Duration = Duration::from_secs(7);
/// Of each call at least: six faults, half of them once and throughout.
const FEWEST_CASES: usize = 9;

/// What a client saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// A status and the code of its problem.
    Status(u64, String),
    /// A direct invocation, or a delivery.
    Done,
    /// It failed, with this message.
    Failed(String),
}

impl Answered {
    pub(super) fn as_expected(act: &Act) -> Self {
        match act.what {
            What::Send(_) | What::SendTo(..) if act.expected >= 400 => {
                Self::Status(act.expected, act.refusal.to_owned())
            }
            What::Send(_) | What::SendTo(..) => Self::Status(act.expected, String::new()),
            What::Invoke(_) | What::Deliver => Self::Done,
        }
    }
}

impl Answered {
    /// A page has no codes: it says that it is not available, and leads back to a form that something else stood in the
    /// way of.
    fn of(answer: &Answer, act: &Act) -> Self {
        let is_page = answer.media_type() == "text/html";
        let code = match answer.status {
            503 if is_page => "unavailable",
            303 if act.to.is_some_and(|to| to != answer.header("location")) => {
                return Self::Status(409, "conflict".to_owned());
            }
            _ => answer.code(),
        };
        Self::Status(answer.status, code.to_owned())
    }
}

/// Carries out an act once, by a process of its own, so that what it does at its start belongs to it.
pub(super) async fn carry_out(bundle: &Bundle, scene: &Scene, act: &Act) -> Answered {
    timed(bundle, scene, act).await.0
}

/// What came of it, and how long the invocations took: without the start of the process.
async fn timed(bundle: &Bundle, scene: &Scene, act: &Act) -> (Answered, Duration) {
    let process = match &act.what {
        What::SendTo(_, setting, value) => bundle.spawn_with(scene.function, setting, value).await,
        What::Deliver => {
            bundle.restart(scene.function).await;
            let started = Instant::now();
            return (delivered(bundle).await, started.elapsed());
        }
        _ => bundle.spawn(scene.function).await,
    };
    let started = Instant::now();
    (ask(bundle, &process, act).await, started.elapsed())
}

async fn delivered(bundle: &Bundle) -> Answered {
    bundle.try_deliver().await;
    let failed = bundle.failed();
    if failed.is_empty() {
        Answered::Done
    } else {
        Answered::Failed(format!("{failed:?}"))
    }
}

async fn ask(bundle: &Bundle, process: &Function, act: &Act) -> Answered {
    match &act.what {
        What::Send(request) | What::SendTo(request, ..) => {
            Answered::of(&bundle.send_to(process, request).await, act)
        }
        What::Invoke(payload) => match process.invoke(payload).await {
            Ok(_) => Answered::Done,
            Err(error) => Answered::Failed(error.0),
        },
        What::Deliver => delivered(bundle).await,
    }
}

/// Whether a fault lasts until the first answer, or happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lasting {
    Once,
    Throughout,
}

#[derive(Clone)]
struct Case {
    scene: Scene,
    site: Site,
    fault: Fault,
    lasting: Lasting,
}

impl Case {
    fn name(&self) -> String {
        let Self {
            scene,
            site,
            fault,
            lasting,
        } = self;
        format!("{site} × {fault:?} {lasting:?} ({})", scene.name)
    }
}

fn cases(sites: &[(Scene, Site)]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (scene, site) in sites {
        for fault in Fault::possible(&site.operation) {
            let lasting: &[Lasting] = match fault {
                // Late is late; a server error once is got over as throttling is.
                Fault::Slow => &[Lasting::Once],
                Fault::Refuse | Fault::Reset => &[Lasting::Throughout],
                _ => &[Lasting::Once, Lasting::Throughout],
            };
            for lasting in lasting.iter().copied() {
                let (scene, site) = (*scene, site.clone());
                cases.push(Case {
                    scene,
                    site,
                    fault,
                    lasting,
                });
            }
        }
    }
    cases
}

impl Area {
    /// Asserts that the functions of the area make the calls of its `store-calls.txt`, and that each of them meets
    /// every fault as it should: the client gets the answer or is told to try again, in time, and what it asked for
    /// is then done, once.
    ///
    /// # Panics
    /// When one of it is not so.
    pub async fn assert_faults(&self) {
        let mut seen = BTreeSet::new();
        let mut sites = self.play().await.0;
        sites.retain(|(scene, site)| !(scene.is_own && site.is_mirrored()));
        sites.retain(|(_, site)| seen.insert(site.clone()));
        let mut calls: Vec<String> = sites.iter().map(|(_, site)| site.to_string()).collect();
        calls.sort_unstable();
        let calls = calls.join("\n");
        let file = format!("functions/{}/store-calls.txt", self.name);
        assert_eq!(calls, listed(self.name), "{file} is to be:\n{calls}");
        let cases = cases(&sites);
        assert!(cases.len() >= sites.len() * FEWEST_CASES, "{}", cases.len());
        let count = cases.len();
        let failures = self.try_all(cases).await;
        for (scene, site) in &sites {
            let faults = Fault::possible(&site.operation).len();
            let _ = writeln!(
                io::stderr(),
                "{site}: {faults} faults, once and throughout ({})",
                scene.name
            );
        }
        let _ = writeln!(
            io::stderr(),
            "{}: {} calls, {count} cases, {} failed",
            self.name,
            sites.len(),
            failures.len()
        );
        assert!(failures.is_empty(), "{failures:#?}");
    }

    /// Tries all cases, many at the same time, and by itself what was too late there: how soon an answer comes is asked of
    /// a machine that has little else to do. What is wrong at any time is wrong. Answers what was.
    async fn try_all(&self, cases: Vec<Case>) -> Vec<String> {
        let failed = self.try_together(cases).await;
        let are_few = failed.len() <= MOST_AGAIN;
        let mut failures = Vec::new();
        for (case, failure) in failed {
            let name = case.name();
            let Failure::Late(why) = &failure else {
                failures.push(format!("{name}: {failure}"));
                continue;
            };
            if are_few {
                let _ = writeln!(io::stderr(), "{name}: by itself again, because {why}");
                let bundle = Bundle::start(self.binary).await;
                if try_one(&bundle, &case, self.may_fail).await.is_ok() {
                    continue;
                }
            }
            failures.push(format!("{name}: {failure}"));
        }
        failures
    }

    async fn try_together(&self, cases: Vec<Case>) -> Vec<(Case, Failure)> {
        let (next, cases) = (Arc::new(AtomicUsize::new(0)), Arc::new(cases));
        let mut workers = JoinSet::new();
        for _ in 0..self.workers.min(cases.len()) {
            let (next, cases) = (Arc::clone(&next), Arc::clone(&cases));
            let (binary, may_fail) = (self.binary, self.may_fail);
            workers.spawn(async move {
                let mut failures = Vec::new();
                let shared = Bundle::start(binary).await.sharing_accounts();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = if case.scene.is_alone {
                        try_one(&Bundle::start(binary).await, case, may_fail).await
                    } else {
                        try_one(&shared, case, may_fail).await
                    };
                    shared.clear();
                    if let Err(failure) = outcome {
                        failures.push((case.clone(), failure));
                    }
                }
                failures
            });
        }
        workers.join_all().await.concat()
    }
}

/// Why a case failed.
#[derive(Clone)]
enum Failure {
    /// It was not as it should be.
    Wrong(String),
    /// It came too late, or was given up because of that.
    Late(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

impl From<&str> for Failure {
    fn from(why: &str) -> Self {
        Self::Wrong(why.to_owned())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(why) | Self::Late(why)) = self;
        formatter.write_str(why)
    }
}

/// Tries a case: the act with the fault, what the client saw, the act again without it, what has come of both.
async fn try_one(bundle: &Bundle, case: &Case, may_fail: &[&str]) -> Result<(), Failure> {
    // No fault is there yet: what is not made ready is late, and what it was is printed.
    let prepared = AssertUnwindSafe((case.scene.prepare)(bundle)).catch_unwind();
    let act = prepared
        .await
        .map_err(|_| Failure::Late("it was not made ready".to_owned()))?;
    let hits = disturb(bundle, case, &act);
    let (first, took) = timed(bundle, &case.scene, &act).await;
    bundle.recorder().calm();
    let hits = hits.load(Ordering::Relaxed);
    if hits == 0 {
        return Err("the fault never happened".into());
    }

    let unseen = case.fault == Fault::HangAfter || case.fault == Fault::LoseAnswer;
    let expected = Answered::as_expected(&act);
    let healed = first == expected;
    match &first {
        _ if healed => {}
        Answered::Status(503, code) if code == "unavailable" => {}
        Answered::Status(409, code) if code == "conflict" => {}
        Answered::Failed(_) if matches!(act.what, What::Invoke(_)) => {}
        other => return Err(format!("the first answer was {other:?}").into()),
    }
    // A batch that gets on by one item each time gets there.
    let goes_on =
        healed && case.lasting == Lasting::Throughout && case.fault != Fault::LeaveRestUnprocessed;
    if goes_on
        && !matches!(act.what, What::Deliver)
        && !may_fail.contains(&case.site.to_string().as_str())
    {
        return Err("it went on without it".into());
    }
    if case.lasting == Lasting::Once && !healed {
        // A function gives up when its time is over.
        let why = format!("one fault was not got over: {first:?}");
        return Err(Failure::Late(why));
    }
    let within = match (case.lasting, &act.what) {
        // A delivery is as many invocations as it takes.
        (_, What::Deliver) => ANSWERED_WITHIN * 4,
        (Lasting::Once, _) => HEALED_WITHIN,
        (Lasting::Throughout, _) => ANSWERED_WITHIN,
    };
    if took > within {
        return Err(Failure::Late(format!("it took {took:?} and {hits} tries")));
    }
    if !healed || matches!(act.what, What::Deliver) {
        let again = carry_out(bundle, &case.scene, &act).await;
        let repeated = match &again {
            Answered::Status(status, _) => unseen && act.repeated.contains(status),
            _ => false,
        };
        if again != expected && !repeated {
            return Err(format!("after {first:?} the repetition was {again:?}").into());
        }
    }
    if !(act.done)(bundle) {
        return Err(format!("not done after {first:?}").into());
    }
    Ok(bundle.check_invariants()?)
}

/// Sets the fault up, and counts how often it happens.
fn disturb(bundle: &Bundle, case: &Case, act: &Act) -> Arc<AtomicUsize> {
    let mut left = match (case.lasting, &act.what) {
        (Lasting::Once, _) => 1,
        // As long as one invocation tries: whatever delivers goes on for ever.
        (Lasting::Throughout, What::Deliver) => 4,
        (Lasting::Throughout, _) => usize::MAX,
    };
    let (site, fault) = (case.site.clone(), case.fault);
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    bundle.recorder().disturb_sites(move |found| {
        let hit = *found == site && left > 0;
        left -= usize::from(hit);
        counted.fetch_add(usize::from(hit), Ordering::Relaxed);
        hit.then_some(fault)
    });
    hits
}
