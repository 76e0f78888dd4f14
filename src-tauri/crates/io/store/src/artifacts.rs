//! Content-addressed files with their provenance.
//!
//! `artifacts/ab/abcdef….png` is named by the BLAKE3 digest of its bytes. A row is written after the
//! file is whole and synced, so a row always means a complete file.
//!
//! Writers of all processes share the lock of `artifacts/.lock` from before the first byte until the
//! row is there. Whoever gets that lock alone knows that every file without a row is a leftover.
//!
//! A project may come from anybody: no link in its folder is followed to remove something, what is not
//! named as only this file names things stays, and a row that would lead elsewhere is an error.

use std::collections::HashSet;
use std::fs::{File, FileType, TryLockError};
use std::io::{ErrorKind, Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio_core::units::MicroUsd;

use crate::atomic;
use crate::database::{Database, json, now, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE artifacts (
    digest TEXT PRIMARY KEY,
    extension TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE provenance (
    digest TEXT NOT NULL REFERENCES artifacts (digest),
    at TEXT NOT NULL,
    operation TEXT NOT NULL,
    input TEXT NOT NULL,
    inputs TEXT NOT NULL,
    seed INTEGER,
    model TEXT,
    device TEXT,
    took_ms INTEGER NOT NULL,
    cost INTEGER NOT NULL
) STRICT;
CREATE INDEX provenance_by_digest ON provenance (digest);
";

/// What made an artifact: enough to make it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    pub operation: String,
    /// The part of the operation's input that decided it.
    pub input: Value,
    /// Digests of the artifacts that went in.
    pub inputs: Vec<String>,
    pub seed: Option<u64>,
    pub model: Option<String>,
    /// Where it was computed, such as `cpu`.
    pub device: Option<String>,
    pub took_ms: u64,
    pub cost: MicroUsd,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// BLAKE3 of the bytes, 64 hexadecimal digits.
    pub digest: String,
    /// Of the file's name, without the dot; of the first time that these bytes were stored.
    pub extension: String,
    pub media_type: String,
    pub bytes: u64,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// The artifacts of one project.
pub struct Artifacts<'a> {
    pub(crate) database: &'a Database,
    pub(crate) folder: Utf8PathBuf,
}

impl Artifacts<'_> {
    /// Stores a copy of the file at `from`, hashed while it is copied. The same bytes twice are one
    /// file with two provenances.
    pub fn publish_file(
        &self,
        from: &Utf8Path,
        media_type: &str,
        made: &Provenance,
    ) -> Result<Artifact> {
        let mut source = File::open(from).map_err(StoreError::io(from, "open"))?;
        let extension = from.extension().unwrap_or_default();
        self.publish(&mut source, from, extension, media_type, made)
    }

    pub fn publish_bytes(
        &self,
        mut bytes: &[u8],
        extension: &str,
        media_type: &str,
        made: &Provenance,
    ) -> Result<Artifact> {
        let memory = Utf8Path::new("memory");
        self.publish(&mut bytes, memory, extension, media_type, made)
    }

    pub fn get(&self, digest: &str) -> Result<Option<Artifact>> {
        let sql = format!("SELECT {COLUMNS} FROM artifacts WHERE digest = ?1");
        self.database
            .read(|reader| reader.query_row(&sql, [digest], read_artifact).optional())
    }

    /// Where the bytes of `artifact` lie.
    pub fn path(&self, artifact: &Artifact) -> Utf8PathBuf {
        let Artifact {
            digest, extension, ..
        } = artifact;
        self.folder
            .join(digest.get(..2).unwrap_or(digest))
            .join(format!("{digest}.{extension}"))
    }

    /// Everything that ever made these bytes, oldest first.
    pub fn provenance(&self, digest: &str) -> Result<Vec<Provenance>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT operation, input, inputs, seed, model, device, took_ms, cost \
                 FROM provenance WHERE digest = ?1 ORDER BY rowid",
            )?;
            let provenance = |row: &Row<'_>| {
                Ok(Provenance {
                    operation: row.get(0)?,
                    input: json(&row.get::<_, String>(1)?)?,
                    inputs: json(&row.get::<_, String>(2)?)?,
                    seed: row.get::<_, Option<i64>>(3)?.map(|seed| seed as u64),
                    model: row.get(4)?,
                    device: row.get(5)?,
                    took_ms: row.get(6)?,
                    cost: MicroUsd(row.get(7)?),
                })
            };
            statement.query_map([digest], provenance)?.collect()
        })
    }

    /// Oldest first.
    pub fn list(&self) -> Result<Vec<Artifact>> {
        let sql = format!("SELECT {COLUMNS} FROM artifacts ORDER BY created_at, digest");
        self.database.read(|reader| {
            reader
                .prepare(&sql)?
                .query_map([], read_artifact)?
                .collect()
        })
    }

    /// Reads the file again and compares its digest.
    pub fn verify(&self, artifact: &Artifact) -> Result<()> {
        let path = self.path(artifact);
        let mut file = File::open(&path).map_err(StoreError::io(&path, "open"))?;
        let (found, _) = copy_hashed(&mut file, &path, &mut std::io::sink(), &path)?;
        let digest = artifact.digest.clone();
        if found == digest {
            Ok(())
        } else {
            Err(StoreError::Damaged { path, digest })
        }
    }

    /// Whether the file is there in full length; cheaper than [`Artifacts::verify`].
    pub fn is_present(&self, artifact: &Artifact) -> bool {
        std::fs::metadata(self.path(artifact))
            .is_ok_and(|metadata| metadata.len() == artifact.bytes)
    }

    /// Removes what writers that died left behind. While any other writes, nothing is removed.
    pub(crate) fn sweep(&self) -> Result<()> {
        let lock = self.lock_file()?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            // Without locks nobody can tell leftovers from work in progress.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::io(&self.folder, "lock")(error));
            }
        }
        let rows = self.list()?;
        let kept: HashSet<Utf8PathBuf> = rows.iter().map(|row| self.path(row)).collect();
        for folder in self.entries(&self.folder, FileType::is_dir)? {
            for file in self.entries(&folder, FileType::is_file)? {
                if is_ours(&file) && !kept.contains(&file) {
                    std::fs::remove_file(&file).map_err(StoreError::io(&file, "remove"))?;
                }
            }
        }
        Ok(())
    }

    /// What lies in `folder` and is of this kind. A link is of no kind but its own.
    fn entries(&self, folder: &Utf8Path, kind: fn(&FileType) -> bool) -> Result<Vec<Utf8PathBuf>> {
        let mut found = Vec::new();
        for entry in folder.read_dir().map_err(StoreError::io(folder, "list"))? {
            let entry = entry.map_err(StoreError::io(folder, "list"))?;
            let is_kind = entry.file_type().is_ok_and(|found| kind(&found));
            // A name that is no text is none of ours.
            if is_kind && let Ok(path) = Utf8PathBuf::from_path_buf(entry.path()) {
                found.push(path);
            }
        }
        Ok(found)
    }

    fn lock_file(&self) -> Result<File> {
        let path = self.folder.join(".lock");
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io(path, "open"))
    }

    fn publish(
        &self,
        source: &mut dyn Read,
        source_name: &Utf8Path,
        extension: &str,
        media_type: &str,
        made: &Provenance,
    ) -> Result<Artifact> {
        // Held until the row is written; see the header.
        let lock = self.lock_file()?;
        match lock.lock_shared() {
            Err(error) if error.kind() != ErrorKind::Unsupported => {
                return Err(StoreError::io(&self.folder, "lock")(error));
            }
            _ => {}
        }
        let folder = self.folder.join("tmp");
        atomic::create_folder(&folder)?;
        let temporary = folder.join(uuid::Uuid::new_v4().simple().to_string());
        let stored = self.store(source, source_name, &temporary, extension, media_type);
        // Gone already if it was put in place.
        let _ = std::fs::remove_file(&temporary);
        let artifact = stored?;
        self.database.write(|writer| {
            writer.execute(
                "INSERT OR IGNORE INTO artifacts (digest, extension, media_type, bytes, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    artifact.digest,
                    artifact.extension,
                    artifact.media_type,
                    artifact.bytes,
                    artifact.created_at,
                ],
            )?;
            writer.execute(
                "INSERT INTO provenance (digest, at, operation, input, inputs, seed, model, device, \
                 took_ms, cost) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    artifact.digest,
                    artifact.created_at,
                    made.operation,
                    to_json(&made.input)?,
                    to_json(&made.inputs)?,
                    made.seed.map(|seed| seed as i64),
                    made.model,
                    made.device,
                    made.took_ms,
                    made.cost.0,
                ],
            )?;
            // The row of whoever came first.
            let sql = format!("SELECT {COLUMNS} FROM artifacts WHERE digest = ?1");
            writer.query_row(&sql, [&artifact.digest], read_artifact)
        })
    }

    /// Brings the bytes to their place, without a row yet.
    fn store(
        &self,
        source: &mut dyn Read,
        source_name: &Utf8Path,
        temporary: &Utf8Path,
        extension: &str,
        media_type: &str,
    ) -> Result<Artifact> {
        let mut file = File::create_new(temporary).map_err(StoreError::io(temporary, "create"))?;
        let (digest, bytes) = copy_hashed(source, source_name, &mut file, temporary)?;
        drop(file);
        let known = self.get(&digest)?;
        let artifact = known.unwrap_or_else(|| Artifact {
            digest,
            extension: plain_extension(extension),
            media_type: media_type.to_owned(),
            bytes,
            created_at: now(),
        });
        // A copy that was damaged since is replaced by this good one.
        if self.is_present(&artifact) && self.verify(&artifact).is_ok() {
            return Ok(artifact);
        }
        let path = self.path(&artifact);
        if let Some(folder) = path.parent() {
            atomic::create_folder(folder)?;
        }
        atomic::publish(temporary, &path)?;
        Ok(artifact)
    }
}

