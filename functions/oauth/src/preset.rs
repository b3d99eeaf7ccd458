//! What is known of the providers that many use: where they are, and how far their word about an address goes.

use latchkey::field::FieldError;
use serde::{Deserialize, Serialize};

use crate::provider::{EmailTrust, FieldMap};

macro_rules! presets {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $title:literal;)+) => {
        /// A provider that is known by name, or a protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Preset {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Preset {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What people call it.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }
        }
    };
}

presets! {
    /// Google accounts and Google Workspace.
    Google = "google", "Google";
    /// GitHub: OAuth 2 alone, with an API for addresses.
    Github = "github", "GitHub";
    /// Sign in with Apple: its client secret is a signed token, and it answers by a form.
    Apple = "apple", "Apple";
    /// Microsoft: accounts of people, and of organisations in Entra ID.
    Microsoft = "microsoft", "Microsoft";
    /// GitLab, at gitlab.com or elsewhere.
    Gitlab = "gitlab", "GitLab";
    /// Facebook: OAuth 2 alone; it does not say whether an address is verified.
    Facebook = "facebook", "Facebook";
    /// Discord: OAuth 2 alone.
    Discord = "discord", "Discord";
    /// `LinkedIn`: its tokens carry no nonce, so that it is asked by OAuth 2.
    Linkedin = "linkedin", "LinkedIn";
    /// Slack.
    Slack = "slack", "Slack";
    /// Twitch.
    Twitch = "twitch", "Twitch";
    /// Login with Amazon: OAuth 2 alone; it does not say whether an address is verified.
    Amazon = "amazon", "Amazon";
    /// Any provider of OpenID Connect, found by its issuer.
    Oidc = "oidc", "OpenID";
    /// Any provider of OAuth 2 that tells in JSON who has signed in.
    Oauth2 = "oauth2", "OAuth";
}

