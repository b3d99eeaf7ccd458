//! Every page in every state, with made-up values: to look at, and for tests.

mod account;
mod forms;

use letters::Locale;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::render::Page;
use crate::{
    Failed, Failure, Form, Frame, Goodbye, LocalPath, Notice, RenderError, Theme, Typed, View,
};

/// A page as it could be.
#[derive(Clone)]
pub struct Sample {
    /// What to call its file: page, state, if it is not the first, and language, `sign-in.refused.de.html`.
    pub file: String,
    /// Its language.
    pub locale: Locale,
    /// The page.
    pub html: String,
}

/// Every page in every state and language.
///
/// # Errors
/// [`RenderError`]: a template is wrong.
pub fn samples(theme: &Theme) -> Result<Vec<Sample>, RenderError> {
    changed_samples(theme, &str::to_owned)
}

/// As [`samples`], with every text that comes from outside put through `change`.
///
/// # Errors
/// [`RenderError`]: a template is wrong.
pub fn changed_samples(
    theme: &Theme,
    change: &dyn Fn(&str) -> String,
) -> Result<Vec<Sample>, RenderError> {
    let mut states = forms::states(change);
    states.extend(account::states(change));
    states.extend(others());
    let mut samples = Vec::new();
    for locale in Locale::ALL {
        for state in &states {
            let frame = Frame {
                signed_in: state.signed_in.then(|| change("ada.lovelace@example.com")),
                notice: state.notice,
                ..frame(locale, theme, change, state.name)
            };
            samples.push(Sample {
                file: format!("{}.{}.html", state.name, locale.code()),
                locale,
                html: state.view.render(&frame)?,
            });
        }
        samples.push(Sample {
            file: format!("style-guide.{}.html", locale.code()),
            locale,
            html: style_guide(&frame(locale, theme, change, "style-guide"), change)?,
        });
    }
    Ok(samples)
}

fn frame<'a>(
    locale: Locale,
    theme: &'a Theme,
    change: &dyn Fn(&str) -> String,
    name: &str,
) -> Frame<'a> {
    let page = name.split('.').next().unwrap_or_default();
    let path = LocalPath::parse(&format!("/{page}?next=/account"));
    let token = change("fxt_c2FtcGxl");
    Frame::new(locale, theme, token, path.unwrap_or_else(LocalPath::root))
}

fn style_guide(frame: &Frame<'_>, change: &dyn Fn(&str) -> String) -> Result<String, RenderError> {
    let form = Form::new()
        .typed(Typed::Email, change("ada.lovelace"))
        .refused("invalid_fields")
        .refused_field("email", "invalid_format")
        .refused_field("password", "too_common");
    let long =
        change("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft");
    let page = Page {
        name: "style_guide",
        source: concat!(
            include_str!("../templates/parts.html"),
            include_str!("../templates/style_guide.html")
        ),
        title: "style_guide.title",
        title_value: None,
        leads_to: None,
        is_refused: true,
        takes_script: true,
    };
    let form = Value::from(Serde(form));
    page.render(
        frame,
        context! { page => context! { form, long, remember_days => 30 } },
    )
}

/// A page in a state.
pub(crate) struct State {
    name: &'static str,
    view: View,
    signed_in: bool,
    notice: Option<Notice>,
}

impl State {
    fn new(name: &'static str, view: impl Into<View>) -> Self {
        Self {
            name,
            view: view.into(),
            signed_in: false,
            notice: None,
        }
    }

    fn signed_in(mut self) -> Self {
        self.signed_in = true;
        self
    }

    fn noticed(mut self, notice: Notice) -> Self {
        self.notice = Some(notice);
        self
    }
}

fn next() -> Option<LocalPath> {
    LocalPath::parse("/account?from=a&to=b")
}

/// What an application may ask for: what everybody knows, and one of its own.
const SCOPES: [&str; 5] = [
    "profile",
    "email",
    "offline_access",
    "openid",
    "orders:read",
];

/// Scopes, of which those of an application come from outside.
fn scopes(names: &[&str], change: &dyn Fn(&str) -> String) -> Vec<String> {
    let is_own = |name: &str| name.contains(':');
    let scope = |name: &&str| {
        if is_own(name) {
            change(name)
        } else {
            (*name).to_owned()
        }
    };
    names.iter().map(scope).collect()
}

fn others() -> Vec<State> {
    let failed = |name, failure| State::new(name, Failed::new(failure, None));
    vec![
        State::new("goodbye", Goodbye {}),
        failed("failed.not-found", Failure::NotFound),
        failed("failed.link-expired", Failure::LinkExpired),
        failed("failed.form-expired", Failure::FormExpired),
        failed("failed.too-many-tries", Failure::TooManyTries(840)),
        failed("failed.forbidden", Failure::Forbidden),
        failed("failed.provider", Failure::Provider),
        failed(
            "failed.application",
            Failure::Application("redirect_uri is not registered"),
        ),
        failed("failed.internal", Failure::Internal),
        State::new(
            "failed.unavailable",
            Failed::new(Failure::Unavailable, next()),
        ),
    ]
}
