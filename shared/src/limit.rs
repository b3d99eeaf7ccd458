//! Rate limits: for whom, how much, how often. The generic cell rate algorithm (ITU-T I.371) with one number a
//! subject: the theoretical arrival time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::{self, ConfigError};

/// What is limited together: a value of the functions that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name in keys and in `RATE_LIMITS`.
    pub name: &'static str,
    /// Its limits where `RATE_LIMITS` does not name it; the template's parameter says the same.
    pub default_limits: &'static str,
}

/// Guesses of the password of an account, wherever it is asked for.
pub const PASSWORD_ROUTE: Route = Route {
    name: "login",
    default_limits: "account-address=10/15m address=100/5m account=100/1h",
};

/// New accounts, however they are made.
pub const REGISTER_ROUTE: Route = Route {
    name: "register",
    default_limits: "account-address=5/1h address=100/1h account=20/1h",
};

/// Whose requests count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One account from one client address: the strict one.
    AccountAddress,
    /// One client address, whatever the account.
    Address,
    /// One account, wherever from: loose, because strangers can use it up.
    Account,
}

impl Rule {
    const ALL: [Self; 3] = [Self::AccountAddress, Self::Address, Self::Account];

    /// Its name in settings, keys and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountAddress => "account-address",
            Self::Address => "address",
            Self::Account => "account",
        }
    }
}

/// So many requests at once, and then one each `period / count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests, at least one.
    pub count: u32,
    /// In which time they come back.
    pub period: Duration,
}

impl Rate {
    const MAX_COUNT: u32 = 1_000_000;
    const MAX_PERIOD: Duration = Duration::from_hours(24);

    /// Reads `10/15m`: a count, and a period in `s`, `m` or `h`. Nothing for anything else, and for more than one
    /// request a millisecond.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, period) = text.split_once('/')?;
        let (number, unit) = period.split_at_checked(period.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return None,
        };
        let count: u32 = count.parse().ok()?;
        let period = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
        let rate = Self { count, period };
        let usable = (1..=Self::MAX_COUNT).contains(&count)
            && (Duration::from_secs(1)..=Self::MAX_PERIOD).contains(&period)
            && rate.interval() >= Duration::from_millis(1);
        usable.then_some(rate)
    }

    /// What one request costs.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.period / self.count
    }

    /// The latest theoretical arrival time at which a request is still let through.
    #[must_use]
    pub fn latest(self, now: Timestamp) -> Timestamp {
        now.plus(self.interval() * (self.count - 1))
    }
}

/// The limits of a route: a rule without a rate is not applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits([Option<Rate>; 3]);

impl Limits {
    /// The limits of a route, by `RATE_LIMITS`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn from_env(route: Route) -> Result<Self, ConfigError> {
        let text = config::optional(config::RATE_LIMITS).unwrap_or_default();
        Self::of_route(&text, route).ok_or_else(|| {
            let syntax = "it must be routes with rules, such as login: account-address=10/15m account=100/1h; register: off";
            ConfigError::invalid(config::RATE_LIMITS, syntax)
        })
    }

    /// Reads what limits between semicolons say of a route. Each is for one route, `login: account=100/1h`, or without
    /// a name for every route that has none. What they say nothing about has its defaults. Whether there is a route of
    /// every name, the template's pattern knows.
    #[must_use]
    pub fn of_route(text: &str, route: Route) -> Option<Self> {
        let mut limits = BTreeMap::new();
        let entries = text.split(';').map(str::trim);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let (name, rules) = match entry.split_once(':') {
                Some((name, rules)) => (Some(name), rules.trim_start()),
                None => (None, entry),
            };
            if !name.is_none_or(is_name) || limits.insert(name, Self::parse(rules)?).is_some() {
                return None;
            }
        }
        let named = limits.remove(&Some(route.name));
        let own = named.or_else(|| limits.remove(&None));
        own.or_else(|| Self::parse(route.default_limits))
    }

    /// Reads `off`, or rules between spaces, each once.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut limits = Self::default();
        if text == "off" {
            return Some(limits);
        }
        for part in text.split_ascii_whitespace() {
            let (name, rate) = part.split_once('=')?;
            let rule = Rule::ALL.into_iter().find(|rule| rule.name() == name)?;
            let before = limits.0[rule as usize].replace(Rate::parse(rate)?);
            if before.is_some() {
                return None;
            }
        }
        (limits != Self::default()).then_some(limits)
    }

    /// How often a rule lets through; nothing where it is not applied.
    #[must_use]
    pub const fn rate(&self, rule: Rule) -> Option<Rate> {
        self.0[rule as usize]
    }
}

/// Who is limited by which rule.
#[derive(Clone, Debug)]
pub struct LimitSubject {
    /// What is limited, by its name.
    pub route: &'static str,
    /// Whose requests count together.
    pub rule: Rule,
    /// Account, client address, or both.
    pub name: String,
}

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Whose requests were too many.
    pub rule: Rule,
    /// How many they may be.
    pub rate: Rate,
    /// How long until the next one is let through.
    pub wait: Duration,
}

