//! Linking, all of it: an identity that is known or not, an address that is in use or not, what the provider says of it and
//! how far it is trusted, and whether the account has a second factor. Each has its one right outcome.

use std::collections::BTreeMap;
use std::io::{self, Write};

use harness::requests::post;
use harness::{Account, Answer, Bundle, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;
use crate::peer::Peer;

/// What the address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    Absent,
    Unverified,
    Verified,
    Suspended,
    Deleted,
    Invited,
}

/// What has to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The account that the identity has.
    Known,
    /// A new one.
    New { verified: bool },
    /// The account of the address, with all that is in it.
    Linked,
    /// The account of the address, with nothing left of whoever made it.
    TakenOver,
    /// The account of the address, which an admin has made for its owner.
    Invitation,
    /// Whoever holds the account has to say so.
    LinkRequired,
    /// The account is suspended.
    Suspended,
}

#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the table"
)]
struct Case {
    is_known: bool,
    address: Address,
    vouches: bool,
    is_trusted: bool,
    has_factor: bool,
}

/// Written down a second time, as a person would decide it.
fn expected(case: Case) -> Outcome {
    let Case {
        is_known,
        address,
        vouches,
        is_trusted,
        has_factor,
    } = case;
    if is_known {
        return Outcome::Known;
    }
    match address {
        Address::Absent | Address::Deleted => Outcome::New { verified: vouches },
        _ if !(vouches && is_trusted) => Outcome::LinkRequired,
        Address::Suspended => Outcome::Suspended,
        Address::Unverified => Outcome::TakenOver,
        Address::Invited => Outcome::Invitation,
        Address::Verified if has_factor => Outcome::LinkRequired,
        Address::Verified => Outcome::Linked,
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let addresses = [
        Address::Absent,
        Address::Unverified,
        Address::Verified,
        Address::Suspended,
        Address::Deleted,
        Address::Invited,
    ];
    for is_known in [false, true] {
        for address in addresses {
            for vouches in [false, true] {
                for is_trusted in [false, true] {
                    for has_factor in [false, true] {
                        // Who is not there, or has never signed in, has set nothing up.
                        let has_none = matches!(
                            address,
                            Address::Absent | Address::Deleted | Address::Invited
                        );
                        if has_factor && has_none {
                            continue;
                        }
                        cases.push(Case {
                            is_known,
                            address,
                            vouches,
                            is_trusted,
                            has_factor,
                        });
                    }
                }
            }
        }
    }
    cases
}

/// Whoever made the account of the address, with everything that they could leave in it.
struct Holder {
    account: Account,
    recovery_code: Option<String>,
}

impl Holder {
    /// Brings the address into its state; nobody where nobody has it.
    async fn make(bundle: &Bundle, admin: &Account, case: Case) -> (String, Option<Self>) {
        let path = |id: &str| format!("/v1/users/{id}");
        if case.address == Address::Absent {
            return (format!("{}@example.org", uuid::Uuid::new_v4()), None);
        }
        if case.address == Address::Invited {
            let email = format!("{}@example.org", uuid::Uuid::new_v4());
            let invite = post(
                "/v1/users",
                &json!({ "email": email, "firstName": "Grace" }),
            );
            let invited = bundle.send(&invite.bearer(&admin.access_token)).await;
            let id = invited.expect_status(201).text_at("/id");
            let account = Account {
                id,
                email: email.clone(),
                access_token: String::new(),
                refresh_token: String::new(),
            };
            let recovery_code = None;
            return (
                email,
                Some(Self {
                    account,
                    recovery_code,
                }),
            );
        }
        let account = bundle.account().await;
        let named = harness::requests::by(&account, "PATCH", &path("me"));
        let named = named.json(&json!({ "firstName": "Mallory" }));
        let _ = bundle.send(&named).await.expect_status(200);
        let recovery_code = if case.has_factor {
            Some(bundle.enrol(&account).await.codes[0].clone())
        } else {
            None
        };
        match case.address {
            Address::Verified => {
                bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
            }
            Address::Suspended => {
                bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
                bundle.edit_user(&account.id, "status", &json!({ "S": "suspended" }));
            }
            Address::Deleted => {
                let delete = harness::requests::by(&account, "DELETE", &path("me"));
                let _ = bundle.send(&delete).await.expect_status(204);
            }
            _ => {}
        }
        let email = account.email.clone();
        (
            email,
            Some(Self {
                account,
                recovery_code,
            }),
        )
    }

    /// Whether they still get in: by their session, or by what they have set.
    async fn gets_in(&self, bundle: &Bundle) -> bool {
        if !self.account.access_token.is_empty() && bundle.is_signed_in(&self.account).await {
            return true;
        }
        let body = json!({ "email": self.account.email, "password": PASSWORD });
        let mut answer = bundle.post("/v1/auth/login", &body).await;
        if let (403, Some(code)) = (answer.status, &self.recovery_code) {
            let body = json!({ "challenge": answer.body["challenge"], "recoveryCode": code });
            answer = bundle.post("/v1/auth/continue", &body).await;
        }
        answer.status == 200
    }
}

#[tokio::test]
async fn an_identity_opens_the_one_account_that_is_right() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let mut seen = BTreeMap::<Outcome, u32>::new();
    let mut hijacks = Vec::new();
    let mut trust = None;
    for case in cases() {
        if trust.replace(case.is_trusted) != Some(case.is_trusted) {
            let word = if case.is_trusted {
                "linking"
            } else {
                "new_accounts"
            };
            let changes = json!({ "emailTrust": word });
            let put = peer.put(&bundle, &admin, "peer", &changes).await;
            assert_eq!(put.status, 200);
        }
        let outcome = try_one(&bundle, &admin, &peer, case, &mut hijacks).await;
        assert_eq!(outcome, expected(case), "{case:?}");
        *seen.entry(outcome).or_default() += 1;
    }
    let count: u32 = seen.values().sum();
    for (outcome, count) in &seen {
        let _ = writeln!(io::stderr(), "{count:3} × {outcome:?}");
    }
    let _ = writeln!(io::stderr(), "{count} cases, {} hijacks", hijacks.len());
    assert!(hijacks.is_empty(), "{hijacks:#?}");
    assert_eq!(seen.len(), 8, "each outcome comes about");
}

