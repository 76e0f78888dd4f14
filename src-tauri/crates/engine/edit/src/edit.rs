//! What can be done to a session, as values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_dsp::effects::{Automation, Chain};

use crate::session::{ClipId, EnvelopePoint, Fade, MarkerId, SourceFacts, TrackId};

/// One step of a session's history: all of it is done, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Sources that the session does not know yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, SourceFacts>,
    pub edits: Vec<Edit>,
}

/// A change of a session. Positions and lengths are samples at the session's rate; what is left out stays
/// as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Gives the session another name.
    Rename {
        #[schemars(length(min = 1, max = 200))]
        name: String,
    },
    /// Adds an empty track, at the bottom or before the track at an index.
    AddTrack {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<usize>,
    },
    /// Removes a track with its clips.
    RemoveTrack { track: TrackId },
    /// Moves a track to an index among the tracks.
    MoveTrack { track: TrackId, index: usize },
    /// Changes a track's name, level, place, mute or solo.
    SetTrack {
        track: TrackId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 200))]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = -120.0, max = 24.0), extend("unit" = "dB"))]
        gain_db: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = -1.0, max = 1.0))]
        pan: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        soloed: Option<bool>,
    },
    /// Gives a track, or without one the mix, other effects.
    SetEffects {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        track: Option<TrackId>,
        effects: Chain,
    },
    /// Gives a track's level and place, or without one the mix's level, other curves over time, with the
    /// parameters `gain_db` and `pan`. Those of effects are part of the effects.
    SetAutomation {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        track: Option<TrackId>,
        automation: Vec<Automation>,
    },
    /// Changes the level of the mix.
    SetMix {
        #[schemars(range(min = -120.0, max = 24.0), extend("unit" = "dB"))]
        gain_db: f64,
    },
    /// Places clips; also how clips are pasted.
    AddClips { clips: Vec<NewClip> },
    /// Removes clips; with `ripple`, what follows on their tracks moves up by as much.
    RemoveClips {
        clips: Vec<ClipId>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ripple: bool,
    },
    /// Moves clips in time and over tracks, or with `copy` puts copies there.
    MoveClips {
        clips: Vec<ClipId>,
        /// Samples, later where positive.
        by: i64,
        /// Tracks, downwards where positive.
        #[serde(default)]
        tracks: i32,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        copy: bool,
    },
    /// Moves a clip's edges on the track; its sound stays where it is.
    TrimClip { clip: ClipId, start: u64, end: u64 },
    /// Moves the sound within a clip, later where positive; its edges stay where they are.
    SlipClip { clip: ClipId, by: i64 },
    /// Cuts clips in two: those named, or without names all that lie across `at`.
    Split {
        at: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        clips: Vec<ClipId>,
    },
    /// Changes a clip's name, level, fades, envelope or mute.
    SetClip {
        clip: ClipId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 200))]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = -120.0, max = 24.0), extend("unit" = "dB"))]
        gain_db: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fade_in: Option<Fade>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fade_out: Option<Fade>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        envelope: Option<Vec<EnvelopePoint>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted: Option<bool>,
    },
    /// Takes the sound of a stretch of time out of tracks, or of all without names. With `ripple` the gap
    /// closes: what follows moves up, markers too where all tracks are meant.
    CutRange {
        from: u64,
        to: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<TrackId>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ripple: bool,
    },
    /// Opens a gap in tracks, or in all without names: clips across it are split, what follows moves.
    InsertSilence {
        at: u64,
        length: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tracks: Vec<TrackId>,
    },
    /// Sets a marker, or with a length a region; changes it where `marker` names one.
    SetMarker {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        marker: Option<MarkerId>,
        #[schemars(length(min = 1, max = 200))]
        name: String,
        at: u64,
        #[serde(default)]
        length: u64,
    },
    /// Removes a marker or region.
    RemoveMarker { marker: MarkerId },
}

/// A clip to be placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClip {
    pub track: TrackId,
    /// The source: an asset of the project, by id.
    pub source: String,
    /// Where it begins on the track.
    pub start: u64,
    /// Where it begins in the source.
    #[serde(default)]
    pub from: u64,
    /// Without it, to the end of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    #[schemars(range(min = -120.0, max = 24.0), extend("unit" = "dB"))]
    pub gain_db: f64,
    #[serde(default)]
    pub fade_in: Fade,
    #[serde(default)]
    pub fade_out: Fade,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub envelope: Vec<EnvelopePoint>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub muted: bool,
}

impl NewClip {
    /// All of a source, at the start of a track.
    pub fn whole(track: TrackId, source: &str) -> NewClip {
        NewClip {
            track,
            source: source.to_owned(),
            start: 0,
            from: 0,
            length: None,
            name: None,
            gain_db: 0.0,
            fade_in: Fade::default(),
            fade_out: Fade::default(),
            envelope: Vec::new(),
            muted: false,
        }
    }
}

impl Edit {
    /// What it does, as a menu says it: "Undo split".
    pub fn title(&self) -> &'static str {
        match self {
            Edit::Rename { .. } => "rename",
            Edit::AddTrack { .. } => "add track",
            Edit::RemoveTrack { .. } => "remove track",
            Edit::MoveTrack { .. } => "move track",
            Edit::SetTrack { .. } => "change track",
            Edit::SetEffects { .. } => "change effects",
            Edit::SetAutomation { .. } => "change automation",
            Edit::SetMix { .. } => "change mix",
            Edit::AddClips { .. } => "add clips",
            Edit::RemoveClips { .. } => "remove clips",
            Edit::MoveClips { copy: false, .. } => "move clips",
            Edit::MoveClips { copy: true, .. } => "copy clips",
            Edit::TrimClip { .. } => "trim clip",
            Edit::SlipClip { .. } => "slip clip",
            Edit::Split { .. } => "split",
            Edit::SetClip { .. } => "change clip",
            Edit::CutRange { .. } => "cut range",
            Edit::InsertSilence { .. } => "insert silence",
            Edit::SetMarker { .. } => "set marker",
            Edit::RemoveMarker { .. } => "remove marker",
        }
    }
}

impl Change {
    /// What the step does: that of its last edit, which is what the user meant; the others prepare it.
    pub fn title(&self) -> &'static str {
        self.edits.last().map_or("nothing", Edit::title)
    }
}
