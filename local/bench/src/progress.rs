//! What a person sees meanwhile.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for so many steps of something; nothing is drawn where there is no terminal.
pub fn bar(what: &'static str, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:28} {bar:40} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(steps as u64).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A line that says what begins.
pub fn begin(what: &str) {
    eprintln!("{what}");
}
