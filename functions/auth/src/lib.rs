//! What the functions of the area are made of.

use latchkey::limit::Route;

/// Guesses of a password: login, and verify-email with a password.
pub const LOGIN_ROUTE: Route = Route {
    name: "login",
    default_limits: "account-address=10/15m address=100/5m account=100/1h",
};
