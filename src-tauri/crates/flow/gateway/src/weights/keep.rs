//! What is here: verified, removed, imported. No network.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, Event, JobContext};
use studio_hub::{FilePath, HubError, Kept, Repo, Verdict};

use super::look::IMPORTED;
use super::{Target, Which};
use crate::gateway::Gateway;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    /// A model's id.
    #[serde(default)]
    model: Option<String>,
    /// A repository instead.
    #[serde(default)]
    repo: Option<String>,
    /// Files of that repository; all that are here without it.
    #[serde(default)]
    files: Vec<String>,
    /// Throw damaged files away, so that a download brings them anew.
    #[serde(default)]
    discard_damaged: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Verified {
    /// Every file is here and whole.
    is_whole: bool,
    files: Vec<VerifiedFile>,
}

#[derive(Serialize, JsonSchema)]
struct VerifiedFile {
    path: String,
    bytes: u64,
    #[serde(flatten)]
    result: FileResult,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
enum FileResult {
    Whole {
        sha256: String,
    },
    Damaged {
        expected: String,
        found: String,
        was_discarded: bool,
    },
    /// There is no digest to compare with.
    Unknown {
        sha256: String,
    },
    Missing,
}

pub(super) fn verify(gateway: &Gateway, cx: &JobContext, input: Verify) -> Result<Verified, Error> {
    let target = Target::of(
        gateway,
        &Which {
            model: input.model,
            repo: input.repo,
            files: input.files,
            revision: None,
        },
    )?;
    let cache = &gateway.weights.cache;
    let files = files_of(gateway, &target)?;
    let total: u64 = files
        .iter()
        .filter_map(|(_, kept)| Some(kept.as_ref()?.bytes))
        .sum();
    let mut done = 0;
    let mut verified = Vec::new();
    for (path, kept) in files {
        let Some(kept) = kept else {
            verified.push(VerifiedFile {
                path: path.as_str().to_owned(),
                bytes: 0,
                result: FileResult::Missing,
            });
            continue;
        };
        let stage = format!("Verifying {}", path.name());
        let listed = target.files.iter().find(|file| file.path == path);
        let pin = gateway
            .weights
            .pins
            .get(&target.repo, &target.revision, &path);
        let sha256 = listed
            .and_then(|file| file.sha256.clone())
            .or_else(|| pin.and_then(|pin| pin.sha256));
        let checked = cache.verify(&kept, sha256.as_deref(), &mut |bytes| {
            done += bytes;
            cx.progress(&stage, done as f64 / total.max(1) as f64);
            cx.check().is_ok()
        })?;
        let sha256 = checked.sha256;
        let result = match checked.verdict {
            Verdict::Whole => FileResult::Whole { sha256 },
            Verdict::Unknown => FileResult::Unknown { sha256 },
            Verdict::Damaged { expected, found } => {
                if input.discard_damaged {
                    cache.discard(&target.repo, &kept)?;
                }
                FileResult::Damaged {
                    expected,
                    found,
                    was_discarded: input.discard_damaged,
                }
            }
        };
        verified.push(VerifiedFile {
            path: path.as_str().to_owned(),
            bytes: kept.bytes,
            result,
        });
    }
    if input.discard_damaged {
        gateway.look_for_weights();
    }
    let is_fine = |file: &VerifiedFile| {
        matches!(
            file.result,
            FileResult::Whole { .. } | FileResult::Unknown { .. }
        )
    };
    Ok(Verified {
        is_whole: verified.iter().all(is_fine),
        files: verified,
    })
}

/// The target's files with what is here of each. Of a repository without names: all that are here.
fn files_of(gateway: &Gateway, target: &Target) -> Result<Vec<(FilePath, Option<Kept>)>, Error> {
    let cache = &gateway.weights.cache;
    let files: Vec<(FilePath, Option<Kept>)> = if target.files.is_empty() {
        let kept = cache.kept(&target.repo).into_iter();
        kept.map(|kept| (kept.path.clone(), Some(kept))).collect()
    } else {
        let find = |path: &FilePath| cache.find(&target.repo, &target.revision, path);
        let files = target.files.iter();
        files
            .map(|file| (file.path.clone(), find(&file.path)))
            .collect()
    };
    if files.iter().all(|(_, kept)| kept.is_none()) {
        let what = target.name();
        return Err(HubError::NotHere { what }.into());
    }
    Ok(files)
}

#[derive(Serialize, JsonSchema)]
pub(super) struct RemovedFiles {
    files: Vec<String>,
    /// Room that it made.
    freed_bytes: u64,
}

pub(super) fn remove(gateway: &Gateway, input: &Which) -> Result<RemovedFiles, Error> {
    let target = Target::of(gateway, input)?;
    let Target { repo, revision, .. } = &target;
    let weights = &gateway.weights;
    let removed = if target.files.is_empty() {
        let paths: Vec<FilePath> = {
            let kept = weights.cache.kept(repo).into_iter();
            kept.map(|kept| kept.path).collect()
        };
        let removed = weights.cache.remove_repo(repo)?;
        weights.pins.remove(repo, revision, &paths)?;
        removed
    } else {
        let paths: Vec<FilePath> = target.files.iter().map(|file| file.path.clone()).collect();
        // What a stopped download left has no link yet: its name was pinned when it began.
        let blobs: Vec<String> = paths
            .iter()
            .filter_map(|path| Some(weights.pins.get(repo, revision, path)?.blob))
            .collect();
        let removed = weights.cache.remove(repo, &paths, &blobs)?;
        weights.pins.remove(repo, revision, &paths)?;
        removed
    };
    gateway.look_for_weights();
    gateway.events.emit(Event::ModelsChanged {});
    Ok(RemovedFiles {
        files: removed
            .files
            .iter()
            .map(|path| path.as_str().to_owned())
            .collect(),
        freed_bytes: removed.freed_bytes,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// A GGUF file, or a folder with a model's files.
    #[schemars(with = "String", length(min = 1), extend("x-path" = true))]
    path: Utf8PathBuf,
    /// The listed model that the file is, if it is one.
    #[serde(default)]
    model: Option<String>,
    /// Name of the imported model; the file's or folder's own without it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 96))]
    name: Option<String>,
    /// Copy even where a link would do. A linked file must not be changed later.
    #[serde(default)]
    copy: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ImportedModel {
    /// The model that can be asked now. Absent if this program cannot run what was imported.
    model: Option<String>,
    files: Vec<String>,
    bytes: u64,
    /// Bytes that had to be copied; the rest are links and take no room.
    copied_bytes: u64,
}

pub(super) fn import(
    gateway: &Gateway,
    cx: &JobContext,
    input: &Import,
) -> Result<ImportedModel, Error> {
    let on_path = |error: HubError| match error {
        error @ (HubError::BadFile { .. } | HubError::Io { .. }) => {
            Error::from(error).field("/path")
        }
        error => error.into(),
    };
    let path = if input.path.is_absolute() {
        input.path.clone()
    } else {
        let here =
            std::env::current_dir().map_err(|error| Error::io("find this folder", &error))?;
        Utf8PathBuf::try_from(here)
            .map_err(|error| Error::bad_input(error.to_string()).field("/path"))?
            .join(&input.path)
    };
    let weights = &gateway.weights;
    let target = match &input.model {
        None => None,
        Some(id) => {
            let which = Which {
                model: Some(id.clone()),
                repo: None,
                files: Vec::new(),
                revision: None,
            };
            Some(Target::of(gateway, &which)?)
        }
    };
    let (repo, name) = match &target {
        Some(target) => (target.repo.clone(), check_is(gateway, target, &path)?),
        None => (repo_for(input, &path)?, None),
    };
    let total = bytes_below(&path).max(1);
    let mut done = 0;
    let imported = weights
        .cache
        .import(&path, &repo, name.as_ref(), input.copy, &mut |bytes| {
            done += bytes;
            cx.progress("Reading the model's files", done as f64 / total as f64);
            cx.check().is_ok()
        })
        .map_err(on_path)?;
    if let Some(target) = &target {
        check_digests(gateway, target, &imported.files)?;
    }
    gateway.look_for_weights();
    let catalog = gateway.lists.catalog();
    let is_it = |model: &&studio_llm::catalog::Model| {
        let files = model.weights.as_ref();
        files.is_some_and(|files| files.repo == repo.to_string())
            && weights.installed(&model.id).is_some()
            && super::runs(model)
    };
    let found = match &target {
        Some(target) => target.model.as_ref().filter(is_it),
        None => catalog.models().find(is_it),
    };
    Ok(ImportedModel {
        model: found.map(|model| model.id.clone()),
        files: imported
            .files
            .iter()
            .map(|kept| kept.path.as_str().to_owned())
            .collect(),
        bytes: imported.files.iter().map(|kept| kept.bytes).sum(),
        copied_bytes: imported.copied_bytes,
    })
}

/// The name under which a file is imported as a listed model, if it can be that model.
fn check_is(
    gateway: &Gateway,
    target: &Target,
    path: &Utf8PathBuf,
) -> Result<Option<FilePath>, Error> {
    let wrong = |message: String| Err(Error::bad_input(message).field("/model"));
    let name = target.name();
    if path.is_dir() {
        return Ok(None);
    }
    let own = path.file_name().unwrap_or_default();
    let same = target.files.iter().find(|file| file.path.name() == own);
    let file = match (same, &target.files[..]) {
        (Some(file), _) => file,
        (None, [file]) => file,
        (None, files) => {
            let names: Vec<&str> = files.iter().map(|file| file.path.name()).collect();
            return wrong(format!(
                "{name} has several files; this one must be named like one of them: {}",
                names.join(", ")
            ));
        }
    };
    let expected = target
        .model
        .as_ref()
        .and_then(|model| model.weights.as_ref())
        .map(|weights| weights.architecture.clone())
        .unwrap_or_default();
    if let Some(facts) = gateway.weights.heads.of(path)
        && !facts.architecture.is_empty()
        && facts.architecture != expected
    {
        return wrong(format!(
            "{own} is a model of the kind `{}`, but {name} is `{expected}`",
            facts.architecture
        ));
    }
    Ok(Some(file.path.clone()))
}

/// Throws an import away that is another content than the list, or the first download, says.
fn check_digests(gateway: &Gateway, target: &Target, kept: &[Kept]) -> Result<(), Error> {
    let Target { repo, revision, .. } = target;
    for kept in kept {
        let listed = target.files.iter().find(|file| file.path == kept.path);
        let pin = gateway.weights.pins.get(repo, revision, &kept.path);
        let sha256 = listed
            .and_then(|file| file.sha256.clone())
            .or_else(|| pin.and_then(|pin| pin.sha256));
        if let Some(sha256) = sha256
            && kept.blob.as_ref().is_some_and(|blob| *blob != sha256)
        {
            let paths = [kept.path.clone()];
            gateway.weights.cache.remove(repo, &paths, &[])?;
            let message = format!(
                "{} is not the file that belongs to {}: its digest is {}, not {sha256}",
                kept.path,
                target.name(),
                kept.blob.as_deref().unwrap_or_default()
            );
            return Err(Error::bad_input(message)
                .field("/path")
                .hint("import it without `model`, as a model of its own"));
        }
    }
    Ok(())
}

/// The repository of an import without a listed model.
fn repo_for(input: &Import, path: &Utf8PathBuf) -> Result<Repo, Error> {
    let own = if path.is_dir() {
        path.file_name()
    } else {
        path.file_stem()
    };
    let given = input.name.as_deref().or(own).unwrap_or_default();
    let plain: String = given
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let mut name = plain
        .trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned();
    for twice in ["--", ".."] {
        while name.contains(twice) {
            name = name.replace(twice, &twice[1..]);
        }
    }
    name.truncate(96);
    Repo::parse(&format!("{IMPORTED}/{name}")).map_err(|_| {
        Error::bad_input(format!("`{given}` cannot name a model"))
            .field("/name")
            .hint("give a `name` with letters or digits")
    })
}

/// About how much will be read, for the progress.
fn bytes_below(path: &Utf8PathBuf) -> u64 {
    let Ok(entries) = path.read_dir_utf8() else {
        return std::fs::metadata(path).map_or(0, |data| data.len());
    };
    let files = entries.flatten();
    files
        .map(|entry| entry.metadata().map_or(0, |data| data.len()))
        .sum()
}
