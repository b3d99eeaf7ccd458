//! What the provider has granted: codes, and the access tokens they were exchanged for.

use std::collections::VecDeque;
use std::mem::replace;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::settings::random_secret;

/// How long a code can be exchanged.
const CODE_LASTS: Duration = Duration::from_mins(1);
/// How long an access token is accepted, and an ID token.
pub(super) const ACCESS_TOKEN_LASTS: Duration = Duration::from_mins(5);
/// Most codes, and most access tokens: the oldest make room.
const MAX: usize = 1000;

/// Who signed in, and what of it the client may know.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) is_verified: bool,
    /// Empty without one.
    pub(super) name: String,
    /// The scopes that were granted, separated by spaces.
    pub(super) scope: String,
}

impl Person {
    /// The claims about them that their scopes ask for (`OpenID` Connect Core 1.0 §5.4).
    pub(super) fn claims(&self) -> Value {
        let has = |scope| self.scope.split(' ').any(|granted| granted == scope);
        let subject = digest(&SHA256, self.email.to_lowercase().as_bytes());
        let mut claims = json!({ "sub": URL_SAFE_NO_PAD.encode(subject) });
        if has("email") {
            claims["email"] = self.email.as_str().into();
            claims["email_verified"] = self.is_verified.into();
        }
        if has("profile") {
            claims["locale"] = "en".into();
            let name = self.name.trim();
            let (given, family) = name.rsplit_once(' ').unwrap_or((name, ""));
            let names = [
                ("name", name),
                ("given_name", given.trim_end()),
                ("family_name", family),
            ];
            for (claim, value) in names.into_iter().filter(|(_, value)| !value.is_empty()) {
                claims[claim] = value.into();
            }
        }
        claims
    }
}

/// What a code stands for. There is one client, so that a code is its own.
pub(super) struct Grant {
    pub(super) person: Person,
    pub(super) redirect_uri: String,
    /// `BASE64URL(SHA256(code_verifier))`.
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
}

enum Code {
    Open(Box<Grant>),
    /// With the access token that it was exchanged for, if it was.
    Used(Option<String>),
}

/// All codes and access tokens.
pub(super) struct Grants {
    codes: Kept<Code>,
    access_tokens: Kept<Person>,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            codes: Kept::lasting(CODE_LASTS),
            access_tokens: Kept::lasting(ACCESS_TOKEN_LASTS),
        }
    }
}

impl Grants {
    /// A code for a grant.
    pub(super) fn add(&mut self, grant: Grant) -> String {
        self.codes.add(Code::Open(Box::new(grant)), Instant::now())
    }

