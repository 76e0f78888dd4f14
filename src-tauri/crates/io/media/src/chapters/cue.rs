//! Cue points of WAV: the chunk `cue ` with their places, and in `LIST adtl` their names (`labl`) and lengths (`ltxt`).

use std::collections::BTreeMap;
use std::fs::File;

use camino::Utf8Path;
use studio_core::units::SampleRate;

use super::{MOST, Mark, Marks};
use crate::error::{MediaError, Result};
use crate::wav::{Layout, append, content, u32_of};

/// Bytes of a cue point.
const POINT: usize = 24;
/// Lists that are longer hold no names.
const LONGEST_LIST: u64 = 1 << 20;
/// What an `ltxt` is for: a stretch.
const REGION: &[u8; 4] = b"rgn ";

/// The marks of a WAV file; `None` for other files, and for those without.
pub(super) fn read(path: &Utf8Path) -> Option<Marks> {
    let mut file = File::open(path).ok()?;
    let layout = Layout::read(&mut file).ok()??;
    let cue = content(&mut file, layout.find(b"cue ")?, LONGEST_LIST).ok()?;
    let count = (u32_of(&cue) as usize).min(MOST);
    let mut marks: BTreeMap<u32, Mark> = BTreeMap::new();
    for point in cue.get(4..)?.as_chunks::<POINT>().0.iter().take(count) {
        let at = u64::from(u32_of(&point[20..]));
        let mark = Mark {
            at,
            length: 0,
            name: String::new(),
        };
        marks.insert(u32_of(point), mark);
    }
    for list in layout.named(b"LIST") {
        let list = content(&mut file, list, LONGEST_LIST).ok()?;
        if let Some(notes) = list.strip_prefix(b"adtl") {
            note(notes, &mut marks);
        }
    }
    let mut list: Vec<Mark> = marks.into_values().collect();
    list.sort_by_key(|mark| mark.at);
    (!list.is_empty()).then_some(Marks {
        rate: SampleRate::new(layout.rate_hz)?,
        end: layout.frames(),
        list,
    })
}

/// Takes names and lengths from the list's chunks.
fn note(mut notes: &[u8], marks: &mut BTreeMap<u32, Mark>) {
    while let Some((head, rest)) = notes.split_first_chunk::<8>() {
        let size = u32_of(&head[4..]) as usize;
        let Some(note) = rest.get(..size) else {
            return;
        };
        if let (Some(mark), Some(text)) = (marks.get_mut(&u32_of(note)), note.get(4..)) {
            match &head[..4] {
                b"labl" => {
                    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
                    mark.name = String::from_utf8_lossy(text).into_owned();
                }
                b"ltxt" => mark.length = u64::from(u32_of(text)),
                _ => {}
            }
        }
        notes = rest.get(size + (size & 1)..).unwrap_or_default();
    }
}

/// Adds marks, at the file's rate, to a complete WAV file. Answers how many there was a place for: samples are counted
/// with 32 bits.
pub(super) fn write(path: &Utf8Path, marks: &[Mark]) -> Result<usize> {
    let short = |samples: u64| u32::try_from(samples).ok();
    // Names come first: FFmpeg reads none after anything else.
    let (mut points, mut notes, mut stretches) = (Vec::new(), b"adtl".to_vec(), Vec::new());
    let mut count = 0;
    for mark in marks.iter().take(MOST) {
        let Some(at) = short(mark.at) else { continue };
        count += 1;
        let id = u32::to_le_bytes(count);
        points.extend(id);
        points.extend(at.to_le_bytes());
        points.extend(b"data");
        points.extend([0; 8]);
        points.extend(at.to_le_bytes());
        let mut name = id.to_vec();
        name.extend(mark.name.bytes().filter(|byte| *byte != 0));
        name.push(0);
        add(&mut notes, b"labl", &name);
        if let Some(length @ 1..) = short(mark.length) {
            let mut stretch = id.to_vec();
            stretch.extend(length.to_le_bytes());
            stretch.extend(REGION);
            // Country, language, dialect, and the code page of no text.
            stretch.extend([0; 8]);
            add(&mut stretches, b"ltxt", &stretch);
        }
    }
    if count == 0 {
        return Ok(0);
    }
    notes.extend(stretches);
    let mut cue = count.to_le_bytes().to_vec();
    cue.extend(points);
    let io = |error| MediaError::io(path, error);
    let file = File::options().read(true).write(true).open(path);
    let fits = append(
        &mut file.map_err(io)?,
        &[(*b"cue ", cue), (*b"LIST", notes)],
    )
    .map_err(io)?;
    Ok(if fits { count as usize } else { 0 })
}

fn add(list: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
    list.extend(name);
    list.extend(size.to_le_bytes());
    list.extend(content);
    list.extend(&[0][..content.len() & 1]);
}
