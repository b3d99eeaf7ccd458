//! What an operator chooses: name, logo and colours.

use std::fmt::Write;

use crate::assets::version;
use crate::colour::Colour;

/// Why a setting of a theme is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// Not `#rrggbb`.
    #[error("a colour is written as #rrggbb")]
    Colour,
    /// Neither an https URL nor a path of this origin.
    #[error("a logo is an https URL, or a path such as /logo.svg")]
    Logo,
}

/// What the pages are dressed in. Whatever the colours, text on them can be read: what would not be is
/// replaced by black or white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    logo: Option<String>,
    light: Scheme,
    dark: Scheme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scheme {
    accent: Colour,
    background: Colour,
}

impl Theme {
    /// The theme of an application of this name, in the colours it comes with.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            logo: None,
            light: Scheme {
                accent: Colour::new(0x1f, 0x4f, 0xd8),
                background: Colour::WHITE,
            },
            dark: Scheme {
                accent: Colour::new(0x8a, 0xb0, 0xff),
                background: Colour::new(0x14, 0x16, 0x1b),
            },
        }
    }

    /// With a picture in place of the name: an https URL, or a path of this origin.
    ///
    /// # Errors
    /// [`ThemeError::Logo`]: it is neither.
    pub fn logo(mut self, url: &str) -> Result<Self, ThemeError> {
        let graphic = url.bytes().all(|byte| byte.is_ascii_graphic());
        let own = url.starts_with('/') && !url.starts_with("//");
        if !graphic || url.contains(['\\', '"', '\'', '<', '>']) || !(own || origin(url).is_some())
        {
            return Err(ThemeError::Logo);
        }
        self.logo = Some(url.to_owned());
        Ok(self)
    }

    /// With these colours, `#rrggbb`, of buttons and links.
    ///
    /// # Errors
    /// [`ThemeError::Colour`]: one is none.
    pub fn accent(mut self, light: &str, dark: &str) -> Result<Self, ThemeError> {
        self.light.accent = Colour::parse(light).ok_or(ThemeError::Colour)?;
        self.dark.accent = Colour::parse(dark).ok_or(ThemeError::Colour)?;
        Ok(self)
    }

    /// With these colours, `#rrggbb`, behind everything.
    ///
    /// # Errors
    /// [`ThemeError::Colour`]: one is none.
    pub fn background(mut self, light: &str, dark: &str) -> Result<Self, ThemeError> {
        self.light.background = Colour::parse(light).ok_or(ThemeError::Colour)?;
        self.dark.background = Colour::parse(dark).ok_or(ThemeError::Colour)?;
        Ok(self)
    }

    /// What the application is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The picture in place of the name.
    #[must_use]
    pub fn logo_url(&self) -> Option<&str> {
        self.logo.as_deref()
    }
}

/// The stylesheet of a theme: colours alone. Pages link it by [`theme_path`].
#[must_use]
pub fn theme_css(theme: &Theme) -> String {
    format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        properties(theme.light),
        properties(theme.dark)
    )
}

/// Where the pages expect the stylesheet of a theme: another path with every other theme.
#[must_use]
pub fn theme_path(theme: &Theme) -> String {
    format!(
        "/assets/theme.css?v={:016x}",
        version(theme_css(theme).as_bytes())
    )
}

/// The `Content-Security-Policy` of every page: nothing that stands in the page itself, and nothing from
/// elsewhere but the logo. `data:` is for the QR code and nothing else.
#[must_use]
pub fn csp(theme: &Theme) -> String {
    let mut images = "'self' data:".to_owned();
    if let Some(origin) = theme.logo_url().and_then(origin) {
        images.push(' ');
        images.push_str(origin);
    }
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src {images}; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The origin of an https URL, if that is all ASCII letters, digits, dots and hyphens, with a port or
/// without.
fn origin(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let is_host =
        host.starts_with(|first: char| first.is_ascii_alphanumeric()) && host.bytes().all(named);
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_host && is_port).then(|| &url[..url.len() - rest.len() + end])
}

/// Contrast that text needs (WCAG 2.2, 1.4.3), and the edges of controls (1.4.11).
const TEXT: f64 = 4.5;
const EDGE: f64 = 3.0;

