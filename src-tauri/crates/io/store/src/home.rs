//! What belongs to the user: jobs, the cost ledger, conversations, known projects, settings.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::atomic::folder_name;
use crate::chats::{self, Chats};
use crate::database::Database;
use crate::decisions::{self, Decisions};
use crate::error::{Result, StoreError};
use crate::jobs::{self, JobTable};
use crate::keys::{self, ApiKeys};
use crate::ledger::{self, Ledger};
use crate::recents::{self, Recents};

/// The home folder. While it is open, this process holds a lock file in `run/`: when the process
/// dies in any way, the system frees the lock, and others see that its jobs are orphans.
pub struct Home {
    folder: Utf8PathBuf,
    database: Database,
    instance: String,
    _lock: File,
}

impl Home {
    pub fn open(folder: &Utf8Path) -> Result<Home> {
        let run = folder.join("run");
        std::fs::create_dir_all(&run).map_err(StoreError::io(&run, "create"))?;
        let (instance, lock) = claim(&run)?;
        let migrations = [
            jobs::MIGRATION,
            ledger::MIGRATION,
            recents::MIGRATION,
            ledger::MIGRATION_MODELS,
            chats::MIGRATION,
            decisions::MIGRATION,
            keys::MIGRATION,
            ledger::MIGRATION_SUMS,
        ];
        let home = Home {
            folder: folder.to_owned(),
            database: Database::open(folder.join("home.db"), &migrations)?,
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

    pub fn chats(&self) -> Chats<'_> {
        Chats {
            database: &self.database,
        }
    }

    pub fn decisions(&self) -> Decisions<'_> {
        Decisions {
            database: &self.database,
        }
    }

    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys {
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
        let own = self.folder.join("scratch").join(&self.instance);
        let folder = own.join(folder_name(job));
        remove_folder(&folder)?;
        std::fs::create_dir_all(&folder).map_err(StoreError::io(&folder, "create"))?;
        Ok(folder)
    }

    /// Where a browser's files wait to be imported, each in a folder of its own.
    pub fn uploads(&self) -> Utf8PathBuf {
        self.folder.join("uploads")
    }

