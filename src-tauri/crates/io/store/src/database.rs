//! One SQLite file: migrations, one writer, several readers, and a thread that folds the log back.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Result, StoreError};

/// How long a statement waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);
/// Readers kept open; more are opened when all are taken, and closed after use.
const KEPT_READERS: usize = 4;

/// Compiled statements that the writer keeps.
const KEPT_STATEMENTS: usize = 64;

/// Commits after which the write-ahead log is folded into the file, by a thread of its own: SQLite
/// would make the commit that fills the log wait for the disk.
const COMMITS_TO_FOLD: u32 = 64;
/// Pages (of 4 KiB) in the log at which a commit folds it all the same, so that it cannot outgrow a
/// thread that never gets its turn.
const LARGEST_LOG: u32 = 16_384;

pub(crate) struct Database {
    path: Utf8PathBuf,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

struct Writer {
    connection: Connection,
    commits: u32,
    checkpoints: Option<Checkpoints>,
}

impl Database {
    /// Opens or creates the file and brings it to the newest of `migrations`. Migrations only add;
    /// their count is the format's version. A newer file is refused before anything is written.
    pub(crate) fn open(path: Utf8PathBuf, migrations: &[&str]) -> Result<Database> {
        let mut writer = Connection::open(&path).map_err(StoreError::database(&path))?;
        prepare(&writer).map_err(StoreError::database(&path))?;
        refuse_newer(&writer, &path, migrations.len() as u32)?;
        use_wal(&writer).map_err(StoreError::database(&path))?;
        // A commit survives a crash of the process; a power cut may take the last ones, whole.
        writer
            .pragma_update(None, "synchronous", "normal")
            .map_err(StoreError::database(&path))?;
        migrate(&mut writer, &path, migrations)?;
        writer
            .pragma_update(None, "wal_autocheckpoint", LARGEST_LOG)
            .map_err(StoreError::database(&path))?;
        writer.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
        Ok(Database {
            path,
            writer: Mutex::new(Writer {
                connection: writer,
                commits: 0,
                checkpoints: None,
            }),
            readers: Mutex::default(),
        })
    }

    /// Runs `change` in one transaction: all of it or nothing.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut writer = self.writer.lock();
        let result = (|| {
            // Taking the lock at once avoids a refused upgrade in the middle.
            let transaction = writer
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        writer.commits += 1;
        if writer.commits.is_multiple_of(COMMITS_TO_FOLD) {
            writer
                .checkpoints
                .get_or_insert_with(|| Checkpoints::start(&self.path))
                .nudge();
        }
        result.map_err(StoreError::database(&self.path))
    }

    pub(crate) fn read<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let kept = self.readers.lock().pop();
        let result = (|| {
            let reader = match kept {
                Some(reader) => reader,
                None => {
                    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                    let reader = Connection::open_with_flags(&self.path, flags)?;
                    prepare(&reader)?;
                    reader
                }
            };
            let value = ask(&reader)?;
            let mut readers = self.readers.lock();
            if readers.len() < KEPT_READERS {
                readers.push(reader);
            }
            Ok(value)
        })();
        result.map_err(StoreError::database(&self.path))
    }
}

/// Folds the log into the file when nudged. Dropping it waits until it is done.
struct Checkpoints {
    nudges: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    fn start(path: &Utf8Path) -> Checkpoints {
        let (nudges, nudged) = sync_channel(1);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || fold(&path, &nudged))
            // Without it, commits fold at the largest log.
            .inspect_err(|error| tracing::warn!(%error, "no thread for checkpoints"));
        Checkpoints {
            nudges: Some(nudges),
            thread: thread.ok(),
        }
    }

    fn nudge(&self) {
        if let Some(nudges) = &self.nudges {
            // One that waits already is enough.
            let _ = nudges.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.nudges = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for checkpoints crashed");
        }
    }
}