async fn try_one(
    bundle: &Bundle,
    admin: &Account,
    peer: &Peer,
    case: Case,
    hijacks: &mut Vec<String>,
) -> Outcome {
    let subject = uuid::Uuid::new_v4().to_string();
    let known = if case.is_known {
        // It came by another address, before this one was of any account.
        let email = format!("{subject}@example.net");
        let claims = json!({ "email": email, "email_verified": true });
        let first = peer.exchange(bundle, &subject, &claims).await;
        Some(first.expect_status(200).text_at("/user/id"))
    } else {
        None
    };
    let (email, holder) = Holder::make(bundle, admin, case).await;
    let claims = json!({
        "email": email, "email_verified": case.vouches, "given_name": "Ada", "family_name": "Lovelace",
    });
    let answer = peer.exchange(bundle, &subject, &claims).await;
    let outcome = outcome(&answer, known.as_deref(), holder.as_ref());
    if let Some(holder) = &holder {
        let is_in = holder.gets_in(bundle).await;
        // Whoever made an account for an address that is not theirs never shares it with its owner.
        let is_theirs = matches!(outcome, Outcome::Linked);
        if is_in
            && !is_theirs
            && answer.status == 200
            && answer.text_at("/user/id") == holder.account.id
        {
            hijacks.push(format!("{case:?}: whoever made it still gets in"));
        }
        // Nor does an identity get into an account by an address that nobody has shown to be its.
        let is_opened = answer.status == 200 && answer.text_at("/user/id") == holder.account.id;
        if is_opened && !(case.vouches && case.is_trusted) && !case.is_known {
            hijacks.push(format!("{case:?}: the identity got in by a word"));
        }
        let unharmed = matches!(
            outcome,
            Outcome::LinkRequired | Outcome::Known | Outcome::Linked
        );
        let could = matches!(case.address, Address::Unverified | Address::Verified);
        assert!(
            is_in || !unharmed || !could,
            "{case:?}: the holder lost the account"
        );
    }
    outcome
}

fn outcome(answer: &Answer, known: Option<&str>, holder: Option<&Holder>) -> Outcome {
    let id = answer.text_at("/user/id");
    match (answer.status, answer.code()) {
        (409, "link_required") => {
            assert!(answer.text_at("/linkToken").starts_with("lklt_"));
            Outcome::LinkRequired
        }
        (403, "account_suspended") => Outcome::Suspended,
        (200, _) => {
            let user = &answer.body["user"];
            let verified = user["emailVerified"] == true;
            match (known, holder) {
                (Some(known), _) if known == id => Outcome::Known,
                (None, Some(holder)) if holder.account.id == id => taken(user, verified),
                _ => {
                    assert_eq!(user["firstName"], "Ada");
                    Outcome::New { verified }
                }
            }
        }
        _ => panic!("{} {}", answer.status, answer.text),
    }
}

fn taken(user: &Value, verified: bool) -> Outcome {
    assert!(verified, "{user}");
    match user["firstName"].as_str() {
        Some("Mallory") => Outcome::Linked,
        Some("Grace") => Outcome::Invitation,
        Some("Ada") => Outcome::TakenOver,
        other => panic!("{other:?}"),
    }
}
