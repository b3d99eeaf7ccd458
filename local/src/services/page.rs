//! The inbox in a browser. Nothing in it needs a script, and none of a letter's runs.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Letter, Shared};

/// Most letters on the page; all are in `/messages`.
const MAX_LETTERS: usize = 500;
/// For our own pages: the style is in them, and the frame is ours.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; \
                           base-uri 'none'; form-action 'none'";
/// For a letter's HTML: no script, no form, nothing of our origin; its links open pages of their own.
const LETTER_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                             style-src 'unsafe-inline'; img-src data:; form-action 'none'";
const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
time { color: #666; white-space: nowrap; }
iframe { width: 100%; height: 32rem; border: 1px solid #ccc; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f6; padding: 1rem; }
";

/// `GET /inbox`: the letters, newest first.
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    let messages = match shared.inbox.messages() {
        Ok(messages) => messages,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let mut rows = String::new();
    for message in messages.iter().rev().take(MAX_LETTERS) {
        let [id, to, subject, time] =
            [&message.id, &message.to, &message.subject, &message.time].map(|text| escape(text));
        let _ = write!(
            rows,
            "<tr><td>{to}</td><td><a href=\"/letters/{id}\" target=\"_top\">{subject}</a></td>\
             <td><time>{time}</time></td></tr>"
        );
    }
    let body = if messages.is_empty() {
        "<p>No letters yet.</p>".to_owned()
    } else {
        format!("<table><tr><th>To</th><th>Subject</th><th>Time</th></tr>{rows}</table>")
    };
    // A new letter shows by itself.
    let refresh = "<meta http-equiv=\"refresh\" content=\"5\">";
    page(refresh, "Inbox", &format!("<h1>Inbox</h1>{body}"))
}

/// `GET /letters/{id}`: one letter.
pub(super) async fn letter(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Ok(Some(message)) = shared.inbox.message(&id) else {
        return plain(StatusCode::NOT_FOUND, "There is no such letter.");
    };
    page("", &message.subject, &letter_body(&message))
}

fn letter_body(message: &Letter) -> String {
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(rows, "<tr><th>{name}</th><td>{value}</td></tr>");
    };
    row("From", &message.from);
    row("To", &message.to);
    row("Time", &message.time);
    for (name, value) in &message.headers {
        row(name, value);
    }
    for (name, value) in &message.tags {
        row(&format!("tag {name}"), value);
    }
    let html = if message.html.is_empty() {
        String::new()
    } else {
        // The sandbox stands here and in the policy of what it shows, which also holds in a tab of its own.
        format!(
            "<h2>HTML</h2><iframe title=\"HTML\" src=\"/letters/{}/html\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\"></iframe>",
            escape(&message.id)
        )
    };
    let text = if message.text.is_empty() {
        String::new()
    } else {
        format!("<h2>Text</h2><pre>{}</pre>", with_links(&message.text))
    };
    format!(
        "<p><a href=\"/inbox\">Inbox</a></p><h1>{}</h1><table>{rows}</table>{html}{text}",
        escape(&message.subject)
    )
}

/// `GET /letters/{id}/html`: the HTML of a letter as it is, fenced in.
pub(super) async fn html(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let Ok(Some(message)) = shared.inbox.message(&id) else {
        return plain(StatusCode::NOT_FOUND, "There is no such letter.");
    };
    // Within a frame a link would open in it, and most pages refuse that.
    let base = "<base target=\"_blank\">";
    let html = if message.html.contains("<head>") {
        message.html.replacen("<head>", &format!("<head>{base}"), 1)
    } else {
        format!("{base}{}", message.html)
    };
    answer(StatusCode::OK, LETTER_POLICY, html)
}

fn page(head: &str, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{head}\
         <title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    );
    answer(StatusCode::OK, PAGE_POLICY, html)
}

fn plain(status: StatusCode, message: &str) -> Response {
    answer(status, PAGE_POLICY, escape(message))
}

fn answer(status: StatusCode, policy: &'static str, html: String) -> Response {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ];
    (status, headers, html).into_response()
}

/// For HTML text and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes text and makes links of its URLs.
fn with_links(text: &str) -> String {
    let mut linked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = find_url(rest) {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
            .unwrap_or(from.len());
        // What ends a sentence is not part of the URL in it.
        let url = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        let shown = escape(url);
        let _ = write!(
            linked,
            "{}<a href=\"{shown}\" target=\"_blank\" rel=\"noreferrer\">{shown}</a>",
            escape(before)
        );
        rest = &from[url.len()..];
    }
    linked.push_str(&escape(rest));
    linked
}

fn find_url(text: &str) -> Option<usize> {
    let starts = ["http://", "https://"].map(|scheme| text.find(scheme));
    starts.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_its_urls_are_links() {
        let link =
            |url: &str| format!("<a href=\"{url}\" target=\"_blank\" rel=\"noreferrer\">{url}</a>");
        for (text, expected) in [
            ("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;".to_owned()),
            (
                "See https://example.com/a#token=x_y-z.",
                format!("See {}.", link("https://example.com/a#token=x_y-z")),
            ),
            (
                "http://a.test/?b=1&c='2'\nand <https://b.test/>",
                format!(
                    "{}\nand &lt;{}&gt;",
                    link("http://a.test/?b=1&amp;c=&#39;2&#39;"),
                    link("https://b.test/")
                ),
            ),
            ("https:// and javascript:alert(1)", {
                format!("{} and javascript:alert(1)", link("https://"))
            }),
        ] {
            assert_eq!(with_links(text), expected);
        }
    }
}
