//! What belongs to the user: jobs, the cost ledger, known projects, settings.

use std::fs::File;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fs4::FileExt;

use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::jobs::{self, JobTable};
use crate::ledger::{self, Ledger};
use crate::recents::{self, Recents};

/// The home folder. While it is open, this process holds a lock file in `run/`: when the process
/// dies in any way, the system frees the lock, and others see that its jobs are orphans.
pub struct Home {
    folder: Utf8PathBuf,
    database: Arc<Database>,
    instance: String,
    _lock: File,
}

impl Home {
    pub fn open(folder: &Utf8Path) -> Result<Home> {
        let run = folder.join("run");
        std::fs::create_dir_all(&run).map_err(StoreError::io(&run, "create"))?;
        let instance = uuid::Uuid::now_v7().simple().to_string();
        let lock = lock_file(&run.join(format!("{instance}.lock")))?;
        let migrations = [jobs::MIGRATION, ledger::MIGRATION, recents::MIGRATION];
        let database = Arc::new(Database::open(folder.join("home.db"), &migrations)?);
        let home = Home {
            folder: folder.to_owned(),
            database,
            instance,
            _lock: lock,
        };
        home.reap()?;
        Ok(home)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.folder
    }

    pub fn settings_path(&self) -> Utf8PathBuf {
        self.folder.join("settings.toml")
    }

    pub fn jobs(&self) -> JobTable<'_> {
        JobTable {
            database: &self.database,
            instance: &self.instance,
        }
    }

    pub fn ledger(&self) -> Ledger<'_> {
        Ledger {
            database: &self.database,
        }
    }

    pub(crate) fn recents(&self) -> Recents<'_> {
        Recents {
            database: &self.database,
        }
    }

    /// Ids sort by the time of their making (UUID v7).
    pub fn new_job_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    /// A fresh folder for one attempt of a job; [`Home::reap`] removes it if its process dies.
    pub fn scratch(&self, job: &str) -> Result<Utf8PathBuf> {
        let folder = self.folder.join("scratch").join(&self.instance).join(job);
        std::fs::create_dir_all(&folder).map_err(StoreError::io(&folder, "create"))?;
        Ok(folder)
    }

    /// Marks the jobs of dead processes as interrupted and removes what they left behind.
    pub fn reap(&self) -> Result<()> {
        let run = self.folder.join("run");
        for entry in run
            .read_dir_utf8()
            .map_err(StoreError::io(&run, "list"))?
            .flatten()
        {
            let path = entry.path();
            let Some(instance) = path.file_stem().filter(|stem| *stem != self.instance) else {
                continue;
            };
            // Whoever holds the lock lives. A file that is gone was reaped by somebody else.
            let Ok(file) = File::options().write(true).open(path) else {
                continue;
            };
            if !matches!(FileExt::try_lock(&file), Ok(())) {
                continue;
            }
            self.jobs().interrupt_those_of(instance)?;
            let scratch = self.folder.join("scratch").join(instance);
            if scratch.exists() {
                std::fs::remove_dir_all(&scratch).map_err(StoreError::io(&scratch, "remove"))?;
            }
            if let Err(error) = std::fs::remove_file(path) {
                tracing::debug!(%path, %error, "a dead process's lock file stays");
            }
        }
        Ok(())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The lock goes with the file handle; the file itself is only tidied up.
        let _ = std::fs::remove_file(
            self.folder
                .join("run")
                .join(format!("{}.lock", self.instance)),
        );
    }
}

fn lock_file(path: &Utf8Path) -> Result<File> {
    let file = File::create_new(path).map_err(StoreError::io(path, "create"))?;
    FileExt::lock(&file).map_err(StoreError::io(path, "lock"))?;
    Ok(file)
}
