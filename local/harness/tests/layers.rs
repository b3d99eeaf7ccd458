//! Which package may stand on which: an area on the common crates alone, and those on no area. The pages alone stand on
//! areas, whose operations they do, and nothing on them (docs/decisions/0020).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harness::sources;
use local::workspace_root;

/// The folders directly below one that hold a package.
fn packages(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let folders = entries.map(|entry| entry.path());
    folders
        .filter(|folder| folder.join("Cargo.toml").exists())
        .collect()
}

/// What a package names in any table of dependencies.
fn dependencies(package: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(package.join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn no_area_stands_on_an_area_nor_does_anything_in_shared() {
    let root = workspace_root();
    let areas = packages(&root.join("functions"));
    let names: BTreeSet<String> = areas
        .iter()
        .filter_map(|area| Some(area.file_name()?.to_string_lossy().into_owned()))
        .collect();
    assert!(names.len() > 6, "{names:?}");
    let mut shared = packages(&root.join("shared"));
    shared.push(root.join("shared"));
    assert!(shared.len() > 2, "{shared:?}");
    let areas = areas.iter().filter(|area| !area.ends_with("pages"));
    for package in areas.chain(&shared) {
        let foreign: Vec<String> = dependencies(package)
            .intersection(&names)
            .cloned()
            .collect();
        assert_eq!(foreign, Vec::<String>::new(), "{}", package.display());
    }
}

#[test]
fn sign_in_alone_starts_sessions() {
    let root = workspace_root();
    let found = sources(&root.join("shared/src"));
    // Its constructor and its write are private to the crate: in it, one place calls each.
    for call in [".put_session(", "Session::start("] {
        let callers: Vec<_> = found
            .iter()
            .filter(|(path, source)| !path.ends_with("access_tests.rs") && source.contains(call))
            .map(|(path, _)| path.strip_prefix(&root).expect("below").to_owned())
            .collect();
        assert_eq!(callers, [Path::new("shared/src/sign_in.rs")], "{call}");
    }
    // And what puts a session into the table has its way from there.
    let areas = sources(&root.join("functions"));
    let mut writers = 0;
    let own = packages(&root.join("functions")).into_iter();
    // The pages have the operations of others start them.
    for area in own.filter(|area| !area.ends_with("pages")) {
        let calls = std::fs::read_to_string(area.join("store-calls.txt")).expect("calls");
        for call in calls.lines().filter(|call| puts_session(call)) {
            let (function, _) = call.split_once(": ").expect("a function");
            let source = code(&areas, function);
            // Itself, or through what both ways in with an identity share.
            let ways = ["SignIn::from_env(", "Entrance::from_env("];
            assert!(ways.iter().any(|way| source.contains(way)), "{function}");
            writers += 1;
        }
    }
    assert!(writers > 0, "login is one");
}

/// The code of a function: that of the operation which its binary serves, or the binary itself.
fn code<'a>(areas: &'a [(PathBuf, String)], function: &str) -> &'a str {
    let file = format!("src/bin/{function}.rs");
    let (_, binary) = areas
        .iter()
        .find(|(path, _)| path.ends_with(&file))
        .expect("its binary");
    let served = binary.split_once("http::run::<");
    let Some((operation, _)) = served.and_then(|(_, rest)| rest.split_once(">()")) else {
        return binary;
    };
    let (_, operation) = operation.split_once("::").expect("of the area's library");
    let head = format!("impl Operation for {operation} {{");
    let (_, module) = areas
        .iter()
        .find(|(_, source)| source.contains(&head))
        .expect("its operation");
    module
}

/// Whether a call puts an item with the sort key of a session.
fn puts_session(call: &str) -> bool {
    let parts = call.split(" + ");
    parts
        .filter(|part| part.contains("PutItem ") || part.contains("Put "))
        .any(|part| part.contains(" SESSION#"))
}
