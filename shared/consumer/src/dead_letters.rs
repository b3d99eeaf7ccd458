//! Where events go that can never work.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use lambda_http::Error;
use latchkey::aws;
use latchkey::config::{self, ConfigError};

use crate::Failed;

/// Name of the attribute that names the function an event was for.
const FUNCTION: &str = "function";

/// The queue named by `DEAD_LETTERS_URL`. A message is an event as its function was invoked with it, so that the
/// function can be invoked with it again.
pub struct DeadLetters {
    client: Client,
    url: String,
    function: MessageAttributeValue,
}

impl DeadLetters {
    /// Reads `DEAD_LETTERS_URL`, and `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let function = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(config::required(config::AWS_LAMBDA_FUNCTION_NAME)?)
            .build()
            .map_err(|error| {
                ConfigError::invalid(config::AWS_LAMBDA_FUNCTION_NAME, error.to_string())
            })?;
        Ok(Self {
            client: Client::new(&aws::sdk_config().await?),
            url: config::required(config::DEAD_LETTERS_URL)?,
            function,
        })
    }

    /// Keeps what failed for good, and is done with it. What failed for now stays failed.
    ///
    /// # Errors
    /// Why it is to come again: because it may work later, or because it could not be kept.
    pub async fn settle(&self, event: &str, failed: Failed) -> Result<(), Error> {
        let cause = match failed {
            Failed::ForNow(cause) => return Err(cause),
            Failed::ForGood(cause) => cause,
        };
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(event)
            .message_attributes(FUNCTION, self.function.clone());
        // Boxed: the SDK's futures are deeply nested types of several KB.
        Box::pin(call.send())
            .await
            .map_err(|error| format!("{cause}; as a dead letter: {}", aws::causes(&error)))?;
        tracing::error!(%cause, "an event can never work and is a dead letter");
        Ok(())
    }
}
