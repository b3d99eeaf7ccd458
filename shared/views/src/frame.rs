//! What is around every page.

use letters::Locale;

use crate::{LocalPath, Notice, Theme};

/// What is around a page, and the same for all.
#[derive(Clone)]
pub struct Frame<'a> {
    /// The language.
    pub locale: Locale,
    /// Name, logo and colours.
    pub theme: &'a Theme,
    /// What every form carries as `formToken`.
    pub form_token: String,
    /// The address of whoever is signed in.
    pub signed_in: Option<String>,
    /// What was just done.
    pub notice: Option<Notice>,
    /// Where the page is found with GET: the same in another language is there with `lang=`.
    pub path: LocalPath,
}

impl<'a> Frame<'a> {
    /// For a visitor who is not signed in.
    #[must_use]
    pub fn new(
        locale: Locale,
        theme: &'a Theme,
        form_token: impl Into<String>,
        path: LocalPath,
    ) -> Self {
        Self {
            locale,
            theme,
            form_token: form_token.into(),
            signed_in: None,
            notice: None,
            path,
        }
    }
}
