//! The one way to start a session: proofs go in, and a session or a refusal comes out.
//!
//! Whatever way in somebody takes, what their account is decides here, and no other code makes a session: its
//! constructor and its write are private to this crate, and called here alone.

use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::keys::{KeyError, Mint, TokenIssuer, TokenPair};
use crate::proof::Proved;
use crate::session::{Client, Session, SessionLifetimes};
use crate::store::{Change, Store, StoreError};
use crate::user::{Status, User};

/// What an operator chooses about sign-ins.
#[derive(Clone, Copy, Debug)]
struct Settings {
    lifetimes: SessionLifetimes,
    requires_verified_email: bool,
    /// Then not even who proves to be somebody learns that an account is not verified: they may have made it to
    /// find out whether the address was free.
    registers_privately: bool,
}

/// Why no session was started for somebody who has proved enough.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// Its address is not verified, and has to be.
    #[error("the address is not verified")]
    Unverified,
    /// The same, where nobody is to learn it: it is as if there were no account.
    #[error("the address is not verified, which nobody is to learn")]
    Unseen,
    /// The table could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No tokens could be made.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Starts sessions.
pub struct SignIn {
    settings: Settings,
    store: Store,
    tokens: TokenIssuer,
}

/// Everything at hand that a session takes.
pub struct Ready<'a> {
    sign_in: &'a SignIn,
    mint: Mint<'a>,
}

impl SignIn {
    /// Reads `SESSION_IDLE_DAYS`, `SESSION_MAX_DAYS`, `REQUIRE_VERIFIED_EMAIL` and `REGISTRATION`, and what
    /// [`TokenIssuer::from_env`] reads.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        Ok(Self {
            settings: Settings {
                lifetimes: SessionLifetimes::from_env()?,
                requires_verified_email: config::requires_verified_email()?,
                registers_privately: config::registers_privately()?,
            },
            store: store.clone(),
            tokens: TokenIssuer::from_env(store).await?,
        })
    }

    /// Makes ready. Done before anything is written or hashed: where no tokens can be made, nothing is begun.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn ready(&self, now: Timestamp) -> Result<Ready<'_>, KeyError> {
        Ok(Ready {
            sign_in: self,
            mint: self.tokens.mint(now).await?,
        })
    }
}

/// An account that may sign in, and everything that its session takes.
pub struct Admitted<'a> {
    ready: &'a Ready<'a>,
    user: &'a User,
}

impl<'a> Ready<'a> {
    /// Looks at the account of somebody who has proved enough.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub fn admit(&'a self, user: &'a User, now: Timestamp) -> Result<Admitted<'a>, NotSignedIn> {
        let settings = self.sign_in.settings;
        if user.status_at(now) == Status::Suspended {
            return Err(NotSignedIn::Suspended);
        }
        if settings.registers_privately && !user.email_verified {
            return Err(NotSignedIn::Unseen);
        }
        if settings.requires_verified_email && !user.email_verified {
            return Err(NotSignedIn::Unverified);
        }
        Ok(Admitted { ready: self, user })
    }
}

impl Admitted<'_> {
    /// Starts a session that stands on what was proved. 1 RT, 1 WU.
    ///
    /// `credential_version` is that of the credential that was looked at, and not of the user: when the password
    /// changes between the two reads, the session is dead on arrival.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn start(
        self,
        credential_version: u64,
        proved: Proved,
        client: Client,
        change: &Change,
    ) -> Result<TokenPair, NotSignedIn> {
        let Ready { sign_in, mint } = self.ready;
        let lifetimes = sign_in.settings.lifetimes;
        let session = Session::start(
            self.user,
            credential_version,
            proved,
            client,
            lifetimes,
            change.at,
        );
        sign_in.store.put_session(&session, change).await?;
        Ok(mint.issue(self.user, &session)?)
    }
}
