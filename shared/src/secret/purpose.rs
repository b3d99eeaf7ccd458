//! What keys are derived for.

/// What a subkey is for. Two purposes never share a key (RFC 5869 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Tells one version of a secret from another.
    Version,
    /// Authenticates refresh tokens.
    RefreshToken,
    /// Seals the private halves of signing keys.
    SigningKeyWrapping,
    /// Authenticates the tokens in letters.
    ActionToken,
    /// Seals what a sign-in that is not complete has proved.
    Challenge,
    /// Seals the secret of an authenticator app that is not confirmed yet.
    PendingTotp,
    /// Seals what a new passkey has to answer.
    PasskeyCreation,
    /// Seals what a passkey has to answer to sign in.
    PasskeyRequest,
    /// Seals the secrets of authenticator apps.
    Totp,
    /// Hashes recovery codes.
    RecoveryCode,
    /// Makes the codes that letters carry.
    MailedCode,
    /// Seals what a mailed code goes with.
    CodeChallenge,
    /// Seals an account that is to be made with a passkey and a mailed code.
    PasskeyRegistration,
    /// Seals what an operator keeps secret of another provider.
    ClientSecret,
    /// Seals a sign-in that has gone to another provider.
    ProviderFlow,
    /// Seals the identity that came of it.
    IdentityCode,
    /// Seals an identity that is to be linked by whoever holds the account.
    IdentityLink,
    /// Seals what a client is given for who has signed in.
    AuthorizationCode,
    /// Seals the refresh tokens of clients.
    ClientRefreshToken,
    /// Seals since when a client asks.
    AskedAt,
    /// Seals the session of a browser.
    BrowserSession,
    /// Seals what says that a form is of our pages.
    FormToken,
    /// Seals what the next page says.
    Flash,
    /// Seals a browser's sign-in that is not complete.
    PendingPage,
    /// Seals the token of a letter's link that was opened in a browser.
    OpenedLetter,
    /// Hashes the secrets of clients that we are the provider of.
    ClientAuthentication,
}

impl Purpose {
    /// What the key derivation is told (RFC 5869 §3.2, `info`).
    pub(super) const fn info(self) -> &'static [u8] {
        match self {
            Self::Version => b"latchkey/secret-version/v1",
            Self::RefreshToken => b"latchkey/refresh-token/v1",
            Self::SigningKeyWrapping => b"latchkey/signing-key-wrapping/v1",
            Self::ActionToken => b"latchkey/action-token/v1",
            Self::Challenge => b"latchkey/challenge/v1",
            Self::PendingTotp => b"latchkey/pending-totp/v1",
            Self::PasskeyCreation => b"latchkey/passkey-creation/v1",
            Self::PasskeyRequest => b"latchkey/passkey-request/v1",
            Self::Totp => b"latchkey/totp/v1",
            Self::RecoveryCode => b"latchkey/recovery-code/v1",
            Self::MailedCode => b"latchkey/mailed-code/v1",
            Self::CodeChallenge => b"latchkey/code-challenge/v1",
            Self::PasskeyRegistration => b"latchkey/passkey-registration/v1",
            Self::ClientSecret => b"latchkey/client-secret/v1",
            Self::ProviderFlow => b"latchkey/provider-flow/v1",
            Self::IdentityCode => b"latchkey/identity-code/v1",
            Self::IdentityLink => b"latchkey/identity-link/v1",
            Self::AuthorizationCode => b"latchkey/authorization-code/v1",
            Self::ClientRefreshToken => b"latchkey/client-refresh-token/v1",
            Self::AskedAt => b"latchkey/asked-at/v1",
            Self::BrowserSession => b"latchkey/browser-session/v1",
            Self::FormToken => b"latchkey/form-token/v1",
            Self::Flash => b"latchkey/flash/v1",
            Self::PendingPage => b"latchkey/pending-page/v1",
            Self::OpenedLetter => b"latchkey/opened-letter/v1",
            Self::ClientAuthentication => b"latchkey/client-authentication/v1",
        }
    }
}
