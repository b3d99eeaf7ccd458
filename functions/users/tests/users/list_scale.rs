//! Long lists, and lists that change while they are walked.

use std::collections::{BTreeMap, BTreeSet};

use harness::HttpRequest;
use serde_json::json;

use crate::bundle;
use crate::list::{ids, list, stored};

#[tokio::test]
async fn a_walk_while_users_come_and_go_meets_everybody_who_stays_exactly_once() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.seed(400).await;
    for sort in ["createdAt", "-createdAt"] {
        let before: BTreeSet<String> = stored(&bundle, |_| true).into_iter().collect();
        let mut met: BTreeMap<String, usize> = BTreeMap::new();
        let mut next = String::new();
        let mut page = 0;
        loop {
            let query = format!("sort={sort}&limit=7{next}");
            let answer = list(&bundle, &admin, &query).await.expect_status(200);
            let on_page = ids(&answer);
            for id in &on_page {
                *met.entry(id.clone()).or_default() += 1;
            }
            if answer.body["page"]["hasMore"] == false {
                break;
            }
            next = format!("&cursor={}", answer.text_at("/page/nextCursor"));
            // The last one of the page, which the cursor stands for, goes every other time, and so does one
            // that is still to come; new ones come before, behind and at the end.
            page += 1;
            if page % 2 == 0 {
                let everyone = stored(&bundle, |_| true);
                let last = on_page.last().expect("a full page");
                let ahead = &everyone[everyone.len() * 2 / 3];
                for id in [last, ahead] {
                    if *id != admin.id {
                        let pk = json!({ "S": format!("USER#{id}") });
                        bundle.delete(&json!({ "pk": pk, "sk": { "S": "USER" } }));
                    }
                }
            }
            if page % 5 == 0 {
                let _ = bundle.seed(12).await;
            }
        }
        let stayed: BTreeSet<String> = stored(&bundle, |_| true).into_iter().collect();
        let stayed: Vec<&String> = before.intersection(&stayed).collect();
        assert!(stayed.len() > 200, "{}", stayed.len());
        for id in &stayed {
            assert_eq!(met.get(*id), Some(&1), "{sort} {id}");
        }
        assert!(met.values().all(|times| *times == 1), "nobody is met twice");
    }
}

#[tokio::test]
async fn a_page_costs_the_same_wherever_it_is_and_a_filter_looks_at_5000_users_at_most() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let _ = bundle.seed(5100).await;
    let request = |query: &str| {
        HttpRequest::new("GET", &format!("/v1/users?{query}")).bearer(&admin.access_token)
    };
    let _ = bundle.send(&request("limit=5")).await;
    let first = bundle.cost_of(&request("limit=5")).await;
    let mut next = String::new();
    for _ in 1..1000 {
        let answer = list(&bundle, &admin, &format!("limit=5{next}")).await;
        next = format!("&cursor={}", answer.text_at("/page/nextCursor"));
    }
    assert_eq!(
        bundle.cost_of(&request(&format!("limit=5{next}"))).await,
        first
    );
    assert_eq!((first.calls, first.round_trips), (3, 1));

    // The admin is the newest but one: nobody else is found on the way.
    let answer = list(&bundle, &admin, "role=admin").await.expect_status(200);
    assert!(ids(&answer).is_empty() && answer.body["page"]["hasMore"] == true);
    let rest = format!("role=admin&cursor={}", answer.text_at("/page/nextCursor"));
    let answer = list(&bundle, &admin, &rest).await.expect_status(200);
    assert_eq!(ids(&answer), [admin.id.as_str()]);
    assert_eq!(answer.body["page"]["hasMore"], false);
    let far = list(&bundle, &admin, "role=moderator&limit=4&page=3").await;
    assert_eq!(far.field_codes(), [("page", "out_of_range")]);
    let last = list(&bundle, &admin, "limit=100&page=50")
        .await
        .expect_status(200);
    assert_eq!(ids(&last), stored(&bundle, |_| true)[4900..5000]);
}
