//! As much DER (X.690) as a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7) takes.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Tag, length and contents. The contents are less than 64 KiB.
pub(crate) fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let [high, low] = u16::try_from(contents.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let mut element = vec![tag];
    match (high, low) {
        (0, 0..=0x7f) => element.push(low),
        (0, _) => element.extend([0x81, low]),
        _ => element.extend([0x82, high, low]),
    }
    element.extend(contents);
    element
}

/// A positive number, given as its bytes without leading zeros.
pub(crate) fn positive(number: &[u8]) -> Vec<u8> {
    // A leading bit would make it negative.
    let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    element(INTEGER, &[sign, number])
}

/// A key's bytes under the identifier of its algorithm, itself DER.
pub(crate) fn subject_public_key_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let no_unused_bits: &[u8] = &[0];
    element(
        SEQUENCE,
        &[algorithm, &element(BIT_STRING, &[no_unused_bits, key])],
    )
}