/// How a provider is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OpenID Connect: its issuer, where it is known, leads to the rest.
    OpenId(Option<&'static str>),
    /// OAuth 2: what names it, where it is asked, where it gives tokens, and where it tells whose they are.
    OAuth2(Option<[&'static str; 4]>),
}

/// `GitHub` tells which addresses are verified apart from who somebody is.
pub const GITHUB_EMAILS: &str = "https://api.github.com/user/emails";
/// The tenant of Microsoft accounts of people (Microsoft identity platform, "ID token claims reference").
pub const MICROSOFT_PEOPLE: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
/// Takes accounts of any tenant: each is an issuer of its own.
pub const MICROSOFT_COMMON: &str = "https://login.microsoftonline.com/common/v2.0";

impl Preset {
    /// Reads a preset by its name.
    ///
    /// # Errors
    /// `invalid_value`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let mut all = Self::ALL.iter().copied();
        all.find(|preset| preset.name() == input).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|preset| preset.name()).collect();
            FieldError::new(
                "invalid_value",
                format!("Choose among: {}.", names.join(", ")),
            )
        })
    }

    /// Whether it says in ID tokens who somebody is.
    #[must_use]
    pub const fn gives_id_tokens(self) -> bool {
        matches!(self.protocol(), Protocol::OpenId(_))
    }

    /// How it is asked.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Google => Protocol::OpenId(Some("https://accounts.google.com")),
            Self::Apple => Protocol::OpenId(Some("https://appleid.apple.com")),
            Self::Microsoft => Protocol::OpenId(Some(MICROSOFT_COMMON)),
            Self::Gitlab => Protocol::OpenId(Some("https://gitlab.com")),
            Self::Slack => Protocol::OpenId(Some("https://slack.com")),
            Self::Twitch => Protocol::OpenId(Some("https://id.twitch.tv/oauth2")),
            Self::Oidc => Protocol::OpenId(None),
            Self::Github => Protocol::OAuth2(Some([
                "https://github.com/login/oauth",
                "https://github.com/login/oauth/authorize",
                "https://github.com/login/oauth/access_token",
                "https://api.github.com/user",
            ])),
            Self::Facebook => Protocol::OAuth2(Some([
                "https://www.facebook.com",
                "https://www.facebook.com/v23.0/dialog/oauth",
                "https://graph.facebook.com/v23.0/oauth/access_token",
                "https://graph.facebook.com/v23.0/me?fields=id,email,first_name,last_name",
            ])),
            Self::Discord => Protocol::OAuth2(Some([
                "https://discord.com",
                "https://discord.com/oauth2/authorize",
                "https://discord.com/api/oauth2/token",
                "https://discord.com/api/users/@me",
            ])),
            Self::Linkedin => Protocol::OAuth2(Some([
                "https://www.linkedin.com/oauth",
                "https://www.linkedin.com/oauth/v2/authorization",
                "https://www.linkedin.com/oauth/v2/accessToken",
                "https://api.linkedin.com/v2/userinfo",
            ])),
            Self::Amazon => Protocol::OAuth2(Some([
                "https://www.amazon.com",
                "https://www.amazon.com/ap/oa",
                "https://api.amazon.com/auth/o2/token",
                "https://api.amazon.com/user/profile",
            ])),
            Self::Oauth2 => Protocol::OAuth2(None),
        }
    }

    /// What is asked for, where nothing else is set.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Github => "read:user user:email",
            Self::Apple => "name email",
            Self::Facebook => "email public_profile",
            Self::Discord => "identify email",
            Self::Twitch => "openid user:read:email",
            Self::Amazon => "profile",
            Self::Oauth2 => "",
            Self::Google
            | Self::Microsoft
            | Self::Gitlab
            | Self::Linkedin
            | Self::Slack
            | Self::Oidc => "openid email profile",
        }
    }

    /// What else the request says.
    #[must_use]
    pub const fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            // With a name or an address in the scope, Apple answers by a form or not at all.
            Self::Apple => &[("response_mode", "form_post")],
            Self::Twitch => &[(
                "claims",
                r#"{"id_token":{"email":null,"email_verified":null}}"#,
            )],
            _ => &[],
        }
    }

    /// Whether it takes a proof that the code is for whoever asked (RFC 7636). The flow of LinkedIn refuses one.
    #[must_use]
    pub const fn takes_pkce(self) -> bool {
        !matches!(self, Self::Linkedin)
    }

    /// Whether it answers by a form that its page sends, for which the cookie must travel from there.
    #[must_use]
    pub const fn answers_by_form(self) -> bool {
        matches!(self, Self::Apple)
    }

    /// The names of what it tells. `.` leads into an object.
    #[must_use]
    pub fn fields(self) -> FieldMap {
        let text = |name: &str| Some(name.to_owned());
        let standard = FieldMap {
            subject: "sub".to_owned(),
            email: text("email"),
            email_verified: text("email_verified"),
            first_name: text("given_name"),
            last_name: text("family_name"),
            locale: text("locale"),
        };
        match self {
            // The API of addresses tells these.
            Self::Github => FieldMap {
                email: text("email"),
                email_verified: text("email_verified"),
                ..FieldMap::subject("id")
            },
            Self::Facebook => FieldMap {
                email: text("email"),
                first_name: text("first_name"),
                last_name: text("last_name"),
                ..FieldMap::subject("id")
            },
            Self::Discord => FieldMap {
                email: text("email"),
                email_verified: text("verified"),
                locale: text("locale"),
                ..FieldMap::subject("id")
            },
            Self::Amazon => FieldMap {
                email: text("email"),
                ..FieldMap::subject("user_id")
            },
            Self::Linkedin => FieldMap {
                locale: text("locale.language"),
                ..standard
            },
            // Of an organisation's directory, whose administrators write any address in.
            Self::Microsoft => FieldMap {
                email_verified: text("xms_edov"),
                ..standard
            },
            _ => standard,
        }
    }

    /// The domains whose mailboxes it runs: who signs in there has the mailbox.
    #[must_use]
    pub const fn mailboxes(self) -> &'static [&'static str] {
        match self {
            Self::Google => &["gmail.com", "googlemail.com"],
            Self::Apple => &[
                "icloud.com",
                "me.com",
                "mac.com",
                "privaterelay.appleid.com",
            ],
            Self::Microsoft => &["outlook.com", "hotmail.com", "live.com", "msn.com"],
            _ => &[],
        }
    }

    /// How far its word about other addresses goes, where nothing else is set.
    #[must_use]
    pub const fn email_trust(self) -> EmailTrust {
        match self {
            // They do not say whether an address is verified.
            Self::Facebook | Self::Amazon => EmailTrust::None,
            _ => EmailTrust::NewAccounts,
        }
    }
}
