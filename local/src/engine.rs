//! The embedded `DynamoDB`.

use std::path::Path;

use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Error;
use crate::settings::TABLE;
use crate::template::Template;

/// A running engine. Cheap to clone; it serves until its process ends.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    endpoint: String,
}

impl Engine {
    /// Serves a database held in memory on a free port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn in_memory() -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Self::serve(Database::memory()?, listener)
    }

    /// Serves the database in `file`, made when it does not exist.
    ///
    /// # Errors
    /// When the file is no database.
    pub fn on_file(file: &Path, listener: TcpListener) -> Result<Self, Error> {
        Self::serve(open(file)?, listener)
    }

    fn serve(database: Database, listener: TcpListener) -> Result<Self, Error> {
        let endpoint = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        Ok(Self { database, endpoint })
    }

    /// Base URL of its API.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The database itself, to look at and to prepare.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Creates the template's table, unless it is there. Answers whether it was created.
    ///
    /// # Errors
    /// When the engine refuses what the template says.
    pub fn create_table(&self, template: &Template, name: &str) -> Result<bool, Error> {
        let tables = self.database.list_tables(ListTablesRequest::default())?;
        let exists = tables.table_names.iter().any(|table| table == name);
        if !exists {
            let request: CreateTableRequest =
                serde_json::from_value(template.create_table_request(name)?)?;
            self.database.create_table(request)?;
        }
        // Every time: a run may have been killed between the two.
        let ttl: UpdateTimeToLiveRequest = serde_json::from_value(json!({
            "TableName": name,
            "TimeToLiveSpecification": { "AttributeName": template.ttl_attribute()?, "Enabled": true },
        }))?;
        // Refused when it is on already.
        let _ = self.database.update_time_to_live(ttl);
        Ok(!exists)
    }

    /// Every item of the table, page by page.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn items(&self) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let request = json!({ "TableName": TABLE, "ExclusiveStartKey": start });
            let page = self.database.scan(serde_json::from_value(request)?)?;
            let mut page = serde_json::to_value(page)?;
            if let Value::Array(found) = page["Items"].take() {
                items.extend(found);
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(items);
            }
        }
    }
}

/// Opens the database in `file`, which another engine may serve meanwhile.
///
/// # Errors
/// When the file is no database.
pub fn open(file: &Path) -> Result<Database, Error> {
    let path = file
        .to_str()
        .ok_or("the path of the database is not UTF-8")?;
    Ok(Database::new(path).map_err(|error| error.to_string())?)
}
