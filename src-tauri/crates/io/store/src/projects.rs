//! Opened projects, found by path, id or name.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;

use crate::atomic::folder_name;
use crate::error::{Result, StoreError};
use crate::home::Home;
use crate::project::{Project, ProjectInfo};

/// Longest name that a project may have, in characters.
const LONGEST_NAME: usize = 200;

/// Keeps projects open; all flow crates share it.
pub struct Projects {
    home: Arc<Home>,
    /// Where new projects go.
    folder: Utf8PathBuf,
    open: Mutex<HashMap<Utf8PathBuf, Arc<Project>>>,
}

impl Projects {
    pub fn new(home: Arc<Home>, folder: Utf8PathBuf) -> Projects {
        Projects {
            home,
            folder,
            open: Mutex::default(),
        }
    }

    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// Creates a project in `folder`, or in a folder of its own name among the others.
    pub fn create(&self, name: &str, folder: Option<&Utf8Path>) -> Result<Arc<Project>> {
        let bad = |why| StoreError::BadName {
            name: name.chars().take(40).collect(),
            why,
        };
        if name.trim().is_empty() {
            return Err(bad("the name is empty"));
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(bad("the name is longer than 200 characters"));
        }
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => self.folder.join(folder_name(name)),
        };
        let project = Project::create(&folder, name.trim())?;
        self.keep(project)
    }

    /// Opens the project in `folder` and remembers it.
    pub fn open(&self, folder: &Utf8Path) -> Result<Arc<Project>> {
        let project = Project::open(folder)?;
        self.keep(project)
    }

    /// The project that `which` names: a folder, an id, or a name among the known ones.
    pub fn get(&self, which: &str) -> Result<Arc<Project>> {
        let as_path = Utf8Path::new(which);
        if let Some(open) = self.opened(as_path) {
            return Ok(open);
        }
        if as_path.is_absolute() {
            return self.open(as_path);
        }
        let known = self.home.recents().list()?;
        let found = known
            .iter()
            .find(|recent| recent.id == which || recent.name == which);
        let Some(found) = found else {
            return Err(StoreError::Missing {
                what: "project",
                id: which.to_owned(),
            });
        };
        let path = Utf8Path::new(&found.path);
        match self.opened(path) {
            Some(open) => Ok(open),
            None => self.open(path),
        }
    }

    /// The known projects, last opened first. Those that are gone are marked as missing.
    pub fn list(&self) -> Result<Vec<ProjectInfo>> {
        let known = self.home.recents().list()?;
        let info = |recent: &crate::recents::Recent| {
            let path = Utf8Path::new(&recent.path);
            let open = match self.opened(path) {
                Some(open) => Ok(open),
                None => Project::open(path).map(|project| self.insert(project)),
            };
            open.and_then(|project| project.info())
                .unwrap_or_else(|error| {
                    tracing::debug!(%path, %error, "a known project cannot be opened");
                    ProjectInfo {
                        id: recent.id.clone(),
                        name: recent.name.clone(),
                        path: recent.path.clone(),
                        created_at: None,
                        modified_at: Some(recent.opened_at.clone()),
                        assets: 0,
                        films: 0,
                        bytes: 0,
                        missing: true,
                    }
                })
        };
        Ok(known.iter().map(info).collect())
    }

    /// The project at `path`, if it is open and its folder is still there.
    fn opened(&self, path: &Utf8Path) -> Option<Arc<Project>> {
        let mut open = self.open.lock();
        let project = open.get(path)?.clone();
        if path.join("studio.db").is_file() {
            return Some(project);
        }
        open.remove(path);
        None
    }

    fn keep(&self, project: Project) -> Result<Arc<Project>> {
        self.home
            .recents()
            .remember(project.path().as_str(), project.id(), project.name())?;
        Ok(self.insert(project))
    }

    fn insert(&self, project: Project) -> Arc<Project> {
        let project = Arc::new(project);
        self.open
            .lock()
            .entry(project.path().to_owned())
            .or_insert(project)
            .clone()
    }
}
