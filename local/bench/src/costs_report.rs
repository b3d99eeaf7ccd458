//! The cost model filled with what was measured.

use std::fmt::Write;

use local::Error;

use crate::chart::{self, Chart, Series};
use crate::consequences::Consequence;
use crate::costs::{
    ACCESS_LOG_BYTES, IDLE_MONTH, Invocation, Operation, PLATFORM_LOG_BYTES, PRICES_OF, REFRESHES,
    SIGN_INS, cognito_month, latchkey_month,
};
use crate::figures::{Figures, FunctionCost};
use crate::functions::FunctionFigures;
use crate::quota::Cell;
use crate::setup::{CORE_MEGABYTES, memory_setting};

/// What a round trip to `DynamoDB` takes longer than one to the embedded engine, in ms: assumed.
const NETWORK_MILLIS: f64 = 5.0;
/// What calls the bus or the mail provider, once.
const CALLS_ELSEWHERE: [&str; 2] = ["publish-events", "send-mail"];
const USERS: [(&str, f64); 3] = [("10,000", 1e4), ("100,000", 1e5), ("1,000,000", 1e6)];
const NO_COST: FunctionCost = FunctionCost {
    round_trips: 0,
    read_units: 0.0,
    write_units: 0.0,
    zip_bytes: 0,
};

/// What is known of functions when an operation is priced.
pub struct Known<'a> {
    /// Latency and log.
    pub functions: &'a [FunctionFigures],
    /// Round trips and units.
    pub counted: &'a Figures,
    /// Latency by memory setting; nothing where it cannot be measured.
    pub cells: &'a [Cell],
}

impl Known<'_> {
    fn cost(&self, name: &str) -> FunctionCost {
        self.counted.functions.get(name).copied().unwrap_or(NO_COST)
    }

    /// A function's billed duration at the template's memory setting.
    fn invocation(&self, name: &str) -> Result<Invocation, Error> {
        let megabytes = memory_setting(name)?;
        let one = self.functions.iter().find(|one| one.name == name);
        let one = one.ok_or_else(|| format!("{name} was not measured"))?;
        let local = match self.cell(name, megabytes) {
            Some(millis) => millis,
            None => one.warm.median() * self.slowdown(megabytes),
        };
        let elsewhere = u32::from(CALLS_ELSEWHERE.contains(&name));
        let trips = f64::from(u32::try_from(self.cost(name).round_trips)? + elsewhere);
        Ok(Invocation {
            megabytes,
            millis: (local + trips * NETWORK_MILLIS).ceil(),
            log_bytes: one.log_bytes + PLATFORM_LOG_BYTES,
        })
    }

    fn cell(&self, name: &str, megabytes: u32) -> Option<f64> {
        let mut cells = self.cells.iter();
        let cell = cells.find(|cell| cell.function == name && cell.megabytes == megabytes);
        cell.map(|cell| cell.warm.median())
    }

    /// How much longer a small function takes than with a core: as get-user does.
    fn slowdown(&self, megabytes: u32) -> f64 {
        let of = |megabytes| self.cell("get-user", megabytes);
        match (of(megabytes), of(CORE_MEGABYTES)) {
            (Some(small), Some(core)) => small / core,
            _ => f64::from(CORE_MEGABYTES) / f64::from(megabytes),
        }
    }

    /// An operation with all that follows from it.
    pub fn operation(&self, name: &str, after: &Consequence) -> Result<Operation, Error> {
        let own = self.cost(name);
        let mut invocations = vec![self.invocation(name)?];
        for (consumer, times) in &after.consumers {
            invocations.extend(vec![self.invocation(consumer)?; *times]);
        }
        Ok(Operation {
            name: name.to_owned(),
            invocations,
            read_units: own.read_units + after.cost.read_units,
            write_units: own.write_units + after.cost.write_units,
            bus_events: after.bus_events,
            messages: after
                .consumers
                .get("send-mail")
                .copied()
                .unwrap_or_default(),
            letters: after.letters,
        })
    }
}

