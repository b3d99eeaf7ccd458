//! Which passwords are refused although they are long enough: those that are tried first (NIST SP 800-63B-4
//! §3.1.1.2, OWASP ASVS 5.0 6.2.4 and 6.2.11).

use std::cmp::{Ordering, Reverse};

use crate::email::Email;
use crate::field::FieldError;
use crate::name::Name;
use crate::text::plain;

use super::MIN_CHARS;

/// 21,669 passwords of at least eight characters that leaked most often: ASCII in lower case, one a line, in
/// byte order. Sources and licences stand in `common.LICENSE.md`.
///
/// 205 KB in a binary and 76 KB in its zip. Front-coded it would be 119 and 59 KB, as a finite state
/// transducer 124 and 94 KB: neither is worth its decoder.
const COMMON: &str = include_str!("common.txt");

/// The name of the service, which is tried as well.
const SERVICE: &str = "latchkey";

/// Shortest text of the account's own that counts: shorter ones are part of many words.
const MIN_OWN_CHARS: usize = 4;

pub(super) fn check<'a>(
    password: &str,
    email: Option<&Email>,
    names: impl IntoIterator<Item = &'a Name>,
) -> Result<(), FieldError> {
    let lower = password.to_lowercase();
    let unit = repeated_unit(&lower);
    if unit.chars().count() < MIN_CHARS || is_common(&lower) || is_common(unit) || is_count(&lower)
    {
        return Err(FieldError::new(
            "too_common",
            "This password is among the first that attackers try.",
        ));
    }
    if is_made_of(&plain(password), &own_texts(email, names)) {
        return Err(FieldError::new(
            "too_similar",
            "A password is more than the account's own email address or name, or that of the service.",
        ));
    }
    Ok(())
}

/// Looks a password up, by halves.
fn is_common(password: &str) -> bool {
    let (mut from, mut to) = (0, COMMON.len());
    while from < to {
        let middle = from.midpoint(to);
        let start = COMMON[from..middle]
            .rfind('\n')
            .map_or(from, |at| from + at + 1);
        let end = COMMON[middle..to].find('\n').map_or(to, |at| middle + at);
        match COMMON[start..end].cmp(password) {
            Ordering::Less => from = end + 1,
            Ordering::Equal => return true,
            Ordering::Greater => to = start,
        }
    }
    false
}

/// What a password repeats at least twice, the last time perhaps in part; the password itself when it repeats
/// nothing. Repeating a text makes it no harder to guess.
fn repeated_unit(password: &str) -> &str {
    let bytes = password.as_bytes();
    let period =
        (1..=bytes.len() / 2).find(|period| bytes[*period..] == bytes[..bytes.len() - period]);
    &password[..period.unwrap_or(bytes.len())]
}

/// Whether it counts up or down through the alphabet or the digits, 0 after 9.
fn is_count(password: &str) -> bool {
    let follows = |(before, after): (char, char)| {
        u32::from(before) + 1 == u32::from(after) || (before, after) == ('9', '0')
    };
    let mut pairs = password.chars().zip(password.chars().skip(1));
    pairs.clone().all(follows) || pairs.all(|(before, after)| follows((after, before)))
}

/// What everybody who knows the account tries, forwards and backwards, the longest first.
fn own_texts<'a>(email: Option<&Email>, names: impl IntoIterator<Item = &'a Name>) -> Vec<String> {
    let mut texts = vec![SERVICE.to_owned()];
    if let Some(email) = email {
        let address = email.canonical();
        let domain = email.unicode_domain();
        let (organisation, _) = domain.rsplit_once('.').unwrap_or_default();
        add_with_parts(&mut texts, email.local_part());
        add_with_parts(&mut texts, organisation);
        texts.extend([plain(&address), plain(&domain)]);
    }
    let names: Vec<_> = names.into_iter().map(Name::as_str).collect();
    add_with_parts(&mut texts, &names.join(" "));
    for name in names {
        add_with_parts(&mut texts, name);
    }
    texts.retain(|text| text.chars().count() >= MIN_OWN_CHARS);
    let backwards = |text: &String| text.chars().rev().collect();
    texts.extend(texts.iter().map(backwards).collect::<Vec<_>>());
    texts.sort_by_key(|text| Reverse(text.len()));
    texts
}

/// Adds a text, its words, and all its words in one.
fn add_with_parts(texts: &mut Vec<String>, text: &str) {
    let text = plain(text);
    let words = text
        .split(|character: char| !character.is_alphanumeric())
        .map(str::to_owned);
    texts.extend(words.clone());
    texts.push(words.collect());
    texts.push(text);
}

/// Whether these texts are at least half of the password, and what they leave would be too short for one.
fn is_made_of(password: &str, texts: &[String]) -> bool {
    let mut rest = vec![password];
    for text in texts {
        rest = rest.iter().flat_map(|piece| piece.split(text)).collect();
    }
    let left: usize = rest.iter().map(|piece| piece.chars().count()).sum();
    left < MIN_CHARS && left * 2 <= password.chars().count()
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
