//! What a page says of what was just done.

macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// What was done right before a page is shown. Goes from one page to the next by its code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Notice {
            $($(#[$doc])* $name,)+
        }

        impl Notice {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its code: what `?notice=` may hold.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

notices! {
    /// An account was made, and may sign in at once.
    SignedUp = "signed_up";
    /// Signed out of this session.
    SignedOut = "signed_out";
    /// Signed out of all.
    SignedOutEverywhere = "signed_out_everywhere";
    /// Signed out of all but this one.
    OthersSignedOut = "others_signed_out";
    /// One session was ended.
    SessionEnded = "session_ended";
    /// The address is verified.
    EmailVerified = "email_verified";
    /// A letter that verifies the address is on its way.
    LetterSent = "letter_sent";
    /// A letter went to the new address.
    EmailChangeRequested = "email_change_requested";
    /// The account has the new address.
    EmailChanged = "email_changed";
    /// The password is another one.
    PasswordChanged = "password_changed";
    /// The password is another one, by a letter: sign in with it.
    PasswordReset = "password_reset";
    /// Names or language were saved.
    ProfileSaved = "profile_saved";
    /// An app was set up.
    AppAdded = "app_added";
    /// A factor was removed.
    FactorRemoved = "factor_removed";
    /// A passkey was added.
    PasskeyAdded = "passkey_added";
    /// A passkey has another name.
    PasskeyRenamed = "passkey_renamed";
    /// A passkey was removed.
    PasskeyRemoved = "passkey_removed";
    /// A device is trusted no longer.
    DeviceForgotten = "device_forgotten";
    /// An identity was linked.
    IdentityLinked = "identity_linked";
    /// An identity was unlinked.
    IdentityUnlinked = "identity_unlinked";
    /// An application has no access any more.
    AccessRemoved = "access_removed";
    /// The visitor has proved anew who they are.
    Confirmed = "confirmed";
    /// The sign-in took too long, or the session is over.
    SessionOver = "session_over";
}

impl Notice {
    /// The notice of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|notice| notice.code() == code)
    }
}
