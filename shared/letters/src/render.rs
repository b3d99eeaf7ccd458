//! From the words of a letter to the parts of a mail.

use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::values::one_line;
use crate::{Letter, Locale, Values};

/// Where lines of the text part end, in characters (RFC 5322 §2.1.1 wants at most 78).
const TEXT_WIDTH: usize = 72;

/// A letter ready to be mailed. Not `Debug`, for what [`Values`] hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters, not yet encoded for a header (RFC 2047).
    pub subject: String,
    /// The `text/plain` part.
    pub text: String,
    /// The `text/html` part: the same words.
    pub html: String,
}

/// Why a letter could not be made. Shows no value.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The letter has a button, and the link is missing or not an absolute http(s) URL.
    #[error("the link is missing or not an absolute http(s) URL")]
    Link,
    /// The template refers to a value that was not given, or does not parse.
    #[error("the template failed: {0}")]
    Template(#[from] minijinja::Error),
    /// The template does not begin with a subject and an empty line.
    #[error("the template has no subject")]
    Subject,
}

impl Letter {
    /// Makes the letter in this language.
    ///
    /// # Errors
    /// [`RenderError`]: a value the letter needs is missing, or the link is none.
    pub fn render(self, locale: Locale, values: &Values) -> Result<Rendered, RenderError> {
        let (subject, body) = self
            .source(locale)
            .strip_prefix("subject: ")
            .and_then(|source| source.split_once("\n\n"))
            .ok_or(RenderError::Subject)?;

        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        engine.add_filter("wrap", |line: &str| wrap(line));
        let template = format!("{}/{}.txt", locale.code(), self.name());
        let context = values.context(locale);
        let fill = |words: &str| -> Result<String, minijinja::Error> {
            engine
                .template_from_named_str(&template, words)?
                .render(context.clone())
        };

        // Split before filling in: no value can begin a paragraph or make a button.
        let mut paragraphs = Vec::new();
        for paragraph in body.split("\n\n") {
            let (words, link) = match paragraph.strip_prefix("button: ") {
                Some(_) if self.has_code() && values.link.is_none() => continue,
                Some(label) => (label, Some(checked(values.link.as_deref())?)),
                None => (paragraph, None),
            };
            let filled = fill(words)?;
            let lines: Vec<String> = filled
                .lines()
                .map(one_line)
                .filter(|line| !line.is_empty())
                .collect();
            if !lines.is_empty() {
                paragraphs.push(context! { lines, link, href => link.map(attribute) });
            }
        }

        let subject = one_line(&fill(subject)?);
        let layout = context! {
            lang => locale.code(),
            app_name => context.get_attr("app_name")?,
            subject => &subject,
            paragraphs,
        };
        // The name's ending decides: what goes into `.html` is escaped, what goes into `.txt` is not.
        let lay_out = |name: &str, source: &str| -> Result<String, minijinja::Error> {
            engine
                .template_from_named_str(name, source)?
                .render(layout.clone())
        };
        let text = lay_out("layout.txt", include_str!("../templates/layout.txt"))?;
        let html = lay_out("layout.html", include_str!("../templates/layout.html"))?;
        Ok(Rendered {
            subject,
            text,
            html,
        })
    }
}

/// The link, if it is an absolute http(s) URL with a host, without user information, in the characters
/// of RFC 3986.
fn checked(link: Option<&str>) -> Result<&str, RenderError> {
    let link = link.ok_or(RenderError::Link)?;
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"))
        .ok_or(RenderError::Link)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    if host && !authority.contains('@') && link.bytes().all(allowed) {
        Ok(link)
    } else {
        Err(RenderError::Link)
    }
}

/// A checked link as the value of a quoted attribute, in which only `&` means something. The engine
/// would write `/` as `&#x2f;` too, which spam filters take for an attempt to hide the host.
fn attribute(link: &str) -> Value {
    Value::from_safe_string(link.replace('&', "&amp;"))
}

/// Breaks a line between words so that it fits [`TEXT_WIDTH`]; a longer word keeps a line to itself.
fn wrap(line: &str) -> String {
    let mut wrapped = String::with_capacity(line.len());
    let mut column = 0;
    for word in line.split(' ') {
        let width = word.chars().count();
        if column > 0 {
            let fits = column + 1 + width <= TEXT_WIDTH;
            wrapped.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_addresses_are_links() {
        for link in [
            "https://app.example.com/verify-email#token=abc",
            "http://127.0.0.1:3000/reset-password#token=abc",
            "http://[::1]:3000/",
            "https://app.example.com?a=1&b=2",
        ] {
            assert!(checked(Some(link)).is_ok(), "{link:?}");
        }
        assert!(checked(None).is_err());
        for link in [
            "",
            "/verify-email",
            "//app.example.com/",
            "javascript:alert(1)",
            "JAVASCRIPT://app.example.com/%0aalert(1)",
            "data:text/html,x",
            "ftp://app.example.com/",
            "https://",
            "https:///verify-email",
            "https://?token=abc",
            "https://app.example.com@evil.example/",
            "https://app.example.com/\"onclick=\"alert(1)",
            "https://app.example.com/<script>",
            "https://app.example.com/a b",
            "https://app.example.com/\r\nBcc: x",
            "https://app.example.com\\@evil.example/",
            "https://äpp.example.com/",
            " https://app.example.com/",
        ] {
            assert!(checked(Some(link)).is_err(), "{link:?}");
        }
    }

    #[test]
    fn lines_break_between_words() {
        let words = ["abcdefgh"; 9].join(" ");
        assert_eq!(
            wrap(&words),
            format!("{}\nabcdefgh", ["abcdefgh"; 8].join(" "))
        );
        let exact = ["abcdefgh"; 8].join(" ") + " x";
        assert_eq!(exact.len(), 73);
        assert_eq!(wrap(&exact).lines().count(), 2);
        assert_eq!(wrap(&exact[..71]), &exact[..71]);
        let long = "x".repeat(100);
        assert_eq!(wrap(&format!("a {long} b")), format!("a\n{long}\nb"));
        // Characters count, not bytes.
        let umlauts = "ä".repeat(TEXT_WIDTH - 2) + " ö";
        assert_eq!(wrap(&umlauts), umlauts);
    }
}
