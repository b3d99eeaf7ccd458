//! The list of users, in the order of their creation.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use latchkey::clock::Timestamp;
use latchkey::store::key::USERS_INDEX;
use latchkey::table::{Listing, StoreError, Table, attribute, number, text};
use latchkey::user::{Role, Status, User};

/// What of the list is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only this role.
    pub role: Option<Role>,
    /// Only those with this status now.
    pub status: Option<Status>,
}

/// Adds to a page of users. Eventually consistent, as an index is. 1 RT, half a read unit for 4 KB.
///
/// # Errors
/// [`StoreError`].
pub async fn list_more_users(
    table: &Table,
    filter: UserFilter,
    users: &mut Listing<User>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = table
        .client()
        .query()
        .table_name(table.name())
        .index_name("gsi1")
        .key_condition_expression("gsi1pk = :pk AND gsi1sk BETWEEN :from AND :to")
        .expression_attribute_values(":pk", text(USERS_INDEX));
    users
        .advance("list users", filter.applied(query, now)?, ("gsi1sk", ""))
        .await
}

impl UserFilter {
    /// A suspension that has ended by itself is none, as [`User::status_at`] says.
    fn applied(
        self,
        mut query: QueryFluentBuilder,
        now: Timestamp,
    ) -> Result<QueryFluentBuilder, StoreError> {
        const LAPSED: &str = "(#status = :suspended AND suspension.#until <= :now)";
        let mut conditions = Vec::new();
        if let Some(role) = self.role {
            conditions.push("#role = :role".to_owned());
            query = query
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":role", attribute(&role)?);
        }
        if let Some(status) = self.status {
            conditions.push(match status {
                Status::Active => format!("(NOT #status = :suspended OR {LAPSED})"),
                Status::Suspended => format!("(#status = :suspended AND NOT {LAPSED})"),
            });
            query = query
                .expression_attribute_names("#status", "status")
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":suspended", attribute(&Status::Suspended)?)
                .expression_attribute_values(":now", number(now.as_millis()));
        }
        let condition = (!conditions.is_empty()).then(|| conditions.join(" AND "));
        Ok(query.set_filter_expression(condition))
    }
}
