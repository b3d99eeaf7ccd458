//! `/oauth2/authorize` and `/consent`: sends a browser back to the application that it came from, with a code for
//! whoever has signed in (RFC 6749 §4.1, OpenID Connect Core 1.0 §3.1.2).
//!
//! Nothing is kept between its pages: the request comes back in the URL, as it was sent.

use lambda_http::Error;
use lambda_http::http::Method;
use latchkey::clock::Timestamp;
use latchkey::config;
use latchkey::email::Email;
use latchkey::http::{
    self, ApiResult, Caller, Endpoint, ErrorCode, Operation, Parameters, Reply, Request, StatusCode,
};
use latchkey::keys::VerifyError;
use oidc::authorization::{self, ASKED, Decision};
use oidc::request::{self, AuthorizationRequest, Refusal};
use oidc::{Client, ClientStore, Consent, Scope};
use views::{Failed, Failure, Return, paths};

use crate::confirm::ways;
use crate::flash::Flash;
use crate::site::{Shown, Site, Stop};
use crate::visit::{Visit, with_next};

/// The longest request, in bytes: it goes through a cookie.
const MAX_QUERY_BYTES: usize = 1536;

/// The pages.
pub struct AuthorizePage {
    site: Site,
    issuer: String,
}

const TOO_LONG: &str = "the request is too long";

/// A request, and who is concerned.
struct Asking {
    request: AuthorizationRequest,
    /// The request as it was sent.
    query: String,
    /// Since when it is asked, and that sealed, where a page came between.
    asked: Option<(Timestamp, String)>,
    client: Client,
    visitor: Option<Caller>,
    consent: Option<Consent>,
}

impl Operation for AuthorizePage {
    const ENDPOINT: Endpoint = http::taking_any().form();

    async fn from_env() -> Result<Self, Error> {
        Ok(Self {
            site: Site::from_env().await?,
            issuer: config::issuer()?,
        })
    }

    async fn answer(&self, request: Request) -> ApiResult {
        Box::pin(self.site.answer(&request, |visit| self.show(visit))).await
    }
}

