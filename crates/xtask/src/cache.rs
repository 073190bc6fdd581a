//! Where tools and packages are kept between runs: outside the checkout, so that a fresh clone finds them.

use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};

/// `BEDSIDE_CACHE`, else `bedside` in the user's cache folder.
pub fn folder() -> Result<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = set("BEDSIDE_CACHE") {
        return Ok(folder);
    }
    let base = match set("XDG_CACHE_HOME") {
        Some(base) => base,
        None => set("HOME")
            .context("neither BEDSIDE_CACHE nor XDG_CACHE_HOME nor HOME is set")?
            .join(".cache"),
    };
    Ok(base.join("bedside"))
}

/// The root of the checkout.
pub fn checkout() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// FNV-1a, 64 bits, as a name for files with this content.
pub fn name_of(contents: &[Vec<u8>]) -> String {
    let sum = contents
        .concat()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("{sum:016x}")
}
