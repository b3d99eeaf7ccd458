//! `GET /v1/audit`: what happened to all accounts in a month, for admins.

use audit::log::{AuditLog, AuditPage};
use audit::wire::AuditQuery;
use lambda_http::Error;
use latchkey::clock::{self, Timestamp};
use latchkey::field::FieldError;
use latchkey::http::{self, ApiError, ApiResult, Fields, Request};
use latchkey::keys::TokenVerifier;
use latchkey::permission::Permission;
use latchkey::store::Store;
use latchkey::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let store = Store::from_env().await?;
    let tokens = TokenVerifier::from_env(&store).await?;
    http::taking_any()
        .serve(|request| list_audit(&store, &tokens, request))
        .await
}

async fn list_audit(store: &Store, tokens: &TokenVerifier, request: Request) -> ApiResult {
    let (month, query) = read_query(&request)?;
    let bearer = tokens.bearer(&request).await?;

    let mut page = AuditPage::default();
    let read = async {
        page = AuditLog::new(store)
            .of_month(&month, &query.position, query.limit)
            .await?;
        Ok(())
    };
    let authorize = |caller: http::Caller| {
        caller.user.authorize_all(Permission::ListAudit)?;
        Ok(caller.user)
    };
    let expected = bearer.expects_all(Permission::ListAudit);
    let authenticate = bearer.authenticate(store);
    let reader = http::authorize_beside(expected, authenticate, authorize, read).await?;
    query.reply(&page, &reader)
}

/// The month and the page of it.
fn read_query(request: &Request) -> Result<(String, AuditQuery), ApiError> {
    let mut fields = Fields::of_query(request);
    let month = fields.optional("month", parse_month);
    let current = clock::now().to_string()[..7].to_owned();
    let named = month.clone().flatten().unwrap_or(current);
    let query = AuditQuery::take(&mut fields, &format!("audit {named}"));
    fields.finish(|| month.and(Some((named, query?))))
}

/// A month such as `2026-11`, in UTC.
fn parse_month(input: &str) -> Result<String, FieldError> {
    let is_month = input.len() == 7 && Timestamp::parse(&format!("{input}-01T00:00:00Z")).is_ok();
    if is_month {
        Ok(input.to_owned())
    } else {
        let message = "This is no month such as 2026-11.";
        Err(FieldError::new("invalid_format", message))
    }
}
