//! The writing end of a download: a thread that appends to the `.incomplete` file, takes the digest on
//! the way, and gives the whole file its name.
//!
//! A thread of its own, because a slow disk must not hold up the runtime, and because it outlives a
//! dropped download for a moment: what had come is still written.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use bytes::Bytes;
use camino::Utf8PathBuf;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::cache::sync_folder;
use crate::digest::{Digest, Digests, Hasher};
use crate::error::{HubError, Result};

/// Pieces that wait for the disk. Each is what the network gave at once: hyper reads up to 408 KiB.
const WAITING: usize = 64;

/// What a file must be to get its name.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// For errors.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// What its name says of it.
    pub(crate) digest: Option<Digest>,
    /// What the caller insists on.
    pub(crate) sha256: Option<String>,
}

enum Piece {
    Bytes(Bytes),
    /// What came is not the beginning of the file after all.
    Again,
    End,
}

pub(crate) struct Sink {
    pieces: mpsc::Sender<Piece>,
    writer: JoinHandle<Result<Digests>>,
}

impl Sink {
    /// Goes on behind what `incomplete` has. `lock` is held until the writing is over.
    pub(crate) fn open(
        incomplete: Utf8PathBuf,
        blob: Utf8PathBuf,
        expected: Expected,
        lock: File,
    ) -> Sink {
        let (pieces, waiting) = mpsc::channel(WAITING);
        let writer = tokio::task::spawn_blocking(move || {
            let written = write(&incomplete, &blob, &expected, waiting);
            drop(lock);
            written
        });
        Sink { pieces, writer }
    }

    /// A disk that stands still while the second value lives.
    #[cfg(test)]
    pub(crate) fn that_takes_nothing() -> (Sink, impl Sized) {
        let (pieces, waiting) = mpsc::channel(WAITING);
        let writer = tokio::spawn(async { Err(HubError::Cancelled) });
        (Sink { pieces, writer }, waiting)
    }

    /// Waits while the disk is behind. `false`: the writer has failed, and [`Sink::end`] says why.
    pub(crate) async fn take(&self, bytes: Bytes) -> bool {
        self.pieces.send(Piece::Bytes(bytes)).await.is_ok()
    }

    /// Throws away what came.
    pub(crate) async fn again(&self) -> bool {
        self.pieces.send(Piece::Again).await.is_ok()
    }

    /// All has come: checks it and gives it its name.
    pub(crate) async fn end(self) -> Result<Digests> {
        // If the writer has failed, it says why.
        let _ = self.pieces.send(Piece::End).await;
        drop(self.pieces);
        match self.writer.await {
            Ok(written) => written,
            Err(failure) => Err(HubError::Io {
                doing: "write a download".to_owned(),
                source: std::io::Error::other(failure),
            }),
        }
    }
}

fn write(
    incomplete: &Utf8PathBuf,
    blob: &Utf8PathBuf,
    expected: &Expected,
    mut waiting: mpsc::Receiver<Piece>,
) -> Result<Digests> {
    let failed = |source| HubError::io("write", incomplete)(source);
    let git = matches!(expected.digest, Some(Digest::Git(_))).then_some(expected.bytes);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(incomplete)
        .map_err(failed)?;
    let mut hasher = Hasher::new(git);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        if waiting.is_closed() && waiting.is_empty() {
            return Err(HubError::Cancelled);
        }
    }
    loop {
        match waiting.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                file.write_all(&bytes).map_err(failed)?;
                hasher.update(&bytes);
            }
            Some(Piece::Again) => {
                file.set_len(0).map_err(failed)?;
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                hasher = Hasher::new(git);
            }
            Some(Piece::End) => break,
            // The download was dropped: what came stays.
            None => return Err(HubError::Cancelled),
        }
    }
    let digests = hasher.finish();
    if let Err(error) = check(expected, &digests, file.metadata().map_err(failed)?.len()) {
        // It can never become right.
        drop(file);
        std::fs::remove_file(incomplete).map_err(failed)?;
        return Err(error);
    }
    file.sync_all().map_err(failed)?;
    drop(file);
    std::fs::rename(incomplete, blob).map_err(HubError::io("rename", incomplete))?;
    if let Some(folder) = blob.parent() {
        sync_folder(folder);
    }
    Ok(digests)
}

fn check(expected: &Expected, digests: &Digests, bytes: u64) -> Result<()> {
    let differs = |expected_is: &str, found: &str| HubError::WrongDigest {
        path: expected.path.clone(),
        expected: expected_is.to_owned(),
        found: found.to_owned(),
    };
    if bytes != expected.bytes {
        let told = |bytes: u64| format!("of {bytes} bytes");
        return Err(differs(&told(expected.bytes), &told(bytes)));
    }
    if let Some(digest) = &expected.digest
        && digest.as_str() != digests.name()
    {
        return Err(differs(digest.as_str(), digests.name()));
    }
    match &expected.sha256 {
        Some(sha256) if *sha256 != digests.sha256 => Err(differs(sha256, &digests.sha256)),
        _ => Ok(()),
    }
}
