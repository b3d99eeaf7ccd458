//! `cargo local new-endpoint` on a copy of the files that it reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use local::event::sample;
use local::new_endpoint::make;
use local::template::Template;
use local::{workspace_root, yaml};
use serde_json::{Value, json};

/// A copy of the tree, gone at the end of its test.
struct Tree(PathBuf);

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Tree {
    fn copy() -> Self {
        let name = format!("latchkey-{}", uuid::Uuid::new_v4());
        let tree = Self(std::env::temp_dir().join(name));
        for part in [
            "Cargo.toml",
            "template.yaml",
            "openapi.yaml",
            "docs/endpoints.md",
            "events",
            "functions",
        ] {
            copy(&workspace_root().join(part), &tree.0.join(part));
        }
        tree
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn yaml(&self, file: &str) -> Value {
        yaml::load(&self.0.join(file)).expect("YAML")
    }

    fn toml(&self, file: &str) -> Value {
        toml::from_str(&self.read(file)).expect("TOML")
    }

    /// Every file and what is in it.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read_to_string(&path).expect("text");
                    files.insert(path, text);
                }
            }
        }
        files
    }

    fn make(&self, arguments: [&str; 4]) -> Result<Vec<String>, String> {
        let [area, name, method, path] = arguments;
        make(&self.0, area, name, method, path).map_err(|error| error.to_string())
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.flatten().map(|entry| entry.path())
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in entries(from) {
            copy(&entry, &to.join(entry.file_name().expect("a name")));
        }
        return;
    }
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
    std::fs::copy(from, to).expect("a copy");
}

/// Whether every line of `before` is still there, in its order.
fn keeps(before: &str, after: &str) -> bool {
    let mut after = after.lines();
    before.lines().all(|line| after.any(|other| other == line))
}