/// A million of each operation.
pub fn operations_markdown(operations: &[Operation], by_memory: bool) -> Result<String, Error> {
    let mut text = "| a million × | billed ms | Lambda | HTTP API | DynamoDB | logs, traces | events | letters | **US $** | less \
                    on arm64 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for operation in operations {
        let bill = operation.bill();
        let millis = operation.invocations.first().map_or(0.0, |own| own.millis);
        writeln!(
            text,
            "| {} | {millis:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | **{:.2}** | {:.2} |",
            operation.name,
            bill.lambda,
            bill.api,
            bill.table,
            bill.observation,
            bill.events,
            bill.letters,
            bill.total(),
            operation.saved_on_arm()
        )?;
    }
    let slowdown = if by_memory {
        "from the table of memory settings; for functions that are not in it, the unlimited p50 times what get-user takes \
         longer at that setting"
    } else {
        "the unlimited p50 divided by the part of a core that the setting is worth, which is too much for what waits"
    };
    writeln!(
        text,
        "\nHow: list prices of us-east-1 as known in {PRICES_OF}, without AWS's free tiers: Lambda x86 $0.0000166667 a GB-second (arm64 \
         $0.0000133334) and $0.20 a million invocations; HTTP API $1.00 a million; DynamoDB on demand $0.125 a million RU, \
         $0.625 a million WU; CloudWatch Logs $0.50 a GB; X-Ray $5.00 a million traces, one in twenty (of a month below, the \
         first invocation of each second as well); EventBridge $1.00 a million; SQS $0.40 a million requests, three a message; SES $0.10 a thousand. *Billed ms* is of the function that answers: its warm p50 at the template's memory \
         setting ({slowdown}), and **{NETWORK_MILLIS} ms more for each round trip**, assumed for DynamoDB, the bus and the mail \
         provider over the network. Logs: bytes of the function's own lines, and about {PLATFORM_LOG_BYTES} of the \
         platform's; about {ACCESS_LOG_BYTES} of API Gateway's access log a request. What follows from the stream (audit, \
         events, letters) is in the row, each function as often as it was invoked when everything was delivered one by one; \
         batches are cheaper. A refresh causes none. Not in it: data transfer out, storage, cold starts, idle polling of the \
         queue, your own rules on the bus."
    )?;
    Ok(text)
}

/// A month of active users, beside Cognito.
pub fn months_markdown(operations: &[Operation]) -> Result<String, Error> {
    let mut text = "| active users | **Latchkey** | Cognito Lite | Cognito Essentials | Cognito Plus |\n|---|---:|---:|---:|---:|\n"
        .to_owned();
    for (name, users) in USERS {
        let [lite, essentials, plus] = cognito_month(users);
        let own = month(operations, users)?;
        writeln!(
            text,
            "| {name} | **${own:.2}** | ${lite:.0} | ${essentials:.0} | ${plus:.0} |"
        )?;
    }
    writeln!(
        text,
        "\nUS dollars a month. How: an active user signs in {SIGN_INS} times and refreshes {REFRESHES} times; an idle stack's \
         ${IDLE_MONTH:.2} is in it. Requests of your application to endpoints such as get-user are extra, at the prices above. \
         Cognito, as known in {PRICES_OF}: Lite $0.0055 a user above 10,000, $0.0046 above 100,000; Essentials $0.015 above 10,000; Plus \
         $0.02 from the first; letters and texts are extra there as here. Cognito has what Latchkey has not: MFA, \
         passkeys, sign-in by other providers, SAML, hosted pages, text messages, risk scores (Plus), and somebody else on \
         call."
    )?;
    Ok(text)
}

/// The same as lines.
pub fn chart(operations: &[Operation]) -> Result<Chart, Error> {
    // A logarithmic scale has no place for nothing: Cognito is free up to 10,000.
    let users = [("20,000", 2e4), USERS[1], ("500,000", 5e5), USERS[2]];
    let cognito = |plan: usize| {
        users
            .iter()
            .map(|(_, users)| cognito_month(*users)[plan])
            .collect()
    };
    let mut own = Vec::new();
    for (_, users) in users {
        own.push(month(operations, users)?);
    }
    let series = [
        ("Latchkey", own),
        ("Cognito Lite", cognito(0)),
        ("Cognito Essentials", cognito(1)),
        ("Cognito Plus", cognito(2)),
    ];
    let series = series.map(|(name, values)| Series {
        name: name.to_owned(),
        values,
    });
    chart::lines(
        "US dollars a month by active users",
        &users.map(|(name, _)| name),
        &series,
    )
}

fn month(operations: &[Operation], users: f64) -> Result<f64, Error> {
    let of = |name: &str| {
        let operation = operations.iter().find(|operation| operation.name == name);
        operation.ok_or_else(|| format!("{name} was not priced"))
    };
    Ok(latchkey_month(users, of("login")?, of("refresh")?))
}
