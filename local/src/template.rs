//! What `template.yaml` says about the bundle.

use std::path::Path;

use serde_json::{Value, json};

use crate::{Error, yaml};

/// The SAM template.
#[derive(Clone, Debug)]
pub struct Template {
    document: Value,
    functions: Vec<FunctionBlock>,
}

/// One function of the template.
#[derive(Clone, Debug)]
pub struct FunctionBlock {
    /// Its logical id, `GetUserFunction`.
    pub logical_id: String,
    /// Its binary, `get-user`.
    pub binary: String,
    /// The environment variables it gets.
    pub variables: Vec<Variable>,
    /// Its routes: method and path.
    pub routes: Vec<(String, String)>,
    /// What it may do to the table.
    pub grants: Vec<Grant>,
    /// Logical ids of the secrets that it may read.
    pub secrets: Vec<String>,
}

/// One route of the API.
#[derive(Clone, Debug)]
pub struct Route {
    /// `GET`.
    pub method: String,
    /// `/v1/users/{id}`.
    pub path: String,
    /// Logical id of the function it invokes.
    pub function: String,
    /// What API Gateway is told of the call.
    pub integration: Value,
    /// The condition under which it is there, where there is one.
    pub condition: Option<String>,
}

/// One allowed action on one pattern of partition keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// `USER#*`; any where the index is granted, which has none.
    pub leading_keys: String,
    /// The index that is granted, if it is not the table.
    pub index: Option<String>,
    /// The attributes it is limited to.
    pub attributes: Option<Vec<String>>,
}

impl From<Value> for Template {
    fn from(document: Value) -> Self {
        let functions = functions(&document);
        Self {
            document,
            functions,
        }
    }
}

/// An environment variable of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it is where nobody sets the parameter that it is made of.
    pub default: Option<String>,
}

impl Template {
    /// Reads the template below `root`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(root: &Path) -> Result<Self, Error> {
        yaml::load(&root.join("template.yaml")).map(Self::from)
    }

    /// The whole document.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// The functions, in the order of the template.
    #[must_use]
    pub fn functions(&self) -> &[FunctionBlock] {
        &self.functions
    }

    /// One of them, by its binary.
    ///
    /// # Errors
    /// When there is none.
    pub fn function(&self, binary: &str) -> Result<FunctionBlock, Error> {
        let mut functions = self.functions.iter();
        let function = functions.find(|function| function.binary == binary);
        function
            .cloned()
            .ok_or_else(|| format!("template.yaml has no function {binary}").into())
    }

    /// The routes of the API, in the order of the template.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        routes(&self.document)
    }

    /// The `CreateTable` request for the table of the template, under a name of ours.
    ///
    /// # Errors
    /// When the template has no table.
    pub fn create_table_request(&self, name: &str) -> Result<Value, Error> {
        let properties = &self.table()?["Properties"];
        let mut request = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {
                "StreamEnabled": true,
                "StreamViewType": properties["StreamSpecification"]["StreamViewType"],
            },
        });
        for property in [
            "AttributeDefinitions",
            "KeySchema",
            "GlobalSecondaryIndexes",
        ] {
            request[property] = properties[property].clone();
        }
        Ok(request)
    }

    /// The attribute that holds when an item may be removed.
    ///
    /// # Errors
    /// When the template has no table.
    pub fn ttl_attribute(&self) -> Result<String, Error> {
        let specification = &self.table()?["Properties"]["TimeToLiveSpecification"];
        let attribute = specification["AttributeName"].as_str();
        Ok(attribute
            .ok_or("template.yaml: the table has no TTL attribute")?
            .to_owned())
    }

    fn table(&self) -> Result<&Value, Error> {
        resources(&self.document)
            .map(|(_, resource)| resource)
            .find(|resource| resource["Type"] == "AWS::DynamoDB::Table")
            .ok_or_else(|| "template.yaml has no table".into())
    }
}

fn resources(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["Resources"].as_object().into_iter().flatten()
}

fn functions(document: &Value) -> Vec<FunctionBlock> {
    let routes = routes(document);
    resources(document)
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(logical_id, resource)| function_block(document, &routes, logical_id, resource))
        .collect()
}