    /// Marks the jobs of dead processes as interrupted and removes what they left behind.
    pub fn reap(&self) -> Result<()> {
        let (run, scratch) = (self.folder.join("run"), self.folder.join("scratch"));
        // Also those without a lock file: it may be lost where the home was copied or tidied.
        let mut instances: BTreeSet<String> = self.jobs().owners()?.into_iter().collect();
        instances.extend(stems_in(&run)?);
        instances.extend(stems_in(&scratch)?);
        instances.remove(&self.instance);
        for instance in instances {
            let path = run.join(format!("{instance}.lock"));
            // Whoever holds the lock lives. While it is held here, nobody else reaps the same.
            let lock = match File::options().write(true).open(&path) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(StoreError::io(path, "open")(error)),
            };
            if lock.as_ref().is_some_and(|lock| lock.try_lock().is_err()) {
                continue;
            }
            self.jobs().interrupt_those_of(&instance)?;
            remove_folder(&scratch.join(&instance))?;
            if lock.is_some()
                && let Err(error) = std::fs::remove_file(&path)
            {
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

/// Names this process and locks its file in `run`.
fn claim(run: &Utf8Path) -> Result<(String, File)> {
    loop {
        let instance = uuid::Uuid::now_v7().simple().to_string();
        let path = run.join(format!("{instance}.lock"));
        let file = File::create_new(&path).map_err(StoreError::io(&path, "create"))?;
        file.lock().map_err(StoreError::io(&path, "lock"))?;
        // Between the two somebody may have taken the file for a dead process's and removed it.
        if path.exists() {
            return Ok((instance, file));
        }
    }
}

/// File names in `folder` without their ending; none if it does not exist.
fn stems_in(folder: &Utf8Path) -> Result<Vec<String>> {
    let entries = match folder.read_dir_utf8() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::io(folder, "list"))?,
    };
    let stem = |path: &Utf8Path| path.file_stem().map(str::to_owned);
    Ok(entries
        .flatten()
        .filter_map(|entry| stem(entry.path()))
        .collect())
}

/// Removes `folder`; several may do so at once.
fn remove_folder(folder: &Utf8Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::io(folder, "remove")(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use studio_core::{Job, JobStatus};

    use super::*;
    use crate::jobs::tests::job;
    use crate::testing::Folder;

    fn status(home: &Home, job: &Job) -> JobStatus {
        home.jobs().get(&job.id).unwrap().unwrap().status
    }

    #[test]
    fn jobs_of_a_process_that_is_gone_are_interrupted_and_its_scratch_removed() {
        let folder = Folder::new();
        let (dead, alive) = (
            Home::open(folder.path()).unwrap(),
            Home::open(folder.path()).unwrap(),
        );
        let (lost, kept, over) = (job(&dead), job(&alive), job(&dead));
        for (home, job) in [(&dead, &lost), (&alive, &kept), (&dead, &over)] {
            home.jobs().insert(job).unwrap();
        }
        let done = Job {
            status: JobStatus::Succeeded,
            ..over.clone()
        };
        dead.jobs().record(&done).unwrap();
        let (leftover, wanted) = (
            dead.scratch(&lost.id).unwrap(),
            alive.scratch(&kept.id).unwrap(),
        );

        alive.reap().unwrap();
        assert_eq!(
            status(&alive, &lost),
            JobStatus::Queued,
            "its process lives"
        );
        assert!(leftover.exists());
        drop(dead);
        alive.reap().unwrap();
        assert_eq!(status(&alive, &lost), JobStatus::Interrupted);
        assert_eq!(status(&alive, &kept), JobStatus::Queued);
        assert_eq!(
            status(&alive, &over),
            JobStatus::Succeeded,
            "what is over stays as it is"
        );
        assert!(!leftover.exists() && wanted.exists());
        assert_eq!(std::fs::read_dir(folder.file("run")).unwrap().count(), 1);
    }

    #[test]
    fn a_lost_lock_file_or_an_abandoned_one_means_a_dead_process() {
        let folder = Folder::new();
        let dead = Home::open(folder.path()).unwrap();
        let lost = job(&dead);
        dead.jobs().insert(&lost).unwrap();
        std::fs::remove_dir_all(folder.file("run")).unwrap();
        std::fs::create_dir_all(folder.file("run")).unwrap();
        std::fs::write(folder.file("run/0123.lock"), b"").unwrap();
        let home = Home::open(folder.path()).unwrap();
        assert_eq!(status(&home, &lost), JobStatus::Interrupted);
        assert!(!folder.file("run/0123.lock").exists());
    }

    #[test]
    fn scratch_is_empty_for_each_attempt_and_inside_of_the_home() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let scratch = home.scratch("j").unwrap();
        std::fs::write(scratch.join("half.wav"), b"x").unwrap();
        assert_eq!(home.scratch("j").unwrap(), scratch);
        assert_eq!(scratch.read_dir_utf8().unwrap().count(), 0);
        let odd = home.scratch("../../../etc").unwrap();
        assert!(
            odd.starts_with(folder.path()) && !odd.as_str().contains(".."),
            "{odd}"
        );
    }

    #[test]
    fn many_homes_opened_and_closed_at_once_do_not_disturb_each_other() {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..8 {
                        let home = Home::open(folder.path()).unwrap();
                        let own = job(&home);
                        home.jobs().insert(&own).unwrap();
                        home.reap().unwrap();
                        assert_eq!(status(&home, &own), JobStatus::Queued);
                    }
                });
            }
        });
        let home = Home::open(folder.path()).unwrap();
        let jobs = home.jobs().list(None, 100).unwrap();
        assert_eq!(jobs.len(), 48);
        assert!(jobs.iter().all(|job| job.status == JobStatus::Interrupted));
    }
}
