//! The authorization endpoint: a page on which whoever is there says who they are.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::Url;

use super::fields::Fields;
use super::grants::{Grant, Person};
use super::{PROVIDER_CLIENT_ID, Provider, Shared, page};
use crate::services::page::escape;

const FORM: &str = include_str!("form.html");
/// The parameters that travel on through the page.
const PARAMETERS: [&str; 9] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];
/// Length of a SHA-256 in base64url.
const CHALLENGE_LENGTH: usize = 43;

/// What a client asks for, found to be right.
struct Request<'a> {
    /// As it was sent: the token request has to name the same.
    redirect_uri: &'a str,
    /// Where that is.
    target: Url,
    is_form_post: bool,
    scope: &'a str,
    state: Option<&'a str>,
    nonce: Option<&'a str>,
    challenge: &'a str,
}

/// `GET /provider/authorize`: the page.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default());
    let fields = match fields {
        Ok(fields) => fields,
        Err(message) => return refuse(&message),
    };
    match Request::check(&fields) {
        Err(message) => refuse(message),
        // Nobody is signed in here without the page (OpenID Connect Core 1.0 §3.1.2.1).
        Ok(request) if fields.get("prompt") == Some("none") => {
            request.respond(&shared.provider, "error", "login_required")
        }
        Ok(_) => {
            let sent = PARAMETERS
                .iter()
                .filter_map(|name| Some((*name, fields.get(name)?)));
            page(StatusCode::OK, &FORM.replace("{parameters}", &hidden(sent)))
        }
    }
}

/// `POST /provider/authorize`: what the page was answered with.
pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = match Fields::of_form(&headers, &body) {
        Ok(fields) => fields,
        Err(message) => return refuse(&message),
    };
    let request = match Request::check(&fields) {
        Ok(request) => request,
        Err(message) => return refuse(message),
    };
    match (fields.get("answer"), fields.get("email")) {
        (Some("cancel"), _) => request.respond(&shared.provider, "error", "access_denied"),
        (Some("sign-in"), Some(email)) => {
            let person = Person {
                email: email.to_owned(),
                is_verified: fields.get("verified").is_some(),
                name: fields.get("name").unwrap_or_default().to_owned(),
                scope: request.scope.to_owned(),
            };
            let code = shared.provider.grants().add(request.grant(person));
            request.respond(&shared.provider, "code", &code)
        }
        (Some("sign-in"), None) => refuse("Signing in takes an address."),
        _ => refuse("answer must be sign-in or cancel."),
    }
}

impl<'a> Request<'a> {
    /// What is wrong is told on a page. To the client's address nothing goes that might not be its own.
    fn check(fields: &'a Fields) -> Result<Self, &'static str> {
        if fields.get("client_id") != Some(PROVIDER_CLIENT_ID) {
            return Err("client_id must be latchkey-local.");
        }
        let redirect_uri = fields.get("redirect_uri").unwrap_or_default();
        let Some(target) = on_this_machine(redirect_uri) else {
            return Err("redirect_uri must be an http or https URL on this machine.");
        };
        if fields.get("response_type") != Some("code") {
            return Err("response_type must be code.");
        }
        let is_form_post = match fields.get("response_mode") {
            None | Some("query") => false,
            Some("form_post") => true,
            Some(_) => return Err("response_mode must be query or form_post."),
        };
        let scope = fields.get("scope").unwrap_or_default();
        if !scope.split(' ').any(|scope| scope == "openid") {
            return Err("scope must contain openid.");
        }
        if fields.get("code_challenge_method") != Some("S256") {
            return Err("code_challenge_method must be S256.");
        }
        let challenge = fields.get("code_challenge").unwrap_or_default();
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if challenge.len() != CHALLENGE_LENGTH || !challenge.bytes().all(is_base64url) {
            return Err("code_challenge must be a SHA-256 in base64url.");
        }
        Ok(Self {
            redirect_uri,
            target,
            is_form_post,
            scope,
            state: fields.get("state"),
            nonce: fields.get("nonce"),
            challenge,
        })
    }

    fn grant(&self, person: Person) -> Grant {
        Grant {
            person,
            redirect_uri: self.redirect_uri.to_owned(),
            challenge: self.challenge.to_owned(),
            nonce: self.nonce.map(str::to_owned),
        }
    }

    /// Sends the browser back to the client, with a code or an error, and the issuer (RFC 9207).
    fn respond(mut self, provider: &Provider, name: &str, value: &str) -> Response {
        let state = self.state.map(|state| ("state", state));
        let values = [(name, value), ("iss", provider.issuer())];
        let values = values.into_iter().chain(state);
        if self.is_form_post {
            let form = format!(
                "<form method=\"post\" action=\"{}\">\n{}<p><button>Continue</button></p>\n</form>",
                escape(self.target.as_str()),
                hidden(values)
            );
            return page(StatusCode::OK, &form);
        }
        self.target.query_pairs_mut().extend_pairs(values);
        let headers = [
            (header::LOCATION, self.target.as_str()),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "strict-origin"),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

/// A URL that stays on this machine, without a fragment (RFC 6749 §3.1.2) and without credentials.
fn on_this_machine(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_loopback = match url.host_str()? {
        "localhost" | "[::1]" => true,
        host => host.parse().is_ok_and(|host: Ipv4Addr| host.is_loopback()),
    };
    let is_plain =
        url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let is_web = ["http", "https"].contains(&url.scheme());
    (is_loopback && is_plain && is_web).then_some(url)
}

fn hidden<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    values
        .into_iter()
        .fold(String::new(), |mut html, (name, value)| {
            let value = escape(value);
            let _ = writeln!(
                html,
                "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"
            );
            html
        })
}

fn refuse(message: &str) -> Response {
    let body = format!("<p>{}</p>", escape(message));
    page(StatusCode::BAD_REQUEST, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_machine() {
        for url in [
            "http://localhost:3000/callback?a=b",
            "https://127.0.0.1",
            "http://127.0.0.2:80/",
            "http://[::1]:3000/",
            "HTTP://LOCALHOST/",
        ] {
            assert!(on_this_machine(url).is_some(), "{url}");
        }
        for url in [
            "",
            "/callback",
            "https://example.org/",
            "https://localhost.example.org/",
            "https://localhost@example.org/",
            "https://127.0.0.1.example.org/",
            "http://ada@localhost/",
            "http://ada:secret@localhost/",
            "http://localhost/#a",
            "http://0.0.0.0/",
            "ftp://localhost/",
            "javascript://localhost/%0aalert(1)",
        ] {
            assert!(on_this_machine(url).is_none(), "{url}");
        }
    }
}
