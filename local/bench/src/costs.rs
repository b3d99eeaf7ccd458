//! What operations and active users cost in US dollars.

/// Public list prices of us-east-1 as they were known in this month; AWS changes them.
pub const PRICES_OF: &str = "November 2026";

const MILLION: f64 = 1e6;
const GIGABYTE: f64 = 1e9;
/// Lambda on x86, a GB-second.
const GB_SECOND: f64 = 0.000_016_666_7;
/// Lambda on arm64, a GB-second.
const ARM_GB_SECOND: f64 = 0.000_013_333_4;
/// Lambda, an invocation.
const INVOCATION: f64 = 0.20 / MILLION;
/// API Gateway, HTTP API, a request.
const API_REQUEST: f64 = 1.00 / MILLION;
/// `DynamoDB` on demand, a read unit.
const READ_UNIT: f64 = 0.125 / MILLION;
/// `DynamoDB` on demand, a write unit.
const WRITE_UNIT: f64 = 0.625 / MILLION;
/// `CloudWatch` Logs, a byte taken in.
const LOG_BYTE: f64 = 0.50 / GIGABYTE;
/// X-Ray, a trace recorded.
const TRACE: f64 = 5.00 / MILLION;
/// X-Ray records this part of a function's invocations, beyond the first of each second.
const TRACED: f64 = 0.05;
/// Seconds of a month, each with an invocation that is recorded whatever happens.
const SECONDS_A_MONTH: f64 = 30.4 * 86_400.0;
/// SQS, a request: a message takes three, to be put in, taken out and deleted.
const QUEUE_REQUEST: f64 = 0.40 / MILLION;
const REQUESTS_A_MESSAGE: f64 = 3.0;
/// API Gateway's own line about a request, about.
pub const ACCESS_LOG_BYTES: f64 = 480.0;
/// `EventBridge`, an event of one's own.
const BUS_EVENT: f64 = 1.00 / MILLION;
/// SES, a letter.
const LETTER: f64 = 0.10 / 1000.0;
/// The platform's own JSON lines of one invocation (start, report), about.
pub const PLATFORM_LOG_BYTES: u64 = 700;
/// A stack without a user and without alarms: four secrets, three alarm metrics, the hourly run.
pub const IDLE_MONTH: f64 = 1.90;
/// What an active user does in a month.
pub const SIGN_INS: f64 = 4.0;
/// What an active user does in a month.
pub const REFRESHES: f64 = 60.0;

/// Users of a month whom Cognito Lite and Essentials do not charge.
const COGNITO_FREE: f64 = 10_000.0;
/// Cognito Lite: users up to this number cost this each.
const COGNITO_LITE: [(f64, f64); 3] = [
    (100_000.0, 0.0055),
    (1_000_000.0, 0.0046),
    (10_000_000.0, 0.003_25),
];
const COGNITO_ESSENTIALS: f64 = 0.015;
const COGNITO_PLUS: f64 = 0.02;

/// One function doing its work once.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// Its memory setting.
    pub megabytes: u32,
    /// Its billed duration.
    pub millis: f64,
    /// What it writes to the log, the platform's lines included.
    pub log_bytes: u64,
}

/// Everything that one request causes, also after its answer.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// What it is.
    pub name: String,
    /// Its own function first, then what follows from the stream and the bus.
    pub invocations: Vec<Invocation>,
    /// Read units of all of them.
    pub read_units: f64,
    /// Write units of all of them.
    pub write_units: f64,
    /// Events on the bus.
    pub bus_events: usize,
    /// Messages of the queue before send-mail.
    pub messages: usize,
    /// Letters.
    pub letters: usize,
}

/// US dollars of a million operations.
#[derive(Clone, Copy, Debug)]
pub struct Bill {
    /// Lambda: invocations and durations, x86.
    pub lambda: f64,
    /// API Gateway.
    pub api: f64,
    /// `DynamoDB`.
    pub table: f64,
    /// Logs and traces.
    pub observation: f64,
    /// `EventBridge` and SQS.
    pub events: f64,
    /// SES.
    pub letters: f64,
}

impl Operation {
    /// What a million of these cost.
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    pub fn bill(&self) -> Bill {
        let count = self.invocations.len() as f64;
        let duration: f64 = self.gigabyte_seconds() * GB_SECOND;
        let log_bytes: u64 = self.invocations.iter().map(|one| one.log_bytes).sum();
        Bill {
            lambda: MILLION * (count * INVOCATION + duration),
            api: MILLION * API_REQUEST,
            table: MILLION * (self.read_units * READ_UNIT + self.write_units * WRITE_UNIT),
            observation: MILLION
                * ((log_bytes as f64 + ACCESS_LOG_BYTES) * LOG_BYTE + count * TRACED * TRACE),
            events: MILLION
                * (self.bus_events as f64 * BUS_EVENT
                    + self.messages as f64 * REQUESTS_A_MESSAGE * QUEUE_REQUEST),
            letters: MILLION * self.letters as f64 * LETTER,
        }
    }

    /// What a million of these cost less on arm64, at the same durations.
    pub fn saved_on_arm(&self) -> f64 {
        MILLION * self.gigabyte_seconds() * (GB_SECOND - ARM_GB_SECOND)
    }

