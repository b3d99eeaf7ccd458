//! The table as tests look at it and change it, past the functions.

use std::collections::BTreeSet;

use local::seed::Seed;
use local::settings::TABLE;
use serde_json::{Value, json};

use crate::{Account, Bundle};

impl Bundle {
    /// Every item of the table.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        self.engine.items().expect("the engine scans")
    }

    /// Every item but those that only count requests.
    #[must_use]
    pub fn accounts(&self) -> Vec<Value> {
        let mut items = self.items();
        items.retain(|item| item["type"]["S"] != "limit");
        items
    }

    /// The items of a type.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn items_of_type(&self, kind: &str) -> Vec<Value> {
        let items = self.engine.items_of_type(kind);
        items.expect("the engine reads")
    }

    /// Writes an item as it is.
    ///
    /// # Panics
    /// When the engine refuses.
    pub fn put(&self, item: &Value) {
        let request = json!({ "TableName": TABLE, "Item": item });
        let request = serde_json::from_value(request).expect("a put request");
        self.engine
            .database()
            .put_item(request)
            .expect("the engine writes");
    }

    /// Deletes the item with this key.
    ///
    /// # Panics
    /// When the engine refuses.
    pub fn delete(&self, key: &Value) {
        let request = json!({ "TableName": TABLE, "Key": key });
        let request = serde_json::from_value(request).expect("a delete request");
        self.engine
            .database()
            .delete_item(request)
            .expect("the engine deletes");
    }

    /// Deletes every item of a type.
    pub fn delete_type(&self, kind: &str) {
        for item in self.items_of_type(kind) {
            self.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
        }
    }

    /// Deletes everything but the keys, letters as well.
    ///
    /// # Panics
    /// When a letter cannot be deleted.
    pub fn clear(&self) {
        for item in self.items() {
            if !item["pk"]["S"]
                .as_str()
                .is_some_and(|pk| pk.ends_with("KEYS"))
            {
                self.delete(&json!({ "pk": item["pk"], "sk": item["sk"] }));
            }
        }
        self.services.inbox().clear().expect("kept in memory");
    }

    /// Sets an attribute of every item of a type.
    pub fn edit_type(&self, kind: &str, attribute: &str, value: &Value) {
        for mut item in self.items_of_type(kind) {
            item[attribute] = value.clone();
            self.put(&item);
        }
    }

    /// Sets an attribute of every item that `choose` picks: how tests move time, role and status.
    pub fn edit(&self, choose: impl Fn(&Value) -> bool, attribute: &str, value: &Value) {
        for mut item in self.items().into_iter().filter(choose) {
            item[attribute] = value.clone();
            self.put(&item);
        }
    }

    /// Sets an attribute of a user.
    pub fn edit_user(&self, id: &str, attribute: &str, value: &Value) {
        self.edit(
            |item| item["type"]["S"] == "user" && item["id"]["S"] == id,
            attribute,
            value,
        );
    }

    /// Moves a moment of every session `seconds` into the past.
    ///
    /// # Panics
    /// When a session has no such moment.
    pub fn age_sessions(&self, attribute: &str, seconds: u64) {
        for mut session in self.items_of_type("session") {
            let moment = session[attribute]["N"]
                .as_str()
                .and_then(|moment| moment.parse::<u64>().ok());
            let moment = moment.expect("a moment") - seconds * 1000;
            session[attribute] = json!({ "N": moment.to_string() });
            self.put(&session);
        }
    }

    /// Moves everything that every session was proved with `seconds` into the past.
    ///
    /// # Panics
    /// When a session does not say when that was.
    pub fn age_proofs(&self, seconds: u64) {
        let age = |moment: &mut Value| {
            let millis = moment["N"].as_str().and_then(|millis| millis.parse().ok());
            let millis: u64 = millis.expect("a moment");
            moment["N"] = (millis - seconds * 1000).to_string().into();
        };
        for mut session in self.items_of_type("session") {
            let proved = &mut session["proved"]["M"];
            age(&mut proved["at"]);
            if proved["second"].is_object() {
                age(&mut proved["second"]["M"]["at"]);
            }
            self.put(&session);
        }
    }

    /// Writes the admin counter as the accounts are.
    pub fn count_admins(&self) {
        let admins = |status: &str| -> Vec<Value> {
            let mut users = self.items_of_type("user");
            users.retain(|user| user["role"]["S"] == "admin" && user["status"]["S"] == status);
            users
                .into_iter()
                .map(|user| user["id"]["S"].clone())
                .collect()
        };
        let mut counter = json!({
            "pk": { "S": "COUNTERS" },
            "sk": { "S": "ADMINS" },
            "type": { "S": "admin_counter" },
            "schema": { "N": "1" },
            "active": { "N": admins("active").len().to_string() },
            "version": { "N": "1" },
        });
        let suspended = admins("suspended");
        if !suspended.is_empty() {
            counter["suspended"] = json!({ "SS": suspended });
        }
        self.put(&counter);
    }

    /// What the admin counter says.
    #[must_use]
    pub fn active_admins(&self) -> usize {
        let counter = self.items_of_type("admin_counter");
        let active = counter
            .first()
            .and_then(|counter| counter["active"]["N"].as_str());
        active
            .and_then(|active| active.parse().ok())
            .unwrap_or_default()
    }

    /// The session that an account signed in with last.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn session_of(&self, account: &Account) -> String {
        let sessions = self.items_of_type("session").into_iter();
        let own = sessions.filter(|session| session["user_id"]["S"] == *account.id);
        let ids = own.filter_map(|session| session["id"]["S"].as_str().map(str::to_owned));
        ids.max().expect("a session")
    }

    /// Fills the table with generated accounts and answers their addresses.
    ///
    /// # Panics
    /// When the engine refuses.
    pub async fn seed(&self, count: usize) -> Vec<String> {
        let model = self.account().await;
        let items = self
            .items()
            .into_iter()
            .filter(|item| item["id"]["S"] == *model.id || item["user_id"]["S"] == *model.id);
        let items: Vec<Value> = items.collect();
        let seed = Seed::new(&items, count).expect("an account to copy");
        seed.write(self.engine.database(), |_| {})
            .expect("the engine writes");
        (0..count).map(|number| seed.email(number)).collect()
    }

    /// Asserts what holds between items whatever happened: see [`check_invariants`](Self::check_invariants).
    ///
    /// # Panics
    /// When something does not hold.
    #[track_caller]
    pub fn assert_invariants(&self) {
        if let Err(broken) = self.check_invariants() {
            panic!("{broken}");
        }
    }

    /// What holds between items whatever happened: every user has exactly one credential, at the user's address
    /// and at the user's version, and every credential its user; preferences have their user; second
    /// factors are there exactly where the user says so; the counter counts
    /// the active admins; a session without its user expires.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_invariants(&self) -> Result<(), String> {
        let items = self.items();
        let of_kind =
            |kind: &'static str| items.iter().filter(move |item| item["type"]["S"] == kind);
        let text =
            |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let mut users = BTreeSet::new();
        for user in of_kind("user") {
            let id = text(user, "id");
            let own = of_kind("credential").filter(|credential| credential["user_id"]["S"] == *id);
            let own: Vec<&Value> = own.collect();
            let [credential] = own[..] else {
                return Err(format!("{id} has {} credentials", own.len()));
            };
            let address = text(user, "email").to_lowercase();
            if credential["pk"]["S"] != format!("EMAIL#{address}") {
                return Err(format!("{id} signs in as {}", credential["pk"]));
            }
            if credential["credential_version"] != user["credential_version"] {
                return Err(format!("{id} and its credential are at two versions"));
            }
            users.insert(id);
        }
        for credential in of_kind("credential") {
            if !users.contains(&text(credential, "user_id")) {
                return Err(format!("a credential of nobody: {}", credential["pk"]));
            }
        }
        for preferences in of_kind("preferences") {
            let owner = text(preferences, "pk");
            if !users.contains(owner.trim_start_matches("USER#")) {
                return Err(format!("preferences of nobody: {owner}"));
            }
        }
        for user in of_kind("user") {
            let own = |kind| of_kind(kind).filter(|item| item["pk"] == user["pk"]);
            let passkeys = own("passkey").map(|passkey| format!("passkey:{}", text(passkey, "id")));
            let totp = own("totp").map(|_| "totp".to_owned());
            let stored: BTreeSet<String> = totp.chain(passkeys).collect();
            let named = user["factors"]["SS"].as_array().into_iter().flatten();
            let named = named.filter_map(Value::as_str).map(str::to_owned);
            let named: BTreeSet<String> = named.collect();
            if named != stored {
                return Err(format!("{} has {stored:?} and names {named:?}", user["pk"]));
            }
            if named.is_empty() != own("recovery_codes").next().is_none() {
                return Err(format!(
                    "{}: factors and recovery codes go together",
                    user["pk"]
                ));
            }
        }
        for session in of_kind("session") {
            if session["ttl"]["N"].as_str().is_none() {
                return Err(format!("a session that never expires: {}", session["sk"]));
            }
        }
        let admins = |status: &'static str| {
            of_kind("user")
                .filter(move |user| user["role"]["S"] == "admin" && user["status"]["S"] == status)
        };
        let (counted, active) = (self.active_admins(), admins("active").count());
        if counted != active {
            return Err(format!(
                "{active} active admins, and the counter says {counted}"
            ));
        }
        let suspended: BTreeSet<String> =
            admins("suspended").map(|user| text(user, "id")).collect();
        let noted = of_kind("admin_counter").flat_map(|counter| {
            let ids = counter["suspended"]["SS"].as_array();
            ids.into_iter().flatten().filter_map(Value::as_str)
        });
        let noted: BTreeSet<String> = noted.map(str::to_owned).collect();
        if noted != suspended {
            return Err(format!(
                "{suspended:?} are suspended admins, and the counter says {noted:?}"
            ));
        }
        Ok(())
    }
}
