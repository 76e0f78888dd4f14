//! Downloads from a hub that answers rightly, fails, breaks off and lies.
#![allow(clippy::unwrap_used, clippy::panic)]

mod api;
mod download;
mod faults;
mod killed;
#[cfg(unix)]
mod room;

use std::time::Duration;

use camino::Utf8PathBuf;
use studio_hub::{
    Cache, Downloaded, FilePath, Hub, HubError, Patience, Repo, Revision, Token, Wanted,
};
use studio_testkit::{HubFile, TempFolder, TestHub};

const REPO: &str = "maker/model-GGUF";

/// A test hub, a client of it, and a cache of its own.
struct World {
    server: TestHub,
    hub: Hub,
    folder: TempFolder,
}

/// Short waits, and small pieces on several connections from 256 KiB on.
fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        idle: Duration::from_millis(300),
        tries: 4,
        question_tries: 3,
        wait: Duration::from_millis(5),
        longest_wait: Duration::from_millis(2_000),
        parallel_from: 256 << 10,
        connections: 4,
        piece: 64 << 10,
        margin: 0,
    }
}

impl World {
    fn new(files: Vec<HubFile>) -> World {
        World::with(files, patience())
    }

    fn with(files: Vec<HubFile>, patience: Patience) -> World {
        let server = TestHub::start(REPO, files);
        let folder = TempFolder::new();
        let hub = hub(&server, &folder, patience);
        World {
            server,
            hub,
            folder,
        }
    }

    async fn get(&self, path: &str) -> Result<Downloaded, HubError> {
        self.get_as(path, None).await
    }

    async fn get_as(&self, path: &str, token: Option<&Token>) -> Result<Downloaded, HubError> {
        let wanted = wanted(path);
        let offered = self.hub.offer(&wanted, token).await?;
        self.hub
            .download(&wanted, &offered, token, &mut |_| {})
            .await
    }

    /// The error of a download, with nothing in the cache that looks whole.
    async fn fails(&self, path: &str) -> HubError {
        let error = self.get(path).await.unwrap_err();
        let kept = self.hub.cache().kept(&repo());
        assert!(kept.is_empty(), "{error}: {kept:?} looks whole");
        error
    }

    fn blobs(&self) -> Utf8PathBuf {
        self.folder.file("cache/models--maker--model-GGUF/blobs")
    }

    /// Bytes in the file that waits for the rest.
    fn begun(&self, file: &HubFile) -> u64 {
        self.hub.cache().partial_bytes(&repo(), &file.etag())
    }

    /// Waits until so many bytes are in the waiting file.
    async fn wait_begun(&self, file: &HubFile, bytes: u64) {
        for _ in 0..1_000 {
            if self.begun(file) >= bytes {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {bytes} bytes came", self.begun(file));
    }
}

fn hub(server: &TestHub, folder: &TempFolder, patience: Patience) -> Hub {
    let cache = Cache::new(folder.file("cache"));
    Hub::new(&server.url(), cache, patience).unwrap()
}

fn repo() -> Repo {
    Repo::parse(REPO).unwrap()
}

fn wanted(path: &str) -> Wanted {
    Wanted {
        repo: repo(),
        revision: Revision::default(),
        path: FilePath::parse(path).unwrap(),
        sha256: None,
    }
}

/// Bytes that look like nothing and are the same on every run.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..count).map(|_| next()).collect()
}

fn large(count: usize) -> HubFile {
    HubFile::large("m.gguf", noise(count))
}
