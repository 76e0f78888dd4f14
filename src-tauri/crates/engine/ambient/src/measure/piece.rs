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
        let mut piece = Piece::empty(params);
        let mut composer = Composer::new(seed, params);
        let mut step = Step::new(params);
        for _ in 0..(secs / step_secs).ceil() as u64 {
            composer.step(params, Direction::Continue, &mut step);
            piece.add(&step);
        }
        piece.end_notes();
        piece
    }

    /// Without notes, at one tempo.
    pub(crate) fn empty(params: &Params) -> Piece {
        Piece {
            tones: Vec::new(),
            chords: Vec::new(),
            tempos: vec![Tempo {
                at: Ticks(0),
                micros_per_beat: (60e6 / f64::from(params.bpm.get())).round() as u32,
            }],
            end: Ticks(0),
        }
    }

    /// Appends half a bar.
    pub(crate) fn add(&mut self, step: &Step) {
        let at = Ticks(step.index * STEP_TICKS);
        let chord = step.chord;
        if self.chords.last().is_none_or(|last| last.chord != chord) {
            self.chords.push(Placed { at, chord });
        }
        let tones = step.events.iter().filter_map(|event| {
            Some(Tone {
                at: event.at,
                length: event.length,
                pitch: event.pitch,
                velocity: event.velocity,
                part: Part::of(event.layer)?,
            })
        });
        self.tones.extend(tones);
        self.end = Ticks(at.0 + STEP_TICKS);
    }

    /// No note lasts longer than the piece.
    fn end_notes(&mut self) {
        for tone in &mut self.tones {
            tone.length.0 = tone.length.0.min(self.end.0 - tone.at.0);
        }
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