/// What must be so after an endpoint was made, for `arguments` and its logical id.
fn check(tree: &Tree, arguments: [&str; 4], logical_id: &str, methods: &[&str]) {
    let [area, name, method, path] = arguments;
    let template = Template::load(&tree.0).expect("the template");
    let function = template.function(name).expect("the function");
    assert_eq!(function.logical_id, logical_id);
    let routes: Vec<(String, String)> = methods
        .iter()
        .map(|method| ((*method).to_owned(), path.to_owned()))
        .collect();
    assert_eq!(function.routes, routes);
    let model = template.function("get-user").expect("a function");
    assert_eq!(function.grants, model.grants);
    assert_eq!(function.variables, model.variables);
    let capital = area[..1].to_uppercase() + &area[1..];
    let role = &template.document()["Resources"][format!("{capital}Invocation")];
    let allowed = &role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"];
    let arn = json!({ "!GetAtt": format!("{logical_id}.Arn") });
    assert!(allowed.as_array().is_some_and(|all| all.contains(&arn)));

    let router = &tree.toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    match &router[path] {
        Value::String(function) => assert_eq!(function, name),
        list => {
            for method in methods {
                let entry = json!({ "method": method, "function": name });
                assert!(list.as_array().is_some_and(|all| all.contains(&entry)));
            }
        }
    }
    let manifest = tree.toml(&format!("functions/{area}/Cargo.toml"));
    let bin = json!({ "name": name, "test": false });
    assert!(
        manifest["bin"]
            .as_array()
            .is_some_and(|all| all.contains(&bin))
    );

    let values = [("accessToken", "a"), ("sessionId", "s")];
    let event = sample(&tree.0, name, &values).expect("a sample");
    assert_eq!(event["routeKey"], format!("{method} {path}"));
    let operation = &tree.yaml("openapi.yaml")["paths"][path][method.to_lowercase()];
    assert_eq!(operation["x-function"], name);
    assert_eq!(operation["tags"], json!([area]));
    let row = format!("| {method} {path} | {name} | ");
    assert!(tree.read("docs/endpoints.md").contains(&row));

    let snake = name.replace('-', "_");
    for file in [
        format!("functions/{area}/tests/{area}/main.rs"),
        format!("functions/{area}/tests/{area}/scenes.rs"),
    ] {
        let modules = tree.read(&file);
        let modules = modules.lines().filter(|line| line.starts_with("mod "));
        let modules: Vec<&str> = modules.collect();
        assert!(
            modules.contains(&format!("mod {snake};").as_str()),
            "{file}"
        );
        assert!(modules.is_sorted(), "{file}");
    }
    let scenes = tree.read(&format!("functions/{area}/tests/{area}/scenes.rs"));
    let own = format!("    scenes.extend({snake}::scenes());\n    scenes\n");
    assert!(scenes.contains(&own));
    let calls = tree.read(&format!("functions/{area}/store-calls.txt"));
    let own = format!("{name}: Query KEYS *");
    assert!(calls.lines().any(|line| line == own));
    assert!(calls.lines().is_sorted());
    let operation = logical_id.strip_suffix("Function").expect("a function");
    let binary = tree.read(&format!("functions/{area}/src/bin/{name}.rs"));
    assert!(binary.contains(&format!("run::<{area}::{operation}>()")));
    let library = tree.read(&format!("functions/{area}/src/lib.rs"));
    for (start, line) in [
        ("mod ", format!("mod {snake};")),
        ("pub use ", format!("pub use {snake}::{operation};")),
    ] {
        let lines = library.lines().filter(|line| line.starts_with(start));
        let lines: Vec<&str> = lines.collect();
        assert!(lines.contains(&line.as_str()), "{line}");
        assert!(lines.is_sorted(), "{lines:?}");
    }
    for file in [
        format!("functions/{area}/src/bin/{name}.rs"),
        format!("functions/{area}/src/{snake}.rs"),
        format!("functions/{area}/tests/{area}/{snake}.rs"),
        format!("functions/{area}/tests/{area}/scenes/{snake}.rs"),
    ] {
        let source = tree.read(&file);
        assert!(
            !source.contains('@'),
            "{file} has a place that is not filled"
        );
        assert!(
            source.lines().all(|line| line.chars().count() <= 120),
            "{file}"
        );
    }
}

#[test]
fn an_endpoint_is_made_in_every_place_and_nothing_else_changes() {
    let tree = Tree::copy();
    for (arguments, logical_id, methods) in [
        (
            ["users", "unlock-user", "POST", "/v1/users/{id}/unlock"],
            "UnlockUserFunction",
            &["POST"][..],
        ),
        (
            ["users", "get-role", "GET", "/v1/users/{id}/role"],
            "GetRoleFunction",
            &["GET", "HEAD"],
        ),
        (
            ["users", "add-session", "POST", "/v1/users/{id}/sessions"],
            "AddSessionFunction",
            &["POST"],
        ),
        (
            ["keys", "put-key2", "PATCH", "/v1/keys/{kid}"],
            "PutKey2Function",
            &["PATCH"],
        ),
        (
            ["ops", "show-figures", "GET", "/v1/figures"],
            "ShowFiguresFunction",
            &["GET", "HEAD"],
        ),
    ] {
        let before = tree.files();
        let made = tree.make(arguments).expect("it is made");
        check(&tree, arguments, logical_id, methods);
        let mut changed = Vec::new();
        for (path, text) in tree.files() {
            let old = before.get(&path);
            if old == Some(&text) {
                continue;
            }
            let file = path.strip_prefix(&tree.0).expect("a path");
            changed.push(file.to_string_lossy().into_owned());
            // A route of one function becomes one of several.
            let is_split = arguments[1] == "get-role" && file == Path::new("Cargo.toml");
            assert!(
                is_split || old.is_none_or(|old| keeps(old, &text)),
                "{}",
                path.display()
            );
        }
        assert_eq!(changed.len(), 14);
        changed.sort_unstable();
        assert_eq!(changed, made);
    }
    let router = &tree.toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    assert_eq!(
        router["/v1/users/{id}/role"],
        json!([
            { "method": "PUT", "function": "set-user-role" },
            { "method": "GET", "function": "get-role" },
            { "method": "HEAD", "function": "get-role" },
        ])
    );
}

