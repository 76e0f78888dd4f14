//! What is judged: notes, the chords under them, and how fast they pass.

use crate::form::{
    BEATS_PER_STEP, Composer, Direction, Layer, STEP_TICKS, Step, TICKS_PER_BEAT, Ticks,
};
use crate::params::Params;
use crate::theory::{Chord, Scale};

/// Notes in musical time, with the harmony they are heard in.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// In order of their begin.
    pub tones: Vec<Tone>,
    /// When each chord begins, in order.
    pub chords: Vec<Placed>,
    /// In order; the first lies at 0.
    pub tempos: Vec<Tempo>,
    pub end: Ticks,
}

/// A note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    pub at: Ticks,
    pub length: Ticks,
    /// MIDI note number.
    pub pitch: u8,
    /// 1..=127
    pub velocity: u8,
    pub part: Part,
}

impl Tone {
    pub fn end(&self) -> Ticks {
        Ticks(self.at.0 + self.length.0)
    }

    /// Whether it sounds at a tick.
    pub fn sounds_at(&self, at: Ticks) -> bool {
        self.at <= at && at < self.end()
    }
}

/// What a note does in the music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Harmony,
    Bass,
    /// One of several lines.
    Melody(u8),
}

impl Part {
    /// What a layer does; noise and drums do nothing that harmony could judge.
    pub(crate) fn of(layer: Layer) -> Option<Part> {
        match layer {
            Layer::Pad => Some(Part::Harmony),
            Layer::Drone => Some(Part::Bass),
            Layer::Bell => Some(Part::Melody(0)),
            Layer::Pluck => Some(Part::Melody(1)),
            Layer::Piano => Some(Part::Melody(2)),
            Layer::Air | Layer::Percussion => None,
        }
    }
}

/// A chord from a tick on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub at: Ticks,
    pub chord: Chord,
}

/// A tempo from a tick on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    pub at: Ticks,
    pub micros_per_beat: u32,
}

impl Piece {
    /// The first `secs` of what [`Engine`](crate::Engine) plays, rounded up to half a bar.
    pub fn composed(seed: u64, params: &Params, secs: f64) -> Piece {
        let step_secs = BEATS_PER_STEP as f64 * 60.0 / f64::from(params.bpm.get());
        let mut composer = Composer::new(seed, params);
        let mut step = Step::new(params);
        let mut piece = Piece {
            tones: Vec::new(),
            chords: Vec::new(),
            tempos: vec![Tempo {
                at: Ticks(0),
                micros_per_beat: (60e6 / f64::from(params.bpm.get())).round() as u32,
            }],
            end: Ticks((secs / step_secs).ceil() as u64 * STEP_TICKS),
        };
        while step_end(&step, &piece) < piece.end.0 {
            composer.step(params, Direction::Continue, &mut step);
            let at = Ticks(step.index * STEP_TICKS);
            if piece
                .chords
                .last()
                .is_none_or(|last| last.chord != step.chord)
            {
                let chord = step.chord;
                piece.chords.push(Placed { at, chord });
            }
            for event in &step.events {
                let Some(part) = Part::of(event.layer) else {
                    continue;
                };
                piece.tones.push(Tone {
                    at: event.at,
                    length: Ticks(event.length.0.min(piece.end.0 - event.at.0)),
                    pitch: event.pitch,
                    velocity: event.velocity,
                    part,
                });
            }
        }
        piece
    }

    pub fn secs_at(&self, at: Ticks) -> f64 {
        let mut secs = 0.0;
        for (index, tempo) in self.tempos.iter().enumerate() {
            let until = self
                .tempos
                .get(index + 1)
                .map_or(at, |next| next.at.min(at));
            let ticks = until.0.saturating_sub(tempo.at.0) as f64;
            secs += ticks * f64::from(tempo.micros_per_beat) * 1e-6 / TICKS_PER_BEAT as f64;
        }
        secs
    }

    pub(crate) fn chord_at(&self, at: Ticks) -> Option<Chord> {
        let after = self.chords.partition_point(|placed| placed.at <= at);
        Some(self.chords[after.checked_sub(1)?].chord)
    }

    pub(crate) fn scale_at(&self, at: Ticks) -> Option<Scale> {
        self.chord_at(at).map(|chord| chord.scale)
    }
}

/// Where the composed music ends so far.
fn step_end(step: &Step, piece: &Piece) -> u64 {
    if piece.chords.is_empty() {
        0
    } else {
        (step.index + 1) * STEP_TICKS
    }
}
