//! The embedded `DynamoDB`.

use std::path::Path;

use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

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
        // Shared by name, so that it can be opened a second time.
        let name = format!("file:{}?mode=memory&cache=shared", Uuid::new_v4());
        Self::serve(open_named(&name)?, listener)
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
        self.scan(json!({ "TableName": TABLE }))
    }

    /// The items of a type.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn items_of_type(&self, kind: &str) -> Result<Vec<Value>, Error> {
        self.scan(json!({
            "TableName": TABLE,
            "FilterExpression": "#type = :type",
            "ExpressionAttributeNames": { "#type": "type" },
            "ExpressionAttributeValues": { ":type": { "S": kind } },
        }))
    }

    fn scan(&self, mut request: Value) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        loop {
            let page = self
                .database
                .scan(serde_json::from_value(request.clone())?)?;
            let mut page = serde_json::to_value(page)?;
            if let Value::Array(found) = page["Items"].take() {
                items.extend(found);
            }
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"].take();
            if request["ExclusiveStartKey"].is_null() {
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
    open_named(path)
}

/// Opens a database by its path or URI, with an index that the engine's own schema lacks: without it every write looks
/// through the whole stream for the highest sequence number, and every read for those behind one.
fn open_named(name: &str) -> Result<Database, Error> {
    const INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_order
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    let database = Database::new(name).map_err(|error| error.to_string())?;
    Connection::open(name)?.execute_batch(INDEX)?;
    Ok(database)
}
