//! What is limited, done again while its limits are in use: the table is asked a second time.

use std::sync::atomic::{AtomicU32, Ordering};

use local::event::HttpRequest;

use super::{Act, What};
use crate::Bundle;

const LIMITS: &str = "account-address=9/1h address=9/1h account=9/1h; factor: account=9/1h; passkey: address=9/1h; oauth: address=9/1h";

/// Sends `before` from an address of its own; `request` is to come from there as well.
///
/// # Panics
/// When `before` gets no answer below 429.
pub async fn after(
    bundle: &Bundle,
    function: &str,
    mut before: HttpRequest,
    mut request: HttpRequest,
    expected: u64,
) -> Act {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, high, middle, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let from = format!("10.{high}.{middle}.{low}");
    before.source_ip.clone_from(&from);
    request.source_ip = from;
    let process = bundle.spawn_with(function, "RATE_LIMITS", LIMITS).await;
    let answer = bundle.send_to(&process, &before).await;
    assert!(answer.status < 429, "{function}: {}", answer.text);
    Act::new(What::SendTo(request, "RATE_LIMITS", LIMITS), expected)
}
