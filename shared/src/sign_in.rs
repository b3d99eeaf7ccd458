//! The one way to start a session: proofs go in, and a session, a challenge for what is missing, or a refusal comes out.
//!
//! Whatever way in somebody takes, what their account is and what it asks for decides here, and no other code makes a
//! session: its constructor and its writes are private to this crate, and called here alone.

pub mod challenge;
mod second_factor;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::{self, ConfigError};
use crate::device::TrustedDevice;
use crate::keys::{CachedSecrets, KeyError, Mint, TokenIssuer, TokenPair};
use crate::proof::{Begun, Confirmed, First, Proved, Second};
use crate::session::{Client, Session, SessionId, SessionLifetimes};
use crate::store::{Change, SessionPut, Store, StoreError};
use crate::table::TransactWriteItem;
use crate::token::access::AccessToken;
use crate::user::{Status, User};

pub use second_factor::SecondFactor;

/// What an operator chooses about sign-ins.
#[derive(Clone, Copy, Debug)]
struct Settings {
    lifetimes: SessionLifetimes,
    second_factor: SecondFactor,
    requires_verified_email: bool,
    /// Then not even who proves to be somebody learns that an account is not verified: they may have made it to
    /// find out whether the address was free.
    registers_privately: bool,
}

/// What a sign-in or a step-up still needs.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// What has been proved so far, to be brought back with a factor; none where a session is to be proved anew.
    pub challenge: Option<String>,
    /// What can be shown now.
    pub factors: Vec<&'static str>,
    /// What can be set up now, where there is nothing that could be shown.
    pub enrollable: Vec<&'static str>,
}

impl Missing {
    /// What a session of this account is proved anew with.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            factors: user.factors.ways(),
            ..Self::default()
        }
    }
}

/// Why no session was started.
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
    /// One thing was proved, and another is needed.
    #[error("a second factor is needed")]
    FactorRequired(Box<Missing>),
    /// The second factor is wrong, or was used before.
    #[error("the factor is not valid")]
    InvalidFactor,
    /// The challenge is forged, expired or used, or the account has changed since.
    #[error("the challenge is over")]
    ChallengeOver,
    /// The session that was to be proved anew has ended.
    #[error("the session is over")]
    SessionOver,
    /// The table could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No tokens could be made.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// What was shown, and what spends it: it counts once that is written, together with what it is for.
pub struct Shown<By> {
    /// What was shown.
    pub by: By,
    /// The parts of a transaction, refused where it was used before; none for what can be shown again.
    pub spending: Vec<TransactWriteItem>,
}

/// What a session is proved with anew.
pub enum Fresh {
    /// What a sign-in can begin with.
    First(Shown<First>),
    /// A second factor.
    Second(Shown<Second>),
}

impl<By> Shown<By> {
    /// What can be shown again.
    #[must_use]
    pub const fn again(by: By) -> Self {
        let spending = Vec::new();
        Self { by, spending }
    }
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
    /// Reads `SESSION_IDLE_DAYS`, `SESSION_MAX_DAYS`, `SECOND_FACTOR`, `REQUIRE_VERIFIED_EMAIL` and `REGISTRATION`, and
    /// what [`TokenIssuer::from_env`] reads.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env(store: &Store) -> Result<Self, ConfigError> {
        Ok(Self {
            settings: Settings {
                lifetimes: SessionLifetimes::from_env()?,
                second_factor: SecondFactor::from_env()?,
                requires_verified_email: config::requires_verified_email()?,
                registers_privately: config::registers_privately()?,
            },
            store: store.clone(),
            tokens: TokenIssuer::from_env(store).await?,
        })
    }

    /// The secrets that challenges are sealed with.
    #[must_use]
    pub const fn secrets(&self) -> &CachedSecrets {
        self.tokens.secrets()
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
    /// Looks at the account of somebody who has proved to be its owner.
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

    /// Life of an access token.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.mint.lifetime()
    }

    /// Notes that the owner of a session has proved it anew, and makes an access token that says so. What
    /// stands on a second factor takes one. 1 RT, 2 WU, and what spending a factor costs.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn step_up(
        &self,
        user: &User,
        session: &Session,
        fresh: Fresh,
        change: &Change,
    ) -> Result<AccessToken, NotSignedIn> {
        let at = change.at;
        let (proved, spending) = match fresh {
            Fresh::First(Shown { by, spending }) => {
                let proved = Proved::first(by, at);
                let second = session.proved().second;
                let second = second.filter(|second| second.by.is_factor());
                (
                    second.map_or(proved, |second| proved.with(second)),
                    spending,
                )
            }
            Fresh::Second(Shown { by, spending }) => {
                let proved = session.proved().with(Confirmed { by, at });
                (proved, spending)
            }
        };
        require_strongest(user, &proved, at)?;
        let session = Session {
            proved: Some(proved),
            ..session.clone()
        };
        let store = &self.sign_in.store;
        match store.prove_session(&session, spending, change).await? {
            SessionPut::Done => Ok(self.mint.access(user, &session)?),
            SessionPut::SessionRefused => Err(NotSignedIn::SessionOver),
            SessionPut::SpendingRefused => Err(NotSignedIn::InvalidFactor),
        }
    }
}

