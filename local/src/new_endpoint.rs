//! `cargo local new-endpoint`: the files and blocks that a new endpoint needs, with a test that says what to write.
//!
//! What comes of it builds, passes every other test, and does nothing yet but authenticate, authorize and show a
//! profile. Files are edited as text: what is in them stays as it is.

mod edits;
mod files;
mod lines;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::template::Template;
use crate::{Error, yaml};
use files::capitalised;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The endpoint that is to be.
pub struct Endpoint {
    area: String,
    name: String,
    method: String,
    path: String,
    /// The functions that the area has.
    neighbours: Vec<String>,
}

/// Makes an endpoint below `root`: what a person would write into fourteen files. `name` is that of its function, and
/// `{id}` in its path is an account.
///
/// Answers the files that are new or changed. All of them are made before the first is written.
///
/// # Errors
/// When there is no such area, the name, method or path is none or taken, or a file is not as expected: nothing is
/// changed then. When a file cannot be written.
pub fn make(
    root: &Path,
    area: &str,
    name: &str,
    method: &str,
    path: &str,
) -> Result<Vec<String>, Error> {
    let endpoint = Endpoint::read(root, area, name, method, path)?;
    let files = endpoint.plan(root)?;
    for (file, text) in &files {
        let target = root.join(file);
        let folder = target.parent().unwrap_or(root);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&target, text))
            .map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(files.into_keys().collect())
}

impl Endpoint {
    /// Checks what can be told without the files.
    fn read(root: &Path, area: &str, name: &str, method: &str, path: &str) -> Result<Self, Error> {
        let areas = names_in(&root.join("functions"))?;
        if !areas.iter().any(|other| other == area) {
            return Err(format!("there is no area {area}: {}", areas.join(", ")).into());
        }
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        if !name.contains('-') || !name.split('-').all(is_word) {
            return Err(format!(
                "{name} is no name such as unlock-user: a verb and what it is done to"
            )
            .into());
        }
        if !METHODS.contains(&method) {
            return Err(format!("{method} is none of {}", METHODS.join(", ")).into());
        }
        check_path(path)?;
        let binaries = names_in(&root.join(format!("functions/{area}/src/bin")))?;
        let binaries = binaries.iter().filter_map(|file| file.strip_suffix(".rs"));
        Ok(Self {
            area: area.to_owned(),
            name: name.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            neighbours: binaries.map(str::to_owned).collect(),
        })
    }

    /// Every file that is new or changed, with its text.
    fn plan(&self, root: &Path) -> Result<BTreeMap<String, String>, Error> {
        let read = |file: &str| {
            std::fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
        };
        let template = read("template.yaml")?;
        let there = self.check_free(&Template::from(yaml::parse(&template)?))?;

        let mut files = BTreeMap::new();
        for (file, text) in self.files() {
            if root.join(&file).exists() {
                return Err(format!("{file} exists already").into());
            }
            let is_rust = Path::new(&file)
                .extension()
                .is_some_and(|kind| kind == "rs");
            let text = if is_rust { formatted(text) } else { text };
            files.insert(file, text);
        }
        let (tests, scenes) = (self.test("main"), self.test("scenes"));
        let calls = format!("functions/{}/store-calls.txt", self.area);
        let (manifest, chart) = (self.manifest(), "docs/endpoints.md".to_owned());
        let library = format!("functions/{}/src/lib.rs", self.area);
        // An area of functions without operations has none.
        let operations = if root.join(&library).exists() {
            read(&library)?
        } else {
            String::new()
        };
        files.extend([
            (
                "template.yaml".to_owned(),
                edits::template(&template, self)?,
            ),
            (
                "Cargo.toml".to_owned(),
                edits::router(&read("Cargo.toml")?, self, &there)?,
            ),
            (
                "openapi.yaml".to_owned(),
                edits::contract(&read("openapi.yaml")?, self)?,
            ),
            (chart.clone(), edits::chart(&read(&chart)?, self)?),
            (
                calls.clone(),
                edits::store_calls(&calls, &read(&calls)?, self),
            ),
            (
                scenes.clone(),
                edits::scenes(&scenes, &read(&scenes)?, self)?,
            ),
            (manifest.clone(), edits::manifest(&read(&manifest)?, self)?),
            (library.clone(), edits::library(&library, &operations, self)),
            (tests.clone(), edits::module(&tests, &read(&tests)?, self)),
        ]);
        Ok(files)
    }

