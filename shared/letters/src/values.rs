//! What goes into a letter.

use std::time::Duration;

use minijinja::Value;

use crate::{Letter, Locale};

/// What goes into a letter, as plain text: no value is ever read as a template or as HTML, and none
/// breaks out of its line.
///
/// Deliberately not `Debug`: the link carries a token, and the rest is about a person.
#[derive(Clone, Default)]
pub struct Values {
    /// What the application is called.
    pub app_name: String,
    /// How the reader is greeted. Pass none unless the address is confirmed: whoever registers somebody
    /// else's address chooses this text. Left out when a mail client could make a link of it.
    pub name: Option<String>,
    /// The address the letter is about: of the account, or, in the letters about a move, the new one.
    pub email: String,
    /// Where the button leads: an absolute http(s) URL (RFC 3986). Required where
    /// [`Letter::link_path`] is some and [`Letter::has_code`] is not, unused where there is no path.
    pub link: Option<String>,
    /// How long link and code work, told in whole days, hours or minutes. Required with either.
    pub expires: Option<Duration>,
    /// Six digits to sign in with. Required for [`Letter::SignInCode`] and [`Letter::RegistrationCode`].
    pub code: Option<String>,
    /// Browser or device of a sign-in. Left out when a mail client could make a link of it: whoever
    /// signs in chooses this text.
    pub device: Option<String>,
    /// Network address of a sign-in.
    pub address: Option<String>,
    /// When it happened, in a form every language reads, such as `2026-11-21 10:00 UTC`. Required for
    /// [`Letter::PasswordChanged`], [`Letter::FactorAdded`], [`Letter::FactorRemoved`], [`Letter::IdentityLinked`]
    /// and [`Letter::NewDevice`].
    pub time: Option<String>,
}

impl Values {
    /// Made-up values, to look at a letter or test it.
    #[must_use]
    pub fn sample(letter: Letter) -> Self {
        let expires = match letter {
            Letter::ResetPassword => Duration::from_mins(30),
            Letter::Invitation => Duration::from_hours(7 * 24),
            Letter::SignInCode | Letter::RegistrationCode => Duration::from_mins(10),
            _ => Duration::from_hours(24),
        };
        let link = |path| format!("https://app.example.com{path}#token=lkat_c2FtcGxl");
        Self {
            app_name: "Latchkey".to_owned(),
            name: Some("Ada Lovelace".to_owned()),
            email: "ada@example.com".to_owned(),
            link: letter.link_path().map(link),
            expires: letter.link_path().map(|_| expires),
            code: letter.has_code().then(|| "204861".to_owned()),
            device: Some("Firefox, Linux".to_owned()),
            address: Some("203.0.113.7".to_owned()),
            time: Some("2026-11-21 10:00 UTC".to_owned()),
        }
    }

    /// What the words of a letter may refer to: everything but the link, which only buttons carry, and whether there is one.
    /// Values that are absent or empty stay undefined, so that writing one without `{% if %}` fails.
    pub(crate) fn context(&self, locale: Locale) -> Value {
        let unlinked = |text: &Option<String>| text.clone().filter(|text| !looks_like_link(text));
        let values = [
            ("app_name", Some(self.app_name.clone())),
            ("name", unlinked(&self.name)),
            ("email", Some(self.email.clone())),
            ("expires", self.expires.map(|left| locale.duration(left))),
            ("code", self.code.clone()),
            ("has_link", self.link.as_ref().map(|_| "yes".to_owned())),
            ("device", unlinked(&self.device)),
            ("address", self.address.clone()),
            ("time", self.time.clone()),
        ];
        let lines = values
            .into_iter()
            .filter_map(|(key, value)| Some((key, one_line(&value?))))
            .filter(|(_, line)| !line.is_empty());
        Value::from_pairs(lines)
    }
}

/// Makes one line of a text: white space and control characters become single spaces, and the
/// overrides that make text read backwards are dropped.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|character| !matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a mail client could make a link of some of this text: of `https://…`, of an address, or of a
/// host name, which is a dot with two letters right behind it (`evil.example`; not `J.R.` or `5.0`).
fn looks_like_link(text: &str) -> bool {
    let host = text.split('.').skip(1).any(|rest| {
        let mut label = rest.chars();
        (0..2).all(|_| label.next().is_some_and(char::is_alphabetic))
    });
    host || text.contains("://") || text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        for (text, line) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("  Ada\r\n\tLovelace ", "Ada Lovelace"),
            ("Ada\u{0}Bcc:\u{85}x\u{2028}y\u{2029}z", "Ada Bcc: x y z"),
            ("\u{202e}adA\u{2066}", "adA"),
            ("\r\n", ""),
        ] {
            assert_eq!(one_line(text), line, "{text:?}");
        }
    }

    #[test]
    fn what_a_mail_client_would_link_is_told_from_names_and_browsers() {
        for linked in [
            "evil.example",
            "Win at WWW.evil.example/now",
            "https:// evil",
            "http://203.0.113.7",
            "ada@localhost",
            "прізвище.укр",
        ] {
            assert!(looks_like_link(linked), "{linked:?}");
        }
        for plain in [
            "Ada",
            "J. R. R. Tolkien",
            "J.R.R. Tolkien",
            "Dr. No",
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ] {
            assert!(!looks_like_link(plain), "{plain:?}");
        }
    }
}
