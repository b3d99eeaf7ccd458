//! What every request computes, each piece alone, for `cargo local bench` to count.
//!
//! `hot-paths list` prints the names; `hot-paths prepare FILE` makes the keys; `hot-paths NAME COUNT FILE` does one
//! piece so many times; `hot-paths fresh COUNT` and `hot-paths arena COUNT` hash passwords in new memory each time
//! and in the same.

#![expect(clippy::print_stdout, reason = "the bench reads it")]

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use argon2::{Algorithm as Argon2Algorithm, Argon2, Params, Version};
use latchkey::clock::Timestamp;
use latchkey::email::Email;
use latchkey::http::{Cursors, Fields, NewAccount, PasswordField, StatusCode, UserResponse, json};
use latchkey::locale::Locale;
use latchkey::password::Password;
use latchkey::profile::Profile;
use latchkey::secret::{Secret, Secrets};
use latchkey::session::Session;
use latchkey::token::access::{self, AccessToken, Parties};
use latchkey::token::key_ring::{Algorithm, PublicKey, SigningKey, WrappedKey, generate};
use latchkey::token::refresh::{self, RefreshClaims, RefreshToken};
use latchkey::user::{Role, User, UserId};
use serde::{Deserialize, Serialize};

/// For nothing but this.
const SECRET: &str = "mH2pQv8ZrT4kXc9LwB6nYd3JfG7sKa5EuN1xVt0RoPqWi";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LIFETIME: Duration = Duration::from_mins(15);
const BODY: &[u8] =
    br#"{"email":"ada@example.com","password":"correct horse battery staple","firstName":"Ada"}"#;

type Path = (&'static str, fn(&Scene));

const PATHS: [Path; 10] = [
    ("verify an access token, RS256", |scene| {
        scene.verify(&scene.rsa_token);
    }),
    ("verify an access token, ES256", |scene| {
        scene.verify(&scene.ec_token);
    }),
    ("refuse a forged access token", |scene| {
        scene.verify(&scene.forged);
    }),
    ("mint an access token, RS256", |scene| {
        scene.mint(&scene.rsa);
    }),
    ("open a refresh token", |scene| {
        black_box(refresh::verify(
            &scene.secrets,
            black_box(&scene.refresh_token),
        ))
        .ok();
    }),
    ("parse an address", |_| {
        black_box(Email::parse(black_box("Ada.Lovelace@Example.com"))).ok();
    }),
    ("read the body of register", |_| {
        black_box(new_account(black_box(BODY)));
    }),
    ("check a password against the policy", |scene| {
        black_box(scene.password.check_policy(Some(&scene.user.email), [])).ok();
    }),
    ("read a cursor", |scene| {
        black_box(scene.cursors.parse_id(black_box(&scene.cursor))).ok();
    }),
    ("serialise a user", |scene| {
        black_box(json(StatusCode::OK, &UserResponse::new(&scene.user, NOW))).ok();
    }),
];

/// As `register` reads it.
fn new_account(body: &[u8]) -> Option<NewAccount> {
    let mut fields = Fields::parse(body).ok()?;
    let account = NewAccount::take(&mut fields, PasswordField::Required, Locale::default());
    fields.finish(|| account).ok()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["list"] => {
            for (name, _) in PATHS {
                println!("{name}");
            }
            Ok(())
        }
        ["prepare", file] => Ok(std::fs::write(file, serde_json::to_vec(&Keys::make()?)?)?),
        ["fresh", count] => hash(count.parse()?, false),
        ["arena", count] => hash(count.parse()?, true),
        [name, count, file] => {
            let path = PATHS.iter().find(|(other, _)| other == name);
            let (_, path) = path.ok_or("there is no such path")?;
            let scene = Scene::new(&serde_json::from_slice(&std::fs::read(file)?)?)?;
            (0..count.parse()?).for_each(|_: u32| path(&scene));
            Ok(())
        }
        _ => Err(
            "hot-paths list | prepare FILE | NAME COUNT FILE | fresh COUNT | arena COUNT".into(),
        ),
    }
}

/// Making RSA keys takes more work than all the rest, and never the same.
#[derive(Serialize, Deserialize)]
struct Keys {
    public: Vec<PublicKey>,
    rsa: WrappedKey,
    ec: WrappedKey,
}

impl Keys {
    fn make() -> Result<Self, Box<dyn Error>> {
        let (rsa_public, rsa) = generate(Algorithm::RS256, NOW, &Secret::new(SECRET)?)?;
        let (ec_public, ec) = generate(Algorithm::ES256, NOW, &Secret::new(SECRET)?)?;
        let public = vec![rsa_public, ec_public];
        Ok(Self { public, rsa, ec })
    }
}

/// What the paths are run on.
struct Scene {
    public: Vec<PublicKey>,
    parties: Parties,
    secrets: Secrets,
    rsa: SigningKey,
    user: User,
    session: Session,
    password: Password,
    cursors: Cursors,
    rsa_token: String,
    ec_token: String,
    forged: String,
    refresh_token: String,
    cursor: String,
}

