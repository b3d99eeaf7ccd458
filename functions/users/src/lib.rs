//! What the functions of the area are made of.

pub mod email_change;
pub mod first_admin;
pub mod list;
pub mod list_request;
pub mod preferences;
pub mod purge;
