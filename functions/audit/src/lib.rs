//! What the functions of the audit are made of.

pub mod log;
pub mod wire;
