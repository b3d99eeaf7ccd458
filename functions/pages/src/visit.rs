//! One request of a browser.

use std::time::Duration;

use latchkey::clock::Timestamp;
use latchkey::http::{
    self, ApiError, ApiResult, Bearer, Caller, ErrorCode, Parameters, Reply, Request, StatusCode,
};
use latchkey::locale::Locale;
use latchkey::session::RevocationReason;
use latchkey::token::access::Subject;
use serde_json::{Map, Value, json};
use views::{Frame, LocalPath, Notice, View, paths};

use crate::flash::Flash;
use crate::form::Browser;
use crate::pending::{Pending, Step};
use crate::site::{Shown, Site, Stop};
use crate::{browser, cookie};

/// The language that was chosen on a page.
const LANGUAGE: &str = "__Host-latchkey-language";
/// What is kept until it is chosen anew, or until the table knows it no more.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// One request of a browser, and what is known of it without the table.
pub struct Visit<'a> {
    /// What all pages share.
    pub site: &'a Site,
    /// The request.
    pub request: &'a Request,
    /// When it is looked at.
    pub now: Timestamp,
    /// Who the browser says is signed in.
    pub bearer: Option<Bearer>,
    /// What the form before has come to.
    pub flash: Flash,
    browser: Option<Browser>,
    form_token: String,
}

