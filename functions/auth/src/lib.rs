//! Accounts made and signed in to with an address and a password: the operations of the area.

mod change_password;
mod forgot_password;
mod login;
mod logout;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
mod verify_email;

pub use change_password::ChangePassword;
pub use forgot_password::ForgotPassword;
pub use login::Login;
pub use logout::Logout;
pub use refresh::Refresh;
pub use register::Register;
pub use resend_verification::ResendVerification;
pub use reset_password::ResetPassword;
pub use verify_email::VerifyEmail;
