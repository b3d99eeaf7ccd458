//! What the documents promise about one another: links lead somewhere, the chart has every function, the picture is
//! of this tree, the door is short.

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

/// The labels of the picture of the architecture, each behind its class.
fn labels(picture: &str) -> Vec<(&str, &str)> {
    let texts = picture.split("<text class=\"").skip(1);
    let labels = texts.filter_map(|rest| {
        let (class, rest) = rest.split_once('"')?;
        let (_, rest) = rest.split_once('>')?;
        let (label, _) = rest.split_once("</text>")?;
        Some((class, label))
    });
    labels.collect()
}

/// A logical id in words: `dead letters` of `DeadLetters`.
fn words(logical_id: &str) -> String {
    let mut words = String::new();
    for letter in logical_id.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Resources that the picture shows, each by its logical id.
const DRAWN: [&str; 6] = [
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::HttpApi",
];

#[test]
fn the_picture_of_the_architecture_is_of_this_tree_and_its_template() {
    let root = workspace_root();
    let picture = read(&root.join("docs/architecture.svg"));
    let labels = labels(&picture);
    assert_eq!(labels.len(), picture.matches("<text").count());
    let named = |class: &str| -> BTreeSet<String> {
        let has = |classes: &str| classes.split(' ').any(|other| other == class);
        let of_class = labels.iter().filter(|(classes, _)| has(classes));
        of_class.map(|(_, label)| label.to_lowercase()).collect()
    };

    let areas = std::fs::read_dir(root.join("functions")).expect("a folder");
    let areas = areas.flatten().map(|area| area.file_name());
    let areas: BTreeSet<String> = areas
        .map(|area| area.to_string_lossy().into_owned())
        .collect();
    assert_eq!(named("area"), areas);

    // Functions with a route are shown by their area, all others by their name with the area below it.
    let template = Template::load(&root).expect("template.yaml is readable");
    let functions = template.functions().iter();
    let functions = functions.filter(|function| function.routes.is_empty());
    let functions: BTreeSet<String> = functions.map(|function| function.binary.clone()).collect();
    assert_eq!(named("function"), functions);
    for pair in labels.windows(2) {
        if let [("function", function), (_, area)] = pair {
            let file = format!("functions/{area}/src/bin/{function}.rs");
            assert!(root.join(&file).exists(), "{file}");
        }
    }

    let resources = template.document()["Resources"].as_object();
    let resources = resources.expect("resources");
    let drawn = resources.iter().filter(|(_, resource)| {
        let kind = resource["Type"].as_str().unwrap_or_default();
        DRAWN.contains(&kind)
    });
    let drawn: BTreeSet<String> = drawn.map(|(id, _)| words(id)).collect();
    assert_eq!(named("resource"), drawn);

    let indexes = resources["Table"]["Properties"]["GlobalSecondaryIndexes"].as_array();
    let indexes = indexes.into_iter().flatten();
    let indexes = indexes.map(|index| {
        let name = index["IndexName"].as_str().unwrap_or_default();
        format!("index {name}")
    });
    let readers = template.stream_readers().expect("readers of the stream");
    let schedules = template.schedules().expect("schedules");
    let stream = readers.first().map(|_| "stream".to_owned());
    let schedule = schedules.first().map(|_| "schedule".to_owned());
    let parts: BTreeSet<String> = indexes.chain(stream).chain(schedule).collect();
    assert_eq!(named("part"), parts);
}

#[test]
fn the_picture_of_the_architecture_brings_no_script_and_nothing_from_elsewhere() {
    let picture = read(&workspace_root().join("docs/architecture.svg"));
    for foreign in ["<script", "href", "@import", "<foreignObject", "<image"] {
        assert!(!picture.contains(foreign), "{foreign}");
    }
}
