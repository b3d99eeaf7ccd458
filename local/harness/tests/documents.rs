//! What the documents promise about one another: links lead somewhere, the chart has every function, the door is short.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harness::{Contract, Template};
use local::workspace_root;

/// Longest README, in lines: what a newcomer reads before the first command works.
const README_LINES: usize = 250;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every document for people: those of the root and of `docs`.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/decisions"] {
        let entries = std::fs::read_dir(workspace_root().join(folder)).expect("a folder");
        let paths = entries.flatten().map(|entry| entry.path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// Headings as links name them: small letters, digits and hyphens.
fn anchors(document: &str) -> BTreeSet<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let anchor = |heading: String| {
        let kept = heading.chars().filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            other => other.is_alphanumeric().then_some(other),
        });
        kept.collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut links = 0;
    for path in documents() {
        let document = read(&path);
        for rest in document.split("](").skip(1) {
            let link = rest.split(')').next().unwrap_or_default();
            if link.starts_with("http") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.with_file_name(file),
            };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let found = anchors(&read(&target)).contains(anchor);
                assert!(found, "{}: {link}", path.display());
            }
        }
    }
    assert!(links > 30, "{links}");
}

#[test]
fn the_chart_of_endpoints_has_every_function_and_every_operation() {
    let chart = read(&workspace_root().join("docs/endpoints.md"));
    let rows: Vec<Vec<&str>> = chart
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            line.split(" | ")
                .map(|cell| cell.trim_matches(['|', ' ']))
                .collect()
        })
        .collect();
    let named: BTreeSet<&str> = rows.iter().filter_map(|row| row.get(1).copied()).collect();
    let template = Template::load(&workspace_root()).expect("template.yaml is readable");
    for function in template.functions() {
        assert!(
            named.contains(function.binary.as_str()),
            "{}",
            function.binary
        );
    }
    for operation in Contract::load().operations() {
        let is_its = |row: &&Vec<&str>| {
            let (methods, path) = row[0].split_once(" /").unwrap_or_default();
            let path = path.split(',').next().unwrap_or_default();
            row.get(1) == Some(&operation.function.as_str())
                && methods.split(", ").any(|method| method == operation.method)
                && operation.path[1..] == *path
        };
        let what = format!("{} {}", operation.method, operation.path);
        assert_eq!(rows.iter().filter(is_its).count(), 1, "{what}");
    }
}

#[test]
fn the_readme_is_a_door_and_not_a_house() {
    let lines = read(&workspace_root().join("README.md")).lines().count();
    assert!(lines <= README_LINES, "{lines}");
}
