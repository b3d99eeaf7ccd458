//! The words of an endpoint: the files that are its own, and what fills the places in them.

use super::Endpoint;

const ACCOUNT: &str = include_str!("templates/account.rs.txt");
const CALLER: &str = include_str!("templates/caller.rs.txt");
const BINARY: &str = include_str!("templates/binary.rs.txt");
const TEST: &str = include_str!("templates/test.rs.txt");
const SCENES_ACCOUNT: &str = include_str!("templates/scenes_account.rs.txt");
const SCENES_CALLER: &str = include_str!("templates/scenes_caller.rs.txt");
const EVENT: &str = include_str!("templates/event.json.txt");

/// What stands for any parameter but the account in samples.
const SAMPLE_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

const READ_BODY: &str = "
        // Each field of the body is read here: none yet.
        Fields::read(&request)?.finish(|| Some(()))?;";

const BODY_SCHEMA: &str = "
            schema: { type: object, additionalProperties: false }
            example: {}";

impl Endpoint {
    /// Its own files, by their paths.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let (operation, scenes) = if self.is_about_account() {
            (ACCOUNT, SCENES_ACCOUNT)
        } else {
            (CALLER, SCENES_CALLER)
        };
        let (area, name, snake) = (&self.area, &self.name, self.snake());
        [
            (format!("functions/{area}/src/{snake}.rs"), operation),
            (format!("functions/{area}/src/bin/{name}.rs"), BINARY),
            (self.test(&snake), TEST),
            (self.test(&format!("scenes/{snake}")), scenes),
            (format!("events/{name}.json"), EVENT),
        ]
        .map(|(path, template)| (path, self.fill(template)))
        .into()
    }

    /// A template with its places filled.
    pub(super) fn fill(&self, template: &str) -> String {
        let (takes_body, is_read) = (self.takes_body(), self.method == "GET");
        let about_account = self.is_about_account();
        let when = |holds: bool, text: &str| {
            if holds {
                text.to_owned()
            } else {
                String::new()
            }
        };
        let parameters = self
            .parameters()
            .map(|name| format!("\n    \"{name}\": \"{}\"", sample(name, "{{sessionId}}")));
        let parameters: Vec<String> = parameters.collect();
        let path_parameters = format!("\n  \"pathParameters\": {{{}\n  }},", parameters.join(","));
        let words = self.name.replace('-', " ");
        let places = [
            ("@AREA@", self.area.clone()),
            ("@CAPITAL_AREA@", self.capital_area()),
            ("@NAME@", self.name.clone()),
            ("@SNAKE@", self.snake()),
            ("@CAMEL@", self.camel()),
            ("@TYPE@", self.operation()),
            ("@FUNCTION@", self.function()),
            ("@WORDS@", words.clone()),
            ("@SUMMARY@", capitalised(&words)),
            ("@METHOD@", self.method.clone()),
            ("@PATH@", self.path.clone()),
            ("@OWN_PATH@", self.path_with("me", SAMPLE_ID)),
            ("@OTHER_PATH@", self.path_with("{}", SAMPLE_ID)),
            ("@SAMPLE_PATH@", self.path_with("me", "{{sessionId}}")),
            ("@FIELDS@", when(takes_body, "Fields, ")),
            ("@READ_BODY@", when(takes_body, READ_BODY)),
            (
                "@SEND_BODY@",
                when(takes_body, ".body(\"application/json\", \"{}\")"),
            ),
            (
                "@CONTENT_TYPE@",
                when(takes_body, "\n    \"content-type\": \"application/json\","),
            ),
            ("@EVENT_BODY@", when(takes_body, "\n  \"body\": \"{}\",")),
            (
                "@PATH_PARAMETERS@",
                when(!parameters.is_empty(), &path_parameters),
            ),
            (
                "@X_PERMISSION@",
                when(about_account, "\n      x-permission: read_user"),
            ),
            (
                "@IF_NONE_MATCH@",
                when(
                    is_read,
                    "\n        - $ref: '#/components/parameters/If-None-Match'",
                ),
            ),
            ("@REQUEST_BODY@", self.request_body()),
            (
                "@NOT_MODIFIED@",
                when(is_read, &response("304", "NotModified")),
            ),
            (
                "@FORBIDDEN@",
                when(
                    about_account,
                    &(response("403", "Forbidden") + &response("404", "UserNotFound")),
                ),
            ),
        ];
        places
            .iter()
            .fold(template.to_owned(), |text, (place, value)| {
                text.replace(place, value)
            })
    }

    /// The parameters of its path in the contract, where the path is new.
    pub(super) fn contract_parameters(&self) -> String {
        let parameters = self.parameters().map(|name| match name {
            "id" => "      - $ref: '#/components/parameters/UserIdOrMe'\n".to_owned(),
            "sid" => "      - $ref: '#/components/parameters/SessionId'\n".to_owned(),
            name => format!(
                "      - name: {name}\n        in: path\n        required: true\n        schema: {{ type: string }}\n"
            ),
        });
        let parameters: String = parameters.collect();
        if parameters.is_empty() {
            return parameters;
        }
        format!("    parameters:\n{parameters}")
    }

    fn request_body(&self) -> String {
        if !self.takes_body() {
            return String::new();
        }
        let merge_patch = match self.method.as_str() {
            "PATCH" => format!("\n          application/merge-patch+json:{BODY_SCHEMA}"),
            _ => String::new(),
        };
        format!(
            "\n      requestBody:\n        required: true\n        content:\n          application/json:{BODY_SCHEMA}{merge_patch}"
        )
    }

    /// Its path for the account `id`.
    fn path_with(&self, id: &str, other: &str) -> String {
        let fill = |segment: &str| {
            let name = segment
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            match name {
                Some("id") => id.to_owned(),
                Some(name) => sample(name, other).to_owned(),
                None => segment.to_owned(),
            }
        };
        let segments: Vec<String> = self.path.split('/').map(fill).collect();
        segments.join("/")
    }
}

/// What a parameter of the path is in a sample; `session` is what stands for one of them.
fn sample<'a>(name: &str, session: &'a str) -> &'a str {
    match name {
        "id" => "me",
        "sid" => session,
        _ => SAMPLE_ID,
    }
}

fn response(status: &str, name: &str) -> String {
    format!("\n        '{status}': {{ $ref: '#/components/responses/{name}' }}")
}

pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
