//! The code itself, for tests of what it may say.

use std::path::{Path, PathBuf};

use local::workspace_root;

/// The Rust sources below a folder, each up to its tests.
///
/// # Panics
/// When one cannot be read.
#[must_use]
pub fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    add(folder, &mut found);
    found
}

/// The functions whose operations a function of the area `pages` does in process, each with its area: `start-totp` of
/// `mfa` for a `Part<mfa::StartTotp>` in its source. None for any other function.
#[must_use]
pub fn mirrored(function: &str) -> Vec<(String, String)> {
    let pages = workspace_root().join("functions/pages/src");
    if !pages.join(format!("bin/{function}.rs")).exists() {
        return Vec::new();
    }
    let source = pages.join(format!("{}.rs", function.replace('-', "_")));
    let source = std::fs::read_to_string(source).unwrap_or_default();
    let parts = source.split("Part<").skip(1);
    let parts = parts.filter_map(|rest| rest.split_once('>')?.0.split_once("::"));
    parts
        .map(|(area, operation)| (area.to_owned(), kebab(operation)))
        .collect()
}

/// `start-totp` of `StartTotp`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

fn add(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            add(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            found.push((path, code.to_owned()));
        }
    }
}
