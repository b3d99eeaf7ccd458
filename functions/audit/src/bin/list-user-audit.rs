//! `GET /v1/users/{id}/audit`: what happened to an account, for its owner and admins.

use audit::log::{AuditLog, AuditPage};
use audit::wire::AuditQuery;
use lambda_http::Error;
use latchkey::http::{self, ApiResult, Caller, ErrorCode, PathUser, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::{Denied, Permission};
use latchkey::store::Store;
use latchkey::telemetry;
use latchkey::user::User;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking_any()
        .serve(|request| list_user_audit(&store, &tokens, request))
        .await
}

async fn list_user_audit(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let path = http::user_id(&request)?;
    let bearer = tokens.bearer(&request).await?;
    let id = bearer.resolve(path);
    let query = AuditQuery::read(&request, &format!("audit {id}"))?;

    let mut page = AuditPage::default();
    let read = async {
        page = AuditLog::new(store)
            .of_user(&id, &query.position, query.limit)
            .await?;
        Ok(())
    };
    let authorize = |(caller, user): (Caller, Option<User>)| match caller.user.authorize(
        Permission::ReadAudit,
        &id,
        user,
    ) {
        Ok(_) => Ok((caller.user, true)),
        Err(Denied::NotFound) => Ok((caller.user, false)),
        Err(denied) => Err(denied),
    };
    let own = id == bearer.resolve(PathUser::Me);
    let expected = own || bearer.expects_all(Permission::ReadAudit);
    let authenticate = bearer.authenticate_with(store, id);
    let (reader, exists) = http::authorize_beside(expected, authenticate, authorize, read).await?;
    // What happened to an account outlives it.
    if !exists && page.events.is_empty() {
        return Err(ErrorCode::UserNotFound.into());
    }
    query.reply(&page, &reader)
}
