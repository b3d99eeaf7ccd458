//! Files that the pages link: compiled in, and named by what is in them.

/// A file beside the pages.
#[derive(Clone, Copy)]
pub struct Asset {
    /// Its name: `base.css`.
    pub name: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    version: u64,
}

impl Asset {
    const fn new(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let version = version(bytes);
        Self {
            name,
            content_type,
            bytes,
            version,
        }
    }

    /// Where the pages expect it: another path whenever its content is another, so that browsers may keep
    /// it for good.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/assets/{}?v={:016x}", self.name, self.version)
    }

    /// The asset of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.name == name)
    }
}

pub(crate) const BASE: Asset = Asset::new(
    "base.css",
    "text/css; charset=utf-8",
    include_bytes!("../assets/base.css"),
);
pub(crate) const PASSKEYS: Asset = Asset::new(
    "passkeys.js",
    "text/javascript; charset=utf-8",
    include_bytes!("../assets/passkeys.js"),
);
pub(crate) const FAVICON: Asset = Asset::new(
    "favicon.svg",
    "image/svg+xml",
    include_bytes!("../assets/favicon.svg"),
);

/// All of them. The stylesheet of the theme is none: [`crate::theme_css`] makes it.
pub const ASSETS: [Asset; 3] = [BASE, PASSKEYS, FAVICON];

/// FNV-1a in 64 bits: tells versions of a file apart, and keeps no secret.
pub(crate) const fn version(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash ^= bytes[at] as u64;
        hash = u64::wrapping_mul(hash, 0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_fnv() {
        assert_eq!(version(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(version(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(version(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_asset_is_found_by_its_name() {
        for asset in ASSETS {
            let found = Asset::find(asset.name).expect("there");
            assert_eq!(found.path(), asset.path());
            assert!(!asset.bytes.is_empty());
        }
        assert!(Asset::find("theme.css").is_none() && Asset::find("../base.css").is_none());
    }
}
