//! Names that come from people and from hubs, checked once: what has one of these types is harmless as
//! a part of a path and of an address.

use std::fmt;

use crate::error::{HubError, Result};

/// `owner/name` of a repository of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repo {
    owner: String,
    name: String,
}

impl Repo {
    pub fn parse(text: &str) -> Result<Repo> {
        let refuse = |why| refuse("a repository", text, why);
        let (owner, name) = text
            .split_once('/')
            .ok_or_else(|| refuse("it is `owner/name`"))?;
        for part in [owner, name] {
            let first = part.chars().next();
            if !first.is_some_and(|c| c.is_ascii_alphanumeric()) || part.len() > 96 {
                return Err(refuse(
                    "a part begins with a letter or digit and has up to 96",
                ));
            }
            if !part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            {
                return Err(refuse("it has letters, digits, `.`, `_` and `-` only"));
            }
            // Hubs forbid both, and `--` parts owner from name in the cache.
            if part.contains("--") || part.contains("..") {
                return Err(refuse("it has `--` or `..`"));
            }
        }
        Ok(Repo {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder in the cache.
    pub(crate) fn folder(&self) -> String {
        format!("models--{}--{}", self.owner, self.name)
    }

    pub(crate) fn from_folder(folder: &str) -> Option<Repo> {
        let (owner, name) = folder.strip_prefix("models--")?.split_once("--")?;
        Repo::parse(&format!("{owner}/{name}")).ok()
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    pub fn parse(text: &str) -> Result<Revision> {
        check_path("a revision", text, 200)?;
        Ok(Revision(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Revision {
    fn default() -> Revision {
        Revision("main".to_owned())
    }
}

impl From<&Commit> for Revision {
    fn from(commit: &Commit) -> Revision {
        Revision(commit.0.clone())
    }
}

/// The hash of a commit: 40 digits in small hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(String);

impl Commit {
    pub fn parse(text: &str) -> Result<Commit> {
        if !is_hex(text, 40) {
            return Err(refuse("a commit", text, "it has 40 digits of 0-9 and a-f"));
        }
        Ok(Commit(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file's path within its repository, with `/` between the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

impl FilePath {
    pub fn parse(text: &str) -> Result<FilePath> {
        check_path("a file's path", text, 1_000)?;
        Ok(FilePath(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An ETag as a blob's name: without quotes and the mark of weakness.
pub(crate) fn blob_name(etag: &str) -> Result<String> {
    let bare = etag.trim().trim_start_matches("W/").trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let harmless = (1..=128).contains(&bare.len())
        && bare.starts_with(|c: char| c.is_ascii_alphanumeric())
        && bare.chars().all(plain)
        && !bare.ends_with(".incomplete");
    if !harmless {
        return Err(refuse("an ETag", etag, "it cannot name a file"));
    }
    Ok(bare.to_owned())
}

pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// Names of devices that Windows opens wherever they stand.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// The same, with a digit behind.
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

fn check_path(kind: &'static str, text: &str, longest: usize) -> Result<()> {
    let refuse = |why| Err(refuse(kind, text, why));
    if text.is_empty() || text.len() > longest {
        return refuse("it is empty or too long");
    }
    if text
        .chars()
        .any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
    {
        return refuse("it has a sign that not every system takes in names");
    }
    for part in text.split('/') {
        if part.is_empty() {
            return refuse("it begins or ends with `/`, or has two in a row");
        }
        if part == "." || part == ".." {
            return refuse("it leaves its folder");
        }
        if part.len() > 255 || part.ends_with(['.', ' ']) {
            return refuse("a part of it cannot be a name on every system");
        }
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        let numbered = stem.strip_suffix(|c: char| c.is_ascii_digit());
        let is_numbered = numbered.is_some_and(|device| NUMBERED_DEVICES.contains(&device));
        if is_numbered || DEVICES.contains(&stem.as_str()) {
            return refuse("it is the name of a device");
        }
    }
    Ok(())
}

fn refuse(kind: &'static str, name: &str, why: &'static str) -> HubError {
    HubError::Name {
        kind,
        name: name.chars().take(200).collect(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_an_owner_and_a_folder() {
        let repo = Repo::parse("Qwen/Qwen2.5-0.5B-Instruct-GGUF").unwrap();
        assert_eq!(repo.folder(), "models--Qwen--Qwen2.5-0.5B-Instruct-GGUF");
        assert_eq!(Repo::from_folder(&repo.folder()), Some(repo));
        for bad in [
            "", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a--b/c", "a/b c", "a/é",
        ] {
            assert!(Repo::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Repo::from_folder("datasets--a--b"), None);
    }

    #[test]
    fn a_path_that_leaves_its_folder_is_refused() {
        for good in [
            "a.gguf",
            "sub/deep/a.json",
            ".gitattributes",
            "a b.txt",
            "console.md",
        ] {
            assert!(FilePath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/..",
            ".",
            "a//b",
            "a/",
            "a\\b",
            "C:/a",
            "a\0b",
            "a\nb",
            "nul",
            "sub/con.txt",
            "LPT1",
            "a. ",
            "x/y.",
        ] {
            assert!(FilePath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(FilePath::parse(&"x/".repeat(600)).is_err());
        assert!(Revision::parse("refs/pr/1").is_ok() && Revision::parse("../main").is_err());
    }

    #[test]
    fn an_etag_names_a_blob_or_is_refused() {
        assert_eq!(blob_name("W/\"abc-1\"").unwrap(), "abc-1");
        for bad in ["", "\"\"", "../x", "a/b", ".hidden", "a b", "x.incomplete"] {
            assert!(blob_name(bad).is_err(), "{bad}");
        }
        assert!(Commit::parse(&"a".repeat(40)).is_ok());
        assert!(Commit::parse(&"A".repeat(40)).is_err() && Commit::parse("main").is_err());
    }
}
