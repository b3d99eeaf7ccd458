//! Authenticator data (Web Authentication §6.1): what the authenticator itself says, and in an assertion signs.

use crate::MAX_CREDENTIAL_ID;
use crate::cbor::{self, Map, Value};
use crate::refused::Refused;
use crate::relying_party::RelyingParty;

/// The bits of the byte `flags`. Bits 1 and 5 are reserved and not looked at.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// Authenticator data that could be read.
pub(crate) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(crate) sign_count: u32,
    /// What a new credential comes with.
    pub(crate) attested: Option<Attested<'a>>,
}

/// Attested credential data (§6.5.1).
pub(crate) struct Attested<'a> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) credential_id: &'a [u8],
    pub(crate) public_key: Map<'a>,
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all of the bytes: what no flag announces must not be there. Extension outputs must be a map, and are
    /// ignored beyond that.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk()?;
        let (&flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_first_chunk()?;
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (credential, after) = Attested::first(rest)?;
            attested = Some(credential);
            rest = after;
        }
        if flags & EXTENSIONS != 0 {
            let (Value::Map(_), after) = cbor::first(rest)? else {
                return None;
            };
            rest = after;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
        })
    }

    /// The steps that both ceremonies share: the relying party, the user, and backup flags that make sense.
    pub(crate) fn check(
        &self,
        relying_party: &RelyingParty,
        user_verification_required: bool,
    ) -> Result<(), Refused> {
        if self.rp_id_hash != relying_party.id_hash().as_ref() {
            return Err(Refused::RelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Refused::UserNotPresent);
        }
        if user_verification_required && !self.user_verified() {
            return Err(Refused::UserNotVerified);
        }
        if self.backed_up() && !self.backup_eligible() {
            return Err(Refused::Backup);
        }
        Ok(())
    }

    pub(crate) const fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    pub(crate) const fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(crate) const fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> Attested<'a> {
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&aaguid, rest) = bytes.split_first_chunk()?;
        let (&length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 || length > MAX_CREDENTIAL_ID {
            return None;
        }
        let (credential_id, rest) = rest.split_at_checked(length)?;
        let (Value::Map(public_key), rest) = cbor::first(rest)? else {
            return None;
        };
        Some((
            Self {
                aaguid,
                credential_id,
                public_key,
            },
            rest,
        ))
    }
}
