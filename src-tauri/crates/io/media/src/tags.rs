//! Titles, artists and cover art, read and carried over by lofty.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::Utf8Path;
use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::{AudioFile, TaggedFile, TaggedFileExt};
use lofty::ogg::tag::VorbisComments;
use lofty::probe::Probe;
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};

use crate::error::{MediaError, Result, Warning};

/// What a file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// By the names of Vorbis comments in lower case: "title", "artist", "album", "date" …
    /// Several values of one name are joined by "; ".
    pub items: BTreeMap<String, String>,
    pub cover_art: bool,
}

impl Tags {
    /// The tags of a file; none if it has none or they cannot be read.
    pub fn read(path: &Utf8Path) -> Tags {
        let Some(file) = load(path) else {
            return Tags::default();
        };
        let mut tags = Tags::default();
        for tag in file.tags() {
            tags.cover_art |= !tag.pictures().is_empty();
        }
        let Some(tag) = main_tag(&file) else {
            return tags;
        };
        for item in tag.items() {
            let Some(text) = item.value().text() else {
                continue;
            };
            tags.items
                .entry(name(item.key()))
                .and_modify(|all| {
                    all.push_str("; ");
                    all.push_str(text);
                })
                .or_insert_with(|| text.to_string());
        }
        tags
    }
}

/// Whether a file is as loud as the one whose tags it takes: else what those say of its gain would be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loud {
    AsBefore,
    Otherwise,
}

/// The file that a new one is made from, whose tags, chapters and cover art it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub path: &'a Utf8Path,
    pub loud: Loud,
}

/// Carries the tags and pictures of `origin` over to `to`, which keeps its sound as it is. Answers what
/// the format of `to` has no place for.
pub(crate) fn copy_tags(origin: Origin<'_>, to: &Utf8Path) -> Result<Vec<Warning>> {
    let loud = origin.loud;
    let Some(source) = load(origin.path) else {
        return Ok(Vec::new());
    };
    let Some(source_tag) = main_tag(&source) else {
        return Ok(Vec::new());
    };
    let corrupt = |detail: String| MediaError::Corrupt {
        path: to.into(),
        detail: format!("its tags cannot be written: {detail}"),
    };
    let target = load(to).ok_or_else(|| corrupt("its format is unknown".into()))?;
    let kind = target.primary_tag_type();
    let mut tag = target
        .primary_tag()
        .cloned()
        .unwrap_or_else(|| Tag::new(kind));
    let mut warnings = Vec::new();
    for item in source_tag.items() {
        if describes_the_file(item.key()) || loud == Loud::Otherwise && is_gain(item.key()) {
            continue;
        }
        let key = match item.key() {
            // Formats disagree about which of the two a year belongs to.
            ItemKey::Year if ItemKey::Year.map_key(kind).is_none() => ItemKey::RecordingDate,
            key => key,
        };
        let ItemValue::Text(text) = item.value() else {
            continue;
        };
        if tag.get_strings(key).any(|kept| kept == text) {
            continue;
        }
        let kept = key.map_key(kind).is_some()
            && tag.push(TagItem::new(key, ItemValue::Text(text.clone())));
        if !kept {
            warnings.push(Warning::NotKept {
                what: format!("the tag \"{}\"", name(item.key())),
                why: "the format has no place for it".into(),
            });
        }
    }
    for picture in source_tag.pictures() {
        tag.push_picture(picture.clone());
    }
    if tag.is_empty() {
        return Ok(warnings);
    }
    save(tag, target, to).map_err(corrupt)?;
    Ok(warnings)
}

fn save(tag: Tag, mut file: TaggedFile, to: &Utf8Path) -> Result<(), String> {
    let (to, options) = (to.as_std_path(), WriteOptions::default());
    // As a general tag, comments would lose those that lofty has no key for: chapters.
    if tag.tag_type() == TagType::VorbisComments {
        let comments = VorbisComments::from(tag);
        return comments
            .save_to_path(to, options)
            .map_err(|e| e.to_string());
    }
    file.insert_tag(tag);
    file.save_to_path(to, options).map_err(|e| e.to_string())
}

/// Items about the old file's making, which would be false in a new one.
fn describes_the_file(key: ItemKey) -> bool {
    matches!(
        key,
        ItemKey::EncoderSoftware
            | ItemKey::EncoderSettings
            | ItemKey::EncodedBy
            | ItemKey::Length
            | ItemKey::OriginalFileName
    )
}

fn is_gain(key: ItemKey) -> bool {
    matches!(
        key,
        ItemKey::ReplayGainTrackGain
            | ItemKey::ReplayGainTrackPeak
            | ItemKey::ReplayGainAlbumGain
            | ItemKey::ReplayGainAlbumPeak
    )
}

fn load(path: &Utf8Path) -> Option<TaggedFile> {
    // Tag readers meet hostile bytes too: a file whose tags make one fail has no tags.
    catch_unwind(AssertUnwindSafe(|| {
        let options = ParseOptions::new().read_properties(false);
        Probe::open(path)
            .ok()?
            .options(options)
            .guess_file_type()
            .ok()?
            .read()
            .ok()
    }))
    .ok()
    .flatten()
}

fn main_tag(file: &TaggedFile) -> Option<&Tag> {
    file.primary_tag().or_else(|| file.first_tag())
}

fn name(key: ItemKey) -> String {
    match key.map_key(TagType::VorbisComments) {
        Some(name) => name.to_ascii_lowercase(),
        None => {
            let mut name = String::new();
            for c in format!("{key:?}").chars() {
                if c.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            name
        }
    }
}
