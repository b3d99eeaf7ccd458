//! Who is signed in, as the table knows them.

use latchkey::http::{self, ApiError, Bearer, Caller, ErrorCode};
use latchkey::session::KEPT_EVERY;
use latchkey::store::Beside;
use latchkey::table::Key;
use views::{Notice, paths};

use crate::browser;
use crate::flash::Flash;
use crate::site::Stop;
use crate::visit::{Visit, with_next};

impl Visit<'_> {
    /// Who is signed in, as the table knows them now. 1 RT, 2 RU, and 1 WU once an hour.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn caller(&self) -> Result<Option<Caller>, ApiError> {
        let Some(bearer) = self.bearer else {
            return Ok(None);
        };
        let (caller, _) = self.find(bearer, Vec::new()).await?;
        Ok(caller)
    }

    /// The same, and the items with these keys in the same round trip.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn find(
        &self,
        bearer: Bearer,
        keys: Vec<Key>,
    ) -> Result<(Option<Caller>, Beside), ApiError> {
        let (caller, beside) = bearer.find_beside(&self.site.store, keys).await?;
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) if error.code() == ErrorCode::InvalidToken => return Ok((None, beside)),
            Err(error) => return Err(error),
        };
        let session = &caller.session;
        if self.now.since(session.rotated_at) >= KEPT_EVERY {
            let change = http::change(self.request, Some(caller.user.id));
            let (store, idle) = (&self.site.store, self.site.lifetimes.idle);
            store.keep_session(session, idle, &change).await?;
        }
        Ok((Some(caller), beside))
    }

    /// Who is signed in. Whoever is not has to sign in first, and comes back then.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn signed_in(&self) -> Result<(Caller, Bearer), Stop> {
        match (self.caller().await?, self.bearer) {
            (Some(caller), Some(bearer)) => Ok((caller, bearer)),
            _ => Err(self.sign_in_first().await),
        }
    }

    /// To the sign-in, and back here, or to the account where a form was sent.
    pub async fn sign_in_first(&self) -> Stop {
        let back = if self.only_looks() {
            self.path()
        } else {
            paths::ACCOUNT
        };
        let reply = http::see_other(&with_next(paths::SIGN_IN, back));
        if self.bearer.is_none() {
            return reply.into();
        }
        let reply = reply.cookie(&browser::SESSION.over());
        let flash = Flash::on(paths::SIGN_IN).done(Notice::SessionOver);
        match flash.keep(reply, &self.site.secrets, self.now).await {
            Ok(reply) => reply.into(),
            Err(error) => Stop::Failed(error),
        }
    }
}
