//! What runs Latchkey on a laptop and under test: the embedded `DynamoDB`, a Lambda runtime API, and
//! everything that `template.yaml` says about the bundle.

pub mod application;
pub mod authenticator;
pub mod documents;
pub mod engine;
pub mod event;
pub mod function;
pub mod functions;
pub mod new_endpoint;
pub mod passkey;
pub mod pattern;
pub mod pump;
pub mod queues;
pub mod replay;
pub mod seed;
pub mod services;
pub mod settings;
pub mod template;
pub mod triggers;
pub mod visit;
pub mod yaml;

use std::path::{Path, PathBuf};

/// Anything that stops a local command: one line for a person.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The root of the workspace this was built from.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default()
}
