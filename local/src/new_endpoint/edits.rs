//! What is added to the files that every endpoint is in. Each takes the text of a file and answers the new one.

use super::Endpoint;
use super::lines::Lines;
use crate::Error;

const ROUTE: &str = include_str!("templates/route.yaml.txt");
const FUNCTION: &str = include_str!("templates/function.yaml.txt");
const OPERATION: &str = include_str!("templates/operation.yaml.txt");

/// template.yaml: the function behind those of its area, its route, and that the API may invoke it.
pub fn template(text: &str, endpoint: &Endpoint) -> Result<String, Error> {
    let mut file = Lines::new("template.yaml", text);
    let (area, function) = (endpoint.capital_area(), endpoint.function());

    let api = file.block(file.find(file.all(), "      DefinitionBody:")?);
    let paths = file.block(file.find(api, "        paths:")?);
    let route = |method: &&str| ROUTE.replace("@LOWER_METHOD@", &method.to_lowercase());
    let routes: String = endpoint.served().iter().map(route).collect();
    let routes = endpoint.fill(&routes);
    let head = format!("          {}:", endpoint.path);
    if let Ok(path) = file.find(paths.clone(), &head) {
        file.insert(file.block(path).end, &routes);
    } else {
        let role = format!("credentials: !GetAtt {area}Invocation.Arn");
        let of_area = file.last(paths, |line| line.trim() == role);
        let of_area = of_area.ok_or_else(|| file.missing(&role))?;
        let path = file.start_of_block(of_area, 10);
        file.insert(file.block(path).end, &format!("{head}\n{routes}"));
    }

    let role = file.block(file.find(file.all(), &format!("  {area}Invocation:"))?);
    let allowed = file.first(role, |line| line.trim() == "Resource:");
    let allowed = allowed.ok_or_else(|| file.missing("Resource:"))?;
    let arn = format!("                  - !GetAtt {function}.Arn");
    file.insert(file.block(allowed).end, &arn);

    file.find(file.all(), &format!("  {area}Logs:"))?;
    let heading = file.find(file.all(), &format!("  # Functions: {}", endpoint.area))?;
    let ends = |at: &usize| is_heading(&file, *at) || is_outer(file.get(*at));
    let end = (heading + 1..file.all().end).find(ends);
    let end = file.without_empty(heading, end.unwrap_or(file.all().end));
    file.insert(end, &endpoint.fill(FUNCTION));
    Ok(file.text())
}

/// A heading is a comment with an empty line behind it.
fn is_heading(file: &Lines, at: usize) -> bool {
    let is_comment = |at: usize| file.get(at).starts_with("  #");
    let behind = (at..file.all().end).find(|at| !is_comment(*at));
    is_comment(at) && behind.is_some_and(|behind| file.get(behind).is_empty())
}

fn is_outer(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(' ')
}

/// The root's Cargo.toml: the route for `cargo lambda watch`. `there` are the methods and functions of its path so far.
pub fn router(
    text: &str,
    endpoint: &Endpoint,
    there: &[(String, String)],
) -> Result<String, Error> {
    let mut file = Lines::new("Cargo.toml", text);
    let table = "[workspace.metadata.lambda.watch.router]";
    let start = file.find(file.all(), table)? + 1;
    let end = file.first(start..file.all().end, |line| line.starts_with('['));
    let end = file.without_empty(start, end.unwrap_or(file.all().end));

    let entry = |method: &str, name: &str| {
        format!("    {{ method = \"{method}\", function = \"{name}\" }},\n")
    };
    let own = endpoint.served().into_iter();
    let own: String = own.map(|method| entry(method, &endpoint.name)).collect();
    let key = format!("\"{}\" = ", endpoint.path);
    let Some(at) = file.first(start..end, |line| line.starts_with(&key)) else {
        if !there.is_empty() {
            return Err(file.missing(&key));
        }
        let of_area = file.last(start..end, |line| endpoint.is_of_area(line));
        let mut at = of_area.map_or(end, |at| at + 1);
        if file.get(at - 1).starts_with(' ') {
            at = file.find(at..end, "]")? + 1;
        }
        file.insert(at, &format!("{key}\"{}\"", endpoint.name));
        return Ok(file.text());
    };
    if file.get(at).ends_with(" = [") {
        let close = file.find(at..end, "]")?;
        file.insert(close, &own);
    } else {
        let before = there.iter().map(|(method, name)| entry(method, name));
        let before: String = before.collect();
        file.replace(at..at + 1, &format!("{key}[\n{before}{own}]"));
    }
    Ok(file.text())
}

/// The area's Cargo.toml: the binary, in the order of the names.
pub fn manifest(text: &str, endpoint: &Endpoint) -> Result<String, Error> {
    let mut file = Lines::new(&endpoint.manifest(), text);
    let start = file.find(file.all(), "bin = [")? + 1;
    let end = file.find(start..file.all().end, "]")?;
    let entry = format!("    {{ name = \"{}\", test = false }},", endpoint.name);
    file.insert(file.place(start..end, &entry), &entry);
    Ok(file.text())
}

