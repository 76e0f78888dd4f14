//! RIFF/WAVE files by their chunks (Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0",
//! 1991; RF64: EBU Tech 3306).

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};

use camino::Utf8Path;

use crate::error::MediaError;

/// More are no sound but an attack.
const MOST_CHUNKS: usize = 10_000;
/// What a size of 32 bits says when the real one is elsewhere, or was not known yet.
const UNKNOWN: u32 = u32::MAX;

/// Where what lies in a file.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Samples per second, in Hz.
    pub(crate) rate_hz: u32,
    /// Bytes of a sample of all channels.
    pub(crate) block: u64,
    chunks: Vec<Chunk>,
    /// Bytes of the file.
    length: u64,
}

/// A chunk's content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    name: [u8; 4],
    pub(crate) at: u64,
    pub(crate) bytes: u64,
}

impl Layout {
    /// `None` where it is no WAVE file, or has no sound.
    pub(crate) fn read(file: &mut File) -> Result<Option<Layout>> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut head = [0; 12];
        file.rewind()?;
        if length < 12 || file.read_exact(&mut head).is_err() {
            return Ok(None);
        }
        if !matches!(&head[..4], b"RIFF" | b"RF64") || &head[8..] != b"WAVE" {
            return Ok(None);
        }
        let mut chunks: Vec<Chunk> = Vec::new();
        let (mut at, mut long) = (12, None);
        while at + 8 <= length && chunks.len() < MOST_CHUNKS {
            let mut head = [0; 8];
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut head)?;
            let [a, b, c, d, size @ ..] = head;
            let (name, size) = ([a, b, c, d], u32::from_le_bytes(size));
            at += 8;
            let bytes = match (size, &name) {
                (UNKNOWN, b"data") => long.unwrap_or(length - at),
                (size, _) => u64::from(size),
            };
            let chunk = Chunk {
                name,
                at,
                bytes: bytes.min(length - at),
            };
            if &name == b"ds64" && chunk.bytes >= 16 {
                let mut sizes = [0; 16];
                file.read_exact(&mut sizes)?;
                let [.., a, b, c, d, e, f, g, h] = sizes;
                long = Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
            }
            chunks.push(chunk);
            at += chunk.bytes + (chunk.bytes & 1);
        }
        let mut layout = Layout {
            rate_hz: 0,
            block: 0,
            chunks,
            length,
        };
        let Some(format) = layout.find(b"fmt ").filter(|format| format.bytes >= 16) else {
            return Ok(None);
        };
        let mut fields = [0; 16];
        file.seek(SeekFrom::Start(format.at))?;
        file.read_exact(&mut fields)?;
        layout.rate_hz = u32_of(&fields[4..]);
        layout.block = u64::from(u16::from_le_bytes([fields[12], fields[13]]));
        let is_sound = layout.rate_hz > 0 && layout.block > 0 && layout.find(b"data").is_some();
        Ok(is_sound.then_some(layout))
    }

    pub(crate) fn find(&self, name: &[u8; 4]) -> Option<Chunk> {
        self.named(name).next()
    }

    pub(crate) fn named<'a>(&'a self, name: &'a [u8; 4]) -> impl Iterator<Item = Chunk> + 'a {
        let named = self.chunks.iter().filter(move |chunk| &chunk.name == name);
        named.copied()
    }

    /// Samples per channel.
    pub(crate) fn frames(&self) -> u64 {
        self.find(b"data").map_or(0, |data| data.bytes / self.block)
    }
}

/// The first `most` bytes of a chunk.
pub(crate) fn content(file: &mut File, chunk: Chunk, most: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; chunk.bytes.min(most) as usize];
    file.seek(SeekFrom::Start(chunk.at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Adds chunks at the end. False where the file would become longer than its header can say.
pub(crate) fn append(file: &mut File, chunks: &[([u8; 4], Vec<u8>)]) -> Result<bool> {
    let Some(layout) = Layout::read(file)? else {
        return Ok(false);
    };
    let pad = layout.length & 1;
    let added: u64 = chunks.iter().map(|(_, bytes)| 8 + even(bytes.len())).sum();
    let length = layout.length + pad + added;
    let long = layout.find(b"ds64");
    if u32::try_from(length).is_err() && long.is_none() {
        return Ok(false);
    }
    file.seek(SeekFrom::End(0))?;
    file.write_all(&vec![0; pad as usize])?;
    for (name, bytes) in chunks {
        let size = u32::try_from(bytes.len()).unwrap_or(UNKNOWN);
        file.write_all(name)?;
        file.write_all(&size.to_le_bytes())?;
        file.write_all(bytes)?;
        file.write_all(&[0][..bytes.len() & 1])?;
    }
    match long {
        Some(ds64) => put(file, ds64.at, &(length - 8).to_le_bytes())?,
        None => put(file, 4, &short(length - 8).to_le_bytes())?,
    }
    Ok(true)
}

/// Completes the header of a file whose writer died: all whole samples that lie in it are its sound. Answers how many
/// there are for each channel; 0 where nothing was written.
pub fn complete_wav(path: &Utf8Path) -> std::result::Result<u64, MediaError> {
    let open = || {
        let mut file = File::options().read(true).write(true).open(path)?;
        match file.metadata()?.len() {
            0 => Ok(Some(0)),
            _ => complete(&mut file),
        }
    };
    let completed = open().map_err(|error| MediaError::io(path, error))?;
    completed.ok_or_else(|| MediaError::Corrupt {
        path: path.into(),
        detail: "it does not begin as a WAV file does".into(),
    })
}

fn complete(file: &mut File) -> Result<Option<u64>> {
    let Some(layout) = Layout::read(file)? else {
        return Ok(None);
    };
    let Some(data) = layout.find(b"data") else {
        return Ok(None);
    };
    let stated = content(
        file,
        Chunk {
            at: data.at - 4,
            bytes: 4,
            ..data
        },
        4,
    )?;
    if u32_of(&stated) != UNKNOWN || layout.find(b"ds64").is_some() {
        return Ok(Some(layout.frames()));
    }
    let frames = layout.frames();
    let bytes = frames * layout.block;
    let end = data.at + bytes;
    let length = end + (bytes & 1);
    file.set_len(end)?;
    file.set_len(length)?;
    if let Some(fact) = layout.find(b"fact").filter(|fact| fact.bytes >= 4) {
        put(file, fact.at, &short(frames).to_le_bytes())?;
    }
    // Writers that may pass 4 GB leave room for the long sizes.
    let room = layout.find(b"JUNK").filter(|room| room.bytes >= 28);
    match (u32::try_from(length), room) {
        (Err(_), Some(room)) => {
            let mut sizes = Vec::with_capacity(28);
            for size in [length - 8, bytes, frames] {
                sizes.extend(size.to_le_bytes());
            }
            sizes.extend(0u32.to_le_bytes());
            put(file, room.at, &sizes)?;
            put(file, room.at - 8, b"ds64")?;
            put(file, 0, b"RF64")?;
        }
        _ => {
            put(file, data.at - 4, &short(bytes).to_le_bytes())?;
            put(file, 4, &short(length - 8).to_le_bytes())?;
        }
    }
    file.sync_all()?;
    Ok(Some(frames))
}

fn put(file: &mut File, at: u64, bytes: &[u8]) -> Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn even(bytes: usize) -> u64 {
    (bytes + (bytes & 1)) as u64
}

fn short(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(UNKNOWN)
}

/// The first four bytes; 0 where there are fewer.
pub(crate) fn u32_of(bytes: &[u8]) -> u32 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
