//! How [`SignInPage`](crate::SignInPage) answers.

mod code;
mod factor;
mod passkey;
mod password;
mod provider;
mod set_up;
