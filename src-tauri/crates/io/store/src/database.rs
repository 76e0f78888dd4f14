//! One SQLite file: migrations, one writer, several readers.

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Result, StoreError};

/// How long a statement waits for another process that is writing.
const BUSY_MS: u64 = 10_000;
/// Readers kept open; more are opened when all are taken, and closed after use.
const KEPT_READERS: usize = 4;

pub(crate) struct Database {
    path: Utf8PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens or creates the file and brings it to the newest of `migrations`. Migrations only add;
    /// their count is the format's version.
    pub(crate) fn open(path: Utf8PathBuf, migrations: &[&str]) -> Result<Database> {
        let failed = |source| StoreError::Database {
            path: path.clone(),
            source,
        };
        let mut writer = Connection::open(&path).map_err(failed)?;
        prepare(&writer).map_err(failed)?;
        writer
            .pragma_update(None, "journal_mode", "wal")
            .map_err(failed)?;
        // A commit survives a crash of the process; a power cut may take the last ones, whole.
        writer
            .pragma_update(None, "synchronous", "normal")
            .map_err(failed)?;
        migrate(&mut writer, &path, migrations)?;
        Ok(Database {
            path,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    /// Runs `change` in one transaction: all of it or nothing.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut writer: MutexGuard<'_, Connection> = self.writer.lock();
        let result = (|| {
            // Taking the lock at once avoids a refused upgrade in the middle.
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        result.map_err(|source| self.failed(source))
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
        result.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database {
            path: self.path.clone(),
            source,
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn migrate(writer: &mut Connection, path: &Utf8Path, migrations: &[&str]) -> Result<()> {
    let failed = |source| StoreError::Database {
        path: path.to_owned(),
        source,
    };
    let transaction = writer
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found: u32 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(failed)?;
    let known = migrations.len() as u32;
    if found > known {
        return Err(StoreError::NewerVersion {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for migration in &migrations[found as usize..] {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
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
pub(crate) fn time(text: &str) -> rusqlite::Result<jiff::Timestamp> {
    text.parse().map_err(|error: jiff::Error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}
