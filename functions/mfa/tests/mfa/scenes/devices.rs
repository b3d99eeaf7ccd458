//! Devices that are trusted, listed and forgotten.

use harness::requests::{by, post};
use harness::scenes::{Act, Scene};
use harness::{Bundle, Enrolled, HttpRequest, scene};
use serde_json::json;

async fn trusting(bundle: &Bundle, enrolled: &Enrolled) -> HttpRequest {
    let body = json!({
        "challenge": bundle.challenge(&enrolled.account.email).await,
        "recoveryCode": enrolled.codes[0],
        "rememberDevice": true,
    });
    post("/v1/auth/continue", &body)
}

/// An account with a trusted device, and the path of that.
async fn with_device(bundle: &Bundle) -> (Enrolled, String) {
    let enrolled = bundle.enrolled().await;
    let trust = trusting(bundle, &enrolled).await;
    let _ = bundle.send(&trust).await.expect_status(200);
    let list = by(&enrolled.account, "GET", "/v1/users/me/devices");
    let listed = bundle.send(&list).await.expect_status(200);
    let path = format!("/v1/users/me/devices/{}", listed.text_at("/data/0/id"));
    (enrolled, path)
}

pub fn scenes() -> Vec<Scene> {
    vec![
        scene!("go on, and trust the device", "continue", |bundle| {
            let enrolled = bundle.enrolled().await;
            let own = format!("USER#{}", enrolled.account.id);
            Act::send(trusting(bundle, &enrolled).await, 200)
                .repeated(&[401])
                .until(move |item| item["type"]["S"] == "trusted_device" && item["pk"]["S"] == *own)
        }),
        scene!(
            "go on with a code, and trust the device",
            "continue",
            |bundle| {
                let enrolled = bundle.enrolled().await;
                let own = format!("USER#{}", enrolled.account.id);
                let body = json!({
                    "challenge": bundle.challenge(&enrolled.account.email).await,
                    "totp": enrolled.app.last().await,
                    "rememberDevice": true,
                });
                Act::send(post("/v1/auth/continue", &body), 200)
                    .repeated(&[401])
                    .until(move |item| {
                        item["type"]["S"] == "trusted_device" && item["pk"]["S"] == *own
                    })
            }
        ),
        scene!(
            "go on with a passkey, and trust the device",
            "continue",
            |bundle| {
                let account = bundle.account().await;
                let (passkey, _) = bundle.add_passkey(&account).await;
                let own = format!("USER#{}", account.id);
                let challenge = bundle.challenge(&account.email).await;
                let body = json!({
                    "challenge": challenge,
                    "passkey": bundle.present(&passkey, Some(&challenge)).await,
                    "rememberDevice": true,
                });
                Act::send(post("/v1/auth/continue", &body), 200)
                    .repeated(&[401])
                    .until(move |item| {
                        item["type"]["S"] == "trusted_device" && item["pk"]["S"] == *own
                    })
            }
        ),
        scene!("list devices", "list-devices", |bundle| {
            let (enrolled, _) = with_device(bundle).await;
            Act::send(by(&enrolled.account, "GET", "/v1/users/me/devices"), 200)
        }),
        scene!("list the devices of another", "list-devices", |bundle| {
            let (enrolled, _) = with_device(bundle).await;
            let admin = bundle.account_with_role("admin").await;
            let path = format!("/v1/users/{}/devices", enrolled.account.id);
            Act::send(by(&admin, "GET", &path), 200)
        }),
        scene!("forget a device", "forget-device", |bundle| {
            let (enrolled, path) = with_device(bundle).await;
            Act::send(by(&enrolled.account, "DELETE", &path), 204).repeated(&[404])
        }),
        scene!("forget a device of another", "forget-device", |bundle| {
            let (enrolled, path) = with_device(bundle).await;
            let admin = bundle.account_with_role("admin").await;
            let path = path.replace("/me/", &format!("/{}/", enrolled.account.id));
            Act::send(by(&admin, "DELETE", &path), 204).repeated(&[404])
        }),
    ]
}
