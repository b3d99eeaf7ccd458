//! What the tests of every area share: the real binaries, the embedded engine with the template's table,
//! every call between the two observed, every answer checked against `openapi.yaml`.

mod answer;
mod budget;
mod bundle;
mod contract;
mod recorder;
mod table;

pub use answer::Answer;
pub use bundle::{Account, Bundle, PASSWORD};
pub use contract::{Contract, Operation};
pub use local::event::HttpRequest;
pub use local::function::{Function, FunctionError, Outcome};
pub use local::template::{FunctionBlock, Grant, Template};
pub use recorder::{Call, Cost, Fault, Recorder, Touch};
