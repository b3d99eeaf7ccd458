//! Lists: a range of ids, walked in one direction, a page at a time.
//!
//! A position in a list is an id, whether or not there is still something with it. So a page costs the same
//! wherever it begins, and what is made or deleted meanwhile neither repeats nor hides anything else.

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use uuid::Uuid;

use super::{Entity, RawItem, StoreError, failed, read, send, text};
use crate::clock::Timestamp;

/// Most users one request looks at: some 2 MB. A page may stay short only when that is used up.
pub const MAX_EXAMINED: usize = 5000;
/// Most elements of one call: what is held in memory at once.
const MAX_BATCH: usize = 1000;
/// While filters leave a page short, each call asks for so many times what the one before did.
const BATCH_GROWTH: usize = 4;

/// Ids between two bounds, both included, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    from: u128,
    to: u128,
    descending: bool,
}

impl Span {
    /// Every id.
    #[must_use]
    pub const fn all(descending: bool) -> Self {
        Self {
            from: 0,
            to: u128::MAX,
            descending,
        }
    }

    /// What of it was made later than in this millisecond.
    #[must_use]
    pub fn later_than(self, moment: Timestamp) -> Self {
        self.at_least(first_id(moment.as_millis().saturating_add(1)))
    }

    /// What of it was made before this millisecond.
    #[must_use]
    pub fn earlier_than(self, moment: Timestamp) -> Self {
        match first_id(moment.as_millis()).checked_sub(1) {
            Some(last) => self.at_most(last),
            None => self.nothing(),
        }
    }

    /// What of it comes behind this position.
    #[must_use]
    pub fn behind(self, position: Uuid) -> Self {
        let position = position.as_u128();
        let next = if self.descending {
            position.checked_sub(1).map(|last| self.at_most(last))
        } else {
            position.checked_add(1).map(|first| self.at_least(first))
        };
        next.unwrap_or_else(|| self.nothing())
    }

    /// What of it has this id.
    #[must_use]
    pub fn only(self, id: Uuid) -> Self {
        self.at_least(id.as_u128()).at_most(id.as_u128())
    }

    /// Nothing.
    #[must_use]
    pub const fn nothing(self) -> Self {
        Self {
            from: 1,
            to: 0,
            ..self
        }
    }

    const fn is_empty(self) -> bool {
        self.from > self.to
    }

    fn at_least(self, first: u128) -> Self {
        Self {
            from: self.from.max(first),
            ..self
        }
    }

    fn at_most(self, last: u128) -> Self {
        Self {
            to: self.to.min(last),
            ..self
        }
    }
}

/// The first id of a millisecond: the moment is its first 48 bits (`UUIDv7`, RFC 9562 §5.7).
fn first_id(millis: u64) -> u128 {
    u128::from(millis.min((1 << 48) - 1)) << 80
}

/// A page in the making: each call to the table adds to it until it is complete.
#[derive(Debug)]
pub struct Listing<T> {
    /// What has not been looked at yet.
    rest: Span,
    limit: usize,
    /// How many more to pass over.
    skip: usize,
    /// How many more may be looked at.
    budget: usize,
    /// How many the next call asks for.
    batch: usize,
    /// Each with its position.
    found: Vec<(Uuid, T)>,
    last: Option<Uuid>,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// Its elements.
    pub items: Vec<T>,
    /// The position behind which the list goes on, if it does.
    pub next: Option<Uuid>,
}

/// What was to be skipped is more than one request looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFar;

impl<T> Listing<T> {
    /// The first `limit` elements of a span behind the first `skip`, found by looking at no more than
    /// `max_examined`.
    #[must_use]
    pub fn new(span: Span, limit: usize, skip: usize, max_examined: usize) -> Self {
        // One more than asked for tells whether there are more.
        Self {
            rest: span,
            limit,
            skip,
            budget: max_examined + 1,
            batch: skip + limit + 1,
            found: Vec::new(),
            last: None,
        }
    }

