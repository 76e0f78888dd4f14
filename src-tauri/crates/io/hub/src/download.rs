//! One file from a hub into the cache.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap};
use reqwest::{Method, Url};

use crate::digest::{Digest, digest_file};
use crate::error::{HubError, Result};
use crate::http::{Hub, REDIRECTS, Token, redirect};
use crate::name::{Commit, FilePath, Repo, Revision, blob_name};
use crate::sink::{Expected, Sink};
use crate::source::Source;
use crate::space::free_bytes;

/// Progress is told at most this often.
const TOLD: Duration = Duration::from_millis(200);
/// The speed that is told follows the last seconds.
const SPEED_WINDOW: Duration = Duration::from_secs(3);

/// A file that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub repo: Repo,
    pub revision: Revision,
    pub path: FilePath,
    /// The only content that is accepted.
    pub sha256: Option<String>,
}

/// What a hub says of a file before it is downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    pub commit: Commit,
    pub bytes: u64,
    /// The name of its blob.
    pub blob: String,
}

impl Offered {
    /// The content's SHA-256, where the hub tells it.
    pub fn sha256(&self) -> Option<&str> {
        match Digest::of_name(&self.blob) {
            Some(Digest::Sha256(_)) => Some(&self.blob),
            _ => None,
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Written so far, by earlier tries too.
    pub bytes: u64,
    pub total: u64,
    /// Over the last seconds.
    pub bytes_per_sec: f64,
}

/// A file that is whole now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    pub path: FilePath,
    pub commit: Commit,
    /// Where it can be opened.
    pub file: Utf8PathBuf,
    pub bytes: u64,
    pub blob: String,
    /// Absent where it was here already and its name does not tell it.
    pub sha256: Option<String>,
    /// Bytes that had to come over the network.
    pub received: u64,
}

impl Hub {
    /// What the hub has under that name now. One small request.
    pub async fn offer(&self, wanted: &Wanted, token: Option<&Token>) -> Result<Offered> {
        let what = format!("{} of {}", wanted.path, wanted.repo);
        let offered = self
            .patiently(self.patience.tries, || self.head(wanted, token, &what))
            .await?;
        match (&wanted.sha256, offered.sha256()) {
            (Some(pinned), Some(sha256)) if pinned != sha256 => Err(HubError::OtherContent {
                path: what,
                pinned: pinned.clone(),
                offered: sha256.to_owned(),
            }),
            _ => Ok(offered),
        }
    }

