//! `ambient.ahead`: the bars that come, for those who watch.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_ambient::measure::{Part, measure};
use studio_ambient::{Ahead, TICKS_PER_BEAT, Ticks};
use studio_core::{JobContext, Operation};

use super::live::Live;

pub(super) fn operation(live: &Arc<Live>) -> Operation {
    let live = live.clone();
    Operation::define(
        "ambient.ahead",
        "See what comes",
        "Tells the notes and chords of the bars that come, as long as nobody changes the music, and how consonant they are.",
    )
    .realtime()
    .blocking(move |_cx: &JobContext, input: AheadInput| {
        Ok(live.ahead(input.bars).as_ref().map_or_else(Coming::default, score))
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AheadInput {
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 32))]
    bars: u32,
}

fn four() -> u32 {
    4
}

/// Beats count from the music's begin; a bar has four. While nothing plays there are no notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Coming {
    /// Where the music is.
    beat: f64,
    notes: Vec<ComingNote>,
    chords: Vec<ComingChord>,
    /// Share of the notes that lie in the scale of their moment.
    consistency: Option<f64>,
    /// Mean sensory roughness (Sethares); a major triad at middle C has 0.33.
    roughness: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct ComingNote {
    beat: f64,
    beats: f64,
    /// MIDI note number.
    pitch: u8,
    /// 20 to 100
    velocity: u8,
    part: ComingPart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ComingPart {
    Harmony,
    Bass,
    Melody,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct ComingChord {
    beat: f64,
    name: String,
}

pub(crate) fn score(ahead: &Ahead) -> Coming {
    let beats = |ticks: Ticks| ticks.0 as f64 / TICKS_PER_BEAT as f64;
    let report = measure(&ahead.piece);
    Coming {
        beat: beats(ahead.at),
        notes: ahead
            .piece
            .tones
            .iter()
            .map(|tone| ComingNote {
                beat: beats(tone.at),
                beats: beats(tone.length),
                pitch: tone.pitch,
                velocity: tone.velocity,
                part: match tone.part {
                    Part::Harmony => ComingPart::Harmony,
                    Part::Bass => ComingPart::Bass,
                    Part::Melody(_) => ComingPart::Melody,
                },
            })
            .collect(),
        chords: ahead
            .piece
            .chords
            .iter()
            .map(|placed| ComingChord {
                beat: beats(placed.at),
                name: placed.chord.to_string(),
            })
            .collect(),
        consistency: report.consistency,
        roughness: report.roughness.map(|roughness| roughness.mean),
    }
}
