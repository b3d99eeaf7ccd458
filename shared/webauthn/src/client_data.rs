//! Client data (Web Authentication §5.8.1): what the browser says, in JSON.

use std::collections::BTreeSet;
use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::MIN_CHALLENGE;
use crate::refused::Refused;
use crate::relying_party::RelyingParty;

/// The member that it comes in.
pub(crate) const MEMBER: &str = "response.clientDataJSON";

/// The ceremony that client data is of.
#[derive(Clone, Copy)]
pub(crate) enum Ceremony {
    Registration,
    Authentication,
}

impl Ceremony {
    const fn name(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Authentication => "webauthn.get",
        }
    }
}

/// Steps 5 to 11 of §7.1, and 8 to 14 of §7.2: the type, the challenge, the origin, and no frame of another origin.
pub(crate) fn check(
    json: &[u8],
    ceremony: Ceremony,
    relying_party: &RelyingParty,
    expected_challenge: &[u8],
) -> Result<(), Refused> {
    // "UTF-8 decode" takes off a byte order mark.
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let data: ClientData = serde_json::from_slice(json).map_err(|_| Refused::Malformed(MEMBER))?;
    if data.kind != ceremony.name() {
        return Err(Refused::Type);
    }
    let expected = URL_SAFE_NO_PAD.encode(expected_challenge);
    if expected_challenge.len() < MIN_CHALLENGE
        || verify_slices_are_equal(data.challenge.as_bytes(), expected.as_bytes()).is_err()
    {
        return Err(Refused::Challenge);
    }
    if !relying_party.origins().contains(&data.origin) {
        return Err(Refused::Origin);
    }
    if data.cross_origin || data.has_top_origin {
        return Err(Refused::CrossOrigin);
    }
    Ok(())
}

/// The members that are read. There may be others: browsers add some at random so that nobody compares texts.
struct ClientData {
    kind: String,
    challenge: String,
    origin: String,
    cross_origin: bool,
    has_top_origin: bool,
}

impl<'de> Deserialize<'de> for ClientData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ClientData;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("client data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClientData, A::Error> {
        let (mut kind, mut challenge, mut origin) = (None, None, None);
        let (mut cross_origin, mut has_top_origin) = (false, false);
        // A name that stands twice means one thing here and another to whoever checked it before.
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => kind = Some(map.next_value()?),
                "challenge" => challenge = Some(map.next_value()?),
                "origin" => origin = Some(map.next_value()?),
                "crossOrigin" => cross_origin = map.next_value()?,
                "topOrigin" => {
                    map.next_value::<IgnoredAny>()?;
                    has_top_origin = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(ClientData {
            kind: kind.ok_or_else(|| A::Error::missing_field("type"))?,
            challenge: challenge.ok_or_else(|| A::Error::missing_field("challenge"))?,
            origin: origin.ok_or_else(|| A::Error::missing_field("origin"))?,
            cross_origin,
            has_top_origin,
        })
    }
}
