//! Colours, and how well one is read on another.

use std::fmt;

/// A colour of sRGB, as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    pub(crate) const BLACK: Self = Self([0, 0, 0]);
    pub(crate) const WHITE: Self = Self([255, 255, 255]);

    pub(crate) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// Reads `#rrggbb`, six hexadecimal digits in either case and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// The contrast ratio of the two, 1 to 21 (WCAG 2.2).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Black or white, whichever is read better on it. One of them has a contrast of 4.58 at least.
    #[must_use]
    pub fn text_on(self) -> Self {
        if Self::BLACK.contrast(self) >= Self::WHITE.contrast(self) {
            Self::BLACK
        } else {
            Self::WHITE
        }
    }

    /// So many hundredths of this one, and the rest of the other.
    pub(crate) fn mixed(self, hundredths: u16, other: Self) -> Self {
        let mix = |at: usize| {
            let sum =
                u16::from(self.0[at]) * hundredths + u16::from(other.0[at]) * (100 - hundredths);
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self([mix(0), mix(1), mix(2)])
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_six_digits_are_a_colour() {
        for text in ["#000000", "#1a2B3c", "#ffffff"] {
            let colour = Colour::parse(text).expect("a colour");
            assert_eq!(colour.to_string(), text.to_lowercase());
        }
        for text in [
            "", "#", "000000", "#fff", "#12345", "#1234567", "#12345g", "#+12345", "#ä1234", "red",
            " #000000", "#000000;",
        ] {
            assert_eq!(Colour::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let near = |one: Colour, two: Colour, ratio: f64| (one.contrast(two) - ratio).abs() < 0.01;
        assert!(near(Colour::BLACK, Colour::WHITE, 21.0));
        assert!(near(Colour::WHITE, Colour::WHITE, 1.0));
        assert!(near(Colour::new(0x76, 0x76, 0x76), Colour::WHITE, 4.54));
        assert!(near(Colour::WHITE, Colour::new(0xff, 0, 0), 4.0));
    }
}
