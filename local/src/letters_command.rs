//! `cargo local letters`: every letter in every language, as files to look at.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use letters::{Letter, Locale, Values};
use local::Error;

use crate::state;

/// Writes `<locale>/<letter>.html` and `.txt`, and a page that links them.
pub fn run() -> Result<(), Error> {
    let folder = state::folder().join("letters");
    write_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!(
        "Every letter, with values that are made up: {}",
        folder.join("index.html").display()
    );
    Ok(())
}

fn write_all(folder: &Path) -> Result<(), Error> {
    let mut rows = String::new();
    for letter in Letter::ALL {
        let name = letter.name();
        write!(rows, "<tr><th>{name}</th>")?;
        for locale in Locale::ALL {
            let code = locale.code();
            let rendered = letter.render(locale, &Values::sample(letter))?;
            let folder = folder.join(code);
            fs::create_dir_all(&folder)?;
            let text = format!("Subject: {}\n\n{}", rendered.subject, rendered.text);
            fs::write(folder.join(format!("{name}.txt")), text)?;
            fs::write(folder.join(format!("{name}.html")), rendered.html)?;
            write!(
                rows,
                "<td><a href=\"{code}/{name}.html\">{code}</a> <a href=\"{code}/{name}.txt\">text</a></td>"
            )?;
        }
        rows.push_str("</tr>\n");
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Letters</title>\n\
         <h1>Letters</h1>\n<table>\n{rows}</table>\n</html>\n"
    );
    Ok(fs::write(folder.join("index.html"), page)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_links_every_letter_that_is_written() {
        let folder = std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4()));
        write_all(&folder).expect("written");
        let page = fs::read_to_string(folder.join("index.html")).expect("a page");
        let links: Vec<&str> = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(links.len(), Letter::ALL.len() * Locale::ALL.len() * 2);
        for link in links {
            let file = fs::read_to_string(folder.join(link)).expect(link);
            assert!(file.contains("Latchkey"), "{link}");
        }
        fs::remove_dir_all(folder).expect("a folder");
    }
}