const COLUMNS: &str = "digest, extension, media_type, bytes, created_at";

/// `extension` in lower case if it is an ordinary one, so that it fits behind a digest anywhere.
fn plain_extension(extension: &str) -> String {
    if is_plain(extension) {
        extension.to_ascii_lowercase()
    } else {
        "bin".to_owned()
    }
}

fn is_plain(extension: &str) -> bool {
    (1..=16).contains(&extension.len()) && extension.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.len() == digits && text.bytes().all(is_digit)
}

/// Whether only this file gives such a name: `tmp/UUID`, or `ab/abDIGEST.extension`.
fn is_ours(file: &Utf8Path) -> bool {
    let folder = file.parent().and_then(Utf8Path::file_name);
    let name = file.file_name().unwrap_or_default();
    match (folder, name.split_once('.')) {
        (Some("tmp"), None) => is_hex(name, 32),
        (Some(folder), Some((digest, extension))) => {
            is_hex(digest, 64) && digest.get(..2) == Some(folder) && is_plain(extension)
        }
        _ => false,
    }
}

/// Copies everything; answers the digest and the count of bytes.
fn copy_hashed(
    from: &mut dyn Read,
    from_path: &Utf8Path,
    to: &mut dyn Write,
    to_path: &Utf8Path,
) -> Result<(String, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(StoreError::io(from_path, "read"))?,
        };
        if count == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])
            .map_err(StoreError::io(to_path, "write"))?;
        bytes += count as u64;
    }
}

