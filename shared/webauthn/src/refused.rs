//! Why a response is refused.

/// Why a response is refused. Each is one step of Web Authentication §7.1 or §7.2, or a member that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A member of the response is missing, cannot be read, or disagrees with another one. It is named by its path,
    /// such as `response.signature`.
    #[error("{0} is missing or wrong")]
    Malformed(&'static str),
    /// The client data is of another ceremony: an assertion where a registration is expected, or the other way.
    #[error("the client data is of another ceremony")]
    Type,
    /// The challenge is not the expected one, or is shorter than [`MIN_CHALLENGE`](crate::MIN_CHALLENGE).
    #[error("the challenge is not the expected one")]
    Challenge,
    /// The origin is not one of the relying party's.
    #[error("the origin is not the relying party's")]
    Origin,
    /// The ceremony ran in a frame of another origin's page.
    #[error("the ceremony ran in a frame of another origin")]
    CrossOrigin,
    /// The authenticator answered another relying party.
    #[error("the authenticator answered another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("the user was not present")]
    UserNotPresent,
    /// The authenticator did not verify its user, and that is required.
    #[error("the user was not verified")]
    UserNotVerified,
    /// A credential that is backed up and cannot be, or that can be backed up and could not before, or the reverse.
    #[error("the backup flags contradict themselves or the stored credential")]
    Backup,
    /// The key is for an algorithm that was not offered.
    #[error("the algorithm was not offered")]
    Algorithm,
    /// The response is of another credential than the stored one.
    #[error("the response is of another credential")]
    Credential,
    /// The user handle is somebody else's.
    #[error("the user handle is somebody else's")]
    UserHandle,
    /// The signature is not the credential's over this response.
    #[error("the signature is wrong")]
    Signature,
}
