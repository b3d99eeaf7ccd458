//! The problem document, as it is written (RFC 9457 §3, with members of our own).

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: &'static str,
    pub(super) status: u16,
    pub(super) detail: &'static str,
    pub(super) code: &'static str,
    pub(super) request_id: String,
    pub(super) timestamp: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<FieldProblem<'a>>,
    #[serde(flatten)]
    pub(super) missing: Option<MissingProblem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unknown_credential: Option<&'a UnknownCredential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link_token: Option<&'a str>,
}

/// What `PublicKeyCredential.signalUnknownCredential()` takes (Web Authentication Level 3 §5.1.10.1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnknownCredential {
    pub(super) rp_id: String,
    pub(super) credential_id: String,
}

#[derive(Serialize)]
pub(super) struct MissingProblem<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) challenge: Option<&'a str>,
    pub(super) factors: &'a [&'static str],
    pub(super) enrollable: &'a [&'static str],
}

#[derive(Serialize)]
pub(super) struct FieldProblem<'a> {
    pub(super) field: &'a str,
    pub(super) code: &'static str,
    pub(super) message: &'a str,
}
