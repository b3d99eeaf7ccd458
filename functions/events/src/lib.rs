//! What `publish-events` and `send-mail` are made of.

pub mod bounce;
pub mod bus;
pub mod letter_record;
pub mod mailer;
pub mod plan;
pub mod wording;
