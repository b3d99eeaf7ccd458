//! `cargo local pages`: every page in every language and state, as files to look at.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use local::Error;
use views::{ASSETS, Locale, Theme};

use crate::state;

/// Writes the pages and what they are dressed in, and a page that links them.
pub fn run() -> Result<(), Error> {
    let folder = state::folder().join("pages");
    write_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!(
        "Every page, with values that are made up: {}",
        folder.join("index.html").display()
    );
    Ok(())
}

fn write_all(folder: &Path) -> Result<(), Error> {
    let theme = Theme::new("Latchkey");
    let assets = folder.join("assets");
    fs::create_dir_all(&assets)?;
    for asset in ASSETS {
        fs::write(assets.join(asset.name), asset.bytes)?;
    }
    fs::write(assets.join("theme.css"), views::theme_css(&theme))?;
    // By what they are called without their language.
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    for sample in views::samples(&theme)? {
        let code = sample.locale.code();
        let state = sample.file.trim_end_matches(".html");
        let state = state.trim_end_matches(code).trim_end_matches('.');
        let cells = states.entry(state.to_owned()).or_default();
        write!(cells, "<td><a href=\"{}\">{code}</a></td>", sample.file)?;
        let html = sample.html.replace("\"/assets/", "\"assets/");
        fs::write(folder.join(&sample.file), html)?;
    }
    let mut rows = String::new();
    for (state, cells) in &states {
        writeln!(rows, "<tr><td>{state}</td>{cells}</tr>")?;
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Pages</title>\n\
         <link rel=\"stylesheet\" href=\"assets/base.css\">\n<link rel=\"stylesheet\" href=\"assets/theme.css\">\n\
         <body class=\"wide\">\n<h1>Pages</h1>\n<p>{} states in {} languages, light or dark as the browser is; and \
         <a href=\"style-guide.en.html\">what they are made of</a>.</p>\n<table>\n{rows}</table>\n</body>\n</html>\n",
        states.len(),
        Locale::ALL.len()
    );
    Ok(fs::write(folder.join("index.html"), page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(page: &str) -> impl Iterator<Item = &str> {
        let links = page.split("href=\"").skip(1);
        links.filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn the_page_links_every_page_and_each_has_its_styles_beside_it() {
        let folder = std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4()));
        write_all(&folder).expect("written");
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
        let index = read("index.html");
        let samples = views::samples(&Theme::new("Latchkey")).expect("samples");
        assert_eq!(samples.len() % Locale::ALL.len(), 0);
        for sample in &samples {
            let linked = links(&index).filter(|link| *link == sample.file).count();
            let is_guide = sample.file == "style-guide.en.html";
            assert_eq!(linked, 1 + usize::from(is_guide), "{}", sample.file);
            let page = read(&sample.file);
            assert!(!page.contains("\"/assets/"), "{}", sample.file);
            for asset in links(&page).filter(|link| link.starts_with("assets/")) {
                let file = asset.split('?').next().unwrap_or_default();
                assert!(folder.join(file).exists(), "{}: {file}", sample.file);
            }
        }
        let pages = links(&index).filter(|link| !link.starts_with("assets/"));
        assert_eq!(pages.count(), samples.len() + 1);
        assert_eq!(
            index.matches("<tr>").count(),
            samples.len() / Locale::ALL.len()
        );
        assert!(read("assets/theme.css").contains("--accent"));
        fs::remove_dir_all(folder).expect("a folder");
    }
}
