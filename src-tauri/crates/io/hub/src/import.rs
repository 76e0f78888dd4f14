//! Files that are on this machine already come into the cache, without a network.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufReader, Read};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cache::{Cache, Kept, sync_folder, walk};
use crate::digest::{digest_file, hex};
use crate::error::{HubError, Result};
use crate::gguf;
use crate::name::{Commit, FilePath, Repo, Revision};
use crate::space::free_bytes;

/// Files that a model can consist of. Others in a folder are left where they are.
const KINDS: [&str; 7] = ["gguf", "safetensors", "json", "jinja", "txt", "model", "md"];
/// Most bytes of a description beside the weights.
const LARGEST_TEXT: u64 = 64 << 20;
/// Most bytes of the header of a safetensors file (the format's own limit).
const LARGEST_HEADER: u64 = 100_000_000;
/// How the name of a copy begins until it is whole.
const COPY: &str = ".import";
/// A copy that is being made is written to more often.
const ABANDONED: Duration = Duration::from_secs(3600);
/// How often a copy can be cancelled.
const COPIED_AT_ONCE: u64 = 16 << 20;
/// Most files of one model.
const MOST_FILES: usize = 1_000;
/// Most folders within a folder that is imported.
const DEEPEST: usize = 3;

/// What an import brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub files: Vec<Kept>,
    /// Bytes that had to be copied; links take no room.
    pub copied_bytes: u64,
}

/// A file to import: where it is, and its path in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    source: Utf8PathBuf,
    path: FilePath,
    bytes: u64,
}

impl Cache {
    /// Brings a file, as `name` if given, or the model files of a folder, into the cache under `repo`.
    /// They are linked where
    /// the disk is the same and `copy` is not asked for, so a file that is changed later changes there
    /// too. Each is looked into first: a truncated or foreign file is refused and nothing is imported.
    /// `told` hears of each piece's bytes and stops by `false`.
    pub fn import(
        &self,
        source: &Utf8Path,
        repo: &Repo,
        name: Option<&FilePath>,
        copy: bool,
        told: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Imported> {
        let mut items = items(source)?;
        if let ([item], Some(name)) = (&mut items[..], name) {
            item.path = name.clone();
        }
        for item in &items {
            look_into(item)?;
        }
        self.make_folder(&self.blobs(repo))?;
        let mut named = Vec::new();
        let mut copied_bytes = 0;
        for item in &items {
            let git = item.bytes <= LARGEST_TEXT && !is_weights(&item.source);
            let digests = digest_file(&item.source, git, told)?;
            let blob = digests.name().to_owned();
            copied_bytes += self.bring(item, repo, &blob, copy, told)?;
            named.push((item, blob));
        }
        let commit = commit_of(&named)?;
        for (item, blob) in &named {
            self.link(repo, &commit, &item.path, blob)?;
        }
        let files = named.iter().filter_map(|(item, _)| {
            let revision = Revision::from(&commit);
            self.find(repo, &revision, &item.path)
        });
        Ok(Imported {
            files: files.collect(),
            copied_bytes,
        })
    }

    /// Makes the blob of an item, by link or by copy. Answers the bytes that were copied.
    fn bring(
        &self,
        item: &Item,
        repo: &Repo,
        blob: &str,
        copy: bool,
        told: &mut dyn FnMut(u64) -> bool,
    ) -> Result<u64> {
        let to = self.blob(repo, blob);
        if fs::metadata(&to).is_ok_and(|data| data.len() == item.bytes) {
            return Ok(0);
        }
        let real = item
            .source
            .canonicalize_utf8()
            .map_err(HubError::io("open", &item.source))?;
        if !copy && fs::hard_link(&real, &to).is_ok() {
            return Ok(0);
        }
        self.sweep_copies(repo);
        if let Some(free) = free_bytes(self.root())
            && free < item.bytes
        {
            return Err(HubError::NoRoom {
                folder: self.root().to_owned(),
                needed: item.bytes,
                free,
            });
        }
        let failed = |source| HubError::io("copy", &item.source)(source);
        let mut made = tempfile::Builder::new()
            .prefix(COPY)
            .tempfile_in(self.blobs(repo))
            .map_err(failed)?;
        let mut from = fs::File::open(&real).map_err(failed)?;
        // Its bytes were told while the digest was taken.
        while io::copy(&mut (&mut from).take(COPIED_AT_ONCE), &mut made).map_err(failed)? > 0 {
            if !told(0) {
                return Err(HubError::Cancelled);
            }
        }
        // A temporary file has narrow rights, and other users may share the cache.
        let rights = from.metadata().map_err(failed)?.permissions();
        made.as_file().set_permissions(rights).map_err(failed)?;
        made.as_file().sync_all().map_err(failed)?;
        made.persist(&to).map_err(|error| failed(error.error))?;
        sync_folder(&self.blobs(repo));
        Ok(item.bytes)
    }

    /// Removes copies whose makers were killed.
    fn sweep_copies(&self, repo: &Repo) {
        let blobs = self.blobs(repo);
        for entry in blobs.read_dir_utf8().into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|since| since > ABANDONED));
            if is_old
                && entry.file_name().starts_with(COPY)
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(path = %entry.path(), %error, "an abandoned copy stays");
            }
        }
    }
}

