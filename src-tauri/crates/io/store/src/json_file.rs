//! What the owner keeps in a file of JSON: presets, servers.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic::write_atomic;
use crate::error::{Result, StoreError};

/// A value that is read anew each time, for people may edit the file, and written whole. A file that
/// cannot be read as that value is an error and stays as it is.
pub struct JsonFile {
    path: Utf8PathBuf,
    /// Held from reading to writing.
    changing: Mutex<()>,
}

impl JsonFile {
    pub fn new(path: Utf8PathBuf) -> JsonFile {
        JsonFile {
            path,
            changing: Mutex::new(()),
        }
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The default where there is no file.
    pub fn read<T: DeserializeOwned + Default>(&self) -> Result<T> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(T::default()),
            Err(error) => return Err(StoreError::io(&self.path, "read")(error)),
        };
        serde_json::from_slice(&text).map_err(|error| StoreError::Unreadable {
            path: self.path.clone(),
            detail: error.to_string(),
        })
    }

    /// Reads, changes and writes. Nothing is written where `change` fails.
    pub fn change<T, R, E>(
        &self,
        change: impl FnOnce(&mut T) -> std::result::Result<R, E>,
    ) -> std::result::Result<R, E>
    where
        T: Serialize + DeserializeOwned + Default,
        E: From<StoreError>,
    {
        let _changing = self.changing.lock();
        let mut value = self.read()?;
        let answer = change(&mut value)?;
        let text = serde_json::to_vec_pretty(&value).map_err(|error| StoreError::Unreadable {
            path: self.path.clone(),
            detail: error.to_string(),
        })?;
        write_atomic(&self.path, &text)?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn push(file: &JsonFile, word: &str) -> Result<usize> {
        file.change(|words: &mut Vec<String>| {
            words.push(word.to_owned());
            match word {
                "" => Err(StoreError::Missing {
                    what: "word",
                    id: String::new(),
                }),
                _ => Ok(words.len()),
            }
        })
    }

    #[test]
    fn a_value_is_kept_and_what_cannot_be_read_stays() {
        let folder = Folder::new();
        let file = JsonFile::new(folder.file("words.json"));
        assert_eq!(file.read::<Vec<String>>().unwrap(), Vec::<String>::new());
        assert_eq!(push(&file, "one").unwrap(), 1);
        assert_eq!(push(&file, "two").unwrap(), 2);
        push(&file, "").unwrap_err();
        assert_eq!(file.read::<Vec<String>>().unwrap(), ["one", "two"]);
        std::fs::write(file.path(), "[\"one\",").unwrap();
        let told = push(&file, "three").unwrap_err().to_string();
        assert!(
            told.contains("words.json") && told.contains("EOF"),
            "{told}"
        );
        assert_eq!(std::fs::read(file.path()).unwrap(), b"[\"one\",");
    }
}
