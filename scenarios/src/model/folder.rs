//! Reading the small files of a checkpoint folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ModelError;

#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Refuses what is not a folder that can be listed.
    pub fn open(path: &Path) -> Result<Folder, ModelError> {
        fs::read_dir(path).map_err(ModelError::unreadable(path))?;
        Ok(Folder { path: path.into() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.file(name).exists()
    }

    /// The text of a file that may be absent.
    pub fn text(&self, name: &str) -> Result<Option<String>, ModelError> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ModelError::Unreadable { path, source }),
        }
    }

    /// A JSON file that may be absent.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ModelError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        // By way of an object, as a list would pass for a struct's fields in order.
        serde_json::from_str(&text)
            .and_then(|object| serde_json::from_value(Value::Object(object)))
            .map(Some)
            .map_err(|source| ModelError::NotJson {
                path: self.file(name),
                source,
            })
    }

    pub fn missing(&self, file: &str, hint: &'static str) -> ModelError {
        ModelError::FileMissing {
            folder: self.path.clone(),
            file: file.into(),
            hint,
        }
    }
}
