use harness::{Answer, Bundle, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

/// Sends an event to `login` as it is.
async fn send_event(bundle: &Bundle, event: &Value) -> Answer {
    let login = bundle.function("login").await;
    let answer = login
        .invoke(event)
        .await
        .expect("an answer, not a failed invocation");
    assert!(login.is_running());
    Answer::from_event(&answer)
}

fn event(body: &str) -> Value {
    HttpRequest::new("POST", "/v1/auth/login")
        .body("application/json", body)
        .event("/v1/auth/login")
}

#[tokio::test]
async fn bug_49_hostile_bodies_are_refused_and_the_process_lives_on() {
    let bundle = bundle().await;
    let pid = bundle.function("login").await.pid();
    let _ = bundle.recorder().take();
    let deep = format!("{{\"email\":{}{}}}", "[".repeat(8_000), "]".repeat(8_000));
    for body in [
        "",
        "null",
        "[]",
        "{",
        "{} {}",
        "{\"email\":1,\"email\":2}",
        "{\"email\":NaN}",
        "\u{feff}{}",
        "{\"email\":\"\\ud800\"}",
        "{\"email\":1e99999}",
        &deep,
    ] {
        let answer = send_event(&bundle, &event(body)).await;
        let shown: String = body.chars().take(30).collect();
        assert_eq!(
            (answer.status, answer.code()),
            (400, "malformed_request"),
            "{shown}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let mut lying = event("{ this is no base64 }");
    lying["isBase64Encoded"] = json!(true);
    assert_eq!(send_event(&bundle, &lying).await.status, 400);
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
    ] {
        let mut wrong = event("{}");
        wrong["headers"]["content-type"] = json!(content_type);
        assert_eq!(
            send_event(&bundle, &wrong).await.status,
            415,
            "{content_type:?}"
        );
    }
    for not_http in [
        json!({}),
        json!([]),
        json!("text"),
        json!({ "Records": [] }),
    ] {
        assert_eq!(
            send_event(&bundle, &not_http).await.status,
            400,
            "{not_http}"
        );
    }
    assert!(
        bundle.recorder().take().is_empty(),
        "nothing reached the table"
    );
    assert_eq!(bundle.function("login").await.pid(), pid);

    let account = bundle.account().await;
    let encoded = json!({ "email": account.email, "password": PASSWORD }).to_string();
    let mut honest = event(&base64(encoded.as_bytes()));
    honest["isBase64Encoded"] = json!(true);
    assert_eq!(send_event(&bundle, &honest).await.status, 200);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn bug_45_an_oversized_body_is_refused_without_a_hash_or_a_call() {
    let bundle = bundle().await;
    let login = bundle.function("login").await;
    let _ = bundle.recorder().take();
    let body = json!({ "email": "a@example.com", "password": "x".repeat(1_000_000) }).to_string();
    let answer = send_event(&bundle, &event(&body)).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
    let mut encoded = event(&base64(body.as_bytes()));
    encoded["isBase64Encoded"] = json!(true);
    assert_eq!(send_event(&bundle, &encoded).await.status, 413);
    let just_over = format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024 - 7));
    assert_eq!(send_event(&bundle, &event(&just_over)).await.status, 413);
    let just_within = format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024 - 8));
    assert_eq!(send_event(&bundle, &event(&just_within)).await.status, 400);
    assert!(bundle.recorder().take().is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let log = login.log();
    let requests: Vec<_> = log
        .iter()
        .filter(|line| line.contains("\"request\""))
        .collect();
    assert_eq!(requests.len(), 4, "one line a request");
    for line in requests {
        assert!(line.contains("\"password_hashes\":0"), "{line}");
    }
}

#[tokio::test]
async fn bug_47_memory_stays_flat_over_many_logins() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let login = bundle.function("login").await;
    let mut after_ten = 0;
    for number in 0..40 {
        let password = if number % 2 == 0 {
            PASSWORD.to_owned()
        } else {
            format!("wrong {number}")
        };
        let body = json!({ "email": account.email, "password": password });
        let _ = bundle.post("/v1/auth/login", &body).await;
        if number == 10 {
            after_ten = login.memory().expect("memory").0;
        }
    }
    let (now, _) = login.memory().expect("memory");
    assert!(
        now < after_ten + 4 * 1024 * 1024,
        "{after_ten} -> {now}: one arena is 19 MiB"
    );
}

#[tokio::test]
async fn a_request_out_of_time_answers_503_before_lambda_ends_it() {
    let bundle = bundle().await;
    let login = bundle.spawn("login").await;
    login.set_budget(std::time::Duration::from_millis(1_020));
    let body = json!({ "email": "nobody@example.com", "password": PASSWORD });
    let request = HttpRequest::new("POST", "/v1/auth/login").json(&body);
    let _ = bundle.send_to(&login, &request).await;
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(500));
    let answer = bundle.send_to(&login, &request).await.expect_status(503);
    assert_eq!(answer.code(), "unavailable");
    assert!(login.is_running());
}

#[tokio::test]
async fn bug_56_bug_57_init_names_the_setting_and_shows_no_value() {
    let bundle = bundle().await;
    let environment = bundle.environment("login");
    let start = async |environment: Vec<(String, String)>| {
        let started = harness::Function::start(&bundle.binary("login"), &environment).await;
        started.err().expect("init fails").to_string()
    };
    for name in [
        "TABLE_NAME",
        "ISSUER",
        "AUDIENCE",
        "SESSION_SECRET",
        "AWS_REGION",
    ] {
        let without = environment
            .iter()
            .filter(|(other, _)| other != name)
            .cloned()
            .collect();
        let printed = start(without).await;
        assert!(
            printed.contains(name) && printed.contains("is not set"),
            "{printed}"
        );
        assert!(printed.lines().count() <= 3, "{printed}");
    }
    for (name, value) in [
        ("SESSION_SECRET", "tooshort-canary"),
        (
            "SESSION_SECRET",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
        (
            "SESSION_SECRET",
            "changeme-canary-Zx9QwErTyUiOpAsDfGhJkLzXcVbNm1234567890",
        ),
        ("ISSUER", "http://accounts.example.com"),
        ("ISSUER", "https://accounts.example.com/"),
        ("TRUST_SYSTEM_ROOTS", "canary"),
    ] {
        let mut changed: Vec<_> = environment
            .iter()
            .filter(|(other, _)| other != name)
            .cloned()
            .collect();
        changed.push((name.to_owned(), value.to_owned()));
        let printed = start(changed).await;
        assert!(
            printed.contains(name) && !printed.contains(value),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn bug_55_no_jitter_entropy_is_built_in() {
    let bundle = bundle().await;
    let binary = std::fs::read(bundle.binary("login")).expect("the binary");
    let contains = |text: &[u8]| binary.windows(text.len()).any(|window| window == text);
    assert!(contains(b"aws_lc"), "the binary has its symbols");
    assert!(
        !contains(b"jent_entropy_collector_alloc"),
        "AWS_LC_SYS_NO_JITTER_ENTROPY was not set"
    );
}
