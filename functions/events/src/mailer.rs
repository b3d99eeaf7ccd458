//! Letters on their way to the mail provider, Amazon SES.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag,
};
use latchkey::aws;
use latchkey::config::{self, ConfigError};
use latchkey::email::Email;
use latchkey::letters::Rendered;
use latchkey::user::UserId;

/// A call that is given up may have been taken: it gets longer than calls to the table.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(13);

/// Tags of a message, by which a bounce is led back to its letter.
pub const USER_TAG: &str = "latchkey-user";
/// As [`USER_TAG`]: the id of the event.
pub const EVENT_TAG: &str = "latchkey-event";
/// As [`USER_TAG`]: the name of the letter.
pub const LETTER_TAG: &str = "latchkey-letter";
/// Header with the id of the letter: it stays when a letter is sent once more.
const ID_HEADER: &str = "X-Latchkey-Letter";

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It never will be: the address or the letter itself is refused.
    #[error("the mail provider refuses the letter: {0}")]
    Refused(String),
    /// Worth trying again.
    #[error("the mail provider did not take the letter: {0}")]
    Unavailable(String),
}

/// What a letter is about.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// Whose account.
    pub user_id: &'a UserId,
    /// The event that asked for it.
    pub event_id: &'a str,
    /// Name of the letter.
    pub letter: &'static str,
}

/// Sends letters from `MAIL_FROM`.
pub struct Mailer {
    client: Client,
    from: String,
    configuration_set: Option<String>,
}

impl Mailer {
    /// Reads `MAIL_FROM` and `MAIL_CONFIGURATION_SET`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let config = aws_sdk_sesv2::config::Builder::from(&aws::sdk_config().await?);
        Ok(Self {
            from: config::mail_from()?,
            configuration_set: config::optional(config::MAIL_CONFIGURATION_SET),
            client: Client::from_conf(config.timeout_config(timeouts).build()),
        })
    }

    /// Hands a letter to the provider.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(
        &self,
        to: &Email,
        letter: &Rendered,
        about: Reference<'_>,
    ) -> Result<(), MailError> {
        let message = message(letter, about).map_err(MailError::Refused)?;
        let call = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(EmailContent::builder().simple(message).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(Some(tags(about).map_err(MailError::Refused)?));
        match Box::pin(call.send()).await {
            Ok(_) => Ok(()),
            Err(error) if is_final(&error) => Err(MailError::Refused(reason(&error))),
            Err(error) => Err(MailError::Unavailable(reason(&error))),
        }
    }
}

/// Whether the letter itself is what the provider does not want. An identity that is not verified, which SES calls a
/// rejected message too, the operator can mend: those letters wait among the dead ones.
fn is_final(error: &SdkError<SendEmailError>) -> bool {
    let refused = matches!(
        error.as_service_error(),
        Some(SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_))
    );
    let message = error.message().unwrap_or_default();
    refused && !message.contains("not verified")
}

/// The kind of failure, and not the provider's words: they name the people that are written to.
fn reason(error: &SdkError<SendEmailError>) -> String {
    error
        .code()
        .map_or_else(|| aws::causes(error), str::to_owned)
}

fn message(letter: &Rendered, about: Reference<'_>) -> Result<Message, String> {
    let content = |text: &str| {
        let content = Content::builder().data(text).charset("UTF-8").build();
        content.map_err(|error| error.to_string())
    };
    let id = MessageHeader::builder()
        .name(ID_HEADER)
        .value(format!("{}-{}", about.event_id, about.letter))
        .build()
        .map_err(|error| error.to_string())?;
    let body = Body::builder()
        .text(content(&letter.text)?)
        .html(content(&letter.html)?)
        .build();
    Ok(Message::builder()
        .subject(content(&letter.subject)?)
        .body(body)
        .headers(id)
        .build())
}

fn tags(about: Reference<'_>) -> Result<Vec<MessageTag>, String> {
    let user = about.user_id.to_string();
    [
        (USER_TAG, user.as_str()),
        (EVENT_TAG, about.event_id),
        (LETTER_TAG, about.letter),
    ]
    .into_iter()
    .map(|(name, value)| {
        let tag = MessageTag::builder().name(name).value(value).build();
        tag.map_err(|error| error.to_string())
    })
    .collect()
}
