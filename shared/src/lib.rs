//! What every Latchkey function shares.
//!
//! Layers, in one direction: the domain ([`email`], [`name`], [`profile`], [`user`], [`permission`], [`proof`], [`session`],
//! [`limit`], [`event`]) knows nothing else; credentials and tokens ([`password`], [`secret`], [`token`]) stand on it.
//! [`table`] is the mechanism that keeps items of any entity, and [`store`] the entities of more than one area;
//! neither names a status code. [`keys`] has the key ring as a running function uses it, and [`sign_in`] starts sessions. [`http`] is the edge and
//! names no table attribute; [`direct`] is the edge of functions without a route, the crate `consumer` of those that
//! take events.

pub use letters;
pub use uuid;

pub mod aws;
pub mod clock;
pub mod config;
pub mod device;
pub mod direct;
pub mod email;
pub mod event;
pub mod factor;
pub mod field;
#[cfg(test)]
mod fuzz;
pub mod http;
pub mod identity;
pub mod json;
pub mod keys;
pub mod limit;
pub mod locale;
pub mod name;
pub mod password;
pub mod permission;
pub mod pkce;
pub mod profile;
pub mod proof;
pub mod secret;
pub mod session;
pub mod sign_in;
pub mod store;
pub mod table;
pub mod telemetry;
mod text;
pub mod token;
pub mod user;
