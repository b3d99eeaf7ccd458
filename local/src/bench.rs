//! x
use local::Error;
pub async fn run() -> Result<(), Error> { Ok(()) }