impl<'a> Visit<'a> {
    /// Reads the cookies of a request.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn begin(
        site: &'a Site,
        request: &'a Request,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let secrets = &site.secrets;
        let bearer = browser::bearer(secrets, request, now).await?;
        let browser = Browser::of(request, bearer.map(|bearer| bearer.user_id()))?;
        let form_token = browser.token(secrets, now).await?;
        Ok(Self {
            site,
            request,
            now,
            bearer,
            flash: Flash::read(secrets, request, now).await?,
            browser: Some(browser),
            form_token,
        })
    }

    /// One of which nothing is known, for a page that only says what went wrong.
    pub(crate) fn bare(site: &'a Site, request: &'a Request) -> Self {
        Self {
            site,
            request,
            now: latchkey::clock::now(),
            bearer: None,
            flash: Flash::default(),
            browser: None,
            form_token: String::new(),
        }
    }

    /// The path that was asked for.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.uri().path()
    }

    /// Whether it is asked for, and nothing is sent.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        self.request.method().is_safe()
    }

    /// Where to go in the end: a path of ours, or none.
    #[must_use]
    pub fn next(&self) -> Option<LocalPath> {
        self.parameter("next").as_deref().and_then(LocalPath::parse)
    }

    /// A parameter of the query, or a field of the form.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        Parameters::read(self.request).get(name).map(str::to_owned)
    }

    /// The form that was sent, if it is of a page of ours in this browser.
    ///
    /// # Errors
    /// `forbidden` or `unavailable`.
    pub async fn form(&self) -> Result<Parameters, ApiError> {
        let form = Parameters::read(self.request);
        let browser = self.browser.as_ref().ok_or(ErrorCode::Forbidden)?;
        let Site {
            secrets, origin, ..
        } = self.site;
        let to_nobody = self.path().starts_with(paths::SIGN_IN) || self.path() == paths::SIGN_UP;
        let checked = browser.check(secrets, self.request, &form, origin, to_nobody);
        checked.await?;
        Ok(form)
    }

    /// What is chosen on a page, or the language of the browser.
    #[must_use]
    pub fn locale(&self) -> Locale {
        let chosen = self.chosen_locale();
        let kept = || kept_locale(self.request);
        let browser = || http::accepted_locale(self.request);
        chosen.or_else(kept).or_else(browser).unwrap_or_default()
    }

    fn chosen_locale(&self) -> Option<Locale> {
        self.only_looks()
            .then(|| Locale::parse(&self.parameter("lang")?))
            .flatten()
    }

    /// Answers with a page.
    ///
    /// # Errors
    /// `internal` when its template is wrong.
    pub fn page(&self, status: StatusCode, view: impl Into<View>) -> ApiResult {
        self.page_of(status, None, view)
    }

    /// Answers whoever is signed in with a page.
    ///
    /// # Errors
    /// `internal` when its template is wrong.
    pub fn own_page(&self, caller: &Caller, view: impl Into<View>) -> ApiResult {
        let email = caller.user.email.as_str().to_owned();
        self.page_of(StatusCode::OK, Some(email), view)
    }

    fn page_of(
        &self,
        status: StatusCode,
        signed_in: Option<String>,
        view: impl Into<View>,
    ) -> ApiResult {
        // The same in another language; where a form goes there may be no page.
        let path = match self.next() {
            _ if !self.only_looks() => paths::SIGN_IN.to_owned(),
            // What an application asks for is in the address of the page that asks the visitor.
            _ if self.path() == paths::AUTHORIZE && signed_in.is_some() => {
                let parameters = Parameters::read(self.request);
                let query = parameters.query_of(&oidc::request::PARAMETERS);
                let asked = parameters.query_of(&[oidc::authorization::ASKED]);
                format!("{}?{query}&{asked}", self.path())
            }
            Some(next) => with_next(self.path(), next.as_str()),
            None => self.path().to_owned(),
        };
        let path = LocalPath::parse(&path).or_else(|| LocalPath::parse(paths::SIGN_IN));
        let path = path.ok_or(ErrorCode::Internal)?;
        let mut frame = Frame::new(self.locale(), &self.site.theme, &*self.form_token, path);
        frame.signed_in = signed_in;
        frame.notice = self.flash.notice.as_deref().and_then(Notice::parse);
        let page = view.into().render(&frame);
        let page = page.map_err(|error| ApiError::caused_by(ErrorCode::Internal, error))?;
        let mut reply = http::html(status, page, &self.site.policy());
        if let Some(cookie) = self.browser.as_ref().and_then(Browser::cookie) {
            reply = reply.cookie(&cookie);
        }
        if let Some(locale) = self.chosen_locale() {
            let cookie = cookie::plain(LANGUAGE, locale.code(), YEAR);
            reply = reply.cookie(&cookie);
        }
        if self.flash.path.is_empty() {
            return Ok(reply);
        }
        Ok(Flash::said(reply))
    }

    /// Goes to a page that says what was done.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn say(&self, path: &str, notice: Notice) -> Shown {
        self.show(Flash::on(path).done(notice)).await
    }

    /// Goes to the page of a flash.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn show(&self, flash: Flash) -> Shown {
        Ok(flash.show(&self.site.secrets, self.now).await?)
    }

    /// What this browser is in the middle of, and where to go then.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn pending(&self) -> Result<Option<(Step, Option<LocalPath>)>, ApiError> {
        let pending = Pending::read(&self.site.secrets, self.request, self.now).await?;
        Ok(pending.map(|pending| (pending.step.clone(), pending.next())))
    }

    /// The answer after which this browser is in the middle of that.
    ///
    /// # Errors
    /// `unavailable` or `internal`.
    pub async fn keep(&self, pending: &Pending, reply: Reply) -> ApiResult {
        pending.keep(reply, &self.site.secrets, self.now).await
    }

    /// What an operation has answered; where it has refused, [`refused`](Self::refused).
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn done(
        &self,
        answered: Result<Value, ApiError>,
        flash: Flash,
    ) -> Result<Value, Stop> {
        match answered {
            Ok(value) => Ok(value),
            Err(error) => Err(self.refused(error, flash).await),
        }
    }

    /// To the page of `flash`, which says why an operation has refused; first to a proof of who it is, where that is
    /// all it takes, or to the sign-in, where the session is over.
    pub async fn refused(&self, error: ApiError, flash: Flash) -> Stop {
        let (secrets, now) = (&self.site.secrets, self.now);
        let reply = match error.code() {
            ErrorCode::Internal | ErrorCode::Unavailable => return error.into(),
            ErrorCode::InvalidToken | ErrorCode::MissingToken => return self.sign_in_first().await,
            ErrorCode::ReauthenticationRequired => {
                let reply = http::see_other(&with_next(paths::CONFIRM, &flash.path));
                flash.keep(reply, secrets, now).await
            }
            _ => {
                let next = self.next().filter(|_| flash.path == self.path());
                let flash = Flash {
                    next: next.map(|next| next.as_str().to_owned()),
                    ..flash.refused(&error)
                };
                flash.show(secrets, now).await
            }
        };
        reply.map_or_else(Stop::Failed, Stop::from)
    }

    /// Goes on with a sign-in of which an operation has answered this: into the account, or to what is lacking.
    ///
    /// # Errors
    /// What refuses the sign-in.
    pub async fn go_on(
        &self,
        answered: Result<Value, ApiError>,
        next: Option<&LocalPath>,
    ) -> Result<Reply, ApiError> {
        let error = match answered {
            Ok(tokens) => return self.sign_in(&tokens, next).await,
            Err(error) => error,
        };
        let Some((missing, challenge)) = error
            .missing()
            .and_then(|missing| Some((missing, missing.challenge.clone()?)))
        else {
            return Err(error);
        };
        let owned = |names: &[&'static str]| names.iter().map(|name| (*name).to_owned()).collect();
        let step = Step::Factor {
            challenge,
            factors: owned(&missing.factors),
            enrollable: owned(&missing.enrollable),
        };
        let path = if missing.factors.is_empty() {
            paths::SET_UP
        } else {
            paths::FACTOR
        };
        let pending = Pending::new(step, next);
        self.keep(&pending, http::see_other(path)).await
    }

    /// Signs the browser in with the tokens of an answer, of which it sees none. The session that it had is over.
    async fn sign_in(&self, tokens: &Value, next: Option<&LocalPath>) -> Result<Reply, ApiError> {
        let token = tokens["accessToken"].as_str().unwrap_or_default();
        let site = self.site;
        let subject: Subject = site.tokens.verify(token, self.now).await?;
        let session = browser::SESSION.read(&site.secrets, self.request, self.now);
        let before: Option<Subject> = session.await?;
        if let Some(before) = before.filter(|before| before.session_id != subject.session_id) {
            let change = http::change(self.request, Some(before.user_id));
            let (user, session) = (&before.user_id, &before.session_id);
            let reason = RevocationReason::Logout;
            site.store
                .revoke_session(user, session, reason, &change)
                .await?;
        }
        let session = browser::begun(&site.secrets, subject, site.lifetimes, self.now).await?;
        let path = next.map_or(paths::ACCOUNT, LocalPath::as_str);
        let mut reply = Pending::over(http::see_other(path).cookie(&session));
        if let Some(token) = tokens["deviceToken"].as_str() {
            // How long it counts, the table knows.
            let cookie = browser::trusted(token, YEAR);
            reply = reply.cookie(&cookie);
        }
        Ok(reply)
    }
}

/// The language that was chosen on a page before.
#[must_use]
pub fn kept_locale(request: &Request) -> Option<Locale> {
    Locale::parse(http::cookie(request, LANGUAGE)?)
}

/// A path, and where to go then.
#[must_use]
pub fn with_next(path: &str, next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// The fields of a form that an operation takes, without those that were left empty.
#[must_use]
pub fn body(form: &Parameters, names: &[&str]) -> Value {
    let fields = names.iter().filter_map(|name| {
        let value = form.get(name).filter(|value| !value.is_empty())?;
        Some(((*name).to_owned(), json!(value)))
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

/// What a browser has made with a passkey, as the contract has it.
#[must_use]
pub fn ceremony(form: &Parameters) -> Option<Value> {
    let ceremony = form.get("ceremony").filter(|text| !text.is_empty())?;
    let credential: Value = serde_json::from_str(form.get("credential")?).ok()?;
    Some(json!({ "ceremony": ceremony, "credential": credential }))
}
