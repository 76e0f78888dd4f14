//! A session: tracks, clips and markers.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;
use studio_dsp::effects::{Automation, Chain, FadeShape};

use crate::automation;
use crate::error::EditError;

/// More tracks than a desk has.
pub(crate) const MOST_TRACKS: usize = 256;
/// Clips of one session.
pub(crate) const MOST_CLIPS: usize = 20_000;
/// Points of one envelope.
pub(crate) const MOST_POINTS: usize = 10_000;
pub(crate) const MOST_MARKERS: usize = 10_000;
/// No position is later: 2⁴⁰ samples are 265 days at 48 kHz, and far below what a JSON number holds.
pub(crate) const LAST_SAMPLE: u64 = 1 << 40;
/// Gains of clips, envelopes and tracks, in dB.
pub(crate) const GAIN_DB: std::ops::RangeInclusive<f64> = -120.0..=24.0;

/// Names a track for as long as the session lives.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct TrackId(pub u32);

/// Names a clip for as long as the session lives.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ClipId(pub u32);

/// Names a marker for as long as the session lives.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct MarkerId(pub u32);

/// Sound on tracks. All positions and lengths are samples at the session's rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    pub name: String,
    /// Samples per second, in Hz.
    #[schemars(with = "u32")]
    pub rate: SampleRate,
    /// From the top down.
    pub tracks: Vec<Track>,
    /// In order of time.
    pub markers: Vec<Marker>,
    /// What the mix is raised by, in dB.
    pub gain_db: f64,
    /// Effects on the mix, before its gain.
    pub effects: Chain,
    /// The mix's `gain_db` over time, from the start of the session; it then takes the place of the gain
    /// that is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<Automation>,
    /// What the clips are made of, by the id of the source.
    pub sources: BTreeMap<String, SourceFacts>,
    /// The next id that is handed out. None is ever used twice.
    pub(crate) next_id: u32,
}

/// What a session knows of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFacts {
    /// Samples per channel, at the session's rate.
    pub frames: u64,
    pub channels: u32,
}

/// A lane of clips with its own level, place and effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Track {
    pub id: TrackId,
    pub name: String,
    /// In dB, after the effects.
    pub gain_db: f64,
    /// −1 left over 0 to 1 right: the far side is turned down, the near side kept.
    pub pan: f64,
    pub muted: bool,
    /// Where any track is soloed, only those are heard.
    pub soloed: bool,
    pub effects: Chain,
    /// `gain_db` and `pan` over time, from the start of the session; each then takes the place of what is
    /// set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<Automation>,
    /// In order of their starts.
    pub clips: Vec<Clip>,
}

/// A stretch of a source, placed on a track.
///
/// Where the end of one clip and the start of the next overlap, the two cross-fade over the overlap; a
/// clip that lies wholly within another is mixed with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clip {
    pub id: ClipId,
    pub name: String,
    /// The source's id.
    pub source: String,
    /// Where it begins on the track.
    pub start: u64,
    /// Where it begins in the source.
    pub from: u64,
    /// At least 1.
    pub length: u64,
    pub gain_db: f64,
    pub fade_in: Fade,
    pub fade_out: Fade,
    /// Gain over time, evenly in dB between the points; the first and the last hold before and after.
    pub envelope: Vec<EnvelopePoint>,
    pub muted: bool,
}

/// How a clip begins or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fade {
    pub length: u64,
    #[serde(default)]
    pub shape: FadeShape,
}

/// A gain at a sample of the source, so that it stays on its sound when the clip is trimmed or split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvelopePoint {
    /// Sample of the source.
    pub at: u64,
    #[schemars(range(min = -120.0, max = 24.0), extend("unit" = "dB"))]
    pub gain_db: f64,
}

/// A named place, or a region where it has a length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marker {
    pub id: MarkerId,
    pub name: String,
    pub at: u64,
    /// 0 for a place.
    pub length: u64,
}

impl Clip {
    /// The sample after its last, on the track.
    pub fn end(&self) -> u64 {
        self.start + self.length
    }
}

impl Session {
    /// An empty one.
    pub fn new(name: &str, rate: SampleRate) -> Session {
        Session {
            name: name.to_owned(),
            rate,
            tracks: Vec::new(),
            markers: Vec::new(),
            gain_db: 0.0,
            effects: Chain::default(),
            automation: Vec::new(),
            sources: BTreeMap::new(),
            next_id: 1,
        }
    }