/// As it is stored: only a sign-in starts one.
fn session(user: &User) -> Result<Session, serde_json::Error> {
    let now = NOW.as_millis();
    serde_json::from_value(serde_json::json!({
        "id": user.id.to_string(),
        "user_id": user.id.to_string(),
        "counter": 0,
        "rotated_at": now,
        "created_at": now,
        "idle_until": NOW.plus(LIFETIME).as_millis(),
        "ends_at": NOW.plus(LIFETIME).as_millis(),
        "credential_version": 1,
        "session_epoch": 1,
        "version": 1,
    }))
}

impl Scene {
    fn new(keys: &Keys) -> Result<Self, Box<dyn Error>> {
        let secrets = Secrets::new(Secret::new(SECRET)?, None);
        let parties = Parties {
            issuer: "https://accounts.example.com".to_owned(),
            audience: "latchkey".to_owned(),
        };
        let email = Email::parse("ada@example.com").map_err(|_| "an address")?;
        let user = User::register(email, Profile::default(), Role::User, NOW);
        let session = session(&user)?;
        let rsa = SigningKey::open(&keys.rsa, &secrets)?;
        let ec = SigningKey::open(&keys.ec, &secrets)?;
        let token = |key| AccessToken::issue(key, &parties, &user, &session, LIFETIME, NOW);
        let (rsa_token, ec_token) = (token(&rsa)?, token(&ec)?);
        // Another's signature under these claims.
        let (claims, _) = rsa_token.reveal().rsplit_once('.').ok_or("a token")?;
        let other = AccessToken::issue(&rsa, &parties, &user, &session, LIFETIME, NOW)?;
        let (_, signature) = other.reveal().rsplit_once('.').ok_or("a token")?;
        let forged = format!("{claims}.{signature}");
        let refresh_token = RefreshToken::issue(
            &secrets,
            &RefreshClaims {
                user_id: user.id,
                session_id: session.id,
                counter: 7,
            },
        );
        let cursors = Cursors::of("users".to_owned());
        let scene = Self {
            cursor: cursors.write(UserId::generate(NOW).as_bytes()),
            cursors,
            rsa_token: rsa_token.reveal().to_owned(),
            ec_token: ec_token.reveal().to_owned(),
            forged,
            refresh_token: refresh_token.reveal().to_owned(),
            password: Password::parse_new("correct horse battery staple")
                .map_err(|_| "a password")?,
            public: keys.public.clone(),
            parties,
            secrets,
            rsa,
            user,
            session,
        };
        scene.expect_what_the_names_say()?;
        Ok(scene)
    }

    /// A path that fails early would be a fast one.
    fn expect_what_the_names_say(&self) -> Result<(), Box<dyn Error>> {
        let verifies = |token| access::verify(&self.public, &self.parties, token, NOW).is_ok();
        let all_hold = verifies(&self.rsa_token)
            && verifies(&self.ec_token)
            && !verifies(&self.forged)
            && refresh::verify(&self.secrets, &self.refresh_token).is_ok()
            && new_account(BODY).is_some()
            && Email::parse("Ada.Lovelace@Example.com").is_ok()
            && json(StatusCode::OK, &UserResponse::new(&self.user, NOW)).is_ok()
            && self
                .password
                .check_policy(Some(&self.user.email), [])
                .is_ok()
            && self.cursors.parse_id(&self.cursor).is_ok();
        all_hold
            .then_some(())
            .ok_or_else(|| "a path does not do what its name says".into())
    }

    fn verify(&self, token: &str) {
        black_box(access::verify(
            &self.public,
            &self.parties,
            black_box(token),
            NOW,
        ))
        .ok();
    }

    fn mint(&self, key: &SigningKey) {
        let (user, session) = (&self.user, &self.session);
        black_box(AccessToken::issue(
            key,
            &self.parties,
            user,
            session,
            LIFETIME,
            NOW,
        ))
        .ok();
    }
}

/// Hashes and prints the process's CPU time a hash in nanoseconds, and its peak memory in bytes.
fn hash(count: u32, in_arena: bool) -> Result<(), Box<dyn Error>> {
    let password = Password::parse("correct horse battery staple").map_err(|_| "a password")?;
    let raw = Argon2::new(
        Argon2Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19_456, 2, 1, Some(32))?,
    );
    let hash_once = || -> Result<(), Box<dyn Error>> {
        let mut hash = [0; 32];
        if in_arena {
            password.matches(None)?;
        } else {
            raw.hash_password_into(b"correct horse battery staple", &[7; 16], &mut hash)?;
        }
        black_box(hash);
        Ok(())
    };
    hash_once()?;
    let before = cpu_nanos()?;
    for _ in 0..count {
        hash_once()?;
    }
    let nanos = (cpu_nanos()? - before) / u64::from(count);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .ok_or("no peak")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    println!("{nanos} {}", peak * 1024);
    Ok(())
}

fn cpu_nanos() -> Result<u64, Box<dyn Error>> {
    let schedule = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(schedule.split(' ').next().ok_or("no CPU time")?.parse()?)
}
