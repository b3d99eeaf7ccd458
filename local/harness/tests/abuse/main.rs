//! What goes wrong between the functions and the table, and who does it on purpose: every fault at every call,
//! requests interleaved call by call, policies, hostile input, planted secrets, and HTTP taken at its word.

mod canaries;
mod faults;
mod hostile;
mod policies;
mod protocol;
mod races;
mod scenes;
mod track;

use harness::Bundle;

async fn bundle() -> Bundle {
    // The binaries stand one folder above the tests.
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.ancestors().nth(2).expect("a folder of binaries");
    let login = folder.join("login");
    Bundle::start(login.to_str().expect("a path in UTF-8")).await
}