impl AuthorizePage {
    async fn show(&self, visit: Visit<'_>) -> Shown {
        let visit = &visit;
        match visit.path() {
            paths::AUTHORIZE if visit.only_looks() => self.authorize(visit).await,
            // A form of another site brings no cookie; what it leads to does (OpenID Connect Core 1.0 §3.1.2.1).
            paths::AUTHORIZE if visit.request.method() == Method::POST => {
                let form = Parameters::read(visit.request);
                let query = form.query_of(&request::PARAMETERS);
                if query.len() > MAX_QUERY_BYTES {
                    return Err(unanswerable(visit, TOO_LONG));
                }
                Ok(http::see_other(&format!("{}?{query}", paths::AUTHORIZE)))
            }
            paths::CONSENT if visit.request.method() == Method::POST => self.agree(visit).await,
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    async fn authorize(&self, visit: &Visit<'_>) -> Shown {
        let parameters = Parameters::read(visit.request);
        let asking = self.read(visit, &parameters).await?;
        match asking.decide(visit.now) {
            Decision::Refuse(refusal) => self.refuse(visit, refusal, &asking),
            Decision::SignIn => self.sign_in(visit, &asking).await,
            Decision::Confirm => {
                let has_way = self.site.has_mfa
                    && (asking.visitor.as_ref()).is_some_and(|visitor| !ways(visitor).is_empty());
                if !has_way {
                    return self.sign_in(visit, &asking).await;
                }
                let back = self.back(visit, &asking).await?;
                Ok(http::see_other(&with_next(paths::CONFIRM, &back)))
            }
            Decision::Ask => ask(visit, &asking),
            Decision::Grant(scopes) => {
                let visitor = asking.visitor.as_ref().ok_or(ErrorCode::Internal)?;
                let consent = asking.consent.as_ref();
                self.grant(visit, &asking, (visitor, consent), scopes).await
            }
        }
    }

    /// What a visitor says who was asked.
    async fn agree(&self, visit: &Visit<'_>) -> Shown {
        let form = visit.form().await?;
        let parameters = Parameters::parse(form.get("request").unwrap_or_default());
        let asking = self.read(visit, &parameters).await?;
        let Some(visitor) = &asking.visitor else {
            return self.sign_in(visit, &asking).await;
        };
        let is_asked = matches!(asking.decide(visit.now), Decision::Ask | Decision::Grant(_));
        if !is_asked {
            return Ok(http::see_other(&self.back(visit, &asking).await?));
        }
        let denied = || {
            let refusal = asking
                .request
                .refused("access_denied", "the visitor has not agreed");
            self.refuse(visit, refusal, &asking)
        };
        if form.get("decision") != Some("allow") {
            return denied();
        }
        let asked = &asking.request.scopes;
        let is_given = |scope: &&Scope| {
            scope.as_str() == "openid" || form.all("scope").any(|it| it == scope.as_str())
        };
        let given: Vec<Scope> = asked.iter().filter(is_given).cloned().collect();
        if given.is_empty() {
            return denied();
        }
        let (id, before) = (visitor.user.id, asking.consent.as_ref());
        let consent = Consent::given(id, &asking.client, before, (asked, &given), visit.now);
        let change = http::change(visit.request, Some(id));
        let table = self.site.store.table();
        if !consent.put(table, before, &change).await? {
            // Somebody else was quicker: as it is now.
            return Ok(http::see_other(&self.back(visit, &asking).await?));
        }
        let scopes = consent.allowed(asked);
        self.grant(visit, &asking, (visitor, Some(&consent)), scopes)
            .await
    }

    /// Reads a request, its client, who is signed in, and what they have agreed to: 1 RT for whoever is.
    async fn read(&self, visit: &Visit<'_>, parameters: &Parameters) -> Result<Asking, Stop> {
        let store = &self.site.store;
        let query = parameters.query_of(&request::PARAMETERS);
        if query.len() > MAX_QUERY_BYTES {
            return Err(unanswerable(visit, TOO_LONG));
        }
        let id = AuthorizationRequest::client_id(parameters);
        let id = id.map_err(|detail| unanswerable(visit, detail))?;
        let (visitor, client, consent) = if let Some(bearer) = visit.bearer {
            let consent_key = Consent::key(&bearer.user_id(), &id);
            let keys = vec![ClientStore::key(&id), consent_key.clone()];
            let (visitor, mut beside) = visit.find(bearer, keys).await?;
            let client = ClientStore::take(&mut beside, &id)?;
            let consent: Option<Consent> = beside.take(&consent_key)?;
            (visitor, client, consent)
        } else {
            (None, ClientStore(store.table()).get(&id).await?, None)
        };
        let client = client.ok_or_else(|| unanswerable(visit, request::NO_CLIENT))?;
        let asked = match parameters.get(ASKED) {
            Some(sealed) => {
                let at = authorization::opened_asked(&self.site.secrets, &query, sealed, visit.now);
                at.await.map(|at| (at, sealed.to_owned()))
            }
            None => None,
        };
        let sent = Parameters::parse(&query);
        let by_form = asked.is_some() || !visit.only_looks();
        let told = |refusal| match self.told(visit, by_form, &client, refusal) {
            Ok(reply) => Stop::from(reply),
            Err(stop) => stop,
        };
        let mut request = AuthorizationRequest::read(&sent, &client).map_err(told)?;
        if let Some(hint) = sent.given("id_token_hint") {
            let issuer = &self.issuer;
            let open = |keys: &[_]| oidc::hinted(keys, issuer, &client.id, hint);
            request.expects = match self.site.tokens.open(visit.now, open).await {
                Ok(user) => Some(user),
                Err(VerifyError::Keys(error)) => return Err(error.into()),
                Err(VerifyError::Invalid) => {
                    let description = "id_token_hint is no ID token of this client";
                    return Err(told(request.refused("invalid_request", description)));
                }
            };
        }
        Ok(Asking {
            request,
            query,
            asked,
            client,
            visitor,
            consent,
        })
    }

    /// To the sign-in, whoever is signed in.
    async fn sign_in(&self, visit: &Visit<'_>, asking: &Asking) -> Shown {
        let back = self.back(visit, asking).await?;
        let mut path = with_next(paths::SIGN_IN, &back);
        if asking.visitor.is_some() {
            path.push_str("&another=1");
        }
        let reply = http::see_other(&path);
        let hint = asking.request.login_hint.as_deref().map(Email::parse);
        let secrets = &self.site.secrets;
        let waiting = Flash::waiting(secrets, visit.request, visit.now).await?;
        let waiting = waiting.filter(|flash| flash.path == paths::SIGN_IN);
        // What is said of a sign-in that was refused goes before.
        let (Some(Ok(email)), None) = (hint, waiting) else {
            return Ok(reply);
        };
        let mut flash = Flash::on(paths::SIGN_IN);
        flash
            .values
            .insert("email".to_owned(), email.as_str().to_owned());
        Ok(flash.keep(reply, secrets, visit.now).await?)
    }

    /// Where a visitor comes back to from a page between.
    async fn back(&self, visit: &Visit<'_>, asking: &Asking) -> Result<String, Stop> {
        let sealed = match &asking.asked {
            Some((_, sealed)) => sealed.clone(),
            None => authorization::seal_asked(&self.site.secrets, &asking.query, visit.now).await?,
        };
        let path = paths::AUTHORIZE;
        Ok(format!("{path}?{}&{ASKED}={sealed}", asking.query))
    }

    async fn grant(
        &self,
        visit: &Visit<'_>,
        asking: &Asking,
        (visitor, consent): (&Caller, Option<&Consent>),
        scopes: Vec<Scope>,
    ) -> Shown {
        let Asking {
            request, client, ..
        } = asking;
        let code = authorization::code(request, client, visitor, consent, scopes, visit.now);
        let code = code.seal(&self.site.secrets, visit.now).await?;
        let url = request.return_to.url(&[("code", &code)], &self.issuer);
        go(visit, asking.came_by_form(visit), client, url)
    }

    /// Tells the client that it gets no code.
    fn refuse(&self, visit: &Visit<'_>, refusal: Refusal, asking: &Asking) -> Shown {
        self.told(visit, asking.came_by_form(visit), &asking.client, refusal)
    }

    /// Tells a client what is wrong, or the visitor, where it is not known whom to tell.
    fn told(&self, visit: &Visit<'_>, by_form: bool, client: &Client, refusal: Refusal) -> Shown {
        match refusal {
            Refusal::Unanswerable(detail) => Err(unanswerable(visit, detail)),
            Refusal::Told {
                return_to,
                error,
                description,
            } => {
                let parameters = [("error", error), ("error_description", description)];
                let url = return_to.url(&parameters, &self.issuer);
                go(visit, by_form, client, url)
            }
        }
    }
}

/// The page for a visitor whose application cannot be told.
fn unanswerable(visit: &Visit<'_>, detail: &'static str) -> Stop {
    let page = Failed::new(Failure::Application(detail), None);
    let page = visit.page(StatusCode::BAD_REQUEST, page);
    page.map_or_else(Stop::Failed, Stop::from)
}

impl Asking {
    fn decide(&self, now: Timestamp) -> Decision {
        let asked = self.asked.as_ref().map(|(at, _)| *at);
        let (visitor, consent) = (self.visitor.as_ref(), self.consent.as_ref());
        authorization::decide(&self.request, &self.client, visitor, consent, asked, now)
    }

    /// Whether the visitor comes from a form of ours.
    fn came_by_form(&self, visit: &Visit<'_>) -> bool {
        self.asked.is_some() || !visit.only_looks()
    }
}

/// Asks the visitor what the client may have.
fn ask(visit: &Visit<'_>, asking: &Asking) -> Shown {
    let visitor = asking.visitor.as_ref().ok_or(ErrorCode::Internal)?;
    let mut request = asking.query.clone();
    if let Some((_, sealed)) = &asking.asked {
        request = format!("{request}&{ASKED}={sealed}");
    }
    let scopes = asking.request.scopes.iter().map(Scope::to_string).collect();
    let page = views::Consent::new(
        visit.flash.form(),
        asking.client.name.as_str().to_owned(),
        &asking.request.return_to.redirect_uri,
        scopes,
        request,
    );
    Ok(visit.own_page(visitor, page)?)
}

/// Back to the client. Browsers hold what a form leads to against `form-action`: from there a page leads on.
fn go(visit: &Visit<'_>, by_form: bool, client: &Client, url: String) -> Result<Reply, Stop> {
    if !by_form {
        return Ok(http::see_other(&url));
    }
    let page = Return::new(client.name.as_str().to_owned(), url).ok_or(ErrorCode::Internal)?;
    Ok(visit.page(StatusCode::OK, page)?)
}
