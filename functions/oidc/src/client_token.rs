//! The two kinds of tokens that a client is given for a person, told apart by what they look like.

use latchkey::clock::Timestamp;
use latchkey::keys::{CachedSecrets, KeyError, TokenVerifier, VerifyError};

use crate::claims::{self, ClientSubject};
use crate::standing::Names;
use crate::{ClientId, ClientRefreshToken};

/// An authentic one.
pub enum ClientToken {
    /// An access token.
    Access(Box<ClientSubject>),
    /// A refresh token.
    Refresh(ClientRefreshToken),
}

impl ClientToken {
    /// The one in a text; none where it is no token of a client, or has expired. No I/O when warm.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn open(
        tokens: &TokenVerifier,
        secrets: &CachedSecrets,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, KeyError> {
        let opened = if ClientRefreshToken::is_like(text) {
            let token = ClientRefreshToken::open(secrets, text, now).await;
            token.map(Self::Refresh)
        } else {
            let issuer = tokens.issuer();
            let open = |keys: &[_]| claims::verify(keys, issuer, text, now);
            let subject = tokens.open(now, open).await;
            subject.map(|subject| Self::Access(Box::new(subject)))
        };
        match opened {
            Ok(token) => Ok(Some(token)),
            Err(VerifyError::Invalid) => Ok(None),
            Err(VerifyError::Keys(error)) => Err(error),
        }
    }

    /// Whose it is.
    pub fn names(&self) -> Names<'_> {
        match self {
            Self::Access(subject) => subject.names(),
            Self::Refresh(token) => token.names(),
        }
    }

    /// The client that it was given to.
    pub fn client_id(&self) -> &ClientId {
        self.names().client
    }
}
