//! What the user brought into a project or had made there.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use studio_core::units::FrameRate;

use crate::database::{Database, json, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE assets (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    removed_at TEXT,
    document TEXT NOT NULL
) STRICT;
";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    Audio,
    Video,
    Image,
}

/// Whether the project holds a copy or points to the file where it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Copy,
    Reference,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AudioFacts {
    pub codec: String,
    /// Hz.
    pub sample_rate: u32,
    pub channels: u32,
    /// Samples per channel.
    pub frames: u64,
    pub bits_per_sample: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VideoFacts {
    pub codec: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub frame_rate: FrameRate,
    pub frames: u64,
}

/// Everything about an asset that its maker knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewAsset {
    pub name: String,
    pub kind: AssetKind,
    pub media_type: String,
    pub mode: Mode,
    /// The file that was imported or made; for a reference, the file itself.
    pub path: String,
    /// BLAKE3 of the bytes, 64 hexadecimal digits.
    pub digest: String,
    pub bytes: u64,
    pub duration_secs: Option<f64>,
    pub audio: Option<AudioFacts>,
    pub video: Option<VideoFacts>,
    pub tags: BTreeMap<String, String>,
    /// Digest of the peaks artifact.
    pub peaks: Option<String>,
    /// Id of the asset that it was made from.
    pub derived_from: Option<String>,
    /// The operation that made it; none for imports.
    pub operation: Option<String>,
}

/// An asset of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    pub id: String,
    #[serde(flatten)]
    pub facts: NewAsset,
    /// RFC 3339, UTC.
    pub created_at: String,
}

pub struct Assets<'a> {
    pub(crate) database: &'a Database,
}

impl Assets<'_> {
    pub fn insert(&self, facts: NewAsset) -> Result<Asset> {
        let asset = Asset {
            id: uuid::Uuid::now_v7().to_string(),
            facts,
            created_at: jiff::Timestamp::now().to_string(),
        };
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO assets (id, created_at, document) VALUES (?1, ?2, ?3)",
                params![asset.id, asset.created_at, to_json(&asset.facts)?],
            )
        })?;
        Ok(asset)
    }

    /// The asset, also if it was removed: what refers to it stays whole.
    pub fn get(&self, id: &str) -> Result<Asset> {
        let found = self.database.read(|reader| {
            let sql = "SELECT id, created_at, document FROM assets WHERE id = ?1";
            reader.query_row(sql, [id], read_asset).optional()
        })?;
        found.ok_or_else(|| StoreError::Missing {
            what: "asset",
            id: id.to_owned(),
        })
    }

    /// Without the removed ones, oldest first.
    pub fn list(&self) -> Result<Vec<Asset>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT id, created_at, document FROM assets WHERE removed_at IS NULL ORDER BY id",
            )?;
            statement.query_map([], read_asset)?.collect()
        })
    }

    /// Hides the asset; its bytes stay.
    pub fn remove(&self, id: &str) -> Result<Asset> {
        self.mark(id, Some(jiff::Timestamp::now().to_string()))
    }

    /// Brings a removed asset back.
    pub fn restore(&self, id: &str) -> Result<Asset> {
        self.mark(id, None)
    }

    fn mark(&self, id: &str, removed_at: Option<String>) -> Result<Asset> {
        let asset = self.get(id)?;
        self.database.write(|writer| {
            writer.execute(
                "UPDATE assets SET removed_at = ?2 WHERE id = ?1",
                params![id, removed_at],
            )
        })?;
        Ok(asset)
    }
}

fn read_asset(row: &Row<'_>) -> rusqlite::Result<Asset> {
    Ok(Asset {
        id: row.get(0)?,
        created_at: row.get(1)?,
        facts: json(&row.get::<_, String>(2)?)?,
    })
}
