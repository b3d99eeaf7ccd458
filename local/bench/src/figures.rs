//! `docs/performance.json` and, of the profile `ci`, `docs/performance-ci.json`: the figures that do not depend on the
//! machine's speed, and what has become of them.

use std::collections::BTreeMap;

use harness::Cost;
use local::{Error, workspace_root};
use serde::{Deserialize, Serialize};

use crate::setup::Profile;

/// How much more than before is noise: another compiler, another processor's code paths.
const TOLERANCE_PERCENT: u64 = 2;

/// What is checked in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Of the processor, as Rust calls it: zips and instructions are comparable within one.
    pub architecture: String,
    /// Versions of what built and counted.
    #[serde(default)]
    pub tools: String,
    /// By binary.
    pub functions: BTreeMap<String, FunctionCost>,
    /// Instructions a call, by path.
    pub hot_paths: BTreeMap<String, u64>,
}

/// What one call of a function costs, and what is uploaded for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionCost {
    /// Sequential round trips to the table.
    pub round_trips: usize,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
    /// Bytes of the zip.
    pub zip_bytes: u64,
}

/// What differs from what is checked in, a line each.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Whether zips and instructions were compared.
    pub same_architecture: bool,
    /// Costs more, or is not known.
    pub regressions: Vec<String>,
    /// Costs less.
    pub improvements: Vec<String>,
}

impl FunctionCost {
    /// Of one counted call.
    pub fn new(cost: &Cost, zip_bytes: u64) -> Self {
        Self {
            round_trips: cost.round_trips,
            // The sum of nothing is -0.
            read_units: cost.read_units + 0.0,
            write_units: cost.write_units + 0.0,
            zip_bytes,
        }
    }
}

/// Where the figures of a profile are.
pub const fn file(profile: Profile) -> &'static str {
    match profile {
        Profile::Release => "docs/performance.json",
        Profile::Ci => "docs/performance-ci.json",
    }
}

impl Figures {
    /// What is checked in of a profile.
    pub fn load(profile: Profile) -> Result<Self, Error> {
        let file = file(profile);
        let text = std::fs::read(workspace_root().join(file));
        let text = text.map_err(|error| format!("{file}: {error}"))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Writes them to be checked in.
    pub fn save(&self, profile: Profile) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(std::fs::write(workspace_root().join(file(profile)), text)?)
    }

    /// What has become of these figures in `now`.
    pub fn compare(&self, now: &Self) -> Comparison {
        let mut comparison = Comparison {
            same_architecture: self.architecture == now.architecture,
            ..Comparison::default()
        };
        for (name, before, now) in pairs(&self.functions, &now.functions) {
            let (Some(before), Some(now)) = (before, now) else {
                comparison.unpaired(name, before.is_some());
                continue;
            };
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let trips = |cost: &FunctionCost| cost.round_trips as f64;
            comparison.exact(&format!("{name}: round trips"), trips(before), trips(now));
            comparison.exact(&format!("{name}: RU"), before.read_units, now.read_units);
            comparison.exact(&format!("{name}: WU"), before.write_units, now.write_units);
            comparison.about(
                &format!("{name}: zip bytes"),
                before.zip_bytes,
                now.zip_bytes,
            );
        }
        for (name, before, now) in pairs(&self.hot_paths, &now.hot_paths) {
            match (before, now) {
                (Some(before), Some(now)) => {
                    comparison.about(&format!("{name}: instructions"), *before, *now);
                }
                _ => comparison.unpaired(name, before.is_some()),
            }
        }
        comparison
    }
}

impl Comparison {
    fn exact(&mut self, what: &str, before: f64, now: f64) {
        let line = format!("{what} {before} → {now}");
        if now > before {
            self.regressions.push(line);
        } else if now < before {
            self.improvements.push(line);
        }
    }

    fn about(&mut self, what: &str, before: u64, now: u64) {
        if !self.same_architecture {
            return;
        }
        let line = format!("{what} {before} → {now}");
        if now * 100 > before * (100 + TOLERANCE_PERCENT) {
            self.regressions.push(line);
        } else if now * 100 < before * (100 - TOLERANCE_PERCENT) {
            self.improvements.push(line);
        }
    }

