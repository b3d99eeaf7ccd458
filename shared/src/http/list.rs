//! Lists: `limit` and `cursor` in, a page with the next cursor out.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::ApiResult;
use super::error::ApiError;
use super::query::Projection;
use super::reply::json;
use crate::field::FieldError;
use crate::table::{MAX_EXAMINED, TooFar};

/// Page length where a request names none.
pub const DEFAULT_LIMIT: usize = 20;
/// Longest page.
pub const MAX_LIMIT: usize = 100;
/// Last page that can be asked for by number: it costs what all pages up to it cost.
pub const MAX_PAGE: usize = 50;

// Every page that has a number can be walked to, as long as nothing is filtered out.
const _: () = assert!(MAX_PAGE * MAX_LIMIT <= MAX_EXAMINED);

const CHECKSUM_BYTES: usize = 8;

/// Reads `limit`.
///
/// # Errors
/// `invalid_format` or `out_of_range`.
pub fn parse_limit(input: &str) -> Result<usize, FieldError> {
    parse_number(input, MAX_LIMIT, "A page has 1 to 100 elements.")
}

/// Reads `page`.
///
/// # Errors
/// `invalid_format` or `out_of_range`.
pub fn parse_page(input: &str) -> Result<usize, FieldError> {
    parse_number(
        input,
        MAX_PAGE,
        "Pages 1 to 50 have numbers; go on with the cursor.",
    )
}

fn parse_number(input: &str, max: usize, range: &str) -> Result<usize, FieldError> {
    if input.is_empty() || !input.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FieldError::new("invalid_format", "This is a whole number."));
    }
    match input.parse() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => Err(FieldError::new("out_of_range", range)),
    }
}

/// Writes and reads the cursors of one list with one order and one set of filters.
///
/// A cursor is a position and a checksum over it and the list it belongs to. It is no secret and
/// grants nothing: the partition is never in it, and the range it is used in is the server's.
#[derive(Clone, Debug)]
pub struct Cursors {
    list: String,
}

impl Cursors {
    /// Cursors of the list with this description.
    #[must_use]
    pub const fn of(list: String) -> Self {
        Self { list }
    }

    /// The id in a cursor.
    ///
    /// # Errors
    /// `invalid_value` when it is none of this list.
    pub fn parse_id(&self, cursor: &str) -> Result<Uuid, FieldError> {
        Uuid::from_slice(&self.parse(cursor)?).map_err(|_| foreign())
    }

    /// The text in a cursor.
    ///
    /// # Errors
    /// `invalid_value` when it is none of this list.
    pub fn parse_text(&self, cursor: &str) -> Result<String, FieldError> {
        String::from_utf8(self.parse(cursor)?).map_err(|_| foreign())
    }

    fn parse(&self, cursor: &str) -> Result<Vec<u8>, FieldError> {
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| foreign())?;
        let (position, checksum) = bytes
            .split_last_chunk::<CHECKSUM_BYTES>()
            .ok_or_else(foreign)?;
        if *checksum != self.checksum(position) {
            return Err(foreign());
        }
        bytes.truncate(bytes.len() - CHECKSUM_BYTES);
        Ok(bytes)
    }

    /// The cursor of a position.
    #[must_use]
    pub fn write(&self, position: impl AsRef<[u8]>) -> String {
        let mut bytes = position.as_ref().to_vec();
        bytes.extend(self.checksum(position.as_ref()));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn checksum(&self, position: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(position);
        context.update(self.list.as_bytes());
        let mut checksum = [0; CHECKSUM_BYTES];
        checksum.copy_from_slice(&context.finish().as_ref()[..CHECKSUM_BYTES]);
        checksum
    }
}

fn foreign() -> FieldError {
    FieldError::new(
        "invalid_value",
        "This is no cursor of this list with this sort and these filters.",
    )
}

/// A page on the wire.
#[derive(Serialize)]
struct ListResponse<T> {
    data: Vec<T>,
    page: PageResponse,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<ListMeta>,
}

/// What is known of a whole list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListMeta {
    total: Option<u64>,
    approximate: bool,
}

