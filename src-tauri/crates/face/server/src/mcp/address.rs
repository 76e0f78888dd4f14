//! Addresses of what projects hold: `studio://project/{project}/…`.
//!
//! Every variable part is a UUID or a BLAKE3 digest in its one canonical spelling. So an address needs
//! no escapes, names no path, and equal things have equal addresses.

use std::fmt;

use studio_core::Error;

const SCHEME: &str = "studio://project/";
/// The longest address has 153 characters.
const LONGEST: usize = 200;

/// A resource of one project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) project: String,
    pub(super) part: Part,
}

/// Which part of a project; films and assets by id, artifacts by digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Whole,
    Asset(String),
    AssetContent(String),
    Film(String),
    Plan(String),
    Captions(String),
    Video(String),
    Artifact(String),
    ArtifactContent(String),
}

impl Address {
    pub(super) fn new(project: impl Into<String>, part: Part) -> Address {
        Address {
            project: project.into(),
            part,
        }
    }

    /// Refuses everything that [`Address`] would not have written itself.
    pub(super) fn parse(uri: &str) -> Result<Address, Error> {
        let unknown = || {
            let shown: String = uri.chars().take(LONGEST).collect();
            Error::not_found(format!("`{shown}` is no resource of this studio"))
                .hint("resources/list and resources/templates/list tell what there is")
        };
        let rest = uri
            .strip_prefix(SCHEME)
            .filter(|_| uri.len() <= LONGEST)
            .ok_or_else(unknown)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (project, part) = match parts[..] {
            [project] => (project, Part::Whole),
            [project, "asset", id] => (project, Part::Asset(uuid(id).ok_or_else(unknown)?)),
            [project, "asset", id, "content"] => {
                (project, Part::AssetContent(uuid(id).ok_or_else(unknown)?))
            }
            [project, "film", id] => (project, Part::Film(uuid(id).ok_or_else(unknown)?)),
            [project, "film", id, "plan"] => (project, Part::Plan(uuid(id).ok_or_else(unknown)?)),
            [project, "film", id, "captions"] => {
                (project, Part::Captions(uuid(id).ok_or_else(unknown)?))
            }
            [project, "film", id, "video"] => (project, Part::Video(uuid(id).ok_or_else(unknown)?)),
            [project, "artifact", digest] => {
                (project, Part::Artifact(hash(digest).ok_or_else(unknown)?))
            }
            [project, "artifact", digest, "content"] => (
                project,
                Part::ArtifactContent(hash(digest).ok_or_else(unknown)?),
            ),
            _ => return Err(unknown()),
        };
        Ok(Address::new(uuid(project).ok_or_else(unknown)?, part))
    }

    /// Another part of the same project.
    pub(super) fn beside(&self, part: Part) -> Address {
        Address::new(self.project.clone(), part)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.project)?;
        match &self.part {
            Part::Whole => Ok(()),
            Part::Asset(id) => write!(f, "/asset/{id}"),
            Part::AssetContent(id) => write!(f, "/asset/{id}/content"),
            Part::Film(id) => write!(f, "/film/{id}"),
            Part::Plan(id) => write!(f, "/film/{id}/plan"),
            Part::Captions(id) => write!(f, "/film/{id}/captions"),
            Part::Video(id) => write!(f, "/film/{id}/video"),
            Part::Artifact(digest) => write!(f, "/artifact/{digest}"),
            Part::ArtifactContent(digest) => write!(f, "/artifact/{digest}/content"),
        }
    }
}

/// `text` if it is a UUID as we write it: lower case, with hyphens.
fn uuid(text: &str) -> Option<String> {
    let id = uuid::Uuid::try_parse(text).ok()?.hyphenated().to_string();
    (id == text).then_some(id)
}

/// `text` if it is 64 hexadecimal digits in lower case.
fn hash(text: &str) -> Option<String> {
    let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (digits && text.len() == 64).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0195c1f2-7a8b-7000-8000-0123456789ab";

    #[test]
    fn an_address_is_read_as_it_is_written() {
        let (id, digest) = (ID.to_owned(), "0f".repeat(32));
        let parts = [
            Part::Whole,
            Part::Asset(id.clone()),
            Part::AssetContent(id.clone()),
            Part::Film(id.clone()),
            Part::Plan(id.clone()),
            Part::Captions(id.clone()),
            Part::Video(id.clone()),
            Part::Artifact(digest.clone()),
            Part::ArtifactContent(digest),
        ];
        for part in parts {
            let address = Address::new(ID, part);
            let written = address.to_string();
            assert!(written.len() <= LONGEST, "{written}");
            assert_eq!(Address::parse(&written).unwrap(), address, "{written}");
        }
    }

    #[test]
    fn nothing_else_is_an_address() {
        let asset = format!("{SCHEME}{ID}/asset/");
        let hostile = [
            String::new(),
            SCHEME.to_owned(),
            format!("{SCHEME}{ID}/"),
            format!("{SCHEME}{ID}?x=1"),
            format!("{SCHEME}{ID}#x"),
            format!("{SCHEME}{}", ID.to_uppercase()),
            format!("{SCHEME}{}", ID.replace('-', "")),
            format!("{SCHEME}{{{ID}}}"),
            format!("STUDIO://project/{ID}"),
            format!("{SCHEME}../../etc/passwd"),
            format!("{SCHEME}%2Fetc%2Fpasswd"),
            format!("{SCHEME}/etc/passwd"),
            format!("{asset}../../../studio.db"),
            format!("{asset}{ID}/content/.."),
            format!("{asset}{ID}%00"),
            format!("{asset}{ID}\u{0}"),
            format!("{SCHEME}{ID}/artifact/{}", "0F".repeat(32)),
            format!("{SCHEME}{ID}/artifact/{}", "0".repeat(63)),
            format!("{SCHEME}{ID}/film/{ID}/plan/x"),
            "file:///etc/passwd".to_owned(),
            "x".repeat(1 << 20),
        ];
        for uri in hostile {
            let error = Address::parse(&uri).unwrap_err();
            assert_eq!(error.code, studio_core::ErrorCode::NotFound, "{uri:.80}");
            assert!(error.message.len() < 1000, "the refusal is short");
        }
    }
}