/// The model files at a path, sorted.
fn items(source: &Utf8Path) -> Result<Vec<Item>> {
    let data = fs::metadata(source).map_err(HubError::io("open", source))?;
    let bad = |problem: &str| HubError::BadFile {
        path: source.to_owned(),
        problem: problem.to_owned(),
    };
    if data.is_file() {
        let path = FilePath::parse(source.file_name().unwrap_or_default())?;
        if !is_weights(source) {
            return Err(bad(
                "this is no model file: it ends with .gguf or .safetensors",
            ));
        }
        return Ok(vec![Item {
            source: source.to_owned(),
            path,
            bytes: data.len(),
        }]);
    }
    if !data.is_dir() {
        return Err(bad("neither a file nor a folder"));
    }
    let mut paths = Vec::new();
    walk(source, "", DEEPEST, &mut paths);
    paths.retain(|path| {
        let extension = Utf8Path::new(path.as_str()).extension();
        extension.is_some_and(|extension| KINDS.contains(&extension))
    });
    paths.sort();
    if paths.len() > MOST_FILES {
        return Err(bad("too many files for one model"));
    }
    let mut items = Vec::new();
    for path in paths {
        let source = source.join(path.as_str());
        let data = fs::metadata(&source).map_err(HubError::io("open", &source))?;
        if data.is_file() {
            items.push(Item {
                source,
                path,
                bytes: data.len(),
            });
        }
    }
    if !items.iter().any(|item| is_weights(&item.source)) {
        return Err(bad(
            "no model file is in it: none ends with .gguf or .safetensors",
        ));
    }
    Ok(items)
}

fn is_weights(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("gguf" | "safetensors"))
}

/// Refuses what is not what its name says, as far as a look at its head tells.
fn look_into(item: &Item) -> Result<()> {
    let bad = |problem: String| HubError::BadFile {
        path: item.source.clone(),
        problem,
    };
    if item.bytes == 0 {
        return Err(bad("it is empty".to_owned()));
    }
    match item.source.extension() {
        Some("gguf") => gguf::read(&item.source).map(|_| ()),
        Some("safetensors") => safetensors(item).map_err(bad),
        _ if item.bytes > LARGEST_TEXT => Err(bad("too large for a description".to_owned())),
        Some("json") => {
            let text = fs::read(&item.source).map_err(HubError::io("read", &item.source))?;
            let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(&text);
            parsed
                .map(|_| ())
                .map_err(|error| bad(format!("not JSON: {error}")))
        }
        _ => Ok(()),
    }
}

/// What is looked at of a tensor. Everything else is passed over, and takes no memory.
#[derive(serde::Deserialize)]
struct Tensor {
    data_offsets: Option<(u64, u64)>,
}