fn read_artifact(row: &Row<'_>) -> rusqlite::Result<Artifact> {
    let (digest, extension): (String, String) = (row.get(0)?, row.get(1)?);
    if !is_hex(&digest, 64) || !is_plain(&extension) {
        let problem = format!("`{digest}.{extension}` is no name of an artifact");
        let text = rusqlite::types::Type::Text;
        return Err(rusqlite::Error::FromSqlConversionFailure(
            0,
            text,
            problem.into(),
        ));
    }
    Ok(Artifact {
        digest,
        extension,
        media_type: row.get(2)?,
        bytes: row.get(3)?,
        created_at: row.get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::project;

    fn made(operation: &str) -> Provenance {
        Provenance {
            operation: operation.to_owned(),
            seed: Some(u64::MAX),
            cost: MicroUsd(1_500),
            ..Provenance::default()
        }
    }

    #[test]
    fn the_same_bytes_twice_are_one_file_with_both_provenances() {
        let (folder, project) = project();
        let artifacts = project.artifacts();
        let wav = folder.file("a.WAV");
        std::fs::write(&wav, b"sound").unwrap();
        let first = artifacts
            .publish_file(&wav, "audio/wav", &made("one"))
            .unwrap();
        let again = artifacts
            .publish_bytes(b"sound", "raw", "x/y", &made("two"))
            .unwrap();
        assert_eq!(first, again, "the first row tells what the bytes are");
        assert_eq!(first.digest, blake3::hash(b"sound").to_hex().as_str());
        assert_eq!((first.extension.as_str(), first.bytes), ("wav", 5));
        assert_eq!(std::fs::read(artifacts.path(&first)).unwrap(), b"sound");
        assert_eq!(artifacts.list().unwrap(), std::slice::from_ref(&first));
        assert_eq!(
            artifacts.provenance(&first.digest).unwrap(),
            [made("one"), made("two")]
        );
        assert_eq!(
            std::fs::read_dir(project.path().join("artifacts/tmp"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn damage_is_found_and_healed_by_storing_the_bytes_again() {
        let (_folder, project) = project();
        let artifacts = project.artifacts();
        let store = || {
            artifacts
                .publish_bytes(b"good", "bin", "x/y", &made("a"))
                .unwrap()
        };
        let artifact = store();
        artifacts.verify(&artifact).unwrap();
        for damage in [&b"evil"[..], b"cut", b""] {
            std::fs::write(artifacts.path(&artifact), damage).unwrap();
            let error = artifacts.verify(&artifact).unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            store();
            artifacts.verify(&artifact).unwrap();
        }
        std::fs::remove_file(artifacts.path(&artifact)).unwrap();
        assert!(!artifacts.is_present(&artifact));
        store();
        artifacts.verify(&artifact).unwrap();
    }

    #[test]
    fn an_odd_extension_cannot_break_the_path() {
        let (_folder, project) = project();
        for (nth, odd) in ["", "../x", "a/b", &"x".repeat(300), "é"]
            .into_iter()
            .enumerate()
        {
            let bytes = [nth as u8];
            let artifact = project
                .artifacts()
                .publish_bytes(&bytes, odd, "x/y", &made("a"))
                .unwrap();
            assert_eq!(artifact.extension, "bin", "{odd:?}");
            project.artifacts().verify(&artifact).unwrap();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_with_the_file_that_did_not_fit() {
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let (from, to) = (Utf8Path::new("from"), Utf8Path::new("to"));
        let error = copy_hashed(&mut &b"bytes"[..], from, &mut full, to).unwrap_err();
        assert!(
            matches!(&error, StoreError::DiskFull { path } if path == to),
            "{error}"
        );
    }

    #[test]
    fn an_unreadable_source_leaves_nothing_behind() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _buffer: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("the stick was pulled"))
            }
        }
        let (_folder, project) = project();
        let artifacts = project.artifacts();
        let mut source = (&b"half"[..]).chain(Broken);
        let from = Utf8Path::new("stick.wav");
        let error = artifacts.publish(&mut source, from, "wav", "audio/wav", &made("a"));
        assert!(error.unwrap_err().to_string().contains("stick.wav"));
        assert_eq!(artifacts.list().unwrap(), []);
        assert_eq!(
            std::fs::read_dir(project.path().join("artifacts/tmp"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn leftovers_are_swept_unless_somebody_writes() {
        let (_folder, project) = project();
        let artifacts = project.artifacts();
        let kept = artifacts
            .publish_bytes(b"kept", "bin", "x/y", &made("a"))
            .unwrap();
        let half = format!("artifacts/tmp/{}", "0".repeat(32));
        let abandoned = format!("artifacts/ab/ab{}.wav", "0".repeat(62));
        let leftovers = [half, abandoned].map(|leftover| project.path().join(leftover));
        std::fs::create_dir_all(project.path().join("artifacts/ab")).unwrap();
        for leftover in &leftovers {
            std::fs::write(leftover, b"x").unwrap();
        }
        let writer = artifacts.lock_file().unwrap();
        writer.lock_shared().unwrap();
        artifacts.sweep().unwrap();
        assert!(
            leftovers.iter().all(|leftover| leftover.exists()),
            "a living writer may want it"
        );
        drop(writer);
        artifacts.sweep().unwrap();
        assert!(!leftovers.iter().any(|leftover| leftover.exists()));
        artifacts.verify(&kept).unwrap();
    }
    #[cfg(unix)]
    #[test]
    fn a_project_of_a_stranger_makes_nobody_remove_or_read_other_files() {
        let (folder, project) = project();
        let artifacts = project.artifacts();
        let name = format!("ab{}.txt", "0".repeat(62));
        let mine = ["note.txt", &name].map(|name| folder.file("mine").join(name));
        std::fs::create_dir(folder.file("mine")).unwrap();
        std::fs::create_dir(project.path().join("artifacts/ab")).unwrap();
        let beside = project.path().join("artifacts/ab/note.txt");
        for file in mine.iter().chain([&beside]) {
            std::fs::write(file, b"dear").unwrap();
        }
        let link = |name: &str| {
            let link = project.path().join("artifacts").join(name);
            std::os::unix::fs::symlink(folder.file("mine"), link).unwrap();
        };
        link("tmp");
        link("cd");
        artifacts.sweep().unwrap();
        assert!(mine.iter().chain([&beside]).all(|file| file.exists()));

        for (digest, extension) in [
            ("00".repeat(32), "/../../../mine/note.txt"),
            ("..".into(), "txt"),
        ] {
            let insert = "INSERT INTO artifacts VALUES (?1, ?2, 'x/y', 4, '')";
            let insert =
                |writer: &rusqlite::Transaction<'_>| writer.execute(insert, [&digest, extension]);
            artifacts.database.write(insert).unwrap();
            let error = artifacts.get(&digest).unwrap_err().to_string();
            assert!(error.contains("no name of an artifact"), "{error}");
        }
    }
}
