use camino::{Utf8Path, Utf8PathBuf};

/// A folder that vanishes with the value.
pub struct TempFolder {
    _guard: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl TempFolder {
    #[allow(clippy::new_without_default)]
    pub fn new() -> TempFolder {
        let guard = tempfile::tempdir().expect("a temporary folder can be made");
        let path = Utf8PathBuf::from_path_buf(guard.path().to_path_buf())
            .expect("the temporary folder's path is UTF-8");
        TempFolder {
            _guard: guard,
            path,
        }
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Path of a file in the folder.
    pub fn file(&self, name: &str) -> Utf8PathBuf {
        self.path.join(name)
    }

    /// Names of all files in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .path
            .read_dir_utf8()
            .expect("the folder is readable")
            .map(|entry| entry.expect("an entry is readable").file_name().to_string())
            .collect();
        names.sort();
        names
    }
}