#[test]
fn what_cannot_be_made_is_refused_and_changes_nothing() {
    let tree = Tree::copy();
    let before = tree.files();
    for (arguments, why) in [
        (
            ["user", "unlock-user", "POST", "/v1/a"],
            "no area user: audit, auth",
        ),
        (["users", "unlock", "POST", "/v1/a"], "no name such as"),
        (["users", "Unlock-User", "POST", "/v1/a"], "no name such as"),
        (
            ["users", "unlock--user", "POST", "/v1/a"],
            "no name such as",
        ),
        (
            ["users", "../unlock-user", "POST", "/v1/a"],
            "no name such as",
        ),
        (
            ["users", "get-user", "POST", "/v1/a"],
            "a function get-user already",
        ),
        (
            ["users", "change-password", "POST", "/v1/a"],
            "a function change-password already",
        ),
        (
            ["users", "replace-user", "POST", "/v1/a"],
            "an operation replaceUser already",
        ),
        (
            ["users", "list-scale", "POST", "/v1/a"],
            "list_scale.rs exists already",
        ),
        (
            ["users", "unlock-user", "post", "/v1/a"],
            "post is none of GET",
        ),
        (
            ["users", "unlock-user", "HEAD", "/v1/a"],
            "HEAD is none of GET",
        ),
        (
            ["users", "unlock-user", "POST", "/users/{id}"],
            "no path such as",
        ),
        (["users", "unlock-user", "POST", "/v1/"], "no path such as"),
        (
            ["users", "unlock-user", "POST", "/v1/a/"],
            "no path such as",
        ),
        (["users", "unlock-user", "POST", "/v1/A"], "no path such as"),
        (
            ["users", "unlock-user", "POST", "/v1/{id"],
            "no path such as",
        ),
        (
            ["users", "unlock-user", "POST", "/v1/{id}/{id}"],
            "no path such as",
        ),
        (
            ["users", "unlock-user", "PUT", "/v1/users/{id}/role"],
            "served by set-user-role already",
        ),
        (
            ["users", "unlock-user", "POST", "/v1/users/{uid}/role"],
            "name its parameters alike",
        ),
        (
            ["events", "list-events", "GET", "/v1/events"],
            "template.yaml: the place is not found",
        ),
    ] {
        let refused = tree.make(arguments).expect_err("it is refused");
        assert!(refused.contains(why), "{arguments:?}: {refused}");
        assert_eq!(tree.files(), before, "{arguments:?}");
    }
}

#[test]
fn a_place_that_is_not_found_is_named_and_nothing_changes() {
    for (file, place) in [
        ("template.yaml", "  UsersInvocation:"),
        ("template.yaml", "  # Functions: users"),
        ("template.yaml", "      DefinitionBody:"),
        ("Cargo.toml", "[workspace.metadata.lambda.watch.router]"),
        ("functions/users/Cargo.toml", "bin = ["),
        ("functions/users/tests/users/scenes.rs", "    scenes"),
        ("openapi.yaml", "paths:"),
    ] {
        let tree = Tree::copy();
        let text = tree
            .read(file)
            .replace(&format!("\n{place}\n"), &format!("\n{place} # other\n"));
        std::fs::write(tree.0.join(file), text).expect("a file");
        let before = tree.files();
        let refused = tree.make(["users", "unlock-user", "POST", "/v1/a"]);
        let refused = refused.expect_err("it is refused");
        assert!(refused.starts_with(file), "{place}: {refused}");
        assert_eq!(tree.files(), before, "{place}");
    }
}
