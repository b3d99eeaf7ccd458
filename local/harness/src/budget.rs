//! What a request may cost and what a function may do.

use local::event::HttpRequest;
use local::settings::TABLE;
use local::template::Grant;

use crate::{Bundle, Call, Cost, Touch};

impl Bundle {
    /// Counts the calls of one request that succeeds, on a warm function.
    ///
    /// # Panics
    /// When it does not succeed.
    pub async fn cost_of(&self, request: &HttpRequest) -> Cost {
        let (answer, cost) = self.recorder().cost_of(self.send(request)).await;
        assert!(answer.status < 400, "{}", answer.text);
        cost
    }

    /// Asserts that a function's policy allows everything it touched in `calls`, and nothing it did not
    /// touch.
    ///
    /// # Panics
    /// When the two differ.
    pub fn assert_policy(&self, calls: &[Call], function: &str) {
        let block = self
            .functions()
            .iter()
            .find(|block| block.binary == function);
        let grants = &block.expect("the template has the function").grants;
        let touched: Vec<_> = calls
            .iter()
            .filter(|call| call.function == function)
            .flat_map(|call| &call.touched)
            .collect();
        for touch in &touched {
            let allowed = grants.iter().any(|grant| allows(grant, touch));
            assert!(
                allowed,
                "{function} does {touch:?}, which its policy does not allow"
            );
        }
        for grant in grants {
            // Who reads some attributes needs no right to all; a write names its attributes anyway.
            let writes = matches!(
                grant.action.as_str(),
                "dynamodb:PutItem" | "dynamodb:UpdateItem"
            );
            let needed = touched.iter().any(|touch| {
                let as_narrow = grant.attributes.is_some() == touch.attributes.is_some();
                allows(grant, touch) && (writes || as_narrow)
            });
            assert!(needed, "{function} may {grant:?}, which it never does");
        }
    }
}

fn allows(grant: &Grant, touch: &Touch) -> bool {
    let matches = match grant.leading_keys.strip_suffix('*') {
        Some(prefix) => touch.key.starts_with(prefix),
        None => touch.key == grant.leading_keys,
    };
    let attributes = match (&grant.attributes, &touch.attributes) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(allowed), Some(asked)) => asked.iter().all(|name| allowed.contains(name)),
    };
    let there = touch.table == TABLE && grant.index == touch.index;
    grant.action == touch.action && there && matches && attributes
}