/// openapi.yaml: the operation, behind those of its path or of its area.
pub fn contract(text: &str, endpoint: &Endpoint) -> Result<String, Error> {
    let mut file = Lines::new("openapi.yaml", text);
    let id = format!("      operationId: {}", endpoint.camel());
    if file.find(file.all(), &id).is_ok() {
        return Err(format!(
            "openapi.yaml: there is an operation {} already",
            endpoint.camel()
        )
        .into());
    }
    let paths = file.block(file.find(file.all(), "paths:")?);
    let operation = endpoint.fill(OPERATION);
    let operation = operation.replace("@LOWER_METHOD@", &endpoint.method.to_lowercase());
    let head = format!("  {}:", endpoint.path);
    if let Ok(path) = file.find(paths.clone(), &head) {
        file.insert(file.block(path).end, &operation);
        return Ok(file.text());
    }
    let tag = format!("      tags: [{}]", endpoint.area);
    let of_area = file.last(paths, |line| line == tag);
    let of_area = of_area.ok_or_else(|| file.missing(tag.trim()))?;
    let path = file.start_of_block(of_area, 2);
    let item = format!("\n{head}\n{}{operation}", endpoint.contract_parameters());
    file.insert(file.block(path).end, &item);
    Ok(file.text())
}

/// docs/endpoints.md: the row, behind those of its area.
pub fn chart(text: &str, endpoint: &Endpoint) -> Result<String, Error> {
    let mut file = Lines::new("docs/endpoints.md", text);
    let is_row =
        |line: &str| line.starts_with("| ") && line.contains(" /") && endpoint.is_of_area(line);
    let row = file.last(file.all(), is_row);
    let row = row.ok_or_else(|| file.missing("a row of the area"))?;
    // What a function does otherwise has rows of its own.
    let next = file.first(row + 1..file.all().end, |line| !line.starts_with("| …"));
    let at = next.unwrap_or(file.all().end);
    let (who, capacity) = if endpoint.is_about_account() {
        ("owner, moderator, admin", "2 RU own, 3 RU another's")
    } else {
        ("whoever is signed in", "2 RU")
    };
    let (method, path, name) = (&endpoint.method, &endpoint.path, &endpoint.name);
    file.insert(
        at,
        &format!("| {method} {path} | {name} | {who} | 1 | {capacity} |"),
    );
    Ok(file.text())
}

/// The calls of the function, in the list of its area.
pub fn store_calls(name: &str, text: &str, endpoint: &Endpoint) -> String {
    let mut file = Lines::new(name, text);
    let caller = "BatchGetItem USER#* USER + USER#* SESSION#*";
    let account = format!("{caller} + USER#* USER");
    let calls = [caller, &account, "Query KEYS *"];
    for call in calls {
        if call != account || endpoint.is_about_account() {
            let line = format!("{}: {call}", endpoint.name);
            file.insert(file.place(file.all(), &line), &line);
        }
    }
    file.text()
}

/// The `mod` line of a new file, in the order of the names.
pub fn module(name: &str, text: &str, endpoint: &Endpoint) -> String {
    let mut file = Lines::new(name, text);
    let line = format!("mod {};", endpoint.snake());
    put(&mut file, &["mod "], &line, &["//!"]);
    file.text()
}

/// The area's library: the module of the operation, and the operation. `text` is empty where there is none yet.
pub fn library(name: &str, text: &str, endpoint: &Endpoint) -> String {
    let text = if text.is_empty() {
        "//! The operations of the area.\n"
    } else {
        text
    };
    let mut file = Lines::new(name, text);
    let (snake, modules) = (endpoint.snake(), ["mod ", "pub mod "]);
    put(&mut file, &modules, &format!("mod {snake};"), &["//!"]);
    let line = format!("pub use {snake}::{};", endpoint.operation());
    put(&mut file, &["pub use "], &line, &modules);
    file.text()
}

/// Puts a line among those that begin like it, in the order of the names, or else behind the last that begins like one of
/// `before`.
fn put(file: &mut Lines, like: &[&str], line: &str, before: &[&str]) {
    let begins = |with: &[&str], line: &str| with.iter().any(|start| line.starts_with(start));
    let is_like = |other: &str| begins(like, other);
    let first = file.first(file.all(), is_like);
    if let (Some(first), Some(last)) = (first, file.last(file.all(), is_like)) {
        let name = |line: &str| line.trim_start_matches("pub ").to_owned();
        let at = file.first(first..last + 1, |other| name(other) > name(line));
        file.insert(at.unwrap_or(last + 1), line);
    } else {
        let last = file.last(file.all(), |other| begins(before, other));
        file.insert(last.map_or(0, |last| last + 1), &format!("\n{line}"));
    }
}

/// The list of the area's scenes: the new ones at its end.
pub fn scenes(name: &str, text: &str, endpoint: &Endpoint) -> Result<String, Error> {
    let mut file = Lines::new(name, text);
    let end = file.find(file.all(), "    scenes")?;
    file.insert(
        end,
        &format!("    scenes.extend({}::scenes());", endpoint.snake()),
    );
    Ok(module(name, &file.text(), endpoint))
}