fn properties(Scheme { accent, background }: Scheme) -> String {
    let black_or_white = background.text_on();
    // The palest of these shares of the text that is still told from the background.
    let faint = |shares: &[u16], least: f64| {
        shares
            .iter()
            .map(|share| black_or_white.mixed(*share, background))
            .find(|colour| colour.contrast(background) >= least)
            .unwrap_or(black_or_white)
    };
    let first = |colours: &[Colour], least: f64, otherwise: Colour| {
        let mut found = colours.iter().copied();
        found
            .find(|colour| colour.contrast(background) >= least)
            .unwrap_or(otherwise)
    };
    let edge = faint(&[45, 50, 60, 75], EDGE);
    let reds = [Colour::new(0xb3, 0x1b, 0x1b), Colour::new(0xff, 0xb0, 0xa8)];
    let greens = [Colour::new(0x14, 0x65, 0x2f), Colour::new(0x86, 0xdd, 0xa0)];
    let colours = [
        ("background", background),
        ("text", faint(&[90, 95], 7.0)),
        ("muted", faint(&[65, 75, 85], TEXT)),
        ("line", black_or_white.mixed(16, background)),
        ("edge", edge),
        ("accent", accent),
        ("on-accent", accent.text_on()),
        ("accent-edge", first(&[accent], EDGE, edge)),
        ("link", first(&[accent], TEXT, black_or_white)),
        ("focus", first(&[accent], EDGE, black_or_white)),
        ("danger", first(&reds, TEXT, black_or_white)),
        ("success", first(&greens, TEXT, black_or_white)),
    ];
    colours
        .iter()
        .fold(String::new(), |mut css, (name, colour)| {
            let _ = write!(css, "--{name}:{colour};");
            css
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_an_https_url_or_a_path() {
        for url in [
            "/logo.svg",
            "https://cdn.example.com/logo.svg?size=2",
            "https://cdn.example.com:8443",
            "https://localhost/l",
        ] {
            assert!(Theme::new("x").logo(url).is_ok(), "{url:?}");
        }
        for url in [
            "",
            "logo.svg",
            "//cdn.example.com/logo.svg",
            "http://cdn.example.com/logo.svg",
            "javascript:alert(1)",
            "data:image/svg+xml,x",
            "https://",
            "https:///x",
            "https://a@b.example/",
            "https://a.example; script-src *",
            "https://a.example;script-src/",
            "https://*.example/",
            "https://a.example:/",
            "https://a.example:x/",
            "/\\evil.example",
            "/\"onload=\"x",
        ] {
            assert_eq!(Theme::new("x").logo(url), Err(ThemeError::Logo), "{url:?}");
        }
    }

    #[test]
    fn the_policy_names_the_origin_of_the_logo_and_no_other() {
        let policy = csp(&Theme::new("x"));
        assert!(policy.contains("img-src 'self' data:;"), "{policy}");
        let themed = Theme::new("x")
            .logo("https://cdn.example.com/logo.svg?a#b")
            .expect("a logo");
        let policy = csp(&themed);
        assert!(
            policy.contains("img-src 'self' data: https://cdn.example.com;"),
            "{policy}"
        );
    }

    /// Every colour of a few dozen as accent, and as background.
    #[test]
    fn whatever_the_colours_text_is_read() {
        let steps = [0x00, 0x40, 0x80, 0xc0, 0xff];
        let mut all = Vec::new();
        for red in steps {
            for green in steps {
                all.extend(steps.map(|blue| Colour::new(red, green, blue)));
            }
        }
        for background in &all {
            for accent in &all {
                let scheme = Scheme {
                    accent: *accent,
                    background: *background,
                };
                let css = properties(scheme);
                let of = |name: &str| {
                    let (_, rest) = css.split_once(&format!("--{name}:")).expect("there");
                    Colour::parse(&rest[..7]).expect("a colour")
                };
                for name in ["text", "muted", "link", "danger", "success"] {
                    assert!(of(name).contrast(*background) >= TEXT, "{name} {css}");
                }
                for name in ["edge", "accent-edge", "focus"] {
                    assert!(of(name).contrast(*background) >= EDGE, "{name} {css}");
                }
                assert!(of("on-accent").contrast(of("accent")) >= TEXT, "{css}");
            }
        }
    }

    #[test]
    fn another_theme_has_another_path() {
        let one = Theme::new("x");
        let two = one.clone().accent("#000000", "#ffffff").expect("colours");
        assert_eq!(theme_path(&one), theme_path(&one.clone()));
        assert_ne!(theme_path(&one), theme_path(&two));
        assert_eq!(
            Theme::new("x").accent("red", "#ffffff"),
            Err(ThemeError::Colour)
        );
        assert_eq!(
            Theme::new("x").background("#ffffff", "#fff"),
            Err(ThemeError::Colour)
        );
    }
}
