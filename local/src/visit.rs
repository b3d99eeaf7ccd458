//! A browser at the provider that comes with `cargo local`: it fills in who it is, and is sent back.

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::Error;
use crate::event::HttpRequest;

/// Signs in as whoever has this address, where a browser was sent to this URL: the request with which it comes back,
/// without its cookie.
///
/// # Errors
/// When the provider does not send it back.
pub async fn visit(url: &Url, email: &str, is_verified: bool) -> Result<HttpRequest, Error> {
    let mut form = url.clone();
    let said = [
        ("email", email),
        ("name", "Ada Lovelace"),
        ("answer", "sign-in"),
    ];
    let verified = is_verified.then_some(("verified", "true"));
    form.query_pairs_mut()
        .extend_pairs(said)
        .extend_pairs(verified);
    let body = form.query().unwrap_or_default().to_owned();
    form.set_query(None);
    let client = Client::builder().redirect(Policy::none()).build()?;
    let sent = client
        .post(form)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send();
    let answer = sent.await?;
    let location = answer.headers().get("location");
    let location = location.and_then(|url| url.to_str().ok());
    let location = location.ok_or_else(|| format!("the provider answered {}", answer.status()))?;
    let back = Url::parse(location)?;
    let query = back.query().unwrap_or_default();
    Ok(HttpRequest::new("GET", &format!("{}?{query}", back.path())))
}
