//! What a first visit costs.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use views::{ASSETS, Theme, theme_css};

use super::pages;

/// Bytes over the wire for the sign-in page, with all that it links.
const BUDGET: usize = 30 * 1024;

fn packed(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("packed").len()
}

#[test]
fn the_sign_in_page_is_light() {
    let linked: usize = ASSETS.iter().map(|asset| packed(asset.bytes)).sum();
    let linked = linked + packed(theme_css(&Theme::new("Latchkey")).as_bytes());
    for sample in pages() {
        if sample.file.starts_with("sign-in") {
            let all = linked + packed(sample.html.as_bytes());
            println!("{}: {all} bytes, {} of them linked", sample.file, linked);
            assert!(all <= BUDGET, "{}: {all}", sample.file);
        }
    }
}

#[test]
fn the_paths_of_what_is_linked_are_those_of_the_assets() {
    for sample in pages() {
        let used = sample
            .html
            .split("\"/assets/")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'));
        for (path, _) in used {
            let path = format!("/assets/{path}");
            let theme = path == views::theme_path(&Theme::new("Latchkey"));
            assert!(
                theme || ASSETS.iter().any(|asset| asset.path() == path),
                "{path}"
            );
        }
    }
}
