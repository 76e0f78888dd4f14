//! Markers of AIFF: the chunk `MARK` with places and names (Apple, "Audio Interchange File Format 1.3", 1989). They have
//! no lengths.

use std::fs::File;
use std::io::{Read, Result as IoResult, Seek, SeekFrom, Write};

use camino::Utf8Path;
use studio_core::units::SampleRate;

use super::{MOST, Mark, Marks};
use crate::error::{MediaError, Result};

/// More are no sound but an attack.
const MOST_CHUNKS: usize = 10_000;
/// No list of marks that we read is longer.
const LONGEST_LIST: u64 = 1 << 20;

/// The marks of an AIFF file; `None` for other files, and for those without.
pub(super) fn read(path: &Utf8Path) -> Option<Marks> {
    let mut file = File::open(path).ok()?;
    let list = find(&mut file, b"MARK").ok()??;
    let common = find(&mut file, b"COMM").ok()??;
    let frames: &[u8; 4] = common.get(2..6)?.try_into().ok()?;
    let mut list = parse(&list);
    list.sort_by_key(|mark| mark.at);
    (!list.is_empty()).then_some(Marks {
        rate: rate_of(common.get(8..18)?)?,
        end: u64::from(u32::from_be_bytes(*frames)),
        list,
    })
}

/// The content of the first chunk of a name; `None` also where the file is no AIFF file.
fn find(file: &mut File, name: &[u8; 4]) -> IoResult<Option<Vec<u8>>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut head = [0; 12];
    if length < 12 || file.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    if &head[..4] != b"FORM" || !matches!(&head[8..], b"AIFF" | b"AIFC") {
        return Ok(None);
    }
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        if at + 8 > length {
            break;
        }
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let [a, b, c, d, size @ ..] = head;
        let size = u64::from(u32::from_be_bytes(size));
        at += 8;
        if [a, b, c, d] == *name {
            let mut content = vec![0; size.min(length - at).min(LONGEST_LIST) as usize];
            file.read_exact(&mut content)?;
            return Ok(Some(content));
        }
        at = at.saturating_add(size + (size & 1));
    }
    Ok(None)
}

fn parse(list: &[u8]) -> Vec<Mark> {
    let Some((_count, mut rest)) = list.split_first_chunk::<2>() else {
        return Vec::new();
    };
    let mut marks = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<7>() {
        let [_, _, a, b, c, d, size] = *head;
        let Some(name) = after.get(..usize::from(size)) else {
            break;
        };
        marks.push(Mark {
            at: u64::from(u32::from_be_bytes([a, b, c, d])),
            length: 0,
            name: String::from_utf8_lossy(name).into_owned(),
        });
        if marks.len() == MOST {
            break;
        }
        // The text with its length is even.
        rest = after.get(usize::from(size | 1)..).unwrap_or_default();
    }
    marks
}

/// A whole rate from the 80 bits of an IEEE 754 extended number.
fn rate_of(bytes: &[u8]) -> Option<SampleRate> {
    let (exponent, mantissa) = bytes.split_first_chunk::<2>()?;
    let mantissa = u64::from_be_bytes(mantissa.try_into().ok()?);
    let shift = 16_383 + 63 - u32::from(u16::from_be_bytes(*exponent)).min(16_383 + 63);
    SampleRate::new(u32::try_from(mantissa.checked_shr(shift)?).ok()?)
}

/// Adds marks, at the file's rate, to a complete AIFF file. Answers how many there was a place for.
pub(super) fn write(path: &Utf8Path, marks: &[Mark]) -> Result<usize> {
    let (mut list, mut count) = (Vec::new(), 0u16);
    for mark in marks.iter().take(MOST) {
        let Ok(at) = u32::try_from(mark.at) else {
            continue;
        };
        count += 1;
        // Lengths of texts have one byte.
        let name = &mark.name[..mark.name.floor_char_boundary(255)];
        list.extend(count.to_be_bytes());
        list.extend(at.to_be_bytes());
        list.push(name.len() as u8);
        list.extend(name.as_bytes());
        list.extend(&[0][..1 - (name.len() & 1)]);
    }
    if count == 0 {
        return Ok(0);
    }
    let append = || -> IoResult<bool> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let end = file.seek(SeekFrom::End(0))?;
        let size = list.len() as u32 + 2;
        let Ok(form) = u32::try_from(end + (end & 1) + u64::from(size)) else {
            return Ok(false);
        };
        file.write_all(&[0][..(end & 1) as usize])?;
        file.write_all(b"MARK")?;
        file.write_all(&size.to_be_bytes())?;
        file.write_all(&count.to_be_bytes())?;
        file.write_all(&list)?;
        file.seek(SeekFrom::Start(4))?;
        // All but the first eight bytes; the new chunk has as many before its content.
        file.write_all(&form.to_be_bytes())?;
        Ok(true)
    };
    match append().map_err(|error| MediaError::io(path, error))? {
        true => Ok(usize::from(count)),
        false => Ok(0),
    }
}
