//! What an application asks for when it sends a browser (RFC 6749 §4.1.1, OpenID Connect Core 1.0 §3.1.2.1).

use latchkey::http::Parameters;
use latchkey::pkce::CodeChallenge;
use latchkey::user::UserId;

use crate::{Client, ClientId, Scope};

/// Why a request is not answered whose client is not known.
pub const NO_CLIENT: &str = "client_id is missing or unknown";
/// The parameters that say something. Nothing else of a request is kept.
pub const PARAMETERS: [&str; 17] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "request",
    "request_uri",
    "registration",
];
/// Longest `state` and `nonce`, in bytes.
const MAX_STATE_BYTES: usize = 1024;
const MAX_NONCE_BYTES: usize = 256;

/// A request that can be answered.
#[derive(Debug)]
pub struct AuthorizationRequest {
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// What is asked for, and may be.
    pub scopes: Vec<Scope>,
    /// What the ID token carries back.
    pub nonce: Option<String>,
    /// What the code is spent with.
    pub code_challenge: CodeChallenge,
    /// What the page may do.
    pub prompt: Prompt,
    /// The longest time since the visitor has proved who they are, in seconds.
    pub max_age: Option<u64>,
    /// Whether two factors are asked for: `acr_values` names no level but `aal2`.
    pub wants_two: bool,
    /// Who is expected, as the visitor may type it.
    pub login_hint: Option<String>,
    /// Who is expected, and nobody else: by an earlier ID token of the client.
    pub expects: Option<UserId>,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    /// One of the client's.
    pub redirect_uri: String,
    /// What the client wants back.
    pub state: Option<String>,
}

/// `prompt` (OpenID Connect Core 1.0 §3.1.2.1).
#[expect(
    clippy::struct_excessive_bools,
    reason = "words of the protocol, in any number"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Show nothing.
    pub none: bool,
    /// Have the visitor prove anew who they are.
    pub login: bool,
    /// Ask for consent even where it was given.
    pub consent: bool,
    /// Let the visitor choose another account.
    pub select_account: bool,
}

/// Why a request is not answered with a code.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not known where an answer could go: the visitor is told, and nobody else.
    Unanswerable(&'static str),
    /// The client is told.
    Told {
        /// Where.
        return_to: ReturnTo,
        /// `error`.
        error: &'static str,
        /// The same for whoever writes the client.
        description: &'static str,
    },
}

impl AuthorizationRequest {
    /// The client that a request names.
    ///
    /// # Errors
    /// [`NO_CLIENT`].
    pub fn client_id(parameters: &Parameters) -> Result<ClientId, &'static str> {
        let id = parameters.given("client_id").unwrap_or_default();
        ClientId::parse(id).map_err(|_| NO_CLIENT)
    }

    /// Reads a request of `client`.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn read(parameters: &Parameters, client: &Client) -> Result<Self, Refusal> {
        let return_to = ReturnTo::read(parameters, client)?;
        let told = |error, description| Refusal::Told {
            return_to: return_to.clone(),
            error,
            description,
        };
        let invalid = |description| told("invalid_request", description);
        if parameters.repeated().is_some() {
            return Err(invalid("a parameter stands twice"));
        }
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if parameters.given(name).is_some() {
                return Err(told(error, "this is not supported"));
            }
        }
        match parameters.given("response_type") {
            Some("code") => {}
            None => return Err(invalid("response_type is missing")),
            Some(_) => {
                let description = "response_type is code";
                return Err(told("unsupported_response_type", description));
            }
        }
        if !matches!(parameters.given("response_mode"), None | Some("query")) {
            return Err(invalid("response_mode is query"));
        }
        let scopes = scopes(parameters.given("scope").unwrap_or_default(), client)
            .ok_or_else(|| told("invalid_scope", "none of this may be asked for"))?;
        if parameters.given("code_challenge_method") != Some("S256") {
            return Err(invalid("code_challenge_method is S256"));
        }
        let code_challenge = parameters.given("code_challenge").unwrap_or_default();
        let code_challenge = CodeChallenge::parse(code_challenge)
            .map_err(|_| invalid("code_challenge is SHA-256 of the code verifier in base64url"))?;
        let nonce = parameters.given("nonce").map(str::to_owned);
        if nonce
            .as_ref()
            .is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES)
        {
            return Err(invalid("nonce is too long"));
        }
        let prompt = Prompt::read(parameters.given("prompt"))
            .ok_or_else(|| invalid("prompt is none alone, or of login, consent, select_account"))?;
        let max_age = parameters.given("max_age").map(str::parse).transpose();
        let max_age = max_age.map_err(|_| invalid("max_age is a number of seconds"))?;
        let mut levels = parameters
            .given("acr_values")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .peekable();
        let wants_two = levels.peek().is_some() && levels.all(|level| level == "aal2");
        Ok(Self {
            scopes,
            nonce,
            code_challenge,
            prompt,
            max_age,
            wants_two,
            expects: None,
            login_hint: parameters.given("login_hint").map(str::to_owned),
            return_to,
        })
    }

    /// What the client is told in place of a code.
    #[must_use]
    pub fn refused(&self, error: &'static str, description: &'static str) -> Refusal {
        Refusal::Told {
            return_to: self.return_to.clone(),
            error,
            description,
        }
    }
}

impl ReturnTo {
    fn read(parameters: &Parameters, client: &Client) -> Result<Self, Refusal> {
        let given = parameters.given("redirect_uri").unwrap_or_default();
        if !client.redirect_uris.iter().any(|uri| uri.matches(given)) {
            return Err(Refusal::Unanswerable("redirect_uri is not registered"));
        }
        let return_to = Self {
            redirect_uri: given.to_owned(),
            state: parameters.given("state").map(str::to_owned),
        };
        let is_short = |state: &String| state.len() <= MAX_STATE_BYTES;
        if return_to.state.as_ref().is_none_or(is_short) {
            return Ok(return_to);
        }
        Err(Refusal::Told {
            return_to: Self {
                state: None,
                ..return_to
            },
            error: "invalid_request",
            description: "state is too long",
        })
    }

    /// The URL of an answer: these parameters, what the client wants back, and who answers (RFC 9207).
    #[must_use]
    pub fn url(&self, parameters: &[(&str, &str)], issuer: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
        let uri = &self.redirect_uri;
        let separator = if uri.contains('?') { '&' } else { '?' };
        format!("{uri}{separator}{}", query.finish())
    }
}

impl Prompt {
    fn read(text: Option<&str>) -> Option<Self> {
        let mut prompt = Self::default();
        for word in text.unwrap_or_default().split_ascii_whitespace() {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return None,
            }
        }
        let is_alone = !(prompt.login || prompt.consent || prompt.select_account);
        (!prompt.none || is_alone).then_some(prompt)
    }
}

/// What is asked for of what the client may ask for, each once; none where that is nothing. An unknown scope says
/// nothing (OpenID Connect Core 1.0 §3.1.2.1).
pub(crate) fn scopes(asked: &str, client: &Client) -> Option<Vec<Scope>> {
    let mut scopes: Vec<Scope> = Vec::new();
    for word in asked.split(' ') {
        let known = client.scopes.iter().find(|scope| scope.as_str() == word);
        if let Some(scope) = known.filter(|scope| !scopes.contains(scope)) {
            scopes.push(scope.clone());
        }
    }
    (!scopes.is_empty()).then_some(scopes)
}
