//! What each function of `mfa` does, in each of the situations in which it talks to the table in another way.

mod codes;
mod devices;
mod enrolment;
mod passkeys;
mod proving;

use harness::scenes::Scene;

fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    scenes.extend(enrolment::scenes());
    scenes.extend(passkeys::scenes());
    scenes.extend(devices::scenes());
    scenes.extend(proving::scenes());
    scenes.extend(codes::scenes());
    scenes
}

harness::area!("continue", scenes());
