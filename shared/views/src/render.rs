//! From a page to HTML.

use letters::Locale;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context};

use crate::assets::{BASE, FAVICON, PASSKEYS};
use crate::path::{encoded, paths, with_parameter};
use crate::{Frame, View, form, theme_path, words};

/// Why a page could not be made: its template is wrong, which tests find. Shows no value.
#[derive(Debug, thiserror::Error)]
#[error("the template failed: {0}")]
pub struct RenderError(#[from] Error);

const LAYOUT: &str = include_str!("../templates/layout.html");
/// What the languages call themselves.
const LANGUAGES: [(Locale, &str); 3] = [
    (Locale::En, "English"),
    (Locale::De, "Deutsch"),
    (Locale::Es, "Español"),
];

impl View {
    /// The page as an HTML document.
    ///
    /// # Errors
    /// [`RenderError`]: the template is wrong.
    pub fn render(&self, frame: &Frame<'_>) -> Result<String, RenderError> {
        let page = Page {
            name: self.name(),
            source: self.source(),
            title: &self.title(),
            title_value: self.title_value(),
            leads_to: self.leads_to(),
            is_refused: self.is_refused(),
            takes_script: self.takes_script(),
        };
        page.render(frame, context! { page => self.page() })
    }
}

/// A template and what the layout is to know of it.
pub(crate) struct Page<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: &'a str,
    pub(crate) title: &'a str,
    pub(crate) title_value: Option<(&'a str, &'a str)>,
    pub(crate) leads_to: Option<&'a str>,
    pub(crate) is_refused: bool,
    pub(crate) takes_script: bool,
}

impl Page<'_> {
    pub(crate) fn render(&self, frame: &Frame<'_>, known: Value) -> Result<String, RenderError> {
        let engine = engine(frame);
        let theme = frame.theme;
        let languages: Vec<Value> = LANGUAGES
            .iter()
            .copied()
            .map(|(locale, name)| {
                let code = locale.code();
                let href = with_parameter(frame.path.as_str(), "lang", code);
                context! { code, name, href }
            })
            .collect();
        let known = context! {
            lang => frame.locale.code(),
            languages,
            form_token => &frame.form_token,
            paths => Value::from_pairs(paths::ALL.iter().copied()),
            ..known
        };
        let body = engine
            .template_from_named_str(&format!("{}.html", self.name), self.source)?
            .render(known.clone())?;
        let told = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let values = self.title_value.map(told);
        let title = words::words(frame.locale, self.title)
            .map(|words| say(words, theme.name(), values.as_slice()))
            .ok_or_else(|| missing(self.title))?;
        let layout = context! {
            app => theme.name(),
            logo => theme.logo_url(),
            title,
            body => Value::from_safe_string(body.trim().to_owned()),
            refused => self.is_refused,
            leave => self.leads_to,
            wide => matches!(self.name, "account" | "style_guide"),
            signed_in => frame.signed_in.as_deref(),
            notice => frame.notice.map(crate::Notice::code),
            base => BASE.path(),
            theme => theme_path(theme),
            favicon => FAVICON.path(),
            script => self.takes_script.then(|| PASSKEYS.path()),
            ..known
        };
        let html = engine
            .template_from_named_str("layout.html", LAYOUT)?
            .render(layout)?;
        Ok(html
            .lines()
            .filter(|line| !line.is_empty())
            .fold(String::with_capacity(html.len()), |out, line| {
                out + line + "\n"
            }))
    }
}

/// What templates may call: words of the language, and ways to write values.
fn engine(frame: &Frame<'_>) -> Environment<'static> {
    let locale = frame.locale;
    let app = frame.theme.name().to_owned();
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_formatter(write);
    engine.add_function("t", move |key: &str, values: Kwargs| {
        let mut told = Vec::new();
        for name in values.args() {
            told.push((name.to_owned(), values.get::<Value>(name)?.to_string()));
        }
        let words = words::words(locale, key).ok_or_else(|| missing(key))?;
        Ok::<_, Error>(say(words, &app, &told))
    });
    engine.add_function("field_error", move |field: &str, code: &str| {
        words::field_error(locale, field, code)
    });
    engine.add_function("problem", move |code: &str| words::problem(locale, code));
    engine.add_function("wait", move |minutes: u64| {
        let key = if minutes == 1 {
            "wait.one"
        } else {
            "wait.many"
        };
        let values = [("minutes".to_owned(), minutes.to_string())];
        words::words(locale, key).map(|words| words::filled(words, &values))
    });
    engine.add_function("is_seen", form::is_seen);
    engine.add_function("link", |path: &str, next: Option<&str>| match next {
        Some(next) => with_parameter(path, "next", next),
        None => path.to_owned(),
    });
    engine.add_function("link_to_provider", |name: &str, next: Option<&str>| {
        let path = with_parameter(paths::PROVIDER, "provider", name);
        match next {
            Some(next) => with_parameter(&path, "next", next),
            None => path,
        }
    });
    engine.add_filter("time", move |text: &str| words::time(locale, text));
    engine.add_filter("device", words::device);
    engine.add_filter("encoded", encoded);
    engine.add_filter("grouped", grouped);
    engine.add_filter("lines", |lines: Vec<String>| lines.join("\r\n") + "\r\n");
    engine
}

fn say(words: &str, app: &str, values: &[(String, String)]) -> String {
    let mut all = vec![("app".to_owned(), app.to_owned())];
    all.extend_from_slice(values);
    words::filled(words, &all)
}

fn missing(key: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("there are no words {key}"),
    )
}

/// Letters in groups of four.
fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Writes a value as text of HTML or as a quoted attribute. What is no text and no number is a fault of
/// the template.
fn write(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match value.kind() {
        ValueKind::String | ValueKind::Number => value.to_string(),
        kind => {
            let told = format!("{kind} is not written");
            return Err(Error::new(ErrorKind::InvalidOperation, told));
        }
    };
    if value.is_safe() {
        return out.write_str(&text).map_err(Error::from);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Overrides that make text read backwards, and what HTML does not have.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            character if character.is_control() && !character.is_whitespace() => {}
            character => escaped.push(character),
        }
    }
    out.write_str(&escaped).map_err(Error::from)
}