    /// The sample after the last clip.
    pub fn end(&self) -> u64 {
        self.clips().map(|(_, clip)| clip.end()).max().unwrap_or(0)
    }

    pub fn clips(&self) -> impl Iterator<Item = (&Track, &Clip)> {
        self.tracks
            .iter()
            .flat_map(|track| track.clips.iter().map(move |clip| (track, clip)))
    }

    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    pub fn clip(&self, id: ClipId) -> Option<(&Track, &Clip)> {
        self.clips().find(|(_, clip)| clip.id == id)
    }

    /// Whether the track is heard, as mutes and solos stand.
    pub fn is_heard(&self, track: &Track) -> bool {
        let any_soloed = self.tracks.iter().any(|track| track.soloed);
        !track.muted && (track.soloed || !any_soloed)
    }

    /// Whether all that the types cannot say holds: ids are unique, clips lie within their sources and in
    /// order, numbers are in their ranges. A session that was edited always passes.
    pub fn check(&self) -> Result<(), EditError> {
        let mut ids = BTreeSet::new();
        let mut fresh = |id: u32| match id < self.next_id && ids.insert(id) {
            true => Ok(()),
            false => Err(EditError::Id { id }),
        };
        limit("tracks", self.tracks.len(), MOST_TRACKS)?;
        limit("clips", self.clips().count(), MOST_CLIPS)?;
        limit("markers", self.markers.len(), MOST_MARKERS)?;
        gain("the mix", self.gain_db)?;
        self.effects.check()?;
        automation::check_mix(&self.automation)?;
        for track in &self.tracks {
            fresh(track.id.0)?;
            gain("a track", track.gain_db)?;
            if !(-1.0..=1.0).contains(&track.pan) {
                return Err(EditError::Pan { pan: track.pan });
            }
            track.effects.check()?;
            automation::check_track(track)?;
            for clip in &track.clips {
                fresh(clip.id.0)?;
                self.check_clip(clip)?;
            }
        }
        for marker in &self.markers {
            fresh(marker.id.0)?;
            position(marker.at.saturating_add(marker.length))?;
        }
        let in_order = self
            .tracks
            .iter()
            .all(|track| track.clips.is_sorted_by_key(sort_key));
        match in_order
            && self
                .markers
                .is_sorted_by_key(|marker| (marker.at, marker.id))
        {
            true => Ok(()),
            false => Err(EditError::Order),
        }
    }

    fn check_clip(&self, clip: &Clip) -> Result<(), EditError> {
        let facts = self.sources.get(&clip.source);
        let facts = facts.ok_or_else(|| EditError::NoSource {
            source_id: clip.source.clone(),
        })?;
        let end = clip.from.saturating_add(clip.length);
        if clip.length == 0 || end > facts.frames {
            return Err(EditError::Outside {
                clip: clip.name.clone(),
                from: clip.from,
                end,
                frames: facts.frames,
            });
        }
        position(clip.start.saturating_add(clip.length))?;
        gain("a clip", clip.gain_db)?;
        limit("points of an envelope", clip.envelope.len(), MOST_POINTS)?;
        for point in &clip.envelope {
            gain("an envelope", point.gain_db)?;
        }
        match clip.envelope.is_sorted_by(|a, b| a.at < b.at) {
            true => Ok(()),
            false => Err(EditError::Envelope {
                clip: clip.name.clone(),
            }),
        }
    }
}

/// Clips of a track are kept in this order.
pub(crate) fn sort_key(clip: &Clip) -> (u64, ClipId) {
    (clip.start, clip.id)
}

fn limit(what: &'static str, count: usize, most: usize) -> Result<(), EditError> {
    match count <= most {
        true => Ok(()),
        false => Err(EditError::TooMany { what, most }),
    }
}

fn gain(what: &'static str, gain_db: f64) -> Result<(), EditError> {
    match GAIN_DB.contains(&gain_db) {
        true => Ok(()),
        false => Err(EditError::Gain { what, gain_db }),
    }
}

pub(crate) fn position(at: u64) -> Result<(), EditError> {
    match at <= LAST_SAMPLE {
        true => Ok(()),
        false => Err(EditError::Position),
    }
}
