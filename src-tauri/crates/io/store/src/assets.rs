//! What the user brought into a project or had made there.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::time::SystemTime;

use camino::Utf8Path;
use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::FrameRate;
use studio_llm::route::Privacy;

use crate::database::{Database, json, now, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE assets (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    -- Of a referenced file when it was added: nanoseconds since 1970.
    modified_ns INTEGER,
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
pub enum ImportMode {
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
    pub mode: ImportMode,
    /// The file that it was imported from; for a reference, the file itself. None for what the studio
    /// made and what a browser sent.
    pub path: Option<String>,
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
    /// Whether a model that runs elsewhere may be shown it.
    #[serde(default)]
    pub privacy: Privacy,
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

/// What became of the file that an asset refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceState {
    Unchanged,
    /// Other bytes than those that were added.
    Changed,
    Missing,
}

/// The assets of one project.
pub struct Assets<'a> {
    pub(crate) database: &'a Database,
}

impl Assets<'_> {
    pub fn insert(&self, facts: NewAsset) -> Result<Asset> {
        let asset = Asset {
            id: uuid::Uuid::now_v7().to_string(),
            facts,
            created_at: now(),
        };
        let modified = match asset.facts.mode {
            ImportMode::Reference => asset
                .facts
                .path
                .as_ref()
                .and_then(|path| std::fs::metadata(path).ok())
                .as_ref()
                .and_then(modified_ns),
            ImportMode::Copy => None,
        };
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO assets (id, created_at, changed_at, modified_ns, document) \
                 VALUES (?1, ?2, ?2, ?3, ?4)",
                params![asset.id, asset.created_at, modified, to_json(&asset.facts)?],
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
                "SELECT id, created_at, document FROM assets WHERE NOT removed ORDER BY id",
            )?;
            statement.query_map([], read_asset)?.collect()
        })
    }

    /// Hides the asset; its bytes stay.
    pub fn remove(&self, id: &str) -> Result<Asset> {
        self.mark(id, true)
    }

    /// Brings a removed asset back.
    pub fn restore(&self, id: &str) -> Result<Asset> {
        self.mark(id, false)
    }

    /// Says whether it may leave this machine.
    pub fn label(&self, id: &str, privacy: Privacy) -> Result<Asset> {
        let mut asset = self.get(id)?;
        asset.facts.privacy = privacy;
        self.database.write(|writer| {
            writer.execute(
                "UPDATE assets SET document = json_set(document, '$.privacy', json(?2)), changed_at = ?3 \
                 WHERE id = ?1",
                params![id, to_json(&privacy)?, now()],
            )
        })?;
        Ok(asset)
    }

    /// Compares a referenced file with what was added. Size and time decide where they can; only a
    /// file of the same size and another time is read. Copies never change.
    pub fn reference_state(&self, asset: &Asset) -> Result<ReferenceState> {
        let path = match (asset.facts.mode, &asset.facts.path) {
            (ImportMode::Reference, Some(path)) => Utf8Path::new(path),
            _ => return Ok(ReferenceState::Unchanged),
        };
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(ReferenceState::Missing);
            }
            found => found.map_err(StoreError::io(path, "look at"))?,
        };
        if metadata.len() != asset.facts.bytes {
            return Ok(ReferenceState::Changed);
        }
        let added: Option<i64> = self.database.read(|reader| {
            let sql = "SELECT modified_ns FROM assets WHERE id = ?1";
            reader.query_row(sql, [&asset.id], |row| row.get(0))
        })?;
        if added.is_some() && added == modified_ns(&metadata) {
            return Ok(ReferenceState::Unchanged);
        }
        let mut hasher = blake3::Hasher::new();
        File::open(path)
            .and_then(|file| hasher.update_reader(file).map(drop))
            .map_err(StoreError::io(path, "read"))?;
        Ok(
            if hasher.finalize().to_hex().as_str() == asset.facts.digest {
                ReferenceState::Unchanged
            } else {
                ReferenceState::Changed
            },
        )
    }

    fn mark(&self, id: &str, removed: bool) -> Result<Asset> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE assets SET removed = ?2, changed_at = ?3 WHERE id = ?1 AND removed <> ?2",
                params![id, removed, now()],
            )
        })?;
        self.get(id)
    }
}

fn modified_ns(metadata: &Metadata) -> Option<i64> {
    let since = metadata
        .modified()
        .ok()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    i64::try_from(since.as_nanos()).ok()
}

