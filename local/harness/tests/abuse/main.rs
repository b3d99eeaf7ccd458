//! Who does it on purpose, on every operation of the contract: hostile input, planted secrets, and HTTP taken at its
//! word.

mod canaries;
mod hostile;
mod protocol;

use harness::Bundle;

async fn bundle() -> Bundle {
    // The binaries stand one folder above the tests.
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.ancestors().nth(2).expect("a folder of binaries");
    let login = folder.join("login");
    Bundle::start(login.to_str().expect("a path in UTF-8")).await
}
