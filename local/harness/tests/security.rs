//! The security register says no more than the tests do: what `docs/security.md` names exists, and nothing is
//! missing from it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use local::workspace_root;

/// Requirements of levels 1 and 2 in each chapter of OWASP ASVS 5.0.0 that the register answers.
const REQUIREMENTS: [(u32, usize); 8] = [
    (2, 11),
    (6, 35),
    (7, 18),
    (8, 7),
    (9, 7),
    (10, 29),
    (11, 14),
    (16, 16),
];
/// Rows of the tables of known failures, those of others and those found here.
const FAILURES: std::ops::RangeInclusive<u32> = 1..=108;
/// What stands among them out of turn.
const OUT_OF_TURN: [u32; 2] = [111, 119];

/// One row of a table that says which tests show it: its first cell is a number, its last names them.
struct Row {
    cells: Vec<String>,
}

impl Row {
    fn id(&self) -> &str {
        &self.cells[0]
    }

    /// What stands between backticks in the last cell.
    fn tests(&self) -> BTreeSet<&str> {
        let last = self.cells.last().map_or("", String::as_str);
        last.split('`').skip(1).step_by(2).collect()
    }
}

/// Every such row of the register.
fn rows() -> Vec<Row> {
    let register = std::fs::read_to_string(workspace_root().join("docs/security.md"));
    let register = register.expect("the register is there");
    let tables = register
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = tables.map(|line| Row {
        cells: line.split(" | ").map(str::to_owned).collect(),
    });
    rows.filter(|row| row.id().starts_with(|first: char| first.is_ascii_digit()))
        .collect()
}

/// The table of requirements, whose ids have dots.
fn requirements() -> Vec<Row> {
    let mut rows = rows();
    rows.retain(|row| row.id().contains('.'));
    rows
}

/// The table of known failures, by number.
fn failures() -> Vec<(u32, Row)> {
    let rows = rows().into_iter().filter(|row| !row.id().contains('.'));
    rows.map(|row| (row.id().parse().expect("a number"), row))
        .collect()
}

/// The names of the tests in a source file: of each function that has a test attribute.
fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let signature = line.strip_prefix("async ").unwrap_or(line);
        let Some(signature) = signature.strip_prefix("fn ") else {
            continue;
        };
        if is_test && let Some((name, _)) = signature.split_once('(') {
            names.push(name.to_owned());
        }
        is_test = false;
    }
    names
}

fn add_tests(folder: &Path, names: &mut BTreeSet<String>) {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if path.file_name() != Some(OsStr::new("target")) {
                add_tests(&path, names);
            }
        } else if path.extension() == Some(OsStr::new("rs")) {
            let source = std::fs::read_to_string(&path).expect("a source file is text");
            names.extend(tests_in(&source));
        }
    }
}

/// Every test of the workspace.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["shared", "functions", "local"] {
        add_tests(&workspace_root().join(folder), &mut names);
    }
    names
}

/// The failures that a test names: 4 and 5 for `bug_04_bug_05_reuse`.
fn failures_of(test: &str) -> Vec<u32> {
    let numbers = test.split("bug_").skip(1);
    numbers
        .filter_map(|rest| rest.split('_').next()?.parse().ok())
        .collect()
}

#[test]
fn tests_are_found_by_their_attribute() {
    let source = [
        "#[test]",
        "fn one() {}",
        "fn helper() {}",
        "    #[tokio::test(flavor = \"current_thread\")]",
        "    async fn two() {}",
        "#[test]",
        "#[ignore = \"slow\"]",
        "fn three(input in 0..9) {}",
    ];
    assert_eq!(tests_in(&source.join("\n")), ["one", "two", "three"]);
    assert_eq!(failures_of("bug_04_bug_05_reuse"), [4, 5]);
}

#[test]
fn every_test_the_register_names_exists() {
    let tests = tests();
    assert!(tests.contains("every_test_the_register_names_exists"));
    let rows = rows();
    let missing: Vec<String> = rows
        .iter()
        .flat_map(|row| row.tests().into_iter().map(move |test| (row.id(), test)))
        .filter(|(_, test)| !tests.contains(*test))
        .map(|(id, test)| format!("row {id}: {test}"))
        .collect();
    assert!(missing.is_empty(), "no such tests:\n{}", missing.join("\n"));
}

#[test]
fn every_requirement_stands_in_the_register_once() {
    let rows = requirements();
    let mut ids = BTreeSet::new();
    let mut chapters: BTreeMap<u32, usize> = BTreeMap::new();
    for row in &rows {
        assert!(ids.insert(row.id()), "{} stands there twice", row.id());
        let numbers = row.id().split('.').map(|number| number.parse().ok());
        let numbers: Option<Vec<u32>> = numbers.collect();
        let Some([chapter, _, _]) = numbers.as_deref() else {
            panic!("{} is no requirement", row.id());
        };
        *chapters.entry(*chapter).or_default() += 1;

        let [_, level, _, state, how, _] = row.cells.as_slice() else {
            panic!("{} has another number of cells", row.id());
        };
        assert!(["1", "2"].contains(&level.as_str()), "{}", row.id());
        assert!(
            ["met", "partly", "not met", "n/a"].contains(&state.as_str()),
            "{}: {state}",
            row.id()
        );
        assert!(!how.is_empty(), "{}", row.id());
    }
    assert_eq!(chapters, BTreeMap::from(REQUIREMENTS));
}

#[test]
fn every_known_failure_has_its_tests_or_a_reason() {
    let rows = failures();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    let expected: Vec<u32> = FAILURES.chain(OUT_OF_TURN).collect();
    assert_eq!(numbers, expected);
    for (number, row) in &rows {
        let [_, _, shown] = row.cells.as_slice() else {
            panic!("row {number} has another number of cells");
        };
        assert!(!shown.is_empty(), "row {number}");
    }

    let tests = tests();
    let named: BTreeMap<u32, BTreeSet<&str>> = rows
        .iter()
        .map(|(number, row)| (*number, row.tests()))
        .collect();
    let unlisted: Vec<String> = tests
        .iter()
        .flat_map(|test| {
            failures_of(test)
                .into_iter()
                .map(move |number| (number, test))
        })
        .filter(|(number, test)| {
            named
                .get(number)
                .is_none_or(|named| !named.contains(test.as_str()))
        })
        .map(|(number, test)| format!("row {number} lacks {test}"))
        .collect();
    assert!(unlisted.is_empty(), "{}", unlisted.join("\n"));
}