    /// Exchanges a code for an access token. Whatever comes of it, the code is used.
    pub(super) fn exchange(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Option<(Grant, String)> {
        self.exchange_at(Instant::now(), code, redirect_uri, verifier)
    }

    fn exchange_at(
        &mut self,
        now: Instant,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Option<(Grant, String)> {
        let grant = match replace(self.codes.find(code, now)?, Code::Used(None)) {
            Code::Open(grant) => *grant,
            Code::Used(access_token) => {
                // One of the two who had it stole it (RFC 6749 §4.1.2).
                self.access_tokens.remove(access_token.as_deref());
                return None;
            }
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        if grant.redirect_uri != redirect_uri || grant.challenge != challenge {
            return None;
        }
        let access_token = self.access_tokens.add(grant.person.clone(), now);
        *self.codes.find(code, now)? = Code::Used(Some(access_token.clone()));
        Some((grant, access_token))
    }

    /// The claims about whom an access token is.
    pub(super) fn claims_of(&mut self, access_token: &str) -> Option<Value> {
        let person = self.access_tokens.find(access_token, Instant::now())?;
        Some(person.claims())
    }
}

/// Values by random names, for as long as they last.
struct Kept<T> {
    lasts: Duration,
    /// Oldest first.
    entries: VecDeque<Entry<T>>,
}

struct Entry<T> {
    name: String,
    ends: Instant,
    value: T,
}

impl<T> Kept<T> {
    const fn lasting(lasts: Duration) -> Self {
        Self {
            lasts,
            entries: VecDeque::new(),
        }
    }

    fn add(&mut self, value: T, now: Instant) -> String {
        if self.entries.len() == MAX {
            self.entries.pop_front();
        }
        let name = random_secret();
        self.entries.push_back(Entry {
            name: name.clone(),
            ends: now + self.lasts,
            value,
        });
        name
    }

    fn find(&mut self, name: &str, now: Instant) -> Option<&mut T> {
        self.entries.retain(|entry| entry.ends > now);
        let mut entries = self.entries.iter_mut();
        let entry = entries.find(|entry| entry.name == name)?;
        Some(&mut entry.value)
    }

    fn remove(&mut self, name: Option<&str>) {
        self.entries
            .retain(|entry| Some(entry.name.as_str()) != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "http://localhost:3000/callback";
    /// The example of RFC 7636 §B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn person(name: &str, scope: &str) -> Person {
        Person {
            email: "Ada@Example.org".to_owned(),
            is_verified: true,
            name: name.to_owned(),
            scope: scope.to_owned(),
        }
    }

    fn grant() -> Grant {
        Grant {
            person: person("Ada Lovelace", "openid email"),
            redirect_uri: URI.to_owned(),
            challenge: CHALLENGE.to_owned(),
            nonce: None,
        }
    }

    #[test]
    fn a_code_is_exchanged_once_and_ends_what_it_gave_when_it_comes_again() {
        let mut grants = Grants::default();
        let code = grants.add(grant());
        let (_, token) = grants.exchange(&code, URI, VERIFIER).expect("a token");
        assert!(grants.claims_of(&token).is_some());
        assert!(grants.exchange(&code, URI, VERIFIER).is_none());
        assert!(grants.claims_of(&token).is_none());
    }

    #[test]
    fn a_code_is_used_by_an_exchange_that_is_refused() {
        for (uri, verifier) in [
            ("http://localhost:3000/", VERIFIER),
            (URI, CHALLENGE),
            (URI, ""),
        ] {
            let mut grants = Grants::default();
            let code = grants.add(grant());
            assert!(grants.exchange(&code, uri, verifier).is_none(), "{uri}");
            assert!(grants.exchange(&code, URI, VERIFIER).is_none(), "{uri}");
        }
    }

    #[test]
    fn codes_and_access_tokens_end() {
        let now = Instant::now();
        let mut grants = Grants::default();
        let code = grants.add(grant());
        let late = now + CODE_LASTS + Duration::from_secs(1);
        assert!(grants.exchange_at(late, &code, URI, VERIFIER).is_none());
        let mut tokens = Kept::lasting(ACCESS_TOKEN_LASTS);
        let token = tokens.add((), now);
        let last = now + Duration::from_secs(ACCESS_TOKEN_LASTS.as_secs() - 1);
        assert!(tokens.find(&token, last).is_some());
        assert!(tokens.find(&token, now + ACCESS_TOKEN_LASTS).is_none());
        assert!(tokens.entries.is_empty());
    }

    #[test]
    fn the_oldest_make_room() {
        let now = Instant::now();
        let mut kept = Kept::lasting(CODE_LASTS);
        let names: Vec<_> = (0..=MAX).map(|number| kept.add(number, now)).collect();
        assert_eq!(kept.entries.len(), MAX);
        assert!(kept.find(&names[0], now).is_none());
        assert_eq!(kept.find(&names[1], now).copied(), Some(1));
    }

    #[test]
    fn claims_are_those_of_the_scopes() {
        let bare = person("Ada Lovelace", "openid").claims();
        assert_eq!(bare.as_object().map(serde_json::Map::len), Some(1));
        let other = Person {
            email: "ada@example.ORG".to_owned(),
            ..person("", "openid email profile")
        };
        assert_eq!(other.claims()["sub"], bare["sub"]);
        for (name, given, family) in [
            ("Ada Lovelace", json!("Ada"), json!("Lovelace")),
            (" Ada King  Noel ", json!("Ada King"), json!("Noel")),
            ("Ada", json!("Ada"), Value::Null),
            ("", Value::Null, Value::Null),
        ] {
            let claims = person(name, "openid profile").claims();
            assert_eq!(claims["given_name"], given, "{name}");
            assert_eq!(claims["family_name"], family, "{name}");
            assert_eq!(claims["email"], Value::Null, "{name}");
        }
    }
}
