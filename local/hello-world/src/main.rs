//! The smallest `lambda_http` binary: what `cargo local bench` measures every function against.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| {
        Ok::<_, Error>("hello, world")
    }))
    .await
}
