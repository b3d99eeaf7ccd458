//! YAML as JSON values, with `CloudFormation`'s short forms.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::Error;

/// Reads a YAML file. A tagged node becomes an object with the tag as its only name: `!Ref Table` is
/// `{"!Ref": "Table"}`.
///
/// # Errors
/// When the file cannot be read or is not one YAML document.
pub fn load(path: &Path) -> Result<Value, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Reads YAML text as [`load`] reads a file.
///
/// # Errors
/// When it is not a YAML document.
pub fn parse(text: &str) -> Result<Value, Error> {
    let documents = Yaml::load_from_str(text)?;
    Ok(to_json(documents.first().ok_or("there is no document")?))
}

fn to_json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) | Yaml::Representation(value, ..) => json!(value),
        Yaml::Sequence(values) => values.iter().map(to_json).collect(),
        Yaml::Mapping(mapping) => {
            let entries = mapping
                .iter()
                .map(|(name, value)| (key(name), to_json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, value) => {
            json!({ format!("{}{}", tag.handle, tag.suffix): to_json(value) })
        }
        Yaml::Value(Scalar::Null) | Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

/// Names are text in JSON; response codes and the like are numbers in YAML.
fn key(name: &Yaml<'_>) -> String {
    match to_json(name) {
        Value::String(name) => name,
        other => other.to_string(),
    }
}
