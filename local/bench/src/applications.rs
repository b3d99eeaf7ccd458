//! An application in which the accounts of the bench have signed in.

use local::Error;
use local::application;
use local::event::HttpRequest;
use local::function::Function;
use serde_json::Value;

use crate::events::{Account, PASSWORD};
use crate::setup::{Setup, invoke};

/// An event for each account; none for functions that need none.
pub async fn of(
    setup: &Setup,
    binary: &str,
    admin: &Account,
    accounts: &[Account],
) -> Result<Vec<Value>, Error> {
    if !["authorize-page", "token", "userinfo"].contains(&binary) {
        return Ok(Vec::new());
    }
    let registration = application::registration(&admin.access_token);
    invoke(&setup.function("put-client").await?, &registration).await?;
    let functions = Functions {
        sign_in: setup.function("sign-in-page").await?,
        authorize: setup.function("authorize-page").await?,
        token: setup.function("token").await?,
    };
    let mut events = Vec::with_capacity(accounts.len());
    for number in 0..accounts.len() {
        let email = format!("account{number}@example.com");
        events.push(functions.event(setup.issuer(), binary, &email).await?);
    }
    Ok(events)
}

/// What a sign-in goes through.
struct Functions {
    sign_in: Function,
    authorize: Function,
    token: Function,
}

impl Functions {
    async fn event(&self, origin: &str, binary: &str, email: &str) -> Result<Value, Error> {
        let sign_in = async |_: &'static str, event: Value| invoke(&self.sign_in, &event).await;
        let cookies = application::sign_in(sign_in, origin, [email, PASSWORD]).await?;
        let authorization = application::authorization(&cookies);
        if binary == "authorize-page" {
            return Ok(authorization);
        }
        let code = application::code(&invoke(&self.authorize, &authorization).await?)?;
        let answer = invoke(&self.token, &application::spending(&code)).await?;
        let tokens: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        let text = |name: &str| tokens[name].as_str().unwrap_or_default();
        if binary == "token" {
            return Ok(application::refreshing(text("refresh_token")));
        }
        let path = "/oauth2/userinfo";
        let request = HttpRequest::new("GET", path).bearer(text("access_token"));
        Ok(request.event(path))
    }
}
