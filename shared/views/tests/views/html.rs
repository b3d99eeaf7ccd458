//! As much of a parser as well-formed pages need: tags close in the order they open, and every attribute is
//! quoted and stands once.

/// Elements that have no end tag (HTML, 13.1.2).
const VOID: [&str; 6] = ["br", "hr", "img", "input", "link", "meta"];

/// An element, with the text in it and the elements around it.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    /// Their places in the list, the outermost first.
    pub around: Vec<usize>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The elements of a page, in the order they open.
pub fn read(page: &str) -> Result<Vec<Element>, String> {
    let mut rest = page.strip_prefix("<!doctype html>\n").ok_or("no doctype")?;
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    while let Some((text, after)) = rest.split_once('<') {
        let text = decoded(text)?;
        for place in &open {
            elements[*place].text.push_str(&text);
        }
        rest = after;
        if let Some(after) = rest.strip_prefix('/') {
            let (name, after) = after.split_once('>').ok_or("an end tag without end")?;
            let place = open.pop().ok_or(format!("</{name}> closes nothing"))?;
            if elements[place].name != name {
                return Err(format!("</{name}> closes <{}>", elements[place].name));
            }
            rest = after;
            continue;
        }
        let name_ends = rest.find(|found: char| !found.is_ascii_alphanumeric());
        let (name, after) = rest.split_at(name_ends.ok_or("a tag without end")?);
        if name.is_empty() {
            return Err(format!(
                "<{} is no tag",
                &rest.chars().take(20).collect::<String>()
            ));
        }
        let (attributes, after) =
            attributes(after).map_err(|error| format!("<{name}>: {error}"))?;
        elements.push(Element {
            name: name.to_owned(),
            attributes,
            text: String::new(),
            around: open.clone(),
        });
        if !VOID.contains(&name) {
            open.push(elements.len() - 1);
        }
        rest = after;
    }
    match open.last() {
        Some(place) => Err(format!("<{}> is not closed", elements[*place].name)),
        None if rest.trim().is_empty() => Ok(elements),
        None => Err("text behind the end".to_owned()),
    }
}

type Attributes<'a> = (Vec<(String, String)>, &'a str);

fn attributes(mut rest: &str) -> Result<Attributes<'_>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            return Ok((found, after));
        }
        rest = rest
            .strip_prefix(' ')
            .ok_or("no space before an attribute")?;
        let ends = rest.find(|found: char| !(found.is_ascii_lowercase() || found == '-'));
        let (name, after) = rest.split_at(ends.ok_or("no end")?);
        if name.is_empty() || found.iter().any(|(key, _)| key == name) {
            return Err(format!("the attribute {name:?} stands twice, or is none"));
        }
        let (value, after) = match after.strip_prefix("=\"") {
            Some(after) => after.split_once('"').ok_or("a value without end")?,
            None => ("", after),
        };
        if value.contains('<') {
            return Err(format!("a tag in {name}"));
        }
        found.push((name.to_owned(), decoded(value)?));
        rest = after;
    }
}

/// Text with its references replaced: those that the pages have.
fn decoded(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part
            .split_once(';')
            .ok_or(format!("a bare & in {text:?}"))?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            _ => return Err(format!("what is &{name};?")),
        });
        out.push_str(after);
    }
    Ok(out)
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let page = |body: &str| format!("<!doctype html>\n<p>{body}</p>");
    for body in [
        "",
        "a &amp; b",
        "<b>x</b><br>",
        "<input name=\"a\" hidden>",
        "<a href=\"&#39;\">x</a>",
    ] {
        read(&page(body)).expect(body);
    }
    for body in [
        "<b>",
        "</b>",
        "<b></p>",
        "a & b",
        "a < b",
        "<a href=x></a>",
        "<a href=\"x\" href=\"y\"></a>",
        "<a href=\"x\"title=\"y\"></a>",
        "<a ONCLICK=\"x\"></a>",
        "&nbsp;",
    ] {
        assert!(read(&page(body)).is_err(), "{body}");
    }
}