    /// Checks that name and route are free. Answers the methods and functions that the path has so far.
    fn check_free(&self, template: &Template) -> Result<Vec<(String, String)>, Error> {
        let (mut there, shape) = (Vec::new(), shape(&self.path));
        for function in template.functions() {
            if function.binary == self.name || function.logical_id == self.function() {
                return Err(format!("there is a function {} already", self.name).into());
            }
            for (method, path) in &function.routes {
                if *path == self.path && *method == self.method {
                    let name = &function.binary;
                    return Err(format!("{method} {path} is served by {name} already").into());
                }
                if *path == self.path {
                    there.push((method.clone(), function.binary.clone()));
                } else if self::shape(path) == shape {
                    return Err(format!(
                        "{} is {path} already: name its parameters alike",
                        self.path
                    )
                    .into());
                }
            }
        }
        Ok(there)
    }

    /// The methods it is routed for: HEAD goes where GET does.
    fn served(&self) -> Vec<&str> {
        match self.method.as_str() {
            "GET" => vec!["GET", "HEAD"],
            method => vec![method],
        }
    }

    fn takes_body(&self) -> bool {
        ["PUT", "PATCH"].contains(&self.method.as_str())
    }

    fn parameters(&self) -> impl Iterator<Item = &str> {
        let segments = self.path.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    fn is_about_account(&self) -> bool {
        self.parameters().any(|name| name == "id")
    }

    /// Whether a line names a function of the area, in a table or a router.
    fn is_of_area(&self, line: &str) -> bool {
        let names = |name: &String| {
            line.contains(&format!("\"{name}\"")) || line.contains(&format!(" | {name} | "))
        };
        self.neighbours.iter().any(names)
    }

    fn manifest(&self) -> String {
        format!("functions/{}/Cargo.toml", self.area)
    }

    /// A source file of the area's tests, without its ending.
    fn test(&self, name: &str) -> String {
        format!("functions/{area}/tests/{area}/{name}.rs", area = self.area)
    }

    fn capital_area(&self) -> String {
        capitalised(&self.area)
    }

    fn snake(&self) -> String {
        self.name.replace('-', "_")
    }

    /// `unlockUser`.
    fn camel(&self) -> String {
        let mut words = self.name.split('-');
        let first = words.next().unwrap_or_default().to_owned();
        first + &words.map(capitalised).collect::<String>()
    }

    /// `UnlockUser`.
    fn operation(&self) -> String {
        capitalised(&self.camel())
    }

    /// `UnlockUserFunction`.
    fn function(&self) -> String {
        self.operation() + "Function"
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let is_plain = |segment: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !segment.is_empty() && segment.chars().all(fits)
    };
    let is_parameter = |segment: &str| {
        let name = segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    let segments = path.strip_prefix("/v1/").map(|rest| rest.split('/'));
    let fits =
        segments.is_some_and(|mut segments| segments.all(|one| is_plain(one) || is_parameter(one)));
    let mut parameters: Vec<&str> = path
        .split('/')
        .filter(|segment| is_parameter(segment))
        .collect();
    let count = parameters.len();
    parameters.sort_unstable();
    parameters.dedup();
    if fits && parameters.len() == count {
        return Ok(());
    }
    Err(format!("{path} is no path such as /v1/users/{{id}}/unlock: small letters, digits, hyphens, and each parameter once").into())
}

/// A path without the names of its parameters, for API Gateway tells paths apart without them.
fn shape(path: &str) -> String {
    let segments = path.split('/');
    let segments = segments.map(|segment| {
        if segment.starts_with('{') {
            "{}"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The names in a folder, in order.
fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// As rustfmt has it; as it is where there is none.
fn formatted(source: String) -> String {
    let format = || {
        let mut rustfmt = Command::new("rustfmt")
            .args(["--edition", "2024"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        rustfmt.stdin.take()?.write_all(source.as_bytes()).ok()?;
        let output = rustfmt.wait_with_output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    format().unwrap_or(source)
}
