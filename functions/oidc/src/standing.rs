//! What the tokens of a client stand on: read in one round trip by whatever accepts them.

use latchkey::clock::Timestamp;
use latchkey::session::{Session, SessionId};
use latchkey::store::{Store, StoreError};
use latchkey::user::{User, UserId};

use crate::{Client, ClientId, ClientStore, Consent, Grant, GrantId, Scope};

/// Whose a token is, and by which grant.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Whose account it opens.
    pub user: &'a UserId,
    /// The session that it hangs on.
    pub session: &'a SessionId,
    /// The client that it was given to.
    pub client: &'a ClientId,
    /// The grant.
    pub grant: &'a GrantId,
}

/// What was found.
pub struct Found {
    /// The client that asks.
    pub asking: Option<Client>,
    /// The client that the token was given to.
    pub client: Option<Client>,
    /// The rest, if account and session are there.
    pub standing: Option<Standing>,
}

/// What a token stands on besides its client.
pub struct Standing {
    /// The account.
    pub user: User,
    /// The session.
    pub session: Session,
    /// The grant, if its code was spent.
    pub grant: Option<Grant>,
    /// What the person lets the client have.
    pub consent: Option<Consent>,
}

impl Found {
    /// Reads all of it, and the client that asks. Strongly consistent, 1 RT, 1 RU for 4 KB of each item.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(
        store: &Store,
        names: Names<'_>,
        asking: &ClientId,
    ) -> Result<Self, StoreError> {
        let grant_key = Grant::key(names.user, names.grant);
        let consent_key = Consent::key(names.user, names.client);
        let mut keys = vec![
            ClientStore::key(names.client),
            grant_key.clone(),
            consent_key.clone(),
        ];
        if asking != names.client {
            keys.push(ClientStore::key(asking));
        }
        let read = store
            .read_for_authentication(names.user, names.session, keys)
            .await?;
        let mut beside = read.beside;
        let client = ClientStore::take(&mut beside, names.client)?;
        let asking = if asking == names.client {
            client.clone()
        } else {
            ClientStore::take(&mut beside, asking)?
        };
        let (grant, consent) = (beside.take(&grant_key)?, beside.take(&consent_key)?);
        let standing = match (read.caller, read.session) {
            (Some(user), Some(session)) => Some(Standing {
                user,
                session,
                grant,
                consent,
            }),
            _ => None,
        };
        Ok(Self {
            asking,
            client,
            standing,
        })
    }

    /// The grant of a token that counts at `now`, whose it is, and what the client may still do with it.
    #[must_use]
    pub fn live(&self, now: Timestamp) -> Option<(&Grant, &User, Vec<Scope>)> {
        let (client, standing) = (self.client.as_ref()?, self.standing.as_ref()?);
        let grant = standing.grant.as_ref()?;
        let scopes = standing.live_scopes(grant, client, now)?;
        Some((grant, &standing.user, scopes))
    }
}

impl Standing {
    /// What a client may do with a grant at `now`.
    #[must_use]
    pub fn live_scopes(
        &self,
        grant: &Grant,
        client: &Client,
        now: Timestamp,
    ) -> Option<Vec<Scope>> {
        let owner = (&self.user, &self.session);
        grant.live_scopes(client, self.consent.as_ref(), owner, now)
    }
}
