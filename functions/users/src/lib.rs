//! Accounts: the operations of the area, and what else its functions are made of.

mod change_email;
mod confirm_email_change;
mod create_user;
mod delete_user;
mod email_change;
pub mod first_admin;
mod get_preferences;
mod get_user;
mod list;
mod list_request;
mod list_users;
mod preferences;
pub mod purge;
mod put_preferences;
mod set_user_role;
mod set_user_status;
mod update_user;

pub use change_email::ChangeEmail;
pub use confirm_email_change::ConfirmEmailChange;
pub use create_user::CreateUser;
pub use delete_user::DeleteUser;
pub use get_preferences::GetPreferences;
pub use get_user::GetUser;
pub use list_users::ListUsers;
pub use put_preferences::PutPreferences;
pub use set_user_role::SetUserRole;
pub use set_user_status::SetUserStatus;
pub use update_user::UpdateUser;
