//! A client as an operator describes it.

use latchkey::field::FieldError;
use latchkey::http::Fields;
use latchkey::name::Name;
use latchkey::table::Change;
use latchkey::user::UserId;

use crate::{Client, ClientId, RedirectUri, Scope};

/// Most redirect URIs of a kind.
const MAX_URIS: usize = 20;
/// Most scopes.
const MAX_SCOPES: usize = 30;
/// Longest scopes together, in bytes: every token has them.
const MAX_SCOPE_BYTES: usize = 1000;
/// Longest audience, in characters.
const MAX_AUDIENCE_CHARS: usize = 200;

/// What the body of a request says of a client.
pub struct ClientInput {
    name: Name,
    redirect_uris: Vec<RedirectUri>,
    post_logout_redirect_uris: Vec<RedirectUri>,
    confidential: bool,
    first_party: bool,
    scopes: Vec<Scope>,
    audience: Option<String>,
    /// Whether it gets a new secret.
    pub has_new_secret: bool,
}

impl ClientInput {
    /// Takes it out of a body that is to replace `read`. `taken` is what tokens are for that are none
    /// of this client: that of sessions, and userinfo.
    pub fn take(fields: &mut Fields, read: Option<&Client>, taken: &[&str]) -> Option<Self> {
        let name = fields.required("name", Name::parse);
        let redirect_uris = fields.texts("redirectUris", MAX_URIS, RedirectUri::parse);
        let post_logout = fields.texts("postLogoutRedirectUris", MAX_URIS, RedirectUri::parse);
        let confidential = fields.optional_flag("confidential");
        let first_party = fields.flag("firstParty");
        let scopes = fields.optional_texts("scopes", MAX_SCOPES, Scope::parse);
        let audience = fields.optional("audience", |input| parse_audience(input, taken));
        let rotates = fields.flag("rotateSecret");

        if matches!(&scopes, Some(Some(scopes)) if scopes.is_empty()) {
            let error = FieldError::new("too_short", "A client may ask for one scope at least.");
            fields.reject("scopes", error);
        }
        let bytes = |scopes: &Vec<Scope>| {
            scopes
                .iter()
                .map(|scope| scope.as_str().len() + 1)
                .sum::<usize>()
        };
        if matches!(&scopes, Some(Some(scopes)) if bytes(scopes) > MAX_SCOPE_BYTES) {
            let error = FieldError::new(
                "too_long",
                "The scopes have 1000 characters together at most.",
            );
            fields.reject("scopes", error);
        }
        let (confidential, rotates) = (confidential?, rotates?);
        let was = read.map(|read| read.confidential);
        let is_confidential = confidential.or(was).unwrap_or(false);
        if was.is_some_and(|was| was != is_confidential) {
            let message = "A client stays confidential or public, as it was made.";
            fields.reject("confidential", FieldError::new("invalid_value", message));
        } else if rotates && !is_confidential {
            let message = "A public client has no secret.";
            fields.reject("rotateSecret", FieldError::new("invalid_value", message));
        }
        Some(Self {
            name: name?,
            redirect_uris: each_once(redirect_uris?),
            post_logout_redirect_uris: each_once(post_logout?),
            confidential: is_confidential,
            first_party: first_party?,
            scopes: each_once(scopes?.unwrap_or_else(Scope::defaults)),
            audience: audience?,
            has_new_secret: is_confidential && (rotates || read.is_none()),
        })
    }

    /// The client that it describes, in place of `read` and with its secrets.
    #[must_use]
    pub fn client(
        self,
        id: ClientId,
        read: Option<&Client>,
        by: UserId,
        change: &Change,
    ) -> Client {
        Client {
            id,
            name: self.name,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            confidential: self.confidential,
            first_party: self.first_party,
            scopes: self.scopes,
            audience: self.audience,
            secrets: read.map_or_else(Vec::new, |read| read.secrets.clone()),
            secret_set_at: read.and_then(|read| read.secret_set_at),
            user_id: by,
            created_at: read.map_or(change.at, |read| read.created_at),
            updated_at: change.at,
            removed_at: None,
            version: read.map_or(1, |read| read.version + 1),
        }
    }
}

/// 1 to 200 printable ASCII characters, and not what says that a token is for this API.
fn parse_audience(input: &str, taken: &[&str]) -> Result<String, FieldError> {
    let is_printable = |byte: u8| (0x20..0x7f).contains(&byte);
    if !(1..=MAX_AUDIENCE_CHARS).contains(&input.len()) || !input.bytes().all(is_printable) {
        let message = "An audience has 1 to 200 printable ASCII characters.";
        return Err(FieldError::new("invalid_format", message));
    }
    // A token that is for a client is for nobody else.
    if taken.contains(&input) || ClientId::parse(input).is_ok() {
        let message =
            "This is what other tokens are for: an audience of its own is a URL as a rule.";
        return Err(FieldError::new("invalid_value", message));
    }
    Ok(input.to_owned())
}

fn each_once<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut once = Vec::with_capacity(list.len());
    for element in list {
        if !once.contains(&element) {
            once.push(element);
        }
    }
    once
}