    /// Whether another call would add nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rest.is_empty() || self.is_full() || self.budget == 0
    }

    fn is_full(&self) -> bool {
        self.found.len() > self.limit
    }

    /// Leaves only this id to be looked at, or none.
    pub fn narrow(&mut self, id: Option<Uuid>) {
        self.rest = id.map_or(self.rest.nothing(), |id| self.rest.only(id));
    }

    /// Drops what does not belong on the page.
    pub fn retain(&mut self, belongs: impl Fn(&T) -> bool) {
        self.found.retain(|(_, element)| belongs(element));
    }

    /// Asks for more: `query`, whose condition takes the ids in the attribute `sort_key`, each behind
    /// `prefix`, between `:from` and `:to`. 1 RT; none when the page is complete.
    pub async fn advance(
        &mut self,
        operation: &'static str,
        query: QueryFluentBuilder,
        (sort_key, prefix): (&str, &str),
    ) -> Result<(), StoreError>
    where
        T: Entity,
    {
        if self.is_complete() {
            return Ok(());
        }
        let bound = |id: u128| text(&format!("{prefix}{}", Uuid::from_u128(id).hyphenated()));
        let limit = self.batch.min(MAX_BATCH).min(self.budget);
        let query = query
            .expression_attribute_values(":from", bound(self.rest.from))
            .expression_attribute_values(":to", bound(self.rest.to))
            .scan_index_forward(!self.rest.descending)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let output = send(|| query.clone().send())
            .await
            .map_err(|error| failed(operation, &error))?;
        self.batch = limit * BATCH_GROWTH;
        self.receive(output, sort_key, prefix)
    }

    fn receive(
        &mut self,
        output: QueryOutput,
        sort_key: &str,
        prefix: &str,
    ) -> Result<(), StoreError>
    where
        T: Entity,
    {
        let position = |item: &RawItem| {
            let id = item.get(sort_key).and_then(|id| id.as_s().ok());
            id.and_then(|id| Uuid::try_parse(id.strip_prefix(prefix)?).ok())
                .ok_or_else(|| StoreError::Unreadable("an element of a list has no id".to_owned()))
        };
        let examined = usize::try_from(output.scanned_count).unwrap_or_default();
        self.budget = self.budget.saturating_sub(examined);
        self.last = output
            .last_evaluated_key
            .as_ref()
            .map(position)
            .transpose()?;
        self.rest = match self.last {
            None => self.rest.nothing(),
            Some(last) => self.rest.behind(last),
        };
        let items = output.items.unwrap_or_default();
        let skipped = self.skip.min(items.len());
        self.skip -= skipped;
        for item in items.into_iter().skip(skipped) {
            self.found.push((position(&item)?, read(item)?));
        }
        Ok(())
    }

    /// The page.
    ///
    /// # Errors
    /// [`TooFar`].
    pub fn finish(self) -> Result<Page<T>, TooFar> {
        if self.skip > 0 && !self.rest.is_empty() {
            return Err(TooFar);
        }
        let is_full = self.is_full();
        let mut found = self.found;
        found.truncate(self.limit);
        let next = if is_full {
            found.last().map(|(position, _)| *position)
        } else {
            self.last.filter(|_| !self.rest.is_empty())
        };
        let items = found.into_iter().map(|(_, element)| element).collect();
        Ok(Page { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_bound_ids_exclusively() {
        let at = |millis| first_id(millis)..=(first_id(millis + 1) - 1);
        let moment = Timestamp::from_millis(1000);
        let later = Span::all(false).later_than(moment);
        let earlier = Span::all(true).earlier_than(moment);
        assert_eq!(
            (later.from, earlier.to),
            (*at(1001).start(), *at(999).end())
        );
        assert!(later.earlier_than(Timestamp::from_millis(1001)).is_empty());
        assert!(
            Span::all(false)
                .earlier_than(Timestamp::from_millis(0))
                .is_empty()
        );
        assert!(
            !Span::all(false)
                .later_than(Timestamp::from_millis(u64::MAX))
                .is_empty()
        );
    }

    #[test]
    fn a_list_whose_last_id_ends_a_call_goes_on_nowhere() {
        for (last, goes_on) in [(Uuid::from_u128(7), true), (Uuid::max(), false)] {
            let mut listing: Listing<()> = Listing::new(Span::all(false), 5, 0, 100);
            listing.last = Some(last);
            listing.rest = listing.rest.behind(last);
            let page = listing.finish().expect("a page");
            assert_eq!(page.next.is_some(), goes_on);
        }
    }

    #[test]
    fn a_position_is_left_out_in_both_directions() {
        let id = Uuid::from_u128(5);
        assert_eq!(Span::all(false).behind(id).from, 6);
        assert_eq!(Span::all(true).behind(id).to, 4);
        assert!(Span::all(false).behind(Uuid::max()).is_empty());
        assert!(Span::all(true).behind(Uuid::nil()).is_empty());
        assert!(Span::all(false).behind(id).only(id).is_empty());
    }
}
