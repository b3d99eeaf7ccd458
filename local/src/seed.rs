//! Generated accounts: copies of one that the functions made, so that nothing here knows what an account is made
//! of beyond what makes it another one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynoxide::types::Item;
use dynoxide::{Database, ImportOptions};
use serde_json::{Value, json};
use uuid::{NoContext, Timestamp, Uuid};

use crate::Error;
use crate::settings::TABLE;

/// Accounts of one write, which is one transaction: what others wait for meanwhile.
const ACCOUNTS_PER_WRITE: usize = 1000;
/// The first was made so long ago, the last just now.
const HISTORY: Duration = Duration::from_hours(2 * 365 * 24);
/// One in so many is a moderator.
const MODERATORS: usize = 1000;
/// One in so many is suspended.
const SUSPENDED: usize = 50;
const FIRST_NAMES: [&str; 8] = [
    "Ada", "Barbara", "Donald", "Edsger", "Frances", "Grace", "Ken", "Radia",
];
const LAST_NAMES: [&str; 7] = [
    "Allen", "Dijkstra", "Hopper", "Knuth", "Liskov", "Lovelace", "Perlman",
];

/// What accounts are copied from.
pub struct Seed {
    user: Value,
    credential: Value,
    count: usize,
    /// Part of every address, so that one run does not meet another.
    run: String,
    started: Duration,
}

impl Seed {
    /// `count` accounts after the model of one, of which `items` are what the table holds.
    ///
    /// # Errors
    /// When there is no user or no credential among them.
    pub fn new(items: &[Value], count: usize) -> Result<Self, Error> {
        let of_type = |kind: &str| {
            let item = items.iter().find(|item| item["type"]["S"] == kind);
            item.cloned()
                .ok_or_else(|| format!("the account to copy has no {kind}"))
        };
        Ok(Self {
            user: of_type("user")?,
            credential: of_type("credential")?,
            count,
            run: Uuid::new_v4().simple().to_string()[..6].to_owned(),
            started: SystemTime::now().duration_since(UNIX_EPOCH)?,
        })
    }

    /// Writes them all, past the stream, and tells after each write how many more there are. Whoever counts
    /// users by the stream does not see them, so they are counted here.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn write(&self, database: &Database, written: impl Fn(usize)) -> Result<(), Error> {
        for first in (0..self.count).step_by(ACCOUNTS_PER_WRITE) {
            let numbers = first..self.count.min(first + ACCOUNTS_PER_WRITE);
            let accounts = numbers.len();
            let suspended = numbers
                .clone()
                .filter(|number| is_suspended(*number))
                .count();
            let items = numbers.flat_map(|number| self.account(number));
            let items: Result<Vec<Item>, _> = items.map(serde_json::from_value).collect();
            database.import_items(TABLE, items?, ImportOptions::default())?;
            count(database, accounts - suspended, suspended)?;
            written(accounts);
        }
        Ok(())
    }

    /// The address of an account.
    #[must_use]
    pub fn email(&self, number: usize) -> String {
        let (first, last) = names(number);
        format!("{first}.{last}.{}.{number}@example.com", self.run).to_lowercase()
    }

    fn account(&self, number: usize) -> [Value; 2] {
        let (first, last) = names(number);
        let age = HISTORY.mul_f64(1.0 - ratio(number + 1, self.count));
        let created = self.started.saturating_sub(age);
        let moment = Timestamp::from_unix(NoContext, created.as_secs(), created.subsec_nanos());
        let id = Uuid::new_v7(moment).hyphenated().to_string();
        let email = self.email(number);
        let millis = created.as_millis().to_string();
        let role = if number % MODERATORS == MODERATORS - 1 {
            "moderator"
        } else {
            "user"
        };
        let status = if is_suspended(number) {
            "suspended"
        } else {
            "active"
        };

        let mut user = self.user.clone();
        for (attribute, text) in [
            ("pk", format!("USER#{id}").as_str()),
            ("gsi1sk", &id),
            ("id", &id),
            ("email", &email),
            ("first_name", first),
            ("last_name", last),
            ("role", role),
            ("status", status),
        ] {
            user[attribute] = json!({ "S": text });
        }
        user["created_at"] = json!({ "N": millis });
        user["updated_at"] = json!({ "N": millis });
        let mut credential = self.credential.clone();
        credential["pk"] = json!({ "S": format!("EMAIL#{email}") });
        credential["user_id"] = json!({ "S": id });
        [user, credential]
    }
}

