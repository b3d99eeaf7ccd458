//! Which package may stand on which: an area on the common crates alone, and those on no area.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
    for package in areas.iter().chain(&shared) {
        let foreign: Vec<String> = dependencies(package)
            .intersection(&names)
            .cloned()
            .collect();
        assert_eq!(foreign, Vec::<String>::new(), "{}", package.display());
    }
}
