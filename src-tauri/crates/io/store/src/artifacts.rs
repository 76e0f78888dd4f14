//! Content-addressed files with their provenance.
//!
//! `artifacts/ab/abcdef….png` is named by the BLAKE3 digest of its bytes. A row is written after the
//! file is whole and synced, so a row always means a complete file.

use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio_core::units::MicroUsd;

use crate::atomic;
use crate::database::{Database, json, to_json};
use crate::error::{Result, StoreError};
use crate::project::is_older;

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
    pub extension: String,
    pub media_type: String,
    pub bytes: u64,
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
        self.publish(
            &mut source,
            from,
            from.extension().unwrap_or("bin"),
            media_type,
            made,
        )
    }

    pub fn publish_bytes(
        &self,
        mut bytes: &[u8],
        extension: &str,
        media_type: &str,
        made: &Provenance,
    ) -> Result<Artifact> {
        self.publish(
            &mut bytes,
            Utf8Path::new("memory"),
            extension,
            media_type,
            made,
        )
    }

    pub fn get(&self, digest: &str) -> Result<Option<Artifact>> {
        self.database.read(|reader| {
            let sql = "SELECT digest, extension, media_type, bytes, created_at FROM artifacts WHERE digest = ?1";
            reader.query_row(sql, [digest], read_artifact).optional()
        })
    }

    /// Where the bytes of `artifact` lie.
    pub fn path(&self, artifact: &Artifact) -> Utf8PathBuf {
        self.folder
            .join(&artifact.digest[..2])
            .join(format!("{}.{}", artifact.digest, artifact.extension))
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

    pub fn list(&self) -> Result<Vec<Artifact>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT digest, extension, media_type, bytes, created_at FROM artifacts ORDER BY created_at",
            )?;
            statement.query_map([], read_artifact)?.collect()
        })
    }

    /// Reads the file again and compares its digest.
    pub fn verify(&self, artifact: &Artifact) -> Result<()> {
        let path = self.path(artifact);
        let mut file = File::open(&path).map_err(StoreError::io(&path, "open"))?;
        let (digest, _) =
            copy_hashed(&mut file, &mut std::io::sink()).map_err(StoreError::io(&path, "read"))?;
        if digest == artifact.digest {
            return Ok(());
        }
        Err(StoreError::Damaged {
            path,
            digest: artifact.digest.clone(),
        })
    }

    /// Whether the file is there in full length; cheaper than [`Artifacts::verify`].
    pub fn is_present(&self, artifact: &Artifact) -> bool {
        std::fs::metadata(self.path(artifact))
            .is_ok_and(|metadata| metadata.len() == artifact.bytes)
    }

    /// Removes temporary files, and files without a row, that no living writer can still want.
    pub(crate) fn sweep(&self, age: Duration) -> Result<()> {
        for folder in self
            .folder
            .read_dir_utf8()
            .map_err(StoreError::io(&self.folder, "list"))?
            .flatten()
        {
            let Ok(files) = folder.path().read_dir_utf8() else {
                continue;
            };
            for file in files.flatten().filter(|file| is_older(file.path(), age)) {
                let digest = file.path().file_stem().unwrap_or_default();
                if self.get(digest)?.is_none() {
                    std::fs::remove_file(file.path())
                        .map_err(StoreError::io(file.path(), "remove"))?;
                }
            }
        }
        Ok(())
    }

    fn publish(
        &self,
        source: &mut dyn Read,
        source_name: &Utf8Path,
        extension: &str,
        media_type: &str,
        made: &Provenance,
    ) -> Result<Artifact> {
        let temporary_folder = self.folder.join("tmp");
        std::fs::create_dir_all(&temporary_folder)
            .map_err(StoreError::io(&temporary_folder, "create"))?;
        let temporary = temporary_folder.join(uuid::Uuid::new_v4().simple().to_string());
        let stored = self.store(source, source_name, &temporary, extension, media_type);
        if stored.is_err() {
            // Nothing to remove if it could not even be created.
            let _ = std::fs::remove_file(&temporary);
        }
        let artifact = stored?;
        self.database.write(|writer| {
            writer.execute(
                "INSERT OR IGNORE INTO artifacts (digest, extension, media_type, bytes, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    artifact.digest, artifact.extension, artifact.media_type, artifact.bytes,
                    artifact.created_at,
                ],
            )?;
            writer.execute(
                "INSERT INTO provenance (digest, at, operation, input, inputs, seed, model, device, \
                 took_ms, cost) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    artifact.digest, artifact.created_at, made.operation, to_json(&made.input)?,
                    to_json(&made.inputs)?, made.seed.map(|seed| seed as i64), made.model, made.device,
                    made.took_ms, made.cost.0,
                ],
            )?;
            Ok(())
        })?;
        Ok(artifact)
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
        let (digest, bytes) =
            copy_hashed(source, &mut file).map_err(StoreError::io(source_name, "copy"))?;
        let created_at = jiff::Timestamp::now().to_string();
        // The first extension wins: the path belongs to the digest.
        let extension = match self.get(&digest)? {
            Some(known) => known.extension,
            None => extension.to_ascii_lowercase(),
        };
        let artifact = Artifact {
            digest,
            extension,
            media_type: media_type.to_owned(),
            bytes,
            created_at,
        };
        let path = self.path(&artifact);
        if self.is_present(&artifact) {
            std::fs::remove_file(temporary).map_err(StoreError::io(temporary, "remove"))?;
            return Ok(artifact);
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(StoreError::io(folder, "create"))?;
        }
        atomic::publish(temporary, &path)?;
        Ok(artifact)
    }
}

fn copy_hashed(from: &mut dyn Read, to: &mut dyn Write) -> std::io::Result<(String, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        bytes += count as u64;
    }
}

fn read_artifact(row: &Row<'_>) -> rusqlite::Result<Artifact> {
    Ok(Artifact {
        digest: row.get(0)?,
        extension: row.get(1)?,
        media_type: row.get(2)?,
        bytes: row.get(3)?,
        created_at: row.get(4)?,
    })
}
