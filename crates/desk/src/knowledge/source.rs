//! Where the desk's knowledge of language comes from.

use crate::config::Config;
use crate::startup::{clinic_files_where, shipped_model};
use crate::triage::models;
use bedside_language::{ClinicFiles, Engine, LoadError, MODEL_FILE};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The clinic's language files as they were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Texts by path below the clinic's folder.
    pub files: ClinicFiles,
    /// The clinic's own model, where it has one.
    #[serde(with = "base64")]
    pub model: Option<Bytes>,
}

impl Source {
    /// Reads them: those of the clinic's folder where one is set, else those that ship with the program.
    pub fn read(config: &Config) -> Result<Self, LoadError> {
        Ok(Self {
            files: clinic_files_where(config, in_use)?,
            model: match &config.clinic {
                Some(folder) => own_model(&folder.join(MODEL_FILE))?,
                None => None,
            },
        })
    }
}

/// Whether the desk itself reads this file: what is written for training alone may hold patients' words.
fn in_use(name: &str) -> bool {
    let path = Path::new(name);
    path.starts_with("language") && !path.starts_with("language/examples")
}

/// The language engine over the clinic's files, with the model that was adopted, else as [`engine_before`].
///
/// # Errors
/// The files can't be used, or the model that was adopted can't.
pub fn engine(config: &Config, source: &Source) -> Result<Engine, LoadError> {
    let refused = |file: &str, reason: String| {
        let reason = format!(
            "the model that was adopted can't be used ({reason}); `bedside language rollback` goes back to the one before"
        );
        LoadError::whole(file, reason)
    };
    let history = models::history(&config.data)
        .map_err(|error| refused("language/adopted", error.to_string()))?;
    let Some(version) = history.last() else {
        return engine_before(source);
    };
    let name = format!("language/model-{version:04}.bin");
    let bytes = std::fs::read(models::file(&config.data, *version))
        .map_err(|error| refused(&name, error.to_string()))?;
    Engine::load(&source.files, Some(bytes.into())).map_err(|error| {
        if error.file == MODEL_FILE {
            return refused(&name, error.reason);
        }
        error
    })
}

/// The language engine as it was before a model was adopted: with the clinic's own, else the one that ships with the
/// program.
pub fn engine_before(source: &Source) -> Result<Engine, LoadError> {
    let model = source.model.clone().or_else(shipped_model);
    Engine::load(&source.files, model)
}

/// The model in a clinic's own folder, where it has one. One that is there and can't be read is no reason to judge by
/// another in silence.
fn own_model(path: &Path) -> Result<Option<Bytes>, LoadError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LoadError::whole(
            MODEL_FILE,
            format!("the file can't be read: {error}"),
        )),
    }
}

/// Bytes in JSON.
mod base64 {
    use bytes::Bytes;
    use data_encoding::BASE64;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "what serde hands over")]
    pub fn serialize<S: Serializer>(bytes: &Option<Bytes>, to: S) -> Result<S::Ok, S::Error> {
        bytes
            .as_ref()
            .map(|bytes| BASE64.encode(bytes))
            .serialize(to)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Bytes>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let bytes = text.map(|text| BASE64.decode(text.as_bytes()).map(Bytes::from));
        bytes.transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_training_is_not_read() {
        for (name, read) in [
            ("language", true),
            ("language/han.txt", true),
            ("language/examples", false),
            ("language/examples/en/a.txt", false),
            ("languages.txt", false),
            ("clinic.toml", false),
        ] {
            assert_eq!(in_use(name), read, "{name}");
        }
    }

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
        assert_eq!(own_model(&path).unwrap().unwrap(), b"bytes"[..]);
    }
}
