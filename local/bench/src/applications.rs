//! An application in which the accounts of the bench have signed in.

use local::Error;
use local::application;
use local::event::HttpRequest;
use local::function::Function;
use serde_json::Value;

use crate::events::{Account, PASSWORD};
use crate::setup::{Setup, invoke};

/// Those that need one.
const FUNCTIONS: [&str; 7] = [
    "authorize-page",
    "introspect-token",
    "list-grants",
    "revoke-grant",
    "revoke-token",
    "token",
    "userinfo",
];

/// An event for each account; none for functions that need none.
pub async fn of(
    setup: &Setup,
    binary: &str,
    admin: &Account,
    accounts: &[Account],
) -> Result<Vec<Value>, Error> {
    if !FUNCTIONS.contains(&binary) {
        return Ok(Vec::new());
    }
    let admin_token = &admin.access_token;
    let registration = match binary {
        "list-grants" | "revoke-grant" => application::foreign_registration(admin_token),
        "introspect-token" => application::registration_for_service(admin_token),
        _ => application::registration(admin_token),
    };
    let put_client = setup.function("put-client").await?;
    invoke(&put_client, &registration).await?;
    let secret = if binary == "introspect-token" {
        let registration = application::service_registration(admin_token);
        let service = body(&invoke(&put_client, &registration).await?)?;
        text(&service["clientSecret"])
    } else {
        String::new()
    };
    let functions = Functions {
        sign_in: setup.function("sign-in-page").await?,
        authorize: setup.function("authorize-page").await?,
        token: setup.function("token").await?,
        secret,
    };
    let mut events = Vec::with_capacity(accounts.len());
    for (number, account) in accounts.iter().enumerate() {
        let email = format!("account{number}@example.com");
        let event = functions.event(setup.issuer(), binary, &email, account);
        events.push(event.await?);
    }
    Ok(events)
}

/// What a sign-in goes through.
struct Functions {
    sign_in: Function,
    authorize: Function,
    token: Function,
    /// Of the service that asks what tokens are for.
    secret: String,
}

impl Functions {
    async fn event(
        &self,
        origin: &str,
        binary: &str,
        email: &str,
        account: &Account,
    ) -> Result<Value, Error> {
        let sign_in = async |_: &'static str, event: Value| invoke(&self.sign_in, &event).await;
        let cookies = application::sign_in(sign_in, origin, [email, PASSWORD]).await?;
        let authorization = application::authorization(&cookies);
        if binary == "authorize-page" {
            return Ok(authorization);
        }
        let answer = invoke(&self.authorize, &authorization).await?;
        if ["list-grants", "revoke-grant"].contains(&binary) {
            let consenting = application::consenting(origin, &cookies, &answer)?;
            invoke(&self.authorize, &consenting).await?;
            return Ok(of_account(binary, account));
        }
        let code = application::code(&answer)?;
        let tokens = body(&invoke(&self.token, &application::spending(&code)).await?)?;
        let [access_token, refresh_token] =
            ["access_token", "refresh_token"].map(|name| text(&tokens[name]));
        Ok(match binary {
            "token" => application::refreshing(&refresh_token),
            "introspect-token" => application::introspecting(&access_token, &self.secret),
            "revoke-token" => application::revoking(&refresh_token),
            _ => {
                let path = "/oauth2/userinfo";
                let request = HttpRequest::new("GET", path).bearer(&access_token);
                request.event(path)
            }
        })
    }
}

/// What the owner of an account sends about its applications.
fn of_account(binary: &str, account: &Account) -> Value {
    let route = "/v1/users/{id}/grants";
    let path = "/v1/users/me/grants";
    if binary == "list-grants" {
        let request = HttpRequest::new("GET", path);
        return request.bearer(&account.access_token).event(route);
    }
    let path = format!("{path}/{}", application::CLIENT_ID);
    let request = HttpRequest::new("DELETE", &path).bearer(&account.access_token);
    request.event(&format!("{route}/{{clientId}}"))
}

fn body(answer: &Value) -> Result<Value, Error> {
    let body = answer["body"].as_str().unwrap_or_default();
    Ok(serde_json::from_str(body)?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
