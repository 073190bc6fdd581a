//! Where the desk's knowledge of language comes from.

use super::in_use;
use crate::config::Config;
use crate::startup::{clinic_files, shipped_model};
use crate::triage::models;
use bedside_language::{ClinicFiles, Engine, LoadError, MODEL_FILE};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The clinic's language files as they were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Texts by path below the clinic's folder.
    pub files: ClinicFiles,
    /// The clinic's own model, where it has one.
    #[serde(with = "base64")]
    pub model: Option<Vec<u8>>,
}

impl Source {
    /// Reads them: those of the clinic's folder where one is set, else those that ship with the program.
    pub fn read(config: &Config) -> Result<Self, LoadError> {
        Ok(Self {
            files: in_use(clinic_files(config)?),
            model: match &config.clinic {
                Some(folder) => own_model(&folder.join(MODEL_FILE))?,
                None => None,
            },
        })
    }
}

/// The language engine over the clinic's files, with the model that was adopted, else the clinic's own, else the one that
/// ships with the program. An adopted model that can't be read is left aside: an engine with the older one is better
/// than none.
pub fn engine(config: &Config, source: &Source) -> Result<Engine, LoadError> {
    if let Some((version, bytes)) = models::adopted(&config.data) {
        match Engine::load(&source.files, Some(&bytes)) {
            Err(error) if error.file == MODEL_FILE => {
                tracing::error!(version, reason = %error.reason, "the adopted language model can't be used");
            }
            other => return other,
        }
    }
    match &source.model {
        Some(own) => Engine::load(&source.files, Some(own)),
        None => Engine::load(&source.files, shipped_model()),
    }
}

/// The model in a clinic's own folder, where it has one. One that is there and can't be read is no reason to judge by
/// another in silence.
fn own_model(path: &Path) -> Result<Option<Vec<u8>>, LoadError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LoadError::whole(
            MODEL_FILE,
            format!("the file can't be read: {error}"),
        )),
    }
}

/// Bytes in JSON.
mod base64 {
    use data_encoding::BASE64;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "what serde hands over")]
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes
            .as_ref()
            .map(|bytes| BASE64.encode(bytes))
            .serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| BASE64.decode(text.as_bytes()).map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_cannot_be_read_is_no_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        assert!(own_model(&path).unwrap().is_none());
        std::fs::create_dir(&path).unwrap();
        let refused = own_model(&path).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("model.bin: the file can't be read"),
            "{refused}"
        );
        std::fs::remove_dir(&path).unwrap();
        std::fs::write(&path, b"bytes").unwrap();
        assert_eq!(own_model(&path).unwrap().unwrap(), b"bytes");
    }
}
