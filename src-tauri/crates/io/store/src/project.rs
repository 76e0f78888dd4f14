//! A project: a folder that can be moved, zipped and synced.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{OptionalExtension, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{self, Artifacts};
use crate::assets::{self, Assets};
use crate::atomic;
use crate::cache::{self, Cache};
use crate::database::{Database, now};
use crate::error::{Result, StoreError};
use crate::films::{self, Films};
use crate::runs::{self, Runs};
use crate::sessions::{self, Sessions};
use crate::timeline::{self, Timeline};

const MIGRATION: &str = "
CREATE TABLE project (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
";

/// No export takes longer: what is older and unfinished was left by a process that died.
const EXPORT_AGE: Duration = Duration::from_secs(24 * 3600);

/// An opened project. Handles to its tables are cheap.
pub struct Project {
    folder: Utf8PathBuf,
    database: Database,
    /// Which file the database was when it was opened.
    file: Option<FileId>,
    id: String,
    name: String,
    created_at: String,
}

/// A project as faces show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectInfo {
    pub id: String,
    pub name: String,
    /// Folder of the project.
    pub path: String,
    /// RFC 3339, UTC.
    pub created_at: Option<String>,
    pub modified_at: Option<String>,
    pub assets: u64,
    pub films: u64,
    /// Bytes of all artifacts.
    pub bytes: u64,
    /// The folder is not there any more, or cannot be opened.
    pub missing: bool,
}

impl Project {
    /// Creates the folder and an empty project in it. A folder that holds anything is refused, except
    /// for what an interrupted creation left.
    pub fn create(folder: &Utf8Path, name: &str) -> Result<Project> {
        let exists = || StoreError::Exists {
            path: folder.to_owned(),
        };
        if folder.is_file() {
            return Err(exists());
        }
        std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "create"))?;
        for entry in folder
            .read_dir_utf8()
            .map_err(StoreError::io(folder, "list"))?
        {
            let entry = entry.map_err(StoreError::io(folder, "list"))?;
            if !entry.file_name().starts_with(FILE) {
                return Err(exists());
            }
        }
        let created = open_database(folder)?.write(|writer| {
            writer.execute(
                "INSERT OR IGNORE INTO project (only_row, id, name, created_at) VALUES (1, ?1, ?2, ?3)",
                params![uuid::Uuid::now_v7().to_string(), name, now()],
            )
        })?;
        match created {
            0 => Err(exists()),
            _ => Project::open(folder),
        }
    }

    /// Opens a project and removes what a crash may have left half done.
    pub fn open(folder: &Utf8Path) -> Result<Project> {
        let project = Project::load(folder)?;
        for name in ["artifacts", "exports"] {
            let sub = project.folder.join(name);
            std::fs::create_dir_all(&sub).map_err(StoreError::io(&sub, "create"))?;
        }
        project.artifacts().sweep()?;
        atomic::sweep_partial(&project.exports(), EXPORT_AGE)?;
        Ok(project)
    }

    /// Opens a project to look at it; leftovers stay.
    pub(crate) fn load(folder: &Utf8Path) -> Result<Project> {
        let not_a_project = |why| StoreError::NotAProject {
            path: folder.to_owned(),
            why,
        };
        let absolute = folder
            .canonicalize_utf8()
            .map_err(StoreError::io(folder, "open"))?;
        let path = absolute.join(FILE);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(not_a_project("its studio.db is not a file")),
            Err(error) => {
                return Err(match error.kind() {
                    ErrorKind::NotFound => not_a_project("it has no studio.db"),
                    ErrorKind::NotADirectory => not_a_project("it is a file, not a folder"),
                    _ => StoreError::io(path, "open")(error),
                });
            }
        }
        let database = open_database(&absolute)?;
        let row = database.read(|reader| {
            let columns = "SELECT id, name, created_at FROM project";
            reader
                .query_row(columns, [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })?;
        let Some((id, name, created_at)) = row else {
            return Err(not_a_project("its creation was interrupted"));
        };
        Ok(Project {
            file: file_id(path.as_std_path()),
            folder: absolute,
            database,
            id,
            name,
            created_at,
        })
    }

    /// Whether the folder still holds the database that is open here, not another one or none.
    pub(crate) fn is_in_place(&self) -> bool {
        let path = self.folder.join(FILE);
        path.is_file() && file_id(path.as_std_path()) == self.file
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Utf8Path {
        &self.folder
    }

    /// Where files for the user go.
    pub fn exports(&self) -> Utf8PathBuf {
        self.folder.join("exports")
    }

    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts {
            database: &self.database,
            folder: self.folder.join("artifacts"),
        }
    }

    pub fn assets(&self) -> Assets<'_> {
        Assets {
            database: &self.database,
        }
    }

    pub fn cache(&self) -> Cache<'_> {
        Cache {
            artifacts: self.artifacts(),
        }
    }

    pub fn films(&self) -> Films<'_> {
        Films {
            database: &self.database,
        }
    }

    pub fn timeline(&self) -> Timeline<'_> {
        Timeline {
            database: &self.database,
        }
    }

    pub fn runs(&self) -> Runs<'_> {
        Runs {
            database: &self.database,
        }
    }

    pub fn sessions(&self) -> Sessions<'_> {
        Sessions {
            database: &self.database,
        }
    }

    pub fn info(&self) -> Result<ProjectInfo> {
        self.database.read(|reader| {
            reader.query_row(
                "SELECT (SELECT count(*) FROM assets WHERE NOT removed), \
                 (SELECT count(*) FROM films), (SELECT coalesce(sum(bytes), 0) FROM artifacts), \
                 max(?1, (SELECT coalesce(max(at), '') FROM timeline), \
                     (SELECT coalesce(max(changed_at), '') FROM assets), \
                     (SELECT coalesce(max(updated_at), '') FROM films), \
                     (SELECT coalesce(max(updated_at), '') FROM sessions), \
                     (SELECT coalesce(max(created_at), '') FROM artifacts))",
                [&self.created_at],
                |row| {
                    Ok(ProjectInfo {
                        id: self.id.clone(),
                        name: self.name.clone(),
                        path: self.folder.to_string(),
                        created_at: Some(self.created_at.clone()),
                        modified_at: row.get(3)?,
                        assets: row.get(0)?,
                        films: row.get(1)?,
                        bytes: row.get(2)?,
                        missing: false,
                    })
                },
            )
        })
    }
}

