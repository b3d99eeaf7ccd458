//! The size of what is uploaded.

use std::io::{Cursor, Write};

use local::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::setup::binary;

/// The level that `cargo lambda build` deflates with.
const LEVEL: i64 = 6;

/// Bytes of the zip that `cargo lambda build --output-format zip` makes of a function: one entry, `bootstrap`.
pub fn zip_bytes(name: &str) -> Result<u64, Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .unix_permissions(0o755);
    archive.start_file("bootstrap", options)?;
    archive.write_all(&std::fs::read(binary(name)?)?)?;
    Ok(archive.finish()?.into_inner().len() as u64)
}