fn read_asset(row: &Row<'_>) -> rusqlite::Result<Asset> {
    Ok(Asset {
        id: row.get(0)?,
        created_at: row.get(1)?,
        facts: json(&row.get::<_, String>(2)?)?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{Folder, project};

    fn sound(mode: ImportMode, path: &Utf8Path, bytes: &[u8]) -> NewAsset {
        NewAsset {
            name: "A sound".to_owned(),
            kind: AssetKind::Audio,
            media_type: "audio/wav".to_owned(),
            mode,
            path: Some(path.to_string()),
            digest: blake3::hash(bytes).to_hex().to_string(),
            bytes: bytes.len() as u64,
            duration_secs: Some(1.5),
            audio: None,
            video: None,
            tags: BTreeMap::from([("artist".to_owned(), "Ünï 🎬".to_owned())]),
            peaks: None,
            derived_from: None,
            operation: None,
            privacy: Privacy::MayLeave,
        }
    }

    #[test]
    fn a_label_is_kept_and_assets_of_older_files_may_leave() {
        let (_folder, project) = project();
        let facts = sound(ImportMode::Copy, Utf8Path::new("/a.wav"), b"1");
        let asset = project.assets().insert(facts).unwrap();
        let private = project
            .assets()
            .label(&asset.id, Privacy::LocalOnly)
            .unwrap();
        assert_eq!(private.facts.privacy, Privacy::LocalOnly);
        assert_eq!(project.assets().get(&asset.id).unwrap(), private);
        let mut older = serde_json::to_value(&private).unwrap();
        older.as_object_mut().unwrap().remove("privacy");
        let older: Asset = serde_json::from_value(older).unwrap();
        assert_eq!(older.facts.privacy, Privacy::MayLeave);
    }

    #[test]
    fn a_removed_asset_leaves_the_list_but_stays_and_can_come_back() {
        let (_folder, project) = project();
        let assets = project.assets();
        let path = Utf8Path::new("/a.wav");
        let first = assets.insert(sound(ImportMode::Copy, path, b"1")).unwrap();
        let second = assets.insert(sound(ImportMode::Copy, path, b"2")).unwrap();
        assert_eq!(assets.list().unwrap(), [first.clone(), second.clone()]);
        assert_eq!(assets.remove(&first.id).unwrap(), first);
        assert_eq!(assets.list().unwrap(), std::slice::from_ref(&second));
        assert_eq!(
            assets.get(&first.id).unwrap(),
            first,
            "what refers to it stays whole"
        );
        assets.remove(&first.id).unwrap();
        assert_eq!(assets.restore(&first.id).unwrap(), first);
        assert_eq!(assets.list().unwrap(), [first, second]);
        for missing in [assets.remove("no"), assets.restore("no"), assets.get("no")] {
            assert!(matches!(
                missing,
                Err(StoreError::Missing { what: "asset", .. })
            ));
        }
    }

    #[test]
    fn a_changed_reference_is_noticed() {
        let (_folder, project) = project();
        let folder = Folder::new();
        let path = folder.file("a.wav");
        let check = |asset: &Asset, state| {
            assert_eq!(project.assets().reference_state(asset).unwrap(), state);
        };
        std::fs::write(&path, b"sound").unwrap();
        let asset = project
            .assets()
            .insert(sound(ImportMode::Reference, &path, b"sound"))
            .unwrap();
        check(&asset, ReferenceState::Unchanged);

        let touched = SystemTime::now() + Duration::from_secs(60);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(touched)
            .unwrap();
        check(&asset, ReferenceState::Unchanged);

        std::fs::write(&path, b"other").unwrap();
        check(&asset, ReferenceState::Changed);
        std::fs::write(&path, b"longer sound").unwrap();
        check(&asset, ReferenceState::Changed);
        std::fs::remove_file(&path).unwrap();
        check(&asset, ReferenceState::Missing);

        let copy = project
            .assets()
            .insert(sound(ImportMode::Copy, &path, b"sound"))
            .unwrap();
        check(&copy, ReferenceState::Unchanged);
    }

    #[test]
    fn an_asset_is_one_flat_json_object() {
        let (_folder, project) = project();
        let facts = sound(ImportMode::Reference, Utf8Path::new("/a.wav"), b"1");
        let asset = project.assets().insert(facts).unwrap();
        let json = serde_json::to_value(&asset).unwrap();
        assert_eq!(json["id"], asset.id.as_str());
        assert_eq!(
            (&json["mode"], &json["kind"]),
            (&"reference".into(), &"audio".into())
        );
        assert_eq!(serde_json::from_value::<Asset>(json).unwrap(), asset);
    }
}