fn routes(document: &Value) -> Vec<Route> {
    let apis = resources(document).map(|(_, resource)| resource);
    let apis = apis.filter(|resource| resource["Type"] == "AWS::Serverless::HttpApi");
    let paths = apis.filter_map(|api| api["Properties"]["DefinitionBody"]["paths"].as_object());
    let operations = paths.flatten().flat_map(|(path, methods)| {
        // A path of an area that can be switched off: `!If [condition, methods, nothing]`.
        let choice = &methods["!If"];
        let (condition, methods) = match choice[0].as_str() {
            Some(condition) => (Some(condition), &choice[1]),
            None => (None, methods),
        };
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, condition, method, operation))
    });
    let routes = operations.map(|(path, condition, method, operation)| {
        let integration = &operation["x-amazon-apigateway-integration"];
        let uri = integration["uri"]["!Sub"].as_str().unwrap_or_default();
        let function = uri.split_once("/functions/${").unwrap_or_default().1;
        Route {
            method: method.to_uppercase(),
            path: path.clone(),
            function: function.split('.').next().unwrap_or_default().to_owned(),
            integration: integration.clone(),
            condition: condition.map(str::to_owned),
        }
    });
    routes.collect()
}

fn function_block(
    document: &Value,
    routes: &[Route],
    logical_id: &str,
    resource: &Value,
) -> FunctionBlock {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let properties = &resource["Properties"];
    let globals = &document["Globals"]["Function"];
    let variables = [globals, properties]
        .iter()
        .filter_map(|from| from["Environment"]["Variables"].as_object())
        .flatten()
        .filter(|(_, value)| value["!Ref"] != NOTHING)
        .map(|(name, value)| Variable {
            name: name.clone(),
            default: chosen(value)["!Ref"]
                .as_str()
                .and_then(|name| default(document, name)),
        })
        .collect();
    let routes = routes.iter().filter(|route| route.function == logical_id);
    let routes = routes.map(|route| (route.method.clone(), route.path.clone()));
    FunctionBlock {
        logical_id: logical_id.to_owned(),
        binary: text(&resource["Metadata"]["BuildProperties"]["Binary"]),
        variables,
        routes: routes.collect(),
        grants: grants(&properties["Policies"]),
        secrets: secrets(&properties["Policies"]),
    }
}

/// The default of a parameter, if it has one that is not empty.
fn default(document: &Value, parameter: &str) -> Option<String> {
    let default = match &document["Parameters"][parameter]["Default"] {
        Value::String(text) => text.clone(),
        Value::Null => return None,
        value => value.to_string(),
    };
    (!default.is_empty()).then_some(default)
}

/// What `!Ref` names where there is to be nothing.
const NOTHING: &str = "AWS::NoValue";

/// What is there as a stack comes: the first branch of `!If [condition, value, nothing]`, or the value itself.
fn chosen(value: &Value) -> &Value {
    value["!If"].get(1).unwrap_or(value)
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values.clone(),
        Value::Null => Vec::new(),
        value => vec![value.clone()],
    }
}

/// The statements of a function's policies.
fn statements(policies: &Value) -> Vec<Value> {
    let policies = list(policies).into_iter();
    policies
        .flat_map(|policy| list(&chosen(&policy)["Statement"]))
        .collect()
}

/// The secrets that a function's policies let it read.
fn secrets(policies: &Value) -> Vec<String> {
    let statements = statements(policies).into_iter();
    let mut secrets: Vec<String> = statements
        .filter(|statement| statement["Action"] == "secretsmanager:GetSecretValue")
        .flat_map(|statement| list(&statement["Resource"]))
        .filter_map(|secret| secret["!Ref"].as_str().map(str::to_owned))
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

/// The actions on the table that a function's policies allow, a pair for each pattern of keys.
fn grants(policies: &Value) -> Vec<Grant> {
    let texts = |value: &Value| {
        let texts = list(value).into_iter();
        texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut grants = Vec::new();
    for statement in statements(policies) {
        let condition = &statement["Condition"];
        let mut keys = texts(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
        let resource = &statement["Resource"];
        let index = resource["!Sub"].as_str();
        let index = index.and_then(|arn| arn.strip_prefix("${Table.Arn}/index/"));
        if index.is_none() && resource["!GetAtt"] != "Table.Arn" {
            continue;
        }
        if index.is_some() {
            keys.push("*".to_owned());
        }
        let attributes = texts(&condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]);
        for action in texts(&statement["Action"]) {
            if !action.starts_with("dynamodb:") {
                continue;
            }
            grants.extend(keys.iter().map(|key| Grant {
                action: action.clone(),
                leading_keys: key.clone(),
                index: index.map(str::to_owned),
                attributes: (!attributes.is_empty()).then(|| attributes.clone()),
            }));
        }
    }
    grants.sort();
    grants
}
