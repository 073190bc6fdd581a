//! What is known of how people write, before any word means anything.

use super::disguises::Disguises;
use super::han::Han;
use crate::clinic::{ClinicFiles, LoadError};

/// The two Chinese scripts, and words in disguise.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    pub han: Han,
    pub disguises: Disguises,
}

impl Writing {
    pub fn read(files: &ClinicFiles) -> Result<Self, LoadError> {
        Ok(Self {
            han: Han::read(files)?,
            disguises: Disguises::read(files)?,
        })
    }
}