    fn unpaired(&mut self, name: &str, was_known: bool) {
        let line = if was_known {
            format!("{name} is checked in and no more")
        } else {
            format!("{name} is not checked in")
        };
        self.regressions.push(line);
    }
}

/// Every name of either, with what each has of it.
fn pairs<'a, T>(
    before: &'a BTreeMap<String, T>,
    now: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a str, Option<&'a T>, Option<&'a T>)> {
    let added = now.keys().filter(|name| !before.contains_key(*name));
    let names = before.keys().chain(added);
    names.map(|name| (name.as_str(), before.get(name), now.get(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: FunctionCost = FunctionCost {
        round_trips: 3,
        read_units: 2.0,
        write_units: 4.0,
        zip_bytes: 3_000_000,
    };

    fn figures(login: FunctionCost, instructions: u64) -> Figures {
        Figures {
            architecture: "x86_64".to_owned(),
            tools: "rustc 1.95.0".to_owned(),
            functions: BTreeMap::from([("login".to_owned(), login)]),
            hot_paths: BTreeMap::from([("verify".to_owned(), instructions)]),
        }
    }

    fn compared(now: &Figures) -> (Vec<String>, Vec<String>) {
        let comparison = figures(LOGIN, 1000).compare(now);
        (comparison.regressions, comparison.improvements)
    }

    #[test]
    fn each_kind_of_regression_is_named_alone() {
        let login = |change: fn(&mut FunctionCost)| {
            let mut login = LOGIN;
            change(&mut login);
            figures(login, 1000)
        };
        for (now, expected) in [
            (
                login(|cost| cost.round_trips = 4),
                "login: round trips 3 → 4",
            ),
            (login(|cost| cost.read_units = 2.5), "login: RU 2 → 2.5"),
            (login(|cost| cost.write_units = 5.0), "login: WU 4 → 5"),
            (
                login(|cost| cost.zip_bytes = 3_060_001),
                "login: zip bytes 3000000 → 3060001",
            ),
            (figures(LOGIN, 1021), "verify: instructions 1000 → 1021"),
        ] {
            assert_eq!(compared(&now), (vec![expected.to_owned()], Vec::new()));
        }
    }

    #[test]
    fn what_two_percent_cover_is_noise_and_less_is_an_improvement() {
        let mut login = LOGIN;
        login.zip_bytes = 3_060_000;
        assert_eq!(compared(&figures(login, 1020)), (Vec::new(), Vec::new()));
        login.zip_bytes = 2_940_000;
        assert_eq!(compared(&figures(login, 980)), (Vec::new(), Vec::new()));
        login.round_trips = 2;
        let (regressions, improvements) = compared(&figures(login, 979));
        assert_eq!(regressions, Vec::<String>::new());
        assert_eq!(
            improvements,
            [
                "login: round trips 3 → 2",
                "verify: instructions 1000 → 979"
            ]
        );
    }

    #[test]
    fn another_architecture_has_other_zips_and_instructions_and_the_same_round_trips() {
        let mut login = LOGIN;
        login.zip_bytes *= 2;
        login.round_trips = 4;
        let mut now = figures(login, 2000);
        now.architecture = "aarch64".to_owned();
        let expected = vec!["login: round trips 3 → 4".to_owned()];
        assert_eq!(compared(&now), (expected, Vec::new()));
    }

    #[test]
    fn what_only_one_side_knows_is_a_regression() {
        let none = Figures::default();
        assert_eq!(compared(&none).0.len(), 2);
        assert_eq!(none.compare(&figures(LOGIN, 1)).regressions.len(), 2);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let figures = figures(LOGIN, 1000);
        let text = serde_json::to_string_pretty(&figures).expect("JSON");
        assert_eq!(serde_json::from_str::<Figures>(&text).ok(), Some(figures));
    }
}