impl ListMeta {
    /// About so many elements, if anybody counts them.
    #[must_use]
    pub fn approximate(total: Option<i64>) -> Self {
        Self {
            total: total.map(|total| u64::try_from(total).unwrap_or_default()),
            approximate: true,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageResponse {
    limit: usize,
    next_cursor: Option<String>,
    has_more: bool,
}

/// The answer that shows a page of at most `limit` elements, and where the list goes on.
///
/// # Errors
/// `internal` when an element has no JSON form.
pub fn list_reply<T: Serialize>(
    data: Vec<T>,
    limit: usize,
    next_cursor: Option<String>,
    meta: Option<ListMeta>,
    fields: &Projection,
) -> ApiResult {
    let page = PageResponse {
        limit,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    if fields.is_all() {
        return json(StatusCode::OK, &ListResponse { data, page, meta });
    }
    let data: Result<Vec<_>, _> = data.iter().map(|element| fields.of(element)).collect();
    let data = data?;
    json(StatusCode::OK, &ListResponse { data, page, meta })
}

impl From<TooFar> for ApiError {
    fn from(TooFar: TooFar) -> Self {
        let message = "With these filters this page is too far to walk to; go on with the cursor.";
        Self::invalid_field("page", FieldError::new("out_of_range", message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz;

    fn cursors(list: &str) -> Cursors {
        Cursors::of(list.to_owned())
    }

    #[test]
    fn numbers_are_plain_and_in_range() {
        assert_eq!(parse_limit("100"), Ok(100));
        for (input, code) in [
            ("0", "out_of_range"),
            ("101", "out_of_range"),
            ("99999999999999999999999", "out_of_range"),
            ("", "invalid_format"),
            ("-1", "invalid_format"),
            ("+1", "invalid_format"),
            ("1.0", "invalid_format"),
            (" 1", "invalid_format"),
            ("١", "invalid_format"),
        ] {
            assert_eq!(
                parse_limit(input).map_err(|error| error.code),
                Err(code),
                "{input:?}"
            );
        }
    }

    #[test]
    fn bug_39_a_cursor_counts_for_its_own_list_alone() {
        let position = Uuid::from_u128(7);
        let cursor = cursors("users createdAt").write(position);
        assert_eq!(cursors("users createdAt").parse_id(&cursor), Ok(position));
        assert!(cursors("users -createdAt").parse_id(&cursor).is_err());
        for at in 0..cursor.len() {
            assert!(
                cursors("users createdAt").parse_id(&cursor[..at]).is_err(),
                "cut at {at}"
            );
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(
                cursors("users createdAt").parse_id(&changed).is_err(),
                "changed at {at}"
            );
        }
    }

    proptest! {
        #![proptest_config(fuzz::config())]

        #[test]
        fn every_position_survives(position: u128, list: String) {
            let position = Uuid::from_u128(position);
            let cursors = Cursors::of(list);
            prop_assert_eq!(cursors.parse_id(&cursors.write(position)), Ok(position));
        }

        #[test]
        fn bug_39_no_edited_cursor_counts(position: String, list: String, edits in fuzz::edits()) {
            let cursors = Cursors::of(list);
            let cursor = cursors.write(&position);
            prop_assert_eq!(cursors.parse_text(&cursor), Ok(position));
            let edited = fuzz::edited(&cursor, &edits);
            prop_assert_eq!(cursors.parse_text(&edited).is_ok(), edited == cursor);
        }

        #[test]
        fn bug_39_no_cursor_counts_for_two_lists(position: u128, one: String, other: String) {
            let cursor = Cursors::of(one.clone()).write(Uuid::from_u128(position));
            let found = Cursors::of(other.clone()).parse_id(&cursor);
            prop_assert_eq!(found.is_ok(), one == other);
        }

        #[test]
        fn bug_39_no_text_is_a_cursor(text in ".{0,60}", encoded in "[A-Za-z0-9_-]{0,60}") {
            prop_assert!(cursors("users").parse_id(&text).is_err());
            prop_assert!(cursors("users").parse_text(&encoded).is_err());
        }

        #[test]
        fn a_number_is_accepted_in_its_range_alone(number: u64, text in ".{0,8}|[0-9]{1,30}") {
            let in_range = (1..=100).contains(&number);
            prop_assert_eq!(parse_limit(&number.to_string()).is_ok(), in_range);
            if let Ok(limit) = parse_limit(&text) {
                prop_assert!((1..=MAX_LIMIT).contains(&limit));
                prop_assert_eq!(text.trim_start_matches('0'), limit.to_string());
            }
        }
    }
}
