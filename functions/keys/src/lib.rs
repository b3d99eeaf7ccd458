//! What `rotate-keys` is made of.

pub mod ring;
pub mod rotation;
