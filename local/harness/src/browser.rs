//! A browser without a script, at the pages: it keeps cookies, fills in forms, and follows where it is sent.

use std::collections::BTreeMap;

use local::event::HttpRequest;
use local::visit::visit;
use reqwest::Url;

use crate::{Answer, Bundle};

/// Where the pages are, for the functions under test.
const ORIGIN: &str = "http://127.0.0.1:9000";
/// More redirects than that are a loop.
const MOST_REDIRECTS: usize = 6;

/// A browser.
pub struct Browser<'a> {
    bundle: &'a Bundle,
    /// What it keeps, by name.
    pub cookies: BTreeMap<String, String>,
    /// The path of the page that it shows, with its query.
    pub at: String,
    /// That page.
    pub page: Option<Answer>,
    /// The address of every page that it has shown.
    pub history: Vec<String>,
    /// Headers of its own, such as its languages.
    pub headers: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    /// One that has been nowhere yet.
    #[must_use]
    pub const fn new(bundle: &'a Bundle) -> Self {
        Self {
            bundle,
            cookies: BTreeMap::new(),
            at: String::new(),
            page: None,
            history: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Opens a path, and goes on to where it is sent.
    ///
    /// # Panics
    /// When it is sent in a circle, or elsewhere.
    pub async fn open(&mut self, path: &str) -> &Answer {
        let mut path = path.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let answer = self.send(HttpRequest::new("GET", &path)).await;
            if answer.status != 303 {
                return self.show(path, answer);
            }
            path = sent_to(&answer);
        }
        panic!("{path}: sent in a circle");
    }

    /// Opens a path, and goes on to where it is sent: the URL of the application that it is led back to, or none where
    /// it shows a page of ours.
    ///
    /// # Panics
    /// When it is sent in a circle.
    pub async fn visit(&mut self, path: &str) -> Option<Url> {
        let request = HttpRequest::new("GET", path);
        let answer = self.send(request).await;
        self.led(path, answer).await
    }

    /// The same with the form of its page.
    ///
    /// # Panics
    /// When the page has no such form, or it is sent in a circle.
    pub async fn answer(&mut self, action: &str, fields: &[(&str, &str)]) -> Option<Url> {
        let answer = self.send(self.form(action, fields)).await;
        self.led(action, answer).await
    }

    async fn led(&mut self, path: &str, answer: Answer) -> Option<Url> {
        let (mut path, mut answer) = (path.to_owned(), answer);
        for _ in 0..MOST_REDIRECTS {
            if answer.status != 303 {
                self.show(path, answer);
                let (_, rest) = self.text().split_once("http-equiv=\"refresh\"")?;
                let (_, url) = attribute(rest, "content")?
                    .split_once("url=")
                    .map(|(a, b)| (a.to_owned(), b.to_owned()))?;
                return Some(Url::parse(&url).expect("a URL"));
            }
            let location = answer.header("location").to_owned();
            let here = location.strip_prefix(ORIGIN).unwrap_or(&location);
            if !here.starts_with('/') {
                return Some(Url::parse(&location).expect("a URL"));
            }
            here.clone_into(&mut path);
            answer = self.send(HttpRequest::new("GET", &path)).await;
        }
        panic!("{path}: sent in a circle");
    }

    /// Sends the form of the page that it shows to this path, with these fields and what stands in it, and goes on to
    /// where it is sent.
    ///
    /// # Panics
    /// When the page has no such form.
    pub async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> &Answer {
        let answer = self.send(self.form(action, fields)).await;
        self.follow(action, answer).await
    }

    /// Shows the answer to a form, or goes on to where it sends.
    pub async fn follow(&mut self, action: &str, answer: Answer) -> &Answer {
        if answer.status != 303 {
            return self.show(action.to_owned(), answer);
        }
        self.open(&sent_to(&answer)).await
    }

    fn show(&mut self, path: String, answer: Answer) -> &Answer {
        self.history.push(path.clone());
        self.at = path;
        self.page.insert(answer)
    }

    /// The request by which the form of its page to this path would be sent.
    ///
    /// # Panics
    /// When the page has no such form.
    #[must_use]
    pub fn form(&self, action: &str, fields: &[(&str, &str)]) -> HttpRequest {
        let page = &self.page.as_ref().expect("a page").text;
        let opening = format!("action=\"{action}\"");
        let forms = page.split("<form ").skip(1);
        let mut forms = forms.map(|form| form.split("</form>").next().unwrap_or_default());
        let form = forms.find(|form| {
            let head = form.split('>').next().unwrap_or_default();
            let has = |name: &str| form.contains(&format!("name=\"{name}\""));
            head.contains(&opening) && fields.iter().all(|(name, _)| has(name))
        });
        let form = form.unwrap_or_else(|| panic!("no form for {action} in {page}"));
        let inputs = form.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            let is_left_out = input.contains("type=\"checkbox\"") && !input.contains(" checked");
            let name = attribute(input, "name").filter(|_| !is_left_out)?;
            Some((name, attribute(input, "value").unwrap_or_default()))
        });
        let selects = form.split("<select").skip(1).filter_map(|select| {
            let options = select.split("<option").skip(1);
            let mut options = options.filter_map(|option| option.split('>').next());
            let chosen = options.find(|option| option.contains(" selected"))?;
            Some((attribute(select, "name")?, attribute(chosen, "value")?))
        });
        // Several boxes have one name.
        let mut sent: Vec<(String, String)> = inputs.chain(selects).collect();
        sent.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        for (name, value) in fields {
            sent.push(((*name).to_owned(), (*value).to_owned()));
        }
        Self::filled(action, &sent)
    }

    /// The token that the forms of its page carry.
    ///
    /// # Panics
    /// When it has no form.
    #[must_use]
    pub fn form_token(&self) -> String {
        let forms = self.text().split("<input").skip(1);
        let mut tokens = forms.filter(|input| input.contains("name=\"formToken\""));
        let token = tokens.next().and_then(|input| attribute(input, "value"));
        token.expect("a form")
    }

    /// A form to any path, with these fields and the token of its page.
    ///
    /// # Panics
    /// When its page has no form.
    #[must_use]
    pub fn any_form(&self, action: &str, fields: &[(&str, &str)]) -> HttpRequest {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let token = ("formToken".to_owned(), self.form_token());
        Self::filled(action, &fields.chain([token]).collect::<Vec<_>>())
    }

    /// A form with these fields, as browsers send it.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn filled(action: &str, fields: &[(String, String)]) -> HttpRequest {
        let mut url = Url::parse(ORIGIN).expect("a URL");
        url.query_pairs_mut().extend_pairs(fields);
        let body = url.query().unwrap_or_default().to_owned();
        HttpRequest::new("POST", action)
            .header("origin", ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .body("application/x-www-form-urlencoded", &body)
    }

    /// A request with its cookies and headers.
    #[must_use]
    pub fn dressed(&self, request: HttpRequest) -> HttpRequest {
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let cookies = self.cookies.iter();
        let cookies = cookies.map(|(name, value)| format!("{name}={value}"));
        let cookies: Vec<String> = cookies.collect();
        if cookies.is_empty() {
            return request;
        }
        request.header("cookie", &cookies.join("; "))
    }

    /// Sends a request with its cookies, and keeps those of the answer.
    ///
    /// # Panics
    /// When a cookie is not for this host alone, out of reach of scripts and of plain HTTP, or a page may be kept.
    pub async fn send(&mut self, request: HttpRequest) -> Answer {
        let answer = self.bundle.send(&self.dressed(request)).await;
        if answer.media_type() == "text/html" || answer.status == 303 {
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        for cookie in &answer.cookies {
            self.keep(cookie);
        }
        answer
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once("; ").expect("attributes");
        let (name, value) = pair.split_once('=').expect("a value");
        assert!(name.starts_with("__Host-latchkey-"), "{cookie}");
        let attributes: Vec<&str> = attributes.split("; ").collect();
        for attribute in ["Path=/", "Secure", "HttpOnly"] {
            assert!(attributes.contains(&attribute), "{cookie}");
        }
        let is = |name: &str| {
            let mut attributes = attributes.iter();
            attributes.any(|attribute| attribute.starts_with(name))
        };
        assert!(!is("Domain"), "{cookie}");
        if is("Max-Age=0") {
            self.cookies.remove(name);
            return;
        }
        assert!(is("SameSite="), "{cookie}");
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Where the page on the way to a provider leads.
    ///
    /// # Panics
    /// When it shows none.
    #[must_use]
    pub fn leads_to(&self) -> Url {
        let links = self.text().split("<a").skip(1);
        let mut links = links.filter(|link| link.contains("rel=\"noreferrer\""));
        let url = links.next().and_then(|link| attribute(link, "href"));
        let url = url.unwrap_or_else(|| panic!("no way out of {}", self.text()));
        Url::parse(&url).expect("a URL")
    }

    /// Follows it, signs in there as whoever has this address, and comes back: where it is sent then.
    ///
    /// # Panics
    /// When the provider does not send it back.
    pub async fn return_from_provider(&mut self, email: &str, is_verified: bool) -> Answer {
        let back = visit(&self.leads_to(), email, is_verified).await;
        self.send(back.expect("it is sent back")).await
    }

    /// The same, and goes on.
    pub async fn identify(&mut self, email: &str, is_verified: bool) {
        let answer = self.return_from_provider(email, is_verified).await;
        self.follow("/", answer).await;
    }

    /// The path of its page, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.at.split('?').next().unwrap_or_default()
    }

    /// What its page says.
    #[must_use]
    pub fn text(&self) -> &str {
        self.page.as_ref().map_or("", |page| &page.text)
    }

    /// Whether somebody is signed in.
    pub async fn is_signed_in(&mut self) -> bool {
        self.open("/account").await;
        self.path() == "/account"
    }

    /// Signs up, and is signed in.
    ///
    /// # Panics
    /// When it is not.
    pub async fn sign_up(&mut self, email: &str) {
        self.open("/sign-up").await;
        let fields = [("email", email), ("password", crate::PASSWORD)];
        self.submit("/sign-up", &fields).await;
        assert_eq!(self.path(), "/account", "{}", self.text());
    }

    /// Sends address and password.
    pub async fn sign_in(&mut self, email: &str) {
        self.open("/sign-in").await;
        let fields = [("email", email), ("password", crate::PASSWORD)];
        self.submit("/sign-in", &fields).await;
    }
}

/// The path that an answer sends to. Its own origin may stand before it.
fn sent_to(answer: &Answer) -> String {
    let location = answer.header("location");
    let path = location.strip_prefix(ORIGIN).unwrap_or(location);
    assert!(path.starts_with('/'), "sent to {location}");
    path.to_owned()
}

/// The value of an attribute, with what HTML escapes as it was.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let escapes = [("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<")];
    let plain = escapes
        .iter()
        .fold(value.to_owned(), |text, (escape, plain)| {
            text.replace(escape, plain)
        });
    Some(plain.replace("&gt;", ">").replace("&amp;", "&"))
}
