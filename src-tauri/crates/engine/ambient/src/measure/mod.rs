//! How good music is, in numbers: any list of notes, ours or a MIDI file's, judged by the same measures.
//!
//! [`Piece`] is what is judged, [`measure`] judges it. Behind it: `chords` (degrees, cadences, how voices move),
//! `line` (what a melody's notes are to their chord), `key` (Krumhansl's profiles), `roughness` (Sethares), `repeats`.
//! Nothing here composes: composition is proven by these measures, so they must not share its reasoning.
//!
//! Not here: sound (loudness, clicks and spectra are measured on samples).

mod chords;
mod key;
mod line;
mod piece;
mod read;
mod repeats;
mod roughness;

pub use key::{KeyEstimate, estimate_key};
pub use piece::{Part, Piece, Placed, Tempo, Tone};
pub use read::ReadError;
pub use roughness::{Partial, roughness, roughness_of_pitches};

use schemars::JsonSchema;
use serde::Serialize;

/// What [`measure`] found. Shares lie within 0 and 1; what a piece has nothing for is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    pub secs: f64,
    /// Notes in all, drums left out.
    pub notes: usize,
    /// Share of the time that chords on each degree sound, from the tonic up.
    pub degrees: [f64; 7],
    /// Moves from a chord on the fifth degree to the tonic.
    pub cadences: usize,
    /// Share of all notes that lie in the scale of their moment: harmonic consistency.
    pub consistency: Option<f64>,
    pub melody: Option<Melody>,
    pub voice_leading: Option<VoiceLeading>,
    pub key_clarity: Option<KeyClarity>,
    /// Bars in which something begins.
    pub bars: usize,
    /// Bars of those that were there before within ten minutes: the same pitches begin at the same sixteenths over the
    /// same that sound on.
    pub repeated_bars: usize,
    pub roughness: Option<RoughnessReport>,
}

/// The notes of the melodic lines.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Melody {
    pub notes: usize,
    pub chord_tones: f64,
    /// In the scale, outside the chord.
    pub scale_tones: f64,
    /// On a weak beat, reached and left by step in one direction, from chord tone to chord tone.
    pub passing_tones: f64,
    /// Outside the scale.
    pub foreign_tones: f64,
    /// Share that keeps every rule: in the scale, no semitone above a chord tone (unless passing), velocity 20 to 100,
    /// no leap above an octave, no clash with another line.
    pub within_constraints: f64,
    /// Notes that begin a minor second, minor ninth or tritone from a note of another line.
    pub clashes: usize,
}

/// How the chords' voices move from one to the next. In semitones.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VoiceLeading {
    /// Changes of the sounding chord.
    pub changes: usize,
    /// Mean over voices and changes.
    pub mean: f64,
    pub widest: u8,
    /// Parallel fifths and octaves.
    pub parallels: usize,
}

/// How clearly the key is heard in windows of a minute.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KeyClarity {
    pub windows: usize,
    /// Share of the windows whose best key has the tonic that was meant.
    pub clear: f64,
    /// Mean correlation with the best key's profile, −1..=1.
    pub correlation: f64,
}

/// Sensory roughness of what sounds in the middle of each half bar. A major triad at middle C has 0.33, a fifth 0.08, a
/// minor second 0.43; it grows with the number of notes and towards the bass.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoughnessReport {
    pub mean: f64,
    pub highest: f64,
}

/// Judges a piece. Costs about 0.1 s for an hour of ambient music.
pub fn measure(piece: &Piece) -> Report {
    let sonorities = chords::sonorities(piece);
    let (bars, repeated_bars) = repeats::count(piece);
    Report {
        secs: piece.secs_at(piece.end),
        notes: piece.tones.len(),
        degrees: chords::degrees(piece),
        cadences: chords::cadences(piece),
        consistency: chords::consistency(piece),
        melody: line::melody(piece),
        voice_leading: chords::voice_leading(&sonorities),
        key_clarity: key::clarity(piece),
        bars,
        repeated_bars,
        roughness: roughness::of_piece(&sonorities),
    }
}