/// Adds users to those that are counted.
fn count(database: &Database, active: usize, suspended: usize) -> Result<(), Error> {
    let number = |number: usize| json!({ "N": number.to_string() });
    let request = json!({
        "TableName": TABLE,
        "Key": { "pk": { "S": "USER-COUNTERS" }, "sk": { "S": "00" } },
        "UpdateExpression":
            "SET #type = :type, #schema = :schema ADD #active :active, #suspended :suspended",
        "ExpressionAttributeNames": {
            "#type": "type",
            "#schema": "schema",
            "#active": "active",
            "#suspended": "suspended",
        },
        "ExpressionAttributeValues": {
            ":type": { "S": "user_counter" },
            ":schema": { "N": "1" },
            ":active": number(active),
            ":suspended": number(suspended),
        },
    });
    database.update_item(serde_json::from_value(request)?)?;
    Ok(())
}

const fn is_suspended(number: usize) -> bool {
    number % SUSPENDED == SUSPENDED - 1
}

fn names(number: usize) -> (&'static str, &'static str) {
    (
        FIRST_NAMES[number % FIRST_NAMES.len()],
        LAST_NAMES[number % LAST_NAMES.len()],
    )
}

#[expect(clippy::cast_precision_loss, reason = "a position in two years")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engine::Engine;
    use crate::template::Template;

    #[test]
    fn every_account_is_another_in_the_order_of_their_numbers() {
        let items = [
            json!({ "type": { "S": "user" }, "sk": { "S": "USER" }, "version": { "N": "1" } }),
            json!({ "type": { "S": "credential" }, "password_hash": { "S": "hash" } }),
        ];
        let seed = Seed::new(&items, 100).expect("a user and a credential");
        let written: Vec<Value> = (0..100).flat_map(|number| seed.account(number)).collect();
        let keys: BTreeSet<String> = written.iter().map(|item| item["pk"].to_string()).collect();
        assert_eq!((written.len(), keys.len()), (200, 200));
        let ids: Vec<&str> = written
            .iter()
            .filter_map(|item| item["gsi1sk"]["S"].as_str())
            .collect();
        assert!(ids.is_sorted() && ids.len() == 100);
        assert_eq!(written[0]["version"]["N"], "1");
        assert_eq!(written[1]["user_id"], written[0]["id"]);
        assert_eq!(written[1]["pk"]["S"], format!("EMAIL#{}", seed.email(0)));
    }

    #[tokio::test]
    async fn who_is_written_past_the_stream_is_counted() {
        let items = [
            json!({ "type": { "S": "user" }, "sk": { "S": "USER" }, "gsi1pk": { "S": "USERS" } }),
            json!({ "type": { "S": "credential" }, "sk": { "S": "CREDENTIAL" } }),
        ];
        let engine = Engine::in_memory().await.expect("an engine");
        let template = Template::load(&crate::workspace_root()).expect("template.yaml");
        engine.create_table(&template, TABLE).expect("a table");
        let seed = Seed::new(&items, 1500).expect("a user and a credential");
        seed.write(engine.database(), |_| {}).expect("written");
        seed.write(engine.database(), |_| {}).expect("written");

        let key = json!({ "pk": { "S": "USER-COUNTERS" }, "sk": { "S": "00" } });
        let request = json!({ "TableName": TABLE, "Key": key });
        let request = serde_json::from_value(request).expect("a request");
        let counter = engine.database().get_item(request).expect("an answer");
        let counter = serde_json::to_value(counter.item).expect("JSON");
        let counted = ["active", "suspended"].map(|name| counter[name]["N"].clone());
        assert_eq!(counted, ["2940", "60"]);
        assert_eq!(counter["type"]["S"], "user_counter");
        assert_eq!(counter["schema"]["N"], "1");
    }
}
