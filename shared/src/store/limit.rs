//! Rate limits: one number a subject, moved on by conditional updates alone, so that they hold over any number
//! of environments.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use serde::Deserialize;

use super::Store;
use crate::clock::Timestamp;
use crate::limit::{LimitSubject, Rate};
use crate::table::{Key, RawItem, SCHEMA, StoreError, failed, number, send, text};

/// Value of `type`. The filters on the stream leave these items out.
const TYPE: &str = "limit";
/// A subject that was idle when it was looked at can be in use a moment later, and the other way round.
const ATTEMPTS: u32 = 4;
/// How long an address counts as known after a sign-in from it.
const KNOWN_FOR: Duration = Duration::from_hours(24 * 45);

/// An address that an account has signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// The account at that time, in the words of whoever remembered it.
    pub to: String,
    /// When it is forgotten.
    pub until: Timestamp,
}

/// What a limit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Go on.
    Yes {
        /// Who has signed in from there.
        known: Option<KnownAddress>,
    },
    /// Too many; so long until the next one.
    No {
        /// How long.
        wait: Duration,
    },
}

/// What a limit's item says. No version and no request id: a repeated update costs its subject one request more,
/// and whoever counts too much is on the safe side.
#[derive(Default, Deserialize)]
struct State {
    /// Theoretical arrival time: the subject is idle from then on. Milliseconds since the epoch.
    tat: Option<u64>,
    known_to: Option<String>,
    /// Seconds since the epoch, because it is the item's `ttl` as well.
    known_until: Option<u64>,
}

impl State {
    fn read(item: RawItem) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item)
            .map_err(|error| StoreError::Unreadable(format!("limit: {error}")))
    }
}

impl Store {
    /// Counts a request, if the limit allows one more. An idle subject and one that is over its limit cost
    /// 1 RT and 1 WU, any other twice that.
    ///
    /// # Errors
    /// [`StoreError`]: then nobody knows, and the caller decides.
    pub async fn take(
        &self,
        subject: &LimitSubject,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let latest = rate.latest(now);
        let mut idle = true;
        for _ in 0..ATTEMPTS {
            let state = match self.move_on(subject, rate, now, idle).await? {
                Ok(state) => {
                    let known = state.known_to.zip(state.known_until).map(|(to, until)| {
                        let until = Timestamp::from_seconds(until);
                        KnownAddress { to, until }
                    });
                    return Ok(Taken::Yes { known });
                }
                Err(state) => state,
            };
            let tat = Timestamp::from_millis(state.tat.unwrap_or_default());
            if tat > latest {
                let wait = tat.since(latest);
                return Ok(Taken::No { wait });
            }
            idle = tat <= now;
        }
        Err(StoreError::Unavailable {
            operation: "take",
            cause: "the limit kept changing".to_owned(),
        })
    }

    /// Moves the arrival time on, if the subject is idle, or if it is not and within its limit: two updates,
    /// because one cannot take the later of two times. Refused, it brings what was found.
    async fn move_on(
        &self,
        subject: &LimitSubject,
        rate: Rate,
        now: Timestamp,
        idle: bool,
    ) -> Result<Result<State, State>, StoreError> {
        let call = self
            .table
            .client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(Key::limit(subject).into_attributes()))
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_names("#tat", "tat")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#known_until", "known_until")
            .expression_attribute_values(":type", text(TYPE))
            .expression_attribute_values(":schema", number(SCHEMA.into()))
            .expression_attribute_values(":now", number(now.as_millis()))
            .expression_attribute_values(":ttl", number(now.plus(rate.period).as_seconds() + 1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // Once the address is no longer known, the item may go while its limit counts: one burst more in 30 days.
        let common = "#type = :type, #schema = :schema, #ttl = if_not_exists(#known_until, :ttl)";
        let interval = rate.interval();
        let call = if idle {
            call.update_expression(format!("SET #tat = :tat, {common}"))
                .condition_expression("attribute_not_exists(#tat) OR #tat <= :now")
                .expression_attribute_values(":tat", number(now.plus(interval).as_millis()))
        } else {
            let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
            call.update_expression(format!("SET #tat = #tat + :interval, {common}"))
                .condition_expression("#tat > :now AND #tat <= :latest")
                .expression_attribute_values(":interval", number(interval))
                .expression_attribute_values(":latest", number(rate.latest(now).as_millis()))
        };
        match send(|| call.clone().send()).await {
            Ok(output) => Ok(Ok(State::read(output.attributes.unwrap_or_default())?)),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                let UpdateItemError::ConditionalCheckFailedException(refusal) = error.into_err()
                else {
                    return Ok(Err(State::default()));
                };
                Ok(Err(State::read(refusal.item.unwrap_or_default())?))
            }
            Err(error) => Err(failed("take", &error)),
        }
    }

    /// Remembers for 45 days that the owner signs in from here; an account that did so before is forgotten.
    /// 1 RT, 1 WU.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remember_address(
        &self,
        subject: &LimitSubject,
        known_to: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let until = number(now.plus(KNOWN_FOR).as_seconds());
        let call = self
            .table.client()
            .update_item()
            .table_name(self.table.name())
            .set_key(Some(Key::limit(subject).into_attributes()))
            .update_expression(
                "SET #known_to = :to, #known_until = :until, #ttl = :until, #type = :type, #schema = :schema",
            )
            .expression_attribute_names("#known_to", "known_to")
            .expression_attribute_names("#known_until", "known_until")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":to", text(known_to))
            .expression_attribute_values(":until", until)
            .expression_attribute_values(":type", text(TYPE))
            .expression_attribute_values(":schema", number(SCHEMA.into()));
        send(|| call.clone().send())
            .await
            .map(|_| ())
            .map_err(|error| failed("remember address", &error))
    }
}
