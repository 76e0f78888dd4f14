//! Opened projects, found by path, id or name.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;

use crate::atomic::folder_name;
use crate::error::{Result, StoreError};
use crate::home::Home;
use crate::project::{Project, ProjectInfo};
use crate::recents::Recent;

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

    /// The project that `which` names: a folder, or an id or name among the known ones. Of several
    /// with one name, the one opened last.
    pub fn get(&self, which: &str) -> Result<Arc<Project>> {
        let as_path = Utf8Path::new(which);
        if as_path.is_absolute() {
            return self.open_once(as_path);
        }
        let known = self.home.recents().list()?;
        let by_id = known.iter().find(|recent| recent.id == which);
        let found = by_id.or_else(|| known.iter().find(|recent| recent.name == which));
        match found {
            Some(found) => self.open_once(Utf8Path::new(&found.path)),
            None if as_path.is_dir() => self.open_once(as_path),
            None => Err(StoreError::Missing {
                what: "project",
                id: which.to_owned(),
            }),
        }
    }

    /// The known projects, last opened first. Those that are gone are marked as missing.
    pub fn list(&self) -> Result<Vec<ProjectInfo>> {
        let known = self.home.recents().list()?;
        Ok(known.iter().map(|recent| self.info(recent)).collect())
    }

    fn info(&self, recent: &Recent) -> ProjectInfo {
        let path = Utf8Path::new(&recent.path);
        let info = match self.opened(path) {
            Some(open) => open.info(),
            // Not kept open: a list may be long.
            None => Project::load(path).and_then(|project| project.info()),
        };
        info.unwrap_or_else(|error| {
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
    }

    fn open_once(&self, folder: &Utf8Path) -> Result<Arc<Project>> {
        match self.opened(folder) {
            Some(open) => Ok(open),
            None => self.open(folder),
        }
    }

    /// The project in `folder`, if it is open and still lies there.
    fn opened(&self, folder: &Utf8Path) -> Option<Arc<Project>> {
        let folder = folder.canonicalize_utf8().ok()?;
        let open = self.open.lock();
        let project = open.get(&folder)?;
        project.is_in_place().then(|| project.clone())
    }

    /// Keeps the project open and known. If somebody else just opened the same, theirs is answered.
    fn keep(&self, project: Project) -> Result<Arc<Project>> {
        self.home
            .recents()
            .remember(project.path().as_str(), project.id(), project.name())?;
        let mut open = self.open.lock();
        if let Some(kept) = open.get(project.path()).filter(|kept| kept.is_in_place()) {
            return Ok(kept.clone());
        }
        let project = Arc::new(project);
        open.insert(project.path().to_owned(), project.clone());
        Ok(project)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Folder;

    fn projects() -> (Folder, Projects) {
        let folder = Folder::new();
        let home = Arc::new(Home::open(&folder.file("home")).unwrap());
        let projects = Projects::new(home, folder.file("projects"));
        (folder, projects)
    }

    #[test]
    fn a_project_is_found_by_folder_id_and_name_also_later() {
        let (folder, projects) = projects();
        let project = projects.create("Ünïcødé 🎬 / film", None).unwrap();
        assert_eq!(
            project.path(),
            folder
                .file("projects/Ünïcødé 🎬 film")
                .canonicalize_utf8()
                .unwrap()
        );
        let find = |projects: &Projects| {
            for which in [project.path().as_str(), project.id(), project.name()] {
                assert_eq!(projects.get(which).unwrap().id(), project.id(), "{which}");
            }
        };
        find(&projects);
        find(&Projects::new(
            projects.home().clone(),
            folder.file("other"),
        ));
        assert!(
            Arc::ptr_eq(&project, &projects.get(project.id()).unwrap()),
            "opened once"
        );
        for missing in ["nothing", "", "../projects"] {
            let error = projects.get(missing).err().unwrap();
            assert!(
                matches!(error, StoreError::Missing { .. }),
                "{missing}: {error}"
            );
        }
    }

    #[test]
    fn a_moved_project_is_missing_until_it_is_opened_where_it_lies() {
        let (folder, projects) = projects();
        let path = projects.create("A", None).unwrap().path().to_owned();
        let moved = folder.file("moved");
        std::fs::rename(&path, &moved).unwrap();
        assert!(projects.list().unwrap()[0].missing);
        assert!(projects.get("A").is_err());
        projects.open(&moved).unwrap();
        let found = projects.get("A").unwrap();
        assert_eq!(found.path(), moved.canonicalize_utf8().unwrap());
    }

    #[test]
    fn a_project_in_the_place_of_a_deleted_one_is_a_new_one() {
        let (_folder, projects) = projects();
        let old = projects.create("A", None).unwrap();
        old.films().insert(&json!({})).unwrap();
        std::fs::remove_dir_all(old.path()).unwrap();
        let new = projects.create("A", None).unwrap();
        assert_ne!(new.id(), old.id());
        assert_eq!(new.films().list().unwrap(), []);
        assert_eq!(projects.get("A").unwrap().id(), new.id());
    }

    #[test]
    fn a_name_that_says_nothing_or_too_much_is_refused() {
        let (_folder, projects) = projects();
        for name in ["", "  ", "\n", &"x".repeat(201)] {
            let error = projects.create(name, None).err().unwrap();
            assert!(
                matches!(error, StoreError::BadName { .. }),
                "{name:?}: {error}"
            );
        }
        projects.create("Twice", None).unwrap();
        let error = projects.create("Twice", None).err().unwrap();
        assert!(matches!(error, StoreError::Exists { .. }), "{error}");
        let escaping = projects.create("../../escape", None).unwrap();
        let inside = projects.folder().canonicalize_utf8().unwrap();
        assert_eq!(escaping.path().parent(), Some(inside.as_path()));
    }

    #[test]
    fn the_list_tells_the_present_state_and_what_cannot_be_opened() {
        let (_folder, projects) = projects();
        for name in ["A", "B", "C"] {
            projects.create(name, None).unwrap();
        }
        projects
            .get("A")
            .unwrap()
            .films()
            .insert(&json!({}))
            .unwrap();
        let broken = projects.get("B").unwrap().path().to_owned();
        let later = Projects::new(projects.home().clone(), projects.folder().to_owned());
        std::fs::remove_file(broken.join("studio.db")).unwrap();
        for projects in [&projects, &later] {
            let list = projects.list().unwrap();
            let seen: Vec<_> = list
                .iter()
                .map(|p| (p.name.as_str(), p.missing, p.films))
                .collect();
            assert_eq!(seen, [("C", false, 0), ("B", true, 0), ("A", false, 1)]);
        }
    }
}
