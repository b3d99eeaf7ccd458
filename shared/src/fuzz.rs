//! Property tests at the depth of a fuzzer.

use proptest::prelude::*;

/// At least 2,000 cases, more by `PROPTEST_CASES`.
pub(crate) fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.max(2_000),
        ..default
    }
}
