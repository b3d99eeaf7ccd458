//! Every page in every state and language: what holds for all of them.

#[path = "views/html.rs"]
mod html;

#[path = "views/access.rs"]
mod access;
#[path = "views/applications.rs"]
mod applications;
#[path = "views/escape.rs"]
mod escape;
#[path = "views/forms.rs"]
mod forms;
#[path = "views/policy.rs"]
mod policy;
#[path = "views/weight.rs"]
mod weight;
#[path = "views/words.rs"]
mod words;

use html::Element;
use views::{Sample, Theme, samples};

/// Every page as it is.
fn pages() -> Vec<Sample> {
    samples(&Theme::new("Latchkey")).expect("every template is right")
}

/// Every page, read.
fn documents() -> impl Iterator<Item = (Sample, Vec<Element>)> {
    pages().into_iter().map(|sample| {
        let elements = html::read(&sample.html).unwrap_or_else(|error| {
            panic!("{}: {error}\n{}", sample.file, sample.html);
        });
        (sample, elements)
    })
}