const FILE: &str = "studio.db";

fn open_database(folder: &Utf8Path) -> Result<Database> {
    Database::open(
        folder.join(FILE),
        &[
            MIGRATION,
            artifacts::MIGRATION,
            cache::MIGRATION,
            assets::MIGRATION,
            films::MIGRATION,
            timeline::MIGRATION,
            runs::MIGRATION,
            sessions::MIGRATION,
        ],
    )
}

/// Device and number of a file: they stay when it is renamed and differ from those of its successor.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Other systems do not let an open database be replaced.
#[cfg(not(unix))]
fn file_id(_path: &Path) -> Option<FileId> {
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::artifacts::Provenance;
    use crate::testing::{Folder, project};

    fn refusal(folder: &Utf8Path) -> String {
        Project::open(folder).err().unwrap().to_string()
    }

    #[test]
    fn a_moved_project_is_as_whole_as_before() {
        let (folder, project) = project();
        let made = Provenance::default();
        let artifact = project
            .artifacts()
            .publish_bytes(b"x", "bin", "x/y", &made)
            .unwrap();
        project
            .cache()
            .put("key", &artifact.digest, &json!({}))
            .unwrap();
        let film = project.films().insert(&json!({ "title": "t" })).unwrap();
        let before = project.info().unwrap();
        drop(project);
        std::fs::rename(folder.file("p"), folder.file("elsewhere 🎬")).unwrap();

        let moved = Project::open(&folder.file("elsewhere 🎬")).unwrap();
        moved.artifacts().verify(&artifact).unwrap();
        assert_eq!(
            moved.cache().get("key").unwrap().unwrap().artifact,
            artifact
        );
        assert_eq!(moved.films().list().unwrap(), [film]);
        let path = moved.path().to_string();
        assert_eq!(moved.info().unwrap(), ProjectInfo { path, ..before });
    }

    #[test]
    fn what_is_no_project_is_refused_with_the_reason() {
        let folder = Folder::new();
        let said = refusal(&folder.file("nowhere"));
        assert!(said.contains("nowhere: could not open"), "{said}");
        let said = refusal(folder.path());
        assert!(said.contains("it has no studio.db"), "{said}");
        std::fs::write(folder.file("file"), b"").unwrap();
        let said = refusal(&folder.file("file"));
        assert!(said.contains("it is a file, not a folder"), "{said}");
        std::fs::create_dir_all(folder.file("d/studio.db")).unwrap();
        let said = refusal(&folder.file("d"));
        assert!(said.contains("its studio.db is not a file"), "{said}");
        std::fs::create_dir(folder.file("bad")).unwrap();
        std::fs::write(folder.file("bad/studio.db"), "no database ".repeat(100)).unwrap();
        let said = refusal(&folder.file("bad"));
        assert!(
            said.contains("bad/studio.db: file is not a database"),
            "{said}"
        );
    }

    #[test]
    fn a_newer_project_is_refused_naming_both_formats() {
        let (folder, project) = project();
        drop(project);
        let file = folder.file("p/studio.db");
        let newer = rusqlite::Connection::open(&file).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        drop(newer);
        let before = std::fs::read(&file).unwrap();
        let error = studio_core::Error::from(Project::open(&folder.file("p")).err().unwrap());
        assert_eq!(error.code, studio_core::ErrorCode::NewerVersion);
        assert!(
            error.message.contains("format 99") && error.message.contains("up to 8"),
            "{error}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), before, "nothing was changed");
    }

    #[test]
    fn nothing_is_created_over_something() {
        let (folder, project) = project();
        let create = |name: &str| Project::create(&folder.file(name), "x");
        let occupied = |name| {
            assert!(
                matches!(create(name), Err(StoreError::Exists { .. })),
                "{name}"
            )
        };
        occupied("p");
        drop(project);
        occupied("p");
        std::fs::write(folder.file("file"), b"").unwrap();
        occupied("file");
        std::fs::create_dir(folder.file("full")).unwrap();
        std::fs::write(folder.file("full/photo.jpg"), b"").unwrap();
        occupied("full");
        std::fs::create_dir(folder.file("empty")).unwrap();
        assert!(create("empty").is_ok());
        assert!(create("deep/er/down").is_ok());
        assert!(create("file/below").is_err());
    }

    #[test]
    fn of_many_that_create_in_one_folder_one_wins() {
        let folder = Folder::new();
        for round in 0..8 {
            let path = folder.file(&round.to_string());
            let won: usize = std::thread::scope(|scope| {
                let create = || usize::from(Project::create(&path, "Race").is_ok());
                let racers: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).sum()
            });
            assert_eq!(won, 1);
            assert_eq!(Project::open(&path).unwrap().name(), "Race");
        }
    }

    #[test]
    fn an_interrupted_creation_can_be_finished() {
        let folder = Folder::new();
        drop(open_database(folder.path()).unwrap());
        assert!(refusal(folder.path()).contains("its creation was interrupted"));
        let project = Project::create(folder.path(), "Second try").unwrap();
        assert_eq!(project.name(), "Second try");
    }

    #[test]
    fn what_is_done_to_a_project_moves_its_time() {
        let (_folder, project) = project();
        let moment = || project.info().unwrap().modified_at.unwrap();
        let mut last = moment();
        let mut moved = |what: &str| {
            let now = moment();
            assert!(now > last, "{what}");
            last = now;
        };
        let made = Provenance::default();
        project
            .artifacts()
            .publish_bytes(b"x", "bin", "x/y", &made)
            .unwrap();
        moved("artifact");
        let film = project.films().insert(&json!({})).unwrap();
        moved("film");
        project.films().undo(&film.id).unwrap();
        project.films().revise(&film.id, &json!({})).unwrap();
        moved("revision");
        project.timeline().append(None, "x", &json!({})).unwrap();
        moved("timeline");
        let info = project.info().unwrap();
        assert_eq!((info.films, info.bytes, info.assets), (1, 1, 0));
    }
}