/// Refuses what is less, shown at this time, than the strongest that the account has: a second factor where there is one.
///
/// # Errors
/// [`NotSignedIn::FactorRequired`].
pub fn require_strongest(user: &User, proved: &Proved, at: Timestamp) -> Result<(), NotSignedIn> {
    if proved.strongest(&user.factors) == Some(at) {
        return Ok(());
    }
    Err(NotSignedIn::FactorRequired(Box::new(Missing::of(user))))
}

impl Admitted<'_> {
    /// Starts a session that stands on what was proved, if that is enough; what a trusted device stands in for is. 1 RT,
    /// 1 WU; 2 WU and what spending it costs, where it counts once.
    ///
    /// `credential_version` is that of the credential that was looked at, and not of the user: when the password
    /// changes between the two reads, the session is dead on arrival.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn start(
        self,
        credential_version: u64,
        shown: Shown<First>,
        trusted: Option<Confirmed>,
        client: Client,
        change: &Change,
    ) -> Result<TokenPair, NotSignedIn> {
        let Shown { by, spending } = shown;
        let proved = Proved::first(by, change.at);
        let proved = trusted.map_or(proved, |trusted| proved.with(trusted));
        let begun = Begun::new(self.user, credential_version, proved);
        let spending = (!spending.is_empty()).then_some(spending);
        self.finish(begun, spending, client, change).await
    }

    /// The same with what counts once, by the id of the session that it starts: of many that bring the same one, one
    /// succeeds. 1 RT, 2 WU.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn start_once(
        self,
        session_id: SessionId,
        by: First,
        trusted: Option<Confirmed>,
        client: Client,
        change: &Change,
    ) -> Result<TokenPair, NotSignedIn> {
        let proved = Proved::first(by, change.at);
        let proved = trusted.map_or(proved, |trusted| proved.with(trusted));
        let begun = Begun {
            session_id,
            ..Begun::new(self.user, self.user.credential_version, proved)
        };
        self.finish(begun, Some(Vec::new()), client, change).await
    }

    /// Goes on with a sign-in that lacked a factor. The session that it starts has the id in its challenge: of many that
    /// bring the same one, one succeeds. From then on the device is trusted, if there is one. 1 RT, 2 WU, and what
    /// spending the factor costs; 2 more for a device.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn go_on(
        self,
        begun: Begun,
        shown: Option<Shown<Second>>,
        device: Option<&TrustedDevice>,
        client: Client,
        change: &Change,
    ) -> Result<TokenPair, NotSignedIn> {
        // A factor that was removed since it was shown counts for nothing, nor does an identity that was unlinked.
        let second = begun.proved.second;
        let is_removed = second.is_some_and(|second| !second.by.is_among(&self.user.factors));
        let is_unlinked = match begun.proved.first {
            First::External(id) => self.user.identities.find(&id).is_none(),
            First::Password | First::Mail | First::Passkey(..) => false,
        };
        if is_removed || is_unlinked || !begun.is_of(self.user) {
            return Err(NotSignedIn::ChallengeOver);
        }
        let (begun, mut spending) = match shown {
            Some(Shown { by, spending }) => {
                let at = change.at;
                (begun.with(Confirmed { by, at }), spending)
            }
            None => (begun, Vec::new()),
        };
        if let Some(device) = device {
            spending.push(
                self.ready
                    .sign_in
                    .store
                    .trusting(self.user, device, change)?,
            );
        }
        self.finish(begun, Some(spending), client, change).await
    }

    /// Starts the session of a sign-in that lacks nothing: as it is where it was begun just now, and once where it may
    /// have been brought back before.
    async fn finish(
        self,
        begun: Begun,
        spending: Option<Vec<TransactWriteItem>>,
        client: Client,
        change: &Change,
    ) -> Result<TokenPair, NotSignedIn> {
        let Ready { sign_in, mint } = self.ready;
        if let Some(missing) = self.missing(&begun)? {
            return Err(NotSignedIn::FactorRequired(Box::new(missing)));
        }
        let lifetimes = sign_in.settings.lifetimes;
        let session = Session::start(&begun, client, lifetimes, change.at);
        match spending {
            None => sign_in.store.put_session(&session, change).await?,
            Some(spending) => {
                let put = sign_in.store.put_session_once(&session, spending, change);
                match put.await? {
                    SessionPut::Done => {}
                    SessionPut::SessionRefused => return Err(NotSignedIn::ChallengeOver),
                    SessionPut::SpendingRefused => return Err(NotSignedIn::InvalidFactor),
                }
            }
        }
        Ok(mint.issue(self.user, &session)?)
    }

    /// What the account asks for beyond what was proved.
    fn missing(&self, begun: &Begun) -> Result<Option<Missing>, NotSignedIn> {
        let Ready { sign_in, mint } = self.ready;
        let factors = &self.user.factors;
        let must_have_one = sign_in.settings.second_factor.is_asked_of(self.user.role);
        if begun.proved.suffices() || (factors.is_empty() && !must_have_one) {
            return Ok(None);
        }
        let enrollable: &[&str] = if factors.is_empty() {
            &["totp", "passkey"]
        } else {
            &[]
        };
        Ok(Some(Missing {
            challenge: Some(challenge::seal(mint.secrets(), begun)?),
            factors: factors.ways(),
            enrollable: enrollable.to_vec(),
        }))
    }
}