fn fold(path: &Utf8Path, nudged: &Receiver<()>) {
    let mut connection = None;
    while nudged.recv().is_ok() {
        let folded = (|| {
            let connection = match &mut connection {
                Some(connection) => connection,
                // Never creates: who deletes the folder of an open project means it.
                none => none.insert(Connection::open_with_flags(
                    path,
                    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?),
            };
            // Passive: takes what no reader needs, and waits for nobody.
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        })();
        if let Err(error) = folded {
            tracing::warn!(%error, %path, "the log was not folded into the file; it is tried again");
        }
    }
}

/// The present moment as stored: RFC 3339 in UTC with six decimals, so that text sorts as time.
pub(crate) fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

/// A JSON column as a value; what cannot be read is an error of the row.
pub(crate) fn json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// A value as the text of a JSON column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A timestamp column (RFC 3339, UTC).
pub(crate) fn time(text: &str) -> rusqlite::Result<Timestamp> {
    text.parse().map_err(|error: jiff::Error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn refuse_newer(connection: &Connection, path: &Utf8Path, known: u32) -> Result<u32> {
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(StoreError::database(path))?;
    if found > known {
        return Err(StoreError::NewerVersion {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

/// Switches to write-ahead logging. Of two processes that switch a new file at once, SQLite refuses
/// one without waiting, so this waits itself.
fn use_wal(writer: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY;
    loop {
        let switched = writer.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        match switched {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

fn migrate(writer: &mut Connection, path: &Utf8Path, migrations: &[&str]) -> Result<()> {
    let known = migrations.len() as u32;
    if refuse_newer(writer, path, known)? == known {
        return Ok(());
    }
    let transaction = writer
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::database(path))?;
    // Asked again: another process may have migrated in between.
    let found = refuse_newer(&transaction, path, known)?;
    (|| {
        for migration in &migrations[found as usize..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()
    })()
    .map_err(StoreError::database(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    const FIRST: &str = "CREATE TABLE a (x INTEGER NOT NULL) STRICT; INSERT INTO a VALUES (1);";
    const SECOND: &str = "CREATE TABLE b (y INTEGER NOT NULL) STRICT;";

    fn count(database: &Database, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        database
            .read(|reader| reader.query_row(&sql, [], |row| row.get(0)))
            .unwrap()
    }

    #[test]
    fn an_older_file_gets_only_the_migrations_that_it_lacks() {
        let folder = Folder::new();
        let path = folder.file("x.db");
        drop(Database::open(path.clone(), &[FIRST]).unwrap());
        let database = Database::open(path, &[FIRST, SECOND]).unwrap();
        assert_eq!((count(&database, "a"), count(&database, "b")), (1, 0));
    }

    #[test]
    fn a_newer_file_is_refused_and_not_touched() {
        let folder = Folder::new();
        let path = folder.file("x.db");
        let newer = Connection::open(&path).unwrap();
        newer
            .execute_batch("CREATE TABLE future (x); PRAGMA user_version = 7;")
            .unwrap();
        drop(newer);
        let before = std::fs::read(&path).unwrap();
        let error = Database::open(path.clone(), &[FIRST, SECOND])
            .err()
            .unwrap();
        let said = error.to_string();
        assert!(
            said.contains("format 7") && said.contains("up to 2"),
            "{said}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(folder.names(), ["x.db"]);
    }

    #[test]
    fn a_failed_migration_changes_nothing() {
        let folder = Folder::new();
        let path = folder.file("x.db");
        drop(Database::open(path.clone(), &[FIRST]).unwrap());
        let broken = "CREATE TABLE b (y); INSERT INTO nowhere VALUES (1);";
        assert!(Database::open(path.clone(), &[FIRST, broken]).is_err());
        // `CREATE TABLE b` would fail here if the broken migration had left its own.
        Database::open(path, &[FIRST, SECOND]).unwrap();
    }

    #[test]
    fn a_full_disk_is_told_as_such_and_the_transaction_is_gone() {
        let folder = Folder::new();
        let database = Database::open(folder.file("x.db"), &[FIRST]).unwrap();
        let limit = |writer: &Connection| writer.pragma_update(None, "max_page_count", 4);
        limit(&database.writer.lock().connection).unwrap();
        let error = database
            .write(|writer| {
                writer.execute_batch("CREATE TABLE big (z TEXT)")?;
                writer.execute("INSERT INTO big VALUES (?1)", ["z".repeat(1 << 16)])
            })
            .unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        assert_eq!(
            studio_core::Error::from(error).code,
            studio_core::ErrorCode::DiskFull
        );
        assert_eq!(count(&database, "sqlite_master WHERE name = 'big'"), 0);
    }

    #[test]
    fn what_is_no_database_is_told_with_its_path() {
        let folder = Folder::new();
        let path = folder.file("x.db");
        std::fs::write(&path, "no database, ".repeat(100)).unwrap();
        let error = Database::open(path, &[FIRST]).err().unwrap().to_string();
        assert!(
            error.contains("x.db") && error.contains("not a database"),
            "{error}"
        );
    }

    #[test]
    fn the_log_is_folded_into_the_file_beside_the_commits() {
        let folder = Folder::new();
        let path = folder.file("x.db");
        let database = Database::open(path.clone(), &[FIRST]).unwrap();
        let before = std::fs::metadata(&path).unwrap().len();
        for number in 0..COMMITS_TO_FOLD {
            let text = format!("CREATE TABLE t{number} (z)");
            database
                .write(|writer| writer.execute_batch(&text))
                .unwrap();
        }
        // What was folded lies in the file itself; nothing else here makes it grow.
        let patience = Instant::now() + Duration::from_secs(30);
        while std::fs::metadata(&path).unwrap().len() == before {
            assert!(Instant::now() < patience, "nothing was folded");
            std::thread::sleep(Duration::from_millis(5));
        }
        database
            .write(|writer| writer.execute_batch("DROP TABLE a"))
            .unwrap();
        drop(database);
        assert_eq!(folder.names(), ["x.db"], "closing leaves no log");
    }

    #[test]
    fn stored_moments_sort_as_text() {
        let moments: Vec<String> = (0..2000).map(|_| now()).collect();
        assert!(moments.is_sorted(), "text order is time order");
        assert!(
            moments
                .iter()
                .all(|moment| moment.len() == moments[0].len())
        );
        assert!(time(&moments[0]).is_ok());
    }

    #[test]
    fn many_that_open_a_new_file_at_once_all_succeed() {
        let folder = Folder::new();
        for round in 0..10 {
            let path = folder.file(&format!("{round}.db"));
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| {
                        let database = Database::open(path.clone(), &[FIRST, SECOND]).unwrap();
                        database
                            .write(|writer| writer.execute("INSERT INTO b VALUES (1)", []))
                            .unwrap();
                    });
                }
            });
            let database = Database::open(path, &[FIRST, SECOND]).unwrap();
            assert_eq!((count(&database, "a"), count(&database, "b")), (1, 6));
        }
    }
}
