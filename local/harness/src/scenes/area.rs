//! The scenes of an area as they go when nothing goes wrong, and IAM: what every function did in all of them, against
//! what its policy in `template.yaml` allows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use local::workspace_root;

use super::Scene;
use super::faults::{Answered, carry_out};
use crate::{Bundle, Call, Site};

/// An area's functions and what they do.
pub struct Area {
    pub(super) name: &'static str,
    pub(super) binary: &'static str,
    pub(super) scenes: Vec<Scene>,
    pub(super) may_fail: &'static [&'static str],
    pub(super) workers: usize,
}

impl Area {
    /// The area of the folder `functions/<name>`, with all of its scenes. `binary` is any binary of the build under
    /// test (`env!("CARGO_BIN_EXE_…")`).
    #[must_use]
    pub const fn new(name: &'static str, binary: &'static str, scenes: Vec<Scene>) -> Self {
        Self {
            name,
            binary,
            scenes,
            may_fail: &[],
            workers: super::faults::WORKERS,
        }
    }

    /// The calls, as `store-calls.txt` has them, without which an answer is no other.
    #[must_use]
    pub fn may_fail(self, may_fail: &'static [&'static str]) -> Self {
        Self { may_fail, ..self }
    }

    /// So many cases at work at the same time, where one of them takes a whole core.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Plays every scene without a fault. Answers the sites that each scene's function calls from, in their order, and
    /// all calls.
    ///
    /// # Panics
    /// When a scene does not come to what it is to come to.
    pub(super) async fn play(&self) -> (Vec<(Scene, Site)>, Vec<Call>) {
        let (mut sites, mut calls) = (Vec::new(), Vec::new());
        let shared = Bundle::start(self.binary).await;
        for scene in &self.scenes {
            let alone;
            let bundle = if scene.is_alone {
                alone = Bundle::start(self.binary).await;
                &alone
            } else {
                &shared
            };
            let act = (scene.prepare)(bundle).await;
            let _ = bundle.recorder().take();
            // Seen when they arrive: a call that is given up is none that has been recorded.
            let seen = Arc::new(Mutex::new(Vec::new()));
            let seeing = Arc::clone(&seen);
            bundle.recorder().disturb_sites(move |site| {
                seeing.lock().expect("unpoisoned").push(site.clone());
                None
            });
            let answered = carry_out(bundle, scene, &act).await;
            bundle.recorder().calm();
            assert_eq!(answered, Answered::as_expected(&act), "{}", scene.name);
            assert!((act.done)(bundle), "{}: not done", scene.name);
            bundle.assert_invariants();
            let mut seen = std::mem::take(&mut *seen.lock().expect("unpoisoned"));
            seen.retain(|site: &Site| site.function == scene.function);
            sites.extend(seen.into_iter().map(|site| (*scene, site)));
            calls.extend(bundle.recorder().take());
        }
        (sites, calls)
    }

    /// Asserts that every function of the area has a scene, that each comes to what it is to come to, and that each
    /// function's policy allows what it did in all of them, and nothing else.
    ///
    /// # Panics
    /// When one of it is not so.
    pub async fn assert_policies(&self) {
        let functions = functions_of(self.name);
        let played = self.scenes.iter().map(|scene| scene.function.to_owned());
        let played: BTreeSet<String> = played.collect();
        assert_eq!(played, functions, "every function of the area has a scene");
        let (_, calls) = self.play().await;
        let bundle = Bundle::start(self.binary).await;
        for function in functions {
            bundle.assert_policy(&calls, &function);
        }
    }
}

/// The functions of an area: its binaries.
fn functions_of(area: &str) -> BTreeSet<String> {
    let folder = workspace_root()
        .join("functions")
        .join(area)
        .join("src/bin");
    let files = std::fs::read_dir(folder).expect("a folder of binaries");
    let names = files.flatten().map(|file| file.file_name());
    names
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect()
}