    /// Downloads a file that was [offered](Hub::offer), going on with what earlier tries or other
    /// programs left. Dropping the future stops it; what came is kept.
    pub async fn download(
        &self,
        wanted: &Wanted,
        offered: &Offered,
        token: Option<&Token>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Downloaded> {
        let Wanted { repo, path, .. } = wanted;
        let cache = &self.cache;
        let (blob, incomplete) = (
            cache.blob(repo, &offered.blob),
            cache.incomplete(repo, &offered.blob),
        );
        let is_whole = || std::fs::metadata(&blob).is_ok_and(|data| data.len() == offered.bytes);
        let mut fetched = (0, None);
        let mut resumed = true;
        while resumed && !is_whole() {
            cache.make_folder(&cache.blobs(repo))?;
            let lock = cache.lock(repo, &offered.blob).await?;
            // Whoever held the lock may have brought it.
            if is_whole() {
                break;
            }
            let expected = Expected {
                path: format!("{path} of {repo}"),
                bytes: offered.bytes,
                digest: Digest::of_name(&offered.blob),
                sha256: wanted.sha256.clone(),
            };
            resumed = cache.partial_bytes(repo, &offered.blob) > 0;
            let tried = self
                .fetch(
                    wanted,
                    token,
                    expected,
                    (&incomplete, &blob),
                    lock,
                    progress,
                )
                .await;
            match tried {
                Ok(done) => {
                    fetched = done;
                    break;
                }
                // What was left from before was of something else: once more, from the start.
                Err(HubError::WrongDigest { .. }) if resumed => {}
                Err(error) => return Err(error),
            }
        }
        let (received, sha256) = fetched;
        if sha256.is_none()
            && let Some(pinned) = &wanted.sha256
            && offered.sha256() != Some(pinned)
        {
            // It was here already, brought by somebody who was not told what it must be.
            let found = sha256_of_file(blob).await?;
            if found != *pinned {
                return Err(HubError::OtherContent {
                    path: format!("{path} of {repo}"),
                    pinned: pinned.clone(),
                    offered: found,
                });
            }
        }
        let file = cache.link(repo, &offered.commit, path, &offered.blob)?;
        cache.set_ref(repo, &wanted.revision, &offered.commit)?;
        Ok(Downloaded {
            path: path.clone(),
            commit: offered.commit.clone(),
            file,
            bytes: offered.bytes,
            blob: offered.blob.clone(),
            sha256: sha256.or_else(|| offered.sha256().map(str::to_owned)),
            received,
        })
    }

    async fn fetch(
        &self,
        wanted: &Wanted,
        token: Option<&Token>,
        expected: Expected,
        (incomplete, blob): (&Utf8PathBuf, &Utf8PathBuf),
        lock: std::fs::File,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(u64, Option<String>)> {
        let total = expected.bytes;
        let mut have = match std::fs::symlink_metadata(incomplete) {
            Ok(data) if data.is_file() => data.len(),
            Ok(_) => {
                return Err(HubError::BadFile {
                    path: incomplete.clone(),
                    problem: "a file should be here; move it away".to_owned(),
                });
            }
            Err(_) => 0,
        };
        if have > total {
            // Another content of the same name: nothing of it can be used.
            std::fs::remove_file(incomplete).map_err(HubError::io("remove", incomplete))?;
            have = 0;
        }
        self.room_for(total - have)?;
        let what = expected.path.clone();
        let sink = Sink::open(incomplete.clone(), blob.clone(), expected, lock);
        let source = Source::new(self, self.file_url(wanted), token, &what, total);
        let mut speed = Speed::new(have, total);
        if have < total {
            let mut told = |at| {
                if let Some(step) = speed.at(at, Instant::now()) {
                    progress(step);
                }
            };
            source.pour(have, &sink, &mut told).await?;
        }
        let digests = sink.end().await?;
        Ok((source.received(), Some(digests.sha256)))
    }

    /// Bytes of an offer that are not here yet.
    pub fn left(&self, wanted: &Wanted, offered: &Offered) -> u64 {
        let blob = self.cache.blob(&wanted.repo, &offered.blob);
        if std::fs::metadata(&blob).is_ok_and(|data| data.len() == offered.bytes) {
            return 0;
        }
        let have = self.cache.partial_bytes(&wanted.repo, &offered.blob);
        offered.bytes.saturating_sub(have)
    }

    /// Fails if `bytes` more would leave less room on the disk than the margin.
    pub fn room_for(&self, bytes: u64) -> Result<()> {
        let needed = bytes.saturating_add(self.patience.margin);
        match free_bytes(self.cache.root()) {
            Some(free) if free < needed => Err(HubError::NoRoom {
                folder: self.cache.root().to_owned(),
                needed,
                free,
            }),
            _ => Ok(()),
        }
    }

    fn file_url(&self, wanted: &Wanted) -> Url {
        let parts = [wanted.repo.owner(), wanted.repo.name(), "resolve"];
        let parts = parts.into_iter().chain([wanted.revision.as_str()]);
        self.url(parts.chain(wanted.path.parts()))
    }

    /// Asks for a file's headers. Those that tell its content come with the redirect away from the hub.
    async fn head(&self, wanted: &Wanted, token: Option<&Token>, what: &str) -> Result<Offered> {
        let mut url = self.file_url(wanted);
        let (mut commit, mut etag, mut bytes) = (None, None, None);
        for _ in 0..=REDIRECTS {
            let response = self
                .send(&url, self.request(Method::HEAD, &url, token))
                .await?;
            let headers = response.headers();
            commit = commit.or_else(|| text(headers, "x-repo-commit"));
            etag = etag.or_else(|| text(headers, "x-linked-etag"));
            bytes = bytes.or_else(|| text(headers, "x-linked-size"));
            let next = redirect(&response);
            if let Some(next) = next.filter(|next| self.is_own(next)) {
                url = next;
                continue;
            }
            if !response.status().is_success() && !response.status().is_redirection() {
                return Err(self.refusal(response, what, token.is_some()).await);
            }
            // A small file has no linked values: its own are those of the file, but a redirect's are not.
            if response.status().is_success() {
                etag = etag.or_else(|| text(headers, ETAG.as_str()));
                bytes = bytes.or_else(|| text(headers, CONTENT_LENGTH.as_str()));
            }
            let lacks = |header: &str| {
                let detail = format!("no `{header}`: this is no hub of models");
                self.unexpected(what, &detail)
            };
            let bytes = bytes.and_then(|bytes| bytes.parse().ok());
            return Ok(Offered {
                commit: Commit::parse(&commit.ok_or_else(|| lacks("X-Repo-Commit"))?)?,
                bytes: bytes.ok_or_else(|| lacks("X-Linked-Size"))?,
                blob: blob_name(&etag.ok_or_else(|| lacks("X-Linked-Etag"))?)?,
            });
        }
        Err(self.unexpected(what, "it redirects without end"))
    }
}

async fn sha256_of_file(path: Utf8PathBuf) -> Result<String> {
    let digest = move || digest_file(&path, false, &mut |_| true);
    match tokio::task::spawn_blocking(digest).await {
        Ok(digests) => Ok(digests?.sha256),
        Err(failure) => Err(HubError::Io {
            doing: "take a digest".to_owned(),
            source: std::io::Error::other(failure),
        }),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// Turns bytes and moments into progress.
struct Speed {
    total: u64,
    /// Bytes and moment where the window begins, and those that were told last.
    window: (u64, Instant),
    told: (u64, Instant),
    rate: f64,
}

impl Speed {
    fn new(bytes: u64, total: u64) -> Speed {
        let now = Instant::now();
        Speed {
            total,
            window: (bytes, now),
            told: (bytes, now),
            rate: 0.0,
        }
    }

    /// What to tell, if it is time to.
    fn at(&mut self, bytes: u64, now: Instant) -> Option<Progress> {
        if now - self.told.1 < TOLD && bytes < self.total {
            return None;
        }
        self.told = (bytes, now);
        let (from, since) = self.window;
        let secs = (now - since).as_secs_f64();
        if secs > 0.0 {
            self.rate = bytes.saturating_sub(from) as f64 / secs;
        }
        if now - since > SPEED_WINDOW {
            self.window = (bytes, now);
        }
        Some(Progress {
            bytes,
            total: self.total,
            bytes_per_sec: self.rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_that_of_the_last_seconds() {
        let mut speed = Speed::new(1_000, 10_000_000);
        let at = |ms| Duration::from_millis(ms);
        let begun = speed.window.1;
        assert_eq!(speed.at(2_000, begun + at(50)), None, "too soon to tell");
        let step = speed.at(1_001_000, begun + at(1_000)).unwrap();
        assert!((step.bytes_per_sec - 1e6).abs() < 1.0, "{step:?}");
        speed.at(4_001_000, begun + at(4_000)).unwrap();
        let stalled = speed.at(4_001_000, begun + at(6_000)).unwrap();
        assert!(stalled.bytes_per_sec < 1.0, "{stalled:?}");
    }
}