    fn gigabyte_seconds(&self) -> f64 {
        let each = self.invocations.iter();
        each.map(|one| f64::from(one.megabytes) / 1024.0 * one.millis / 1000.0)
            .sum()
    }
}

impl Bill {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.lambda + self.api + self.table + self.observation + self.events + self.letters
    }
}

/// US dollars of the GB-seconds of a million invocations, x86.
pub fn compute_dollars(megabytes: u32, millis: f64) -> f64 {
    MILLION * f64::from(megabytes) / 1024.0 * millis / 1000.0 * GB_SECOND
}

/// US dollars a month for so many active users.
pub fn latchkey_month(users: f64, sign_in: &Operation, refresh: &Operation) -> f64 {
    let done = [(users * SIGN_INS, sign_in), (users * REFRESHES, refresh)];
    let month = done.map(|(times, operation)| {
        let invocations = operation.invocations.iter();
        // The first of each second, which the bill of a million counts like the others.
        let traces: f64 = invocations
            .map(|_| times.min(SECONDS_A_MONTH) * (1.0 - TRACED))
            .sum();
        times * operation.bill().total() / MILLION + traces * TRACE
    });
    IDLE_MONTH + month.iter().sum::<f64>()
}

/// US dollars a month for so many active users of Cognito: Lite, Essentials, Plus.
pub fn cognito_month(users: f64) -> [f64; 3] {
    let charged = (users - COGNITO_FREE).max(0.0);
    let mut lite = 0.0;
    let mut from = COGNITO_FREE;
    for (to, price) in COGNITO_LITE {
        lite += (users.min(to) - from).max(0.0) * price;
        from = to;
    }
    [lite, charged * COGNITO_ESSENTIALS, users * COGNITO_PLUS]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_dollars(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }

    #[test]
    fn a_bill_is_what_the_hand_computes() {
        // One core for 60 ms and 256 MB for 20 ms; 2 RU and 6 WU; 2,000 bytes of log; one event, one letter.
        let operation = Operation {
            name: "login".to_owned(),
            invocations: vec![
                Invocation {
                    megabytes: 1024,
                    millis: 60.0,
                    log_bytes: 1500,
                },
                Invocation {
                    megabytes: 256,
                    millis: 20.0,
                    log_bytes: 500,
                },
            ],
            read_units: 2.0,
            write_units: 6.0,
            bus_events: 1,
            messages: 1,
            letters: 1,
        };
        let bill = operation.bill();
        // 0.060 + 0.25 × 0.020 = 0.065 GB-s.
        assert_dollars(bill.lambda, 0.40 + 0.065 * 16.6667);
        assert_dollars(bill.api, 1.0);
        assert_dollars(bill.table, 0.25 + 3.75);
        assert_dollars(bill.observation, 1.24 + 0.5);
        assert_dollars(bill.events, 1.0 + 1.2);
        assert_dollars(bill.letters, 100.0);
        assert_dollars(
            bill.total(),
            0.40 + 1.083_335_5 + 1.0 + 4.0 + 1.74 + 2.2 + 100.0,
        );
        assert_dollars(operation.saved_on_arm(), 0.065 * 3.3333);
    }

    #[test]
    fn a_gigabyte_for_a_tenth_of_a_second_is_a_tenth_of_a_gigabyte_second() {
        assert_dollars(compute_dollars(1024, 100.0), 1.666_67);
        assert_dollars(compute_dollars(256, 100.0), 0.416_667_5);
    }

    #[test]
    fn a_month_is_what_the_hand_computes() {
        let nothing = Operation::default();
        // The request and its line, $1.24 a million: for a thousand users 64,000.
        assert_dollars(latchkey_month(1e3, &nothing, &nothing), 1.90 + 0.064 * 1.24);
        assert_dollars(latchkey_month(0.0, &nothing, &nothing), 1.90);
        let refresh = Operation {
            invocations: vec![Invocation {
                megabytes: 256,
                millis: 0.0,
                log_bytes: 0,
            }],
            ..Operation::default()
        };
        // 60,000 invocations, each the first of its second and traced: $0.20 and $5 a million.
        let invoked = 0.06 * (0.20 + 5.0);
        assert_dollars(
            latchkey_month(1e3, &nothing, &refresh),
            1.90 + 0.064 * 1.24 + invoked,
        );
        // 60 million, 2,626,560 of them the first of their second.
        let traced = (2.626_56 + 0.05 * (60.0 - 2.626_56)) * 5.0;
        assert_dollars(
            latchkey_month(1e6, &nothing, &refresh),
            1.90 + 64.0 * 1.24 + 12.0 + traced,
        );
    }

    #[test]
    fn cognito_charges_by_user_and_tier() {
        let [lite, essentials, plus] = cognito_month(10_000.0);
        assert_dollars(lite, 0.0);
        assert_dollars(essentials, 0.0);
        assert_dollars(plus, 200.0);
        let [lite, essentials, plus] = cognito_month(100_000.0);
        assert_dollars(lite, 495.0);
        assert_dollars(essentials, 1350.0);
        assert_dollars(plus, 2000.0);
        let [lite, ..] = cognito_month(1e6);
        assert_dollars(lite, 495.0 + 4140.0);
    }
}
