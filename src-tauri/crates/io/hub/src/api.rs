//! What a hub tells: a repository's facts and licence, its files, and what is found by words.

use reqwest::Url;
use reqwest::header::LINK;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{HubError, Result};
use crate::http::{Hub, Token};
use crate::name::{Commit, FilePath, Repo, Revision};

/// Most bytes of one answer. A thousand files are about 200 KiB.
const LONGEST_ANSWER: usize = 32 << 20;
/// Most bytes of a model card whose front matter is read.
const LONGEST_CARD: usize = 4 << 20;
/// Most pages of a listing, and most files.
const PAGES: usize = 100;
const MOST_FILES: usize = 100_000;

/// A repository as its hub describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoInfo {
    pub commit: Commit,
    pub licence: Option<String>,
    pub licence_url: Option<String>,
    /// Whether conditions must be agreed to at the hub first.
    pub is_gated: bool,
}

/// A file as a hub lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    pub path: FilePath,
    pub bytes: u64,
    /// Of files in large file storage.
    pub sha256: Option<String>,
}

/// The files of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub files: Vec<RemoteFile>,
    /// What cannot be taken, and why: paths that leave their folder or that not every system can name.
    pub refused: Vec<String>,
}

/// A repository that was found by words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FoundRepo {
    pub repo: String,
    pub downloads: u64,
    pub likes: u64,
    pub licence: Option<String>,
    pub is_gated: bool,
    /// When it was changed last, as the hub writes it.
    pub changed: Option<String>,
}

impl Hub {
    /// Facts of a repository: its commit, licence and conditions.
    pub async fn info(
        &self,
        repo: &Repo,
        revision: &Revision,
        token: Option<&Token>,
    ) -> Result<RepoInfo> {
        let parts = ["api", "models", repo.owner(), repo.name(), "revision"];
        let url = self.url(parts.into_iter().chain([revision.as_str()]));
        let what = repo.to_string();
        let facts: Value = self.json(&url, token, &what).await?.1;
        let commit = facts["sha"]
            .as_str()
            .ok_or_else(|| self.unexpected(&what, "no commit"))?;
        let commit = Commit::parse(commit)?;
        let mut licence = licence_of(&facts);
        if licence.0.is_none() {
            licence = self.card(repo, &commit, token).await.unwrap_or_default();
        }
        Ok(RepoInfo {
            commit,
            licence: licence.0,
            licence_url: licence.1,
            is_gated: is_gated(&facts),
        })
    }

    /// All files of a commit.
    pub async fn files(
        &self,
        repo: &Repo,
        commit: &Commit,
        token: Option<&Token>,
    ) -> Result<Listing> {
        let parts = ["api", "models", repo.owner(), repo.name(), "tree"];
        let mut url = self.url(parts.into_iter().chain([commit.as_str()]));
        url.query_pairs_mut().append_pair("recursive", "true");
        let what = format!("the files of {repo}");
        let mut listing = Listing::default();
        for _ in 0..PAGES {
            let (headers, rows) = self.json(&url, token, &what).await?;
            let rows = rows
                .as_array()
                .ok_or_else(|| self.unexpected(&what, "no list of files"))?;
            for row in rows {
                // What is no file is a folder, whose files come themselves.
                if row["type"] == "file" {
                    match self.file(row, &what) {
                        Err(error @ HubError::Name { .. }) => {
                            listing.refused.push(error.to_string())
                        }
                        file => listing.files.push(file?),
                    }
                }
            }
            if listing.files.len() + listing.refused.len() > MOST_FILES {
                return Err(self.unexpected(&what, "more files than a model has"));
            }
            let next = headers.get(LINK).and_then(|link| link.to_str().ok());
            match next.and_then(next_page).map(|next| url.join(next)) {
                None => return Ok(listing),
                Some(Ok(next)) if self.is_own(&next) => url = next,
                Some(_) => return Err(self.unexpected(&what, "its next page is somewhere else")),
            }
        }
        Err(self.unexpected(&what, "a listing without end"))
    }

    /// Repositories with GGUF files whose names or descriptions have `words`, most downloaded first.
    pub async fn search(
        &self,
        words: &str,
        limit: u32,
        token: Option<&Token>,
    ) -> Result<Vec<FoundRepo>> {
        let mut url = self.url(["api", "models"]);
        url.query_pairs_mut()
            .append_pair("search", words)
            .append_pair("filter", "gguf")
            .append_pair("sort", "downloads")
            .append_pair("direction", "-1")
            .append_pair("limit", &limit.to_string());
        let what = "a search";
        let rows = self.json(&url, token, what).await?.1;
        let rows = rows
            .as_array()
            .ok_or_else(|| self.unexpected(what, "no list"))?;
        // A repository whose name we would refuse cannot be asked for anyway.
        let found = rows.iter().filter_map(|row| {
            let repo = row["id"].as_str().or(row["modelId"].as_str())?;
            Repo::parse(repo).ok()?;
            Some(FoundRepo {
                repo: repo.to_owned(),
                downloads: row["downloads"].as_u64().unwrap_or(0),
                likes: row["likes"].as_u64().unwrap_or(0),
                licence: licence_of(row).0,
                is_gated: is_gated(row),
                changed: row["lastModified"].as_str().map(str::to_owned),
            })
        });
        Ok(found.take(limit as usize).collect())
    }

    /// Who the token belongs to, in the hub's words: tells whether the hub answers and takes it.
    pub async fn who(&self, token: &Token) -> Result<String> {
        let url = self.url(["api", "whoami-v2"]);
        let what = "the token's account";
        let told = self.json(&url, Some(token), what).await?.1;
        let name = told["name"]
            .as_str()
            .ok_or_else(|| self.unexpected(what, "no name"))?;
        Ok(name.to_owned())
    }

