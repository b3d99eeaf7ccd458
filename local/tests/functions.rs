//! Functions that are kept running: started again when they have ended or been rebuilt.
//!
//! This program is test and function in one. Where it finds a runtime API, it answers each invocation with its
//! process id, unless it is told to die.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use local::functions::Functions;
use local::pump::Invoke;
use serde_json::{Value, json};

fn main() {
    if let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") {
        return serve(&api);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4().simple()));
    fs::create_dir_all(&folder).expect("a folder");
    let binary = folder.join("play");
    fs::copy(std::env::current_exe().expect("a program"), &binary).expect("a copy");
    runtime.block_on(check(&folder, &binary));
    fs::remove_dir_all(folder).expect("a folder");
}

async fn check(folder: &Path, binary: &Path) {
    let functions = Functions::new(folder.to_owned(), |name| match name {
        "play" => Ok(vec![("GREETING".to_owned(), "hello".to_owned())]),
        _ => Err("unknown".into()),
    });
    let first = functions
        .invoke("play", &json!({}))
        .await
        .expect("an answer");
    assert_eq!(first["greeting"], "hello");
    let second = functions
        .invoke("play", &json!({}))
        .await
        .expect("an answer");
    assert_eq!(first["pid"], second["pid"], "it keeps running");

    // One that dies with an invocation fails it at once, and the next one finds another process.
    let started = Instant::now();
    let died = functions.invoke("play", &json!({ "die": true })).await;
    assert_eq!(died.expect_err("it died").0, "the function ended");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let third = functions
        .invoke("play", &json!({}))
        .await
        .expect("an answer");
    assert_ne!(first["pid"], third["pid"]);

    let file = fs::File::open(binary).expect("the binary");
    file.set_modified(SystemTime::now() + Duration::from_secs(1))
        .expect("a new time");
    let fourth = functions
        .invoke("play", &json!({}))
        .await
        .expect("an answer");
    assert_ne!(third["pid"], fourth["pid"], "it has been rebuilt");
    functions.restart("play").await;
    let fifth = functions
        .invoke("play", &json!({}))
        .await
        .expect("an answer");
    assert_ne!(fourth["pid"], fifth["pid"]);
    for ended in [first, third, fourth] {
        let is_running = || {
            let status = fs::read_to_string(format!("/proc/{}/status", ended["pid"]));
            status.is_ok_and(|status| !status.contains("State:\tZ"))
        };
        let started = Instant::now();
        while is_running() {
            assert!(started.elapsed() < Duration::from_secs(5), "{ended}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(functions.invoke("other", &json!({})).await.is_err());
}

/// The smallest Lambda runtime. Ends when there is no runtime API any more.
fn serve(api: &str) {
    while let Some((head, body)) = call(api, "GET", "invocation/next", "") {
        let id = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name == "lambda-runtime-aws-request-id").then(|| value.trim().to_owned())
        });
        let Some(id) = id else { return };
        let event: Value = serde_json::from_str(&body).expect("JSON");
        if event["die"] == true {
            return;
        }
        let greeting = std::env::var("GREETING").unwrap_or_default();
        let answer = json!({ "pid": std::process::id(), "greeting": greeting }).to_string();
        if call(api, "POST", &format!("invocation/{id}/response"), &answer).is_none() {
            return;
        }
    }
}

fn call(api: &str, method: &str, path: &str, body: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(api).ok()?;
    let length = body.len();
    write!(
        stream,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}
