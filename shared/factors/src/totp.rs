//! Codes of an authenticator app: TOTP (RFC 6238) over HOTP (RFC 4226), with what every app understands: SHA-1, six digits,
//! thirty seconds.

use std::fmt;

use aws_lc_rs::{constant_time, hmac, rand};
use data_encoding::BASE32_NOPAD;
use latchkey::clock::Timestamp;
use latchkey::field::FieldError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// How long a code is shown, in seconds (RFC 6238 §5.2).
const STEP_SECONDS: u64 = 30;
const DIGITS: usize = 6;
/// Clocks may differ by a step, and a code may arrive when the next one is shown already (RFC 6238 §5.2).
const SKEW_STEPS: u64 = 1;
/// As long as the hash (RFC 4226 §4, R6).
const SECRET_BYTES: usize = 20;
/// RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What an authenticator app and we know. It cannot be printed by accident.
pub struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TotpSecret(…)")
    }
}

/// A code as somebody has typed it: six digits.
pub struct Code([u8; DIGITS]);

impl Code {
    /// Reads a code; spaces in it are dropped, as apps show it in two halves.
    ///
    /// # Errors
    /// `invalid_format`.
    pub fn parse(input: &str) -> Result<Self, FieldError> {
        let digits: Vec<u8> = input.bytes().filter(|byte| *byte != b' ').collect();
        match digits.try_into() {
            Ok(digits) if input.len() <= 2 * DIGITS && all_digits(digits) => Ok(Self(digits)),
            _ => Err(FieldError::new("invalid_format", "A code has six digits.")),
        }
    }

    /// The digits.
    #[must_use]
    pub fn digits(&self) -> String {
        self.0.map(char::from).iter().collect()
    }
}

fn all_digits(digits: [u8; DIGITS]) -> bool {
    digits.iter().all(u8::is_ascii_digit)
}

impl TotpSecret {
    /// A new one, of 160 random bits.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; SECRET_BYTES];
        rand::fill(&mut bytes).expect("the system has randomness");
        Self(bytes)
    }

    /// The one with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As a person types it into an app: base32 without padding (RFC 4648 §6).
    #[must_use]
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// As an app scans it: an `otpauth` URI of the Key Uri Format, whose label names the service and the account.
    #[must_use]
    pub fn uri(&self, service: &str, account: &str) -> String {
        let service = utf8_percent_encode(service, RESERVED);
        let account = utf8_percent_encode(account, RESERVED);
        let secret = self.base32();
        format!(
            "otpauth://totp/{service}:{account}?secret={secret}&issuer={service}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step of a code that is right at `now` and comes after the step `last`, with which a code was accepted before:
    /// one code counts once (RFC 6238 §5.2). All steps are compared, in constant time.
    #[must_use]
    pub fn find(&self, code: &Code, last: Option<u64>, now: Timestamp) -> Option<u64> {
        let current = now.as_seconds() / STEP_SECONDS;
        let steps = current.saturating_sub(SKEW_STEPS)..=current + SKEW_STEPS;
        let mut found = None;
        for step in steps {
            let shown = self.code(step);
            let is_equal = constant_time::verify_slices_are_equal(&shown, &code.0).is_ok();
            if is_equal && last.is_none_or(|last| step > last) {
                found = Some(step);
            }
        }
        found
    }

    /// The code that an app shows in a step: HOTP with the step as its counter (RFC 4226 §5.3).
    fn code(&self, step: u64) -> [u8; DIGITS] {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let hash = tag.as_ref();
        let offset = usize::from(hash[hash.len() - 1] & 0xf);
        let truncated = hash[offset..offset + 4]
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let mut number = truncated & 0x7fff_ffff;
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            // A digit is below ten.
            *digit += u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RFC: TotpSecret = TotpSecret(*b"12345678901234567890");

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, expected) in codes.into_iter().enumerate() {
            assert_eq!(RFC.code(step as u64), expected.as_bytes(), "{step}");
        }
    }

    #[test]
    fn rfc_6238_appendix_b() {
        // The last six of its eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = seconds / STEP_SECONDS;
            assert_eq!(RFC.find(&code(expected), None, at(seconds)), Some(step));
        }
    }

    #[test]
    fn a_code_counts_for_one_step_around_and_once() {
        let expected = code("287082");
        for (seconds, found) in [
            (0, Some(1)),
            (30, Some(1)),
            (89, Some(1)),
            (90, None),
            (300, None),
        ] {
            assert_eq!(RFC.find(&expected, None, at(seconds)), found, "{seconds}");
        }
        assert_eq!(RFC.find(&expected, Some(0), at(59)), Some(1));
        assert_eq!(RFC.find(&expected, Some(1), at(59)), None);
    }

    #[test]
    fn the_uri_names_service_and_account() {
        assert_eq!(
            RFC.uri("Ärzte & Co", "ada+x@example.com"),
            "otpauth://totp/%C3%84rzte%20%26%20Co:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%C3%84rzte%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_code_has_six_digits() {
        for right in ["123456", "123 456", " 123456"] {
            assert!(Code::parse(right).is_ok(), "{right:?}");
        }
        for wrong in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "1  2  3  4  5  6",
        ] {
            let refused = Code::parse(wrong).err().map(|error| error.code);
            assert_eq!(refused, Some("invalid_format"), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn totp_rs_shows_the_same_codes(bytes in any::<[u8; SECRET_BYTES]>(), seconds in 0_u64..4_000_000_000) {
            let theirs = totp_rs::Builder::new()
                .with_secret(bytes.to_vec())
                .build()
                .expect("usable");
            let shown = theirs.generate(seconds).to_string();
            let step = seconds / STEP_SECONDS;
            prop_assert_eq!(shown.as_bytes(), &TotpSecret(bytes).code(step)[..]);
        }
    }
}
