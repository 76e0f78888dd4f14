//! How much a player turns a track up or down, written into its tags.
//!
//! ReplayGain 2.0 (hydrogenaud.io specification: reference −18 LUFS, BS.1770 loudness, peaks as factors of full scale);
//! in Opus files the tags of RFC 7845 §5.2.1 (reference −23 LUFS, 1/256 dB), which replace it there.

use camino::Utf8Path;
use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::{AudioFile, FileType, TaggedFileExt};
use lofty::ogg::OpusFile;
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag};

use crate::error::{MediaError, Result};
use crate::partial::Partial;

/// Loudness that a player brings every track to, in LUFS.
pub const REFERENCE_LUFS: f64 = -18.0;
const OPUS_REFERENCE_LUFS: f64 = -23.0;

/// What was measured, of a track or of its album.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Integrated loudness, in LUFS.
    pub lufs: f64,
    /// Highest true peak as a factor of full scale.
    pub peak: f64,
}

impl Level {
    /// What a player adds, in dB.
    pub fn gain_db(&self) -> f64 {
        REFERENCE_LUFS - self.lufs
    }

    fn opus_gain(&self) -> String {
        let steps = ((OPUS_REFERENCE_LUFS - self.lufs) * 256.0).round();
        (steps.clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16).to_string()
    }
}

/// Writes the tags of a track, and of the album that it is part of, over those that it has. The sound stays as it is;
/// the file is replaced when the new one is complete.
pub fn write_replay_gain(path: &Utf8Path, track: Level, album: Option<Level>) -> Result<()> {
    let partial = Partial::beside(path)?;
    std::fs::copy(path, partial.path()).map_err(|error| MediaError::io(path, error))?;
    write(partial.path(), track, album).map_err(|error| MediaError::Corrupt {
        path: path.into(),
        detail: format!("its tags cannot be written: {error}"),
    })?;
    partial.publish()
}

fn write(
    file: &Utf8Path,
    track: Level,
    album: Option<Level>,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let options = ParseOptions::new().read_properties(false);
    let probe = Probe::open(file)?.options(options).guess_file_type()?;
    if probe.file_type() == Some(FileType::Opus) {
        return write_opus(file, track, album);
    }
    let mut target = probe.read()?;
    let kind = target.primary_tag_type();
    let mut tag = target
        .primary_tag()
        .cloned()
        .unwrap_or_else(|| Tag::new(kind));
    let mut put = |key: ItemKey, text: Option<String>| {
        tag.remove_key(key);
        if let Some(text) = text {
            tag.insert_text(key, text);
        }
    };
    let gain = |level: &Level| format!("{:+.2} dB", level.gain_db());
    let peak = |level: &Level| format!("{:.6}", level.peak);
    put(ItemKey::ReplayGainTrackGain, Some(gain(&track)));
    put(ItemKey::ReplayGainTrackPeak, Some(peak(&track)));
    put(ItemKey::ReplayGainAlbumGain, album.as_ref().map(gain));
    put(ItemKey::ReplayGainAlbumPeak, album.as_ref().map(peak));
    target.insert_tag(tag);
    target.save_to_path(file.as_std_path(), WriteOptions::default())?;
    Ok(())
}

fn write_opus(
    file: &Utf8Path,
    track: Level,
    album: Option<Level>,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut reader = std::fs::File::open(file)?;
    let options = ParseOptions::new().read_properties(false);
    let mut opus = OpusFile::read_from(&mut reader, options)?;
    drop(reader);
    let tag = opus.vorbis_comments_mut();
    for kind in ["TRACK", "ALBUM"] {
        for name in [
            format!("REPLAYGAIN_{kind}_GAIN"),
            format!("REPLAYGAIN_{kind}_PEAK"),
            format!("R128_{kind}_GAIN"),
        ] {
            tag.remove(&name).for_each(drop);
        }
    }
    tag.insert("R128_TRACK_GAIN".to_owned(), track.opus_gain());
    if let Some(album) = album {
        tag.insert("R128_ALBUM_GAIN".to_owned(), album.opus_gain());
    }
    opus.save_to_path(file.as_std_path(), WriteOptions::default())?;
    Ok(())
}