impl Exceeded {
    /// Whole seconds until the next request is let through.
    #[must_use]
    pub fn retry_after(self) -> u64 {
        u64::try_from(self.wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
    }

    /// Value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3).
    #[must_use]
    pub fn policy(self) -> String {
        let Rate { count, period } = self.rate;
        format!("\"{}\";q={count};w={}", self.rule.name(), period.as_secs())
    }

    /// Value of `RateLimit` (§4 of the same).
    #[must_use]
    pub fn state(self) -> String {
        format!("\"{}\";r=0;t={}", self.rule.name(), self.retry_after())
    }
}

/// Whether a route may be called so.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A client's address as limits count it: IPv4 alone, IPv6 by its /64, which is one network of many that a
/// connection may have. However it is spelled, it is one; what is no address counts together.
#[must_use]
pub fn client_network(address: Option<&str>) -> String {
    let Some(Ok(address)) = address.map(str::parse::<IpAddr>) else {
        return "unknown".to_owned();
    };
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_the_limits_of_its_name_or_those_of_all_or_its_own() {
        let of = |text: &str, route| Limits::of_route(text, route);
        let five = Limits::parse("address=5/1m");
        for text in [
            "login: address=5/1m",
            "register: off; login: address=5/1m;",
            "address=5/1m",
        ] {
            assert_eq!(of(text, PASSWORD_ROUTE), five, "{text}");
        }
        let mixed = "off; login: address=5/1m";
        assert_eq!(of(mixed, PASSWORD_ROUTE), five);
        assert_eq!(of(mixed, REGISTER_ROUTE), Some(Limits::default()));
        for text in ["", " ; ", "register: off"] {
            let own = Limits::parse(PASSWORD_ROUTE.default_limits);
            assert_eq!(of(text, PASSWORD_ROUTE), own, "{text}");
        }
        for wrong in [
            "Login: off",
            "login : off",
            "login: off; login: off",
            "off; off",
            "login:",
            "login: off, register: off",
            "register: address=0/1m",
        ] {
            assert_eq!(of(wrong, PASSWORD_ROUTE), None, "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_a_count_in_a_period() {
        let rate = |count, seconds| {
            let period = Duration::from_secs(seconds);
            Some(Rate { count, period })
        };
        assert_eq!(Rate::parse("10/15m"), rate(10, 900));
        assert_eq!(Rate::parse("1/1s"), rate(1, 1));
        assert_eq!(Rate::parse("100/24h"), rate(100, 86_400));
        let wrong = [
            "",
            "10",
            "10/",
            "/1m",
            "0/1m",
            "1/0s",
            "-1/1m",
            "1/25h",
            "1.5/1m",
            "10/15",
            "10/15d",
            "1001/1s",
            "1/1ä",
            "10/99999999999999999999h",
            "10 /1m",
        ];
        for wrong in wrong {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn limits_are_rules_with_rates() {
        let limits = Limits::parse("address=5/1m").expect("usable");
        assert_eq!(limits.rate(Rule::Address), Rate::parse("5/1m"));
        assert_eq!(limits.rate(Rule::Account), None);
        assert_eq!(Limits::parse("off"), Some(Limits::default()));
        for wrong in [
            "",
            " ",
            "off off",
            "address=5/1m address=6/1m",
            "ip=5/1m",
            "address 5/1m",
        ] {
            assert_eq!(Limits::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn after_the_burst_one_request_comes_back_each_interval() {
        let rate = Rate::parse("10/15m").expect("usable");
        let now = Timestamp::from_seconds(1_000);
        assert_eq!(rate.interval(), Duration::from_secs(90));
        // Nine are under way when the tenth is let through.
        assert_eq!(rate.latest(now), now.plus(Duration::from_secs(9 * 90)));
        let single = Rate::parse("1/1h").expect("usable");
        assert_eq!(single.latest(now), now);
    }

    #[test]
    fn bug_40_an_address_has_one_spelling_and_ipv6_counts_by_its_64() {
        let one = [
            "2001:db8:1:2::1",
            "2001:0DB8:1:2:ffff::9",
            "2001:db8:1:2:0:0:0:1",
        ];
        for spelling in one {
            assert_eq!(
                client_network(Some(spelling)),
                "2001:db8:1:2::/64",
                "{spelling}"
            );
        }
        assert_ne!(client_network(Some("2001:db8:1:3::1")), "2001:db8:1:2::/64");
        for spelling in ["203.0.113.9", "::ffff:203.0.113.9", "::FFFF:cb00:7109"] {
            assert_eq!(client_network(Some(spelling)), "203.0.113.9", "{spelling}");
        }
        for nonsense in [
            None,
            Some(""),
            Some("203.0.113.9, 10.0.0.1"),
            Some("203.0.113.009"),
        ] {
            assert_eq!(client_network(nonsense), "unknown", "{nonsense:?}");
        }
    }
}
