//! The first look at an input path: what is wrong with it before any decoder sees it.

use std::fs::File;
use std::io::Read;

use camino::Utf8Path;

use crate::error::{MediaError, Result};

/// Opens a regular, non-empty file.
pub(crate) fn open(path: &Utf8Path) -> Result<(File, u64)> {
    // Before the file is opened: opening a pipe waits for somebody to write into it.
    let meta = std::fs::metadata(path).map_err(|e| MediaError::io(path, e))?;
    if meta.is_dir() {
        return Err(MediaError::Folder { path: path.into() });
    }
    if !meta.is_file() {
        return Err(MediaError::UnknownFormat {
            path: path.into(),
            found: "a device or a pipe".into(),
        });
    }
    if meta.len() == 0 {
        return Err(MediaError::Empty { path: path.into() });
    }
    let file = File::open(path).map_err(|e| MediaError::io(path, e))?;
    Ok((file, meta.len()))
}

/// The error for a file that no demuxer takes, with what its first bytes look like.
pub(crate) fn unknown_format(path: &Utf8Path) -> MediaError {
    let mut head = [0u8; 512];
    let mut length = 0;
    if let Ok(mut file) = File::open(path) {
        while let Ok(n @ 1..) = file.read(&mut head[length..]) {
            length += n;
        }
    }
    MediaError::UnknownFormat {
        path: path.into(),
        found: describe(&head[..length]),
    }
}

/// Names of formats that people confuse with media, by their first bytes.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"SQLite format 3", "a SQLite database"),
    (b"MThd", "a MIDI score, which has notes but no sound"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"RIFF", "a RIFF file without readable sound or picture"),
    (b"OggS", "an Ogg file without readable sound or picture"),
    (b"fLaC", "a FLAC header without readable sound"),
    (b"ID3", "tags without readable sound"),
];

fn describe(head: &[u8]) -> String {
    if let Some((_, name)) = SIGNATURES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (*name).into();
    }
    if head.get(4..8) == Some(b"ftyp") {
        return "an MP4 header without readable sound or picture".into();
    }
    if head.iter().all(|&b| b == 0) {
        return "only zero bytes".into();
    }
    // A cut at the end of `head` may split one character: that alone does not make it binary.
    let text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none() && e.valid_up_to() > 0,
    };
    if text && !head.iter().any(|b| matches!(b, 0..=8 | 14..=31)) {
        return "text".into();
    }
    let bytes: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("unknown data that begins with {}", bytes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_named_for_people() {
        assert_eq!(describe(b"%PDF-1.7"), "a PDF document");
        assert_eq!(describe("Grüße".as_bytes()), "text");
        assert_eq!(describe(&[0; 64]), "only zero bytes");
        assert_eq!(
            describe(&[0xde, 0xad, 1]),
            "unknown data that begins with de ad 01"
        );
    }
}
