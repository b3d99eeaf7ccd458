//! A passkey as somebody presents it.

use latchkey::event::EventKind;
use latchkey::factor::{Factor, PasskeyId};
use latchkey::field::FieldError;
use latchkey::http::{ApiError, ErrorCode, Fields};
use latchkey::keys::CachedSecrets;
use latchkey::proof::{First, Held, Second};
use latchkey::session::SessionId;
use latchkey::sign_in::Shown;
use latchkey::table::{Change, Key, Table, TransactWriteItem, Update, attribute, number};
use latchkey::user::{User, UserId};
use webauthn::{AuthenticationResponse, RelyingParty, authenticate};

use crate::{Assertable, Passkey, passkey_id};

/// The answer of a passkey to a ceremony.
pub struct Assertion {
    ceremony: String,
    response: AuthenticationResponse,
}

/// What an assertion is checked with.
#[derive(Clone, Copy)]
pub struct Checks<'a> {
    /// Who passkeys are for, if that is known.
    pub relying_party: Option<&'a RelyingParty>,
    /// The secrets that ceremonies are sealed with.
    pub secrets: &'a CachedSecrets,
    /// Where what spends it is written.
    pub table: &'a Table,
}

impl Assertion {
    /// Reads `ceremony`, and in `credential` the `AuthenticationResponseJSON` of a browser.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        let ceremony = fields.required("ceremony", |ceremony| Ok(ceremony.to_owned()));
        let response = fields.object("credential", |object| {
            AuthenticationResponse::parse(object).map_err(invalid_credential)
        });
        Some(Self {
            ceremony: ceremony?,
            response: response?,
        })
    }

    /// Which passkey it says it is of.
    #[must_use]
    pub fn passkey_id(&self) -> PasskeyId {
        passkey_id(self.response.credential_id())
    }

    /// Whose it says it is.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        let handle = self.response.user_handle()?;
        handle.try_into().ok().map(UserId::from_bytes)
    }

    /// The item that it is checked with.
    #[must_use]
    pub fn key(&self, user_id: &UserId) -> Key {
        Key::passkey(user_id, &self.passkey_id())
    }

    /// Checks it as what a sign-in begins with: its user is verified, and the ceremony is of no other sign-in.
    ///
    /// # Errors
    /// `challenge_expired`; `unknown_credential` when the account has no such passkey; `invalid_factor` for all else.
    pub async fn first(
        &self,
        checks: Checks<'_>,
        user: Option<&User>,
        passkey: Option<Passkey>,
        change: &Change,
    ) -> Result<Shown<First>, ApiError> {
        let (held, spending) = self.check(checks, user, passkey, None, change).await?;
        let by = First::Passkey(self.passkey_id(), held);
        Ok(Shown { by, spending })
    }

    /// Checks it as what stands beside what a sign-in has begun with, whose session to come is `session`.
    ///
    /// # Errors
    /// As [`first`](Self::first).
    pub async fn second(
        &self,
        checks: Checks<'_>,
        user: &User,
        passkey: Option<Passkey>,
        session: SessionId,
        change: &Change,
    ) -> Result<Shown<Second>, ApiError> {
        let checked = self.check(checks, Some(user), passkey, Some(session), change);
        let (held, spending) = checked.await?;
        let by = Second::Passkey(self.passkey_id(), held);
        Ok(Shown { by, spending })
    }

    async fn check(
        &self,
        checks: Checks<'_>,
        user: Option<&User>,
        passkey: Option<Passkey>,
        session: Option<SessionId>,
        change: &Change,
    ) -> Result<(Held, Vec<TransactWriteItem>), ApiError> {
        let Checks {
            relying_party,
            secrets,
            table,
        } = checks;
        let relying_party = relying_party.ok_or(ErrorCode::Unavailable)?;
        let request = Assertable::open(secrets, &self.ceremony, session, change.at).await?;
        // Where an account is known already, a passkey need not say whose it is.
        let says = self.user_id().or(session.and(user.map(|user| user.id)));
        let counts = |user: &&User| says == Some(user.id);
        let (Some(user), Some(passkey)) = (user.filter(counts), passkey) else {
            return Err(self.unknown(relying_party, says, user));
        };
        if !user.factors.contains(&Factor::Passkey(passkey.id)) {
            return Err(self.unknown(relying_party, says, Some(user)));
        }
        let challenge = request.challenge.bytes();
        let stored = passkey.stored(&user.id);
        let is_first = session.is_none();
        let checked = authenticate(relying_party, &self.response, &challenge, &stored, is_first);
        let checked =
            checked.map_err(|refused| ApiError::caused_by(ErrorCode::InvalidFactor, refused))?;

        let regressed = checked.sign_count_went_back;
        let used = Update::new(Key::passkey(&user.id, &passkey.id), change)
            .set("last_used_at", number(change.at.as_millis()))
            .set("sign_count", number(u64::from(checked.sign_count)))
            .set("backed_up", attribute(&checked.backed_up)?)
            .events(regressed.then_some(EventKind::PasskeyCounterRegressed));
        let mut spending = vec![used.in_transaction(table)?];
        // One for a sign-in that has begun is spent by the session of that.
        if is_first {
            spending.push(request.spending(table, &user.id, change)?);
        }
        Ok((passkey.held(), spending))
    }

    /// A passkey that the account has no more can be forgotten by whoever keeps it. One of an account that is not known here
    /// may be another stack's with the same domain, and is kept.
    fn unknown(
        &self,
        relying_party: &RelyingParty,
        says: Option<UserId>,
        user: Option<&User>,
    ) -> ApiError {
        if user.is_none_or(|user| says != Some(user.id)) {
            return ErrorCode::InvalidFactor.into();
        }
        ApiError::unknown_credential(relying_party.id(), self.response.credential_id())
    }
}

/// What is wrong with what a browser gave.
#[must_use]
pub fn invalid_credential(refused: webauthn::Refused) -> FieldError {
    let mut message = refused.to_string();
    message.push('.');
    FieldError::new("invalid_value", message)
}
