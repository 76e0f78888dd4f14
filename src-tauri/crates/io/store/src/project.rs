//! A project: a folder that can be moved, zipped and synced.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{self, Artifacts};
use crate::assets::{self, Assets};
use crate::cache::{self, Cache};
use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::films::{self, Films};
use crate::timeline::{self, Timeline};

const MIGRATION: &str = "
CREATE TABLE project (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
";

/// Temporary files younger than this may belong to a writer that is still alive.
const LEFTOVER_AGE: Duration = Duration::from_secs(24 * 3600);

/// An opened project. Handles to its tables are cheap.
pub struct Project {
    folder: Utf8PathBuf,
    database: Arc<Database>,
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
    /// Creates the folder and an empty project in it. A folder that holds anything is refused.
    pub fn create(folder: &Utf8Path, name: &str) -> Result<Project> {
        let occupied = folder.exists()
            && folder
                .read_dir_utf8()
                .map_err(StoreError::io(folder, "list"))?
                .next()
                .is_some();
        if occupied || folder.is_file() {
            return Err(StoreError::Exists {
                path: folder.to_owned(),
            });
        }
        std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "create"))?;
        let database = open_database(folder)?;
        let (id, now) = (
            uuid::Uuid::now_v7().to_string(),
            Timestamp::now().to_string(),
        );
        let created = database.write(|writer| {
            writer.execute(
                "INSERT OR IGNORE INTO project (only_row, id, name, created_at) VALUES (1, ?1, ?2, ?3)",
                params![id, name, now],
            )
        })?;
        if created == 0 {
            return Err(StoreError::Exists {
                path: folder.to_owned(),
            });
        }
        Project::open(folder)
    }

    /// Opens a project and removes what a crash may have left half done.
    pub fn open(folder: &Utf8Path) -> Result<Project> {
        std::fs::metadata(folder).map_err(StoreError::io(folder, "open"))?;
        if !folder.join("studio.db").is_file() {
            return Err(StoreError::NotAProject {
                path: folder.to_owned(),
            });
        }
        let database = open_database(folder)?;
        let row = database.read(|reader| {
            let columns = "SELECT id, name, created_at FROM project";
            reader
                .query_row(columns, [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })?;
        let Some((id, name, created_at)) = row else {
            return Err(StoreError::NotAProject {
                path: folder.to_owned(),
            });
        };
        let absolute = folder
            .canonicalize_utf8()
            .map_err(StoreError::io(folder, "resolve"))?;
        let project = Project {
            folder: absolute,
            database: Arc::new(database),
            id,
            name,
            created_at,
        };
        for name in ["artifacts", "exports"] {
            let sub = project.folder.join(name);
            std::fs::create_dir_all(&sub).map_err(StoreError::io(&sub, "create"))?;
        }
        project.artifacts().sweep(LEFTOVER_AGE)?;
        Ok(project)
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

    pub fn info(&self) -> Result<ProjectInfo> {
        let (assets, films, bytes, last) = self.database.read(|reader| {
            reader.query_row(
                "SELECT (SELECT count(*) FROM assets WHERE removed_at IS NULL), \
                 (SELECT count(*) FROM films), (SELECT coalesce(sum(bytes), 0) FROM artifacts), \
                 (SELECT max(at) FROM timeline)",
                [],
                |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get::<_, Option<String>>(3)?,
                    ))
                },
            )
        })?;
        Ok(ProjectInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            path: self.folder.to_string(),
            created_at: Some(self.created_at.clone()),
            modified_at: Some(last.unwrap_or_else(|| self.created_at.clone())),
            assets,
            films,
            bytes,
            missing: false,
        })
    }
}

fn open_database(folder: &Utf8Path) -> Result<Database> {
    Database::open(
        folder.join("studio.db"),
        &[
            MIGRATION,
            artifacts::MIGRATION,
            cache::MIGRATION,
            assets::MIGRATION,
            films::MIGRATION,
            timeline::MIGRATION,
        ],
    )
}

/// Whether a file was last written longer than `age` ago.
pub(crate) fn is_older(path: &Utf8Path, age: Duration) -> bool {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| {
        SystemTime::now()
            .duration_since(at)
            .is_ok_and(|since| since > age)
    })
}
