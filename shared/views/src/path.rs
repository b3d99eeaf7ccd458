//! Paths: those of the pages, and where a visitor goes on.

use std::fmt::Write;

use serde::Serialize;

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)+) => {
        /// Where the forms of the pages go. What passkeys take is at the path of their form and `/options`.
        pub mod paths {
            $($(#[$doc])* pub const $name: &str = $path;)+

            /// All of them, by the names that templates use.
            pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $path),)+];
        }
    };
}

paths! {
    /// Address and password: `email`, `password`.
    SIGN_IN = "/sign-in";
    /// A link, and no form: on to the service `provider`. `form-action` would keep a form from leading there.
    PROVIDER = "/sign-in/provider";
    /// A passkey alone: `ceremony`, `credential`.
    PASSKEY = "/sign-in/passkey";
    /// Asks for a code by mail: `email`. Signs in with it: `challenge`, and `code` or `token`.
    CODE = "/sign-in/code";
    /// A second factor: `challenge`, and `totp`, `recoveryCode`, or `ceremony` and `credential`; `rememberDevice`.
    FACTOR = "/sign-in/factor";
    /// Sets one up during a sign-in: `challenge`, and `pending` and `code`, or `ceremony` and `credential`.
    SET_UP = "/sign-in/set-up";
    /// `email`, `password`, `firstName`, `lastName`.
    SIGN_UP = "/sign-up";
    /// `email`.
    FORGOT = "/forgot-password";
    /// `token`, `password`.
    RESET = "/reset-password";
    /// `token`, `password`.
    INVITATION = "/accept-invitation";
    /// `token`, and `password` of whoever is not signed in.
    VERIFY = "/verify-email";
    /// Another letter that verifies the address: `email`, or that of whoever is signed in.
    RESEND = "/verify-email/resend";
    /// `token`.
    CONFIRM_EMAIL = "/confirm-email-change";
    /// The account page. It has no form of its own.
    ACCOUNT = "/account";
    /// `firstName`, `lastName`, `locale`, `version`.
    PROFILE = "/account/profile";
    /// `currentPassword`, `newPassword`.
    PASSWORD = "/account/password";
    /// `email`.
    EMAIL = "/account/email";
    /// `pending`, `code`.
    TOTP = "/account/factors/totp";
    /// New recovery codes.
    CODES = "/account/factors/codes";
    /// `id`.
    REMOVE_FACTOR = "/account/factors/remove";
    /// `ceremony`, `credential`, `name`.
    PASSKEYS = "/account/passkeys";
    /// `id`, `version`, `name`.
    RENAME_PASSKEY = "/account/passkeys/rename";
    /// `id`.
    REMOVE_PASSKEY = "/account/passkeys/remove";
    /// `id`.
    FORGET_DEVICE = "/account/devices/forget";
    /// `id`.
    UNLINK = "/account/identities/unlink";
    /// `provider`.
    LINK = "/account/identities/link";
    /// `client`.
    GRANTS_REVOKE = "/account/applications/revoke";
    /// `id`.
    REVOKE_SESSION = "/account/sessions/revoke";
    /// `scope`: `session`, `others` or `all`.
    SIGN_OUT = "/account/sign-out";
    /// The last question, and the answer to it.
    DELETE = "/account/delete";
    /// Proves anew who it is: `password`, `totp`, `recoveryCode`, or `ceremony` and `credential`.
    CONFIRM = "/account/confirm";
    /// What an application asks for. It has no form of its own.
    AUTHORIZE = "/oauth2/authorize";
    /// The answer to it: `request`, `scope`, `decision`.
    CONSENT = "/consent";
}

/// Most bytes of a path.
const MAX_BYTES: usize = 2048;

/// A path of this origin, with a query or without: what `next` may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LocalPath(String);

impl LocalPath {
    /// The path, unless a browser could take it for something else: it begins with one `/`, has no `//` or
    /// backslash, and is of printable ASCII without spaces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_graphic() && !br#"\"'<>`"#.contains(&byte);
        let local = text.len() <= MAX_BYTES
            && path.starts_with('/')
            && !path.contains("//")
            && text.bytes().all(plain);
        local.then(|| Self(text.to_owned()))
    }

    /// `/`
    pub(crate) fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path with another parameter behind those it has.
pub(crate) fn with_parameter(path: &str, name: &str, value: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{name}={}", encoded(value))
}

/// Text as the value of a query or in a `data:` URL: all but unreserved characters (RFC 3986 §2.3) as `%41`.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_origin_are_local() {
        for path in [
            "/",
            "/account",
            "/account?notice=x&a=b",
            "/a/b-c_d.e~f%20g",
            "/authorize?redirect_uri=https://app.example/cb",
            "/a#b",
        ] {
            assert_eq!(LocalPath::parse(path).expect(path).as_str(), path);
        }
        for path in [
            "",
            "account",
            "?a",
            "#a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "http:/evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "\t//evil.example",
            " //evil.example",
            " /account",
            "/a b",
            "/.//evil.example",
            "/a//b",
            "/..//evil.example",
            "/\u{2044}/evil.example",
            "/\u{ff0f}evil.example",
            "/ä",
            "/\0",
            "/a\r\nSet-Cookie: x",
            "/\"onclick=",
            "/'",
            "/<script>",
            "@evil.example",
            ".evil.example",
            "/`",
        ] {
            assert_eq!(LocalPath::parse(path), None, "{path:?}");
        }
        let long = "/".to_owned() + &"a".repeat(MAX_BYTES);
        assert!(
            LocalPath::parse(&long).is_none() && LocalPath::parse(&long[..MAX_BYTES]).is_some()
        );
    }

    #[test]
    fn the_links_of_letters_lead_to_pages() {
        let linked = letters::Letter::ALL.map(letters::Letter::page_path);
        let linked: Vec<&str> = linked.into_iter().flatten().collect();
        assert_eq!(linked.len(), 5);
        for path in linked {
            assert!(paths::ALL.iter().any(|(_, page)| *page == path), "{path}");
        }
    }

    #[test]
    fn parameters_go_behind_those_that_are_there() {
        assert_eq!(with_parameter("/a", "lang", "de"), "/a?lang=de");
        assert_eq!(
            with_parameter("/a?next=/b#c", "lang", "de"),
            "/a?next=/b&lang=de"
        );
        assert_eq!(
            with_parameter("/a", "next", "/b?c=d&e"),
            "/a?next=/b%3Fc%3Dd%26e"
        );
        assert_eq!(encoded("ä #<"), "%C3%A4%20%23%3C");
    }
}
