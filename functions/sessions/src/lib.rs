//! The sessions of an account: the operations of the area.

mod list_sessions;
mod revoke_session;
mod revoke_sessions;

pub use list_sessions::ListSessions;
pub use revoke_session::RevokeSession;
pub use revoke_sessions::RevokeSessions;