/// The header must be whole, and the tensors that it tells must end where the file does.
fn safetensors(item: &Item) -> std::result::Result<(), String> {
    let cut = |_| "it is cut off".to_owned();
    let file = fs::File::open(&item.source).map_err(|error| error.to_string())?;
    let mut file = BufReader::new(file);
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(cut)?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_HEADER || length + 8 > item.bytes {
        return Err("its header is longer than the file: no safetensors, or cut off".to_owned());
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(cut)?;
    let header: HashMap<String, Tensor> =
        serde_json::from_slice(&header).map_err(|error| format!("its header is wrong: {error}"))?;
    let tensors = header.iter().filter(|(name, _)| *name != "__metadata__");
    let ends = tensors.map(|(_, tensor)| tensor.data_offsets.map(|(_, end)| end));
    let end = ends
        .map(|end| end.ok_or("its header has a tensor without a place"))
        .try_fold(0, |most, end| end.map(|end| most.max(end)))?;
    match end.checked_add(length + 8) {
        Some(end) if end == item.bytes => Ok(()),
        Some(end) => Err(format!("it has {} bytes and tells of {end}", item.bytes)),
        None => Err("its header tells of no possible length".to_owned()),
    }
}

/// A name for these very files: the same import twice is the same snapshot.
fn commit_of(named: &[(&Item, String)]) -> Result<Commit> {
    use sha1::Digest as _;
    let mut hash = sha1::Sha1::new();
    for (item, blob) in named {
        hash.update(format!("{blob} {}\n", item.path));
    }
    Commit::parse(&hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use studio_testkit::{TempFolder, tiny_gguf};

    use super::*;

    fn import(folder: &TempFolder, source: &str) -> Result<Imported> {
        let cache = Cache::new(folder.file("cache"));
        let repo = Repo::parse("local/mine").unwrap();
        cache.import(&folder.file(source), &repo, None, false, &mut |_| true)
    }

    fn safetensors_bytes(values: usize) -> Vec<u8> {
        let header = format!(
            r#"{{"w":{{"dtype":"F32","shape":[{values}],"data_offsets":[0,{}]}}}}"#,
            4 * values
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + 4 * values, 0);
        bytes
    }

    #[test]
    fn a_file_is_imported_once_and_found() {
        let folder = TempFolder::new();
        fs::write(folder.file("m.gguf"), tiny_gguf("qwen2")).unwrap();
        let first = import(&folder, "m.gguf").unwrap();
        assert_eq!(first, import(&folder, "m.gguf").unwrap());
        let [file] = &first.files[..] else {
            panic!("one file: {first:?}")
        };
        assert_eq!(fs::read(&file.file).unwrap(), tiny_gguf("qwen2"));
        assert_eq!(file.blob.as_ref().map(String::len), Some(64), "by SHA-256");
    }

    #[test]
    fn a_folder_brings_what_belongs_to_a_model() {
        let folder = TempFolder::new();
        fs::create_dir_all(folder.file("m/.git")).unwrap();
        fs::write(folder.file("m/model.safetensors"), safetensors_bytes(8)).unwrap();
        fs::write(folder.file("m/config.json"), "{}").unwrap();
        fs::write(folder.file("m/holiday.jpg"), "x").unwrap();
        let imported = import(&folder, "m").unwrap();
        let names: Vec<&str> = imported
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(names, ["config.json", "model.safetensors"]);
        assert_eq!(
            imported.files[0].blob.as_ref().map(String::len),
            Some(40),
            "by git"
        );
    }

    fn check_refused(name: &str, bytes: &[u8], words: &str) {
        let folder = TempFolder::new();
        fs::write(folder.file(name), bytes).unwrap();
        let error = import(&folder, name).unwrap_err().to_string();
        assert!(error.contains(words), "{name}: {error} should say {words}");
        assert!(!folder.file("cache/models--local--mine").exists());
    }

    #[test]
    fn what_is_no_model_is_refused_and_nothing_is_left() {
        check_refused("a.gguf", b"", "empty");
        check_refused("a.gguf", b"GGUF", "cut off");
        check_refused("a.gguf", b"<html>no model here</html>", "no GGUF");
        check_refused("a.txt", b"words", "no model file");
        check_refused("a.safetensors", b"abc", "cut off");
        check_refused("a.safetensors", &[0xff; 64], "longer than the file");
        let whole = safetensors_bytes(8);
        check_refused("a.safetensors", &whole[..whole.len() - 1], "tells of");
        let folder = TempFolder::new();
        assert!(import(&folder, "missing.gguf").is_err());
        fs::create_dir(folder.file("empty")).unwrap();
        let error = import(&folder, "empty").unwrap_err().to_string();
        assert!(error.contains("no model file"), "{error}");
        fs::write(folder.file("empty/model.safetensors"), &whole).unwrap();
        fs::write(folder.file("empty/config.json"), "{").unwrap();
        let error = import(&folder, "empty").unwrap_err().to_string();
        assert!(error.contains("not JSON"), "{error}");
    }

    #[test]
    fn cancel_leaves_nothing_that_looks_whole() {
        let folder = TempFolder::new();
        fs::write(folder.file("m.gguf"), tiny_gguf("qwen2")).unwrap();
        let cache = Cache::new(folder.file("cache"));
        let repo = Repo::parse("local/mine").unwrap();
        let stopped = cache.import(&folder.file("m.gguf"), &repo, None, true, &mut |_| false);
        assert!(matches!(stopped, Err(HubError::Cancelled)));
        assert!(cache.kept(&repo).is_empty());
        // No byte is told anew while it is copied, but it can be stopped.
        let stopped = cache.import(&folder.file("m.gguf"), &repo, None, true, &mut |bytes| {
            bytes > 0
        });
        assert!(matches!(stopped, Err(HubError::Cancelled)), "{stopped:?}");
        assert_eq!(fs::read_dir(cache.blobs(&repo)).unwrap().count(), 0);
    }
    #[test]
    fn a_copy_that_was_given_up_is_removed_and_one_that_goes_on_is_not() {
        let folder = TempFolder::new();
        fs::write(folder.file("m.gguf"), tiny_gguf("qwen2")).unwrap();
        let cache = Cache::new(folder.file("cache"));
        let repo = Repo::parse("local/mine").unwrap();
        fs::create_dir_all(cache.blobs(&repo)).unwrap();
        let [old, young] = [".importOld", ".importYoung"].map(|name| cache.blobs(&repo).join(name));
        let yesterday = std::time::SystemTime::now() - Duration::from_secs(86_400);
        fs::File::create(&old)
            .unwrap()
            .set_modified(yesterday)
            .unwrap();
        fs::write(&young, b"GG").unwrap();
        cache
            .import(&folder.file("m.gguf"), &repo, None, true, &mut |_| true)
            .unwrap();
        assert!(!old.exists() && young.exists());
    }
}
