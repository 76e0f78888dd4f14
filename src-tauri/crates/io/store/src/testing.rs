//! A folder and a project to test with.

use camino::{Utf8Path, Utf8PathBuf};

use crate::project::Project;

/// A folder that vanishes with the value.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> Utf8PathBuf {
        self.path().join(name)
    }

    /// Names of all that lies in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .path()
            .read_dir_utf8()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_owned())
            .collect();
        names.sort();
        names
    }
}

/// An empty project in `p` of a folder of its own.
pub(crate) fn project() -> (Folder, Project) {
    let folder = Folder::new();
    let project = Project::create(&folder.file("p"), "Test").unwrap();
    (folder, project)
}