    async fn json(
        &self,
        url: &Url,
        token: Option<&Token>,
        what: &str,
    ) -> Result<(reqwest::header::HeaderMap, Value)> {
        let (headers, text) = self.text(url, token, what, LONGEST_ANSWER).await?;
        let value = serde_json::from_str(&text).map_err(|_| {
            let start = text.trim_start().chars().take(40).collect::<String>();
            self.unexpected(what, &format!("no JSON but `{start}`"))
        })?;
        Ok((headers, value))
    }

    fn file(&self, row: &Value, what: &str) -> Result<RemoteFile> {
        let path = row["path"].as_str().unwrap_or_default();
        let path = FilePath::parse(path)?;
        let bytes = row["lfs"]["size"].as_u64().or(row["size"].as_u64());
        let bytes = bytes.ok_or_else(|| self.unexpected(what, "a file without a size"))?;
        let sha256 = row["lfs"]["oid"]
            .as_str()
            .map(|oid| oid.trim_start_matches("sha256:"))
            .filter(|oid| crate::name::is_hex(oid, 64));
        Ok(RemoteFile {
            path,
            bytes,
            sha256: sha256.map(str::to_owned),
        })
    }

    /// The licence in the front matter of the repository's card, for mirrors that do not read it.
    async fn card(
        &self,
        repo: &Repo,
        commit: &Commit,
        token: Option<&Token>,
    ) -> Result<(Option<String>, Option<String>)> {
        let parts = [repo.owner(), repo.name(), "resolve", commit.as_str()];
        let url = self.url(parts.into_iter().chain(["README.md"]));
        let (_, text) = self.text(&url, token, "the card", LONGEST_CARD).await?;
        Ok(front_matter(&text))
    }

    pub(crate) fn unexpected(&self, what: &str, detail: &str) -> HubError {
        HubError::Unexpected {
            host: self.host(),
            what: what.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// Licence and link in a hub's facts: the card's data, else the tag `license:`.
fn licence_of(facts: &Value) -> (Option<String>, Option<String>) {
    let card = &facts["cardData"];
    let text = |name: &str| card[name].as_str().map(str::to_owned);
    let tag = || {
        let mut tags = facts["tags"].as_array()?.iter().filter_map(Value::as_str);
        tags.find_map(|tag| tag.strip_prefix("license:").map(str::to_owned))
    };
    named(
        text("license").or_else(tag),
        text("license_name"),
        text("license_link"),
    )
}

/// `other` stands for a licence that has a name of its own.
fn named(
    licence: Option<String>,
    name: Option<String>,
    link: Option<String>,
) -> (Option<String>, Option<String>) {
    let licence = match licence {
        Some(licence) if licence == "other" => name.or(Some(licence)),
        licence => licence,
    };
    // A link may also be the path of a file of the repository, which is no address.
    (licence, link.filter(|link| link.starts_with("https://")))
}

/// The licence that the YAML at the head of a model card tells.
fn front_matter(card: &str) -> (Option<String>, Option<String>) {
    #[derive(Default, Deserialize)]
    struct Front {
        license: Option<String>,
        license_name: Option<String>,
        license_link: Option<String>,
    }
    let head = card
        .trim_start_matches('\u{feff}')
        .strip_prefix("---")
        .and_then(|rest| rest.split_once("\n---"));
    let front: Front = head
        .and_then(|(head, _)| serde_saphyr::from_str(head).ok())
        .unwrap_or_default();
    named(front.license, front.license_name, front.license_link)
}

fn is_gated(facts: &Value) -> bool {
    // `false`, `"auto"` or `"manual"`.
    facts["gated"]
        .as_bool()
        .unwrap_or(facts["gated"].is_string())
}

/// The address of `rel="next"` in a `Link` header (RFC 8288).
fn next_page(link: &str) -> Option<&str> {
    let mut links = link.split(',');
    let next = links.find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let (_, rest) = next.split_once('<')?;
    Some(rest.split_once('>')?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_licence_is_read_from_card_tag_or_front_matter() {
        let some =
            |licence: &str, link: Option<&str>| (Some(licence.to_owned()), link.map(str::to_owned));
        let card = json!({ "cardData": { "license": "apache-2.0", "license_link": "LICENSE" } });
        assert_eq!(licence_of(&card), some("apache-2.0", None));
        let other = json!({ "cardData": { "license": "other", "license_name": "qwen-research",
            "license_link": "https://x.example/LICENSE" } });
        assert_eq!(
            licence_of(&other),
            some("qwen-research", Some("https://x.example/LICENSE"))
        );
        let tag = json!({ "tags": ["gguf", "license:mit"] });
        assert_eq!(licence_of(&tag), some("mit", None));
        assert_eq!(licence_of(&json!({})), (None, None));
        let front = "---\nlanguage: [en]\nlicense: gemma\n---\n# Model\nlicense: none\n";
        assert_eq!(front_matter(front), some("gemma", None));
        assert_eq!(front_matter("# No front\nlicense: mit\n"), (None, None));
        assert_eq!(front_matter("---\nlicense: [\n---\n"), (None, None));
    }

    #[test]
    fn the_next_page_is_found_among_links() {
        let link = "<https://h/a?cursor=1>; rel=\"prev\", <https://h/a?cursor=3>; rel=\"next\"";
        assert_eq!(next_page(link), Some("https://h/a?cursor=3"));
        assert_eq!(next_page("<https://h/a>; rel=\"prev\""), None);
    }
}
