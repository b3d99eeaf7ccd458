//! Whose account an identity opens. An identity is its issuer and its subject, and never its address: by an address it comes
//! to an account only where the provider says that it is verified and is trusted to know, and only where that is as much as
//! the account asks for.

use latchkey::config::{self, ConfigError};
use latchkey::http::{ApiError, ErrorCode};
use latchkey::identity::MAX_IDENTITIES;
use latchkey::keys::CachedSecrets;
use latchkey::locale::Locale;
use latchkey::store::{Change, Store, WriteRefused};
use latchkey::user::{Role, Status, User};

use crate::Identified;
use crate::code::IdentityLink;

/// What becomes of an identity that opens no account yet, given the account that its address has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// An account is made.
    New,
    /// It is linked to that account.
    Linked,
    /// The account becomes the owner's of the address, with nothing left in it of whoever made it.
    TakenOver,
    /// Whoever holds that account has to say so.
    LinkRequired,
    /// The account is suspended.
    Suspended,
}

/// How accounts are opened.
#[derive(Clone, Copy, Debug)]
pub struct Opener {
    registers_privately: bool,
    requires_verified_email: bool,
}

impl Opener {
    /// Reads `REGISTRATION` and `REQUIRE_VERIFIED_EMAIL`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registers_privately: config::registers_privately()?,
            requires_verified_email: config::requires_verified_email()?,
        })
    }

    /// The account that an identity opens, made or linked where that is right. 2 RT for one that is known and for a new one, 4 to
    /// link or take over; once more where it changes meanwhile. `locale` is what the browser asks for.
    ///
    /// # Errors
    /// `link_required`, `identity_refused`, `email_unverified`, `account_suspended`, `conflict` or `unavailable`.
    pub async fn open(
        self,
        store: &Store,
        secrets: &CachedSecrets,
        identified: &Identified,
        locale: Locale,
        change: &Change,
    ) -> Result<User, ApiError> {
        // Whoever comes second finds what the first has written.
        for _ in 0..3 {
            let opened = self.try_open(store, secrets, identified, locale, change);
            if let Some(user) = opened.await? {
                return Ok(user);
            }
        }
        Err(ErrorCode::Conflict.into())
    }

    /// The same once; nothing where the account has changed since it was read.
    async fn try_open(
        self,
        store: &Store,
        secrets: &CachedSecrets,
        identified: &Identified,
        locale: Locale,
        change: &Change,
    ) -> Result<Option<User>, ApiError> {
        let id = identified.id();
        let holder = async {
            match &identified.email {
                Some(email) => store.find_user_id(email).await,
                None => Ok(None),
            }
        };
        let (identity, holder) = tokio::join!(store.find_identity(&id), holder);
        if let Some(identity) = identity? {
            let user = store.get_user(&identity.user_id).await?;
            // What the account does not know of opens it no more.
            return Ok(user.filter(|user| user.identities.find(&id).is_some()));
        }
        let Some(email) = &identified.email else {
            let detail = "The provider tells no email address, which an account needs.";
            return Err(ApiError::with_detail(ErrorCode::IdentityRefused, detail));
        };
        // Where nobody learns which addresses have accounts, an address that may be another's tells nothing.
        if self.registers_privately && !identified.is_verified {
            return Err(ErrorCode::EmailUnverified.into());
        }
        let holder = match holder? {
            Some(id) => store.get_user(&id).await?,
            None => None,
        };
        // Made for this very identity between the two reads.
        if (holder.as_ref()).is_some_and(|holder| holder.identities.find(&id).is_some()) {
            return Ok(holder);
        }
        let opening = opening(identified, holder.as_ref(), change);
        // What nobody could sign in to is not made: it would hold the address.
        if opening == Opening::New && self.requires_verified_email && !identified.is_verified {
            return Err(ErrorCode::EmailUnverified.into());
        }
        let profile = identified.profile(locale);
        let (user, written) = match (opening, holder) {
            (Opening::Suspended, _) => return Err(ErrorCode::AccountSuspended.into()),
            (Opening::LinkRequired, Some(holder)) => {
                let link = IdentityLink {
                    identified: identified.clone(),
                    user_id: holder.id,
                };
                let token = link.seal(secrets, change.at).await?;
                return Err(ApiError::link_required(token));
            }
            (Opening::Linked, Some(holder)) => {
                let (change, identity) = stamped(identified, &holder, change);
                let written = store.link_identity(&holder, &identity, &change).await;
                (holder, written)
            }
            (Opening::TakenOver, Some(holder)) => {
                let (change, identity) = stamped(identified, &holder, change);
                let written = store.take_over(&holder, &identity, &profile, &change);
                let written = written.await;
                (holder, written)
            }
            _ => {
                let user = User {
                    email_verified: identified.is_verified,
                    passwordless: true,
                    ..User::register(email.clone(), profile, Role::User, change.at)
                };
                let (change, identity) = stamped(identified, &user, change);
                let user = User {
                    identities: [identity.linked()].into_iter().collect(),
                    ..user
                };
                let written = store.register_identity(&user, &identity, &change).await;
                return made(user, written);
            }
        };
        // As it is now: its versions rose.
        Ok(match made(user, written)? {
            Some(user) => store.get_user(&user.id).await?,
            None => None,
        })
    }
}

fn made(user: User, written: Result<(), WriteRefused>) -> Result<Option<User>, ApiError> {
    match written {
        Ok(()) => Ok(Some(user)),
        Err(WriteRefused::Changed) => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

/// As the owner of the account writes it.
fn stamped(
    identified: &Identified,
    user: &User,
    change: &Change,
) -> (Change, latchkey::store::Identity) {
    let change = Change {
        by: Some(user.id),
        ..change.clone()
    };
    let identity = identified.of(user.id, &change);
    (change, identity)
}

/// The one decision about addresses (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022).
fn opening(identified: &Identified, holder: Option<&User>, change: &Change) -> Opening {
    let Some(holder) = holder else {
        return Opening::New;
    };
    if !identified.is_verified || !identified.is_trusted {
        return Opening::LinkRequired;
    }
    if holder.status_at(change.at) == Status::Suspended {
        return Opening::Suspended;
    }
    if !holder.email_verified {
        return Opening::TakenOver;
    }
    // A way in is as good as the strongest that the account has, and the mailbox alone is not.
    if !holder.factors.is_empty() || holder.identities.len() >= MAX_IDENTITIES {
        return Opening::LinkRequired;
    }
    Opening::Linked
}
