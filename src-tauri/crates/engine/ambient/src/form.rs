//! From phrases to events: who plays what and when, in ticks.
//!
//! [`Composer`] turns parameters into one [`Step`] (half a bar) after another, endlessly. It knows no samples, no
//! sound and no clock: live playing, offline rendering, film scores and MIDI files all read the same steps.
//! `Composer::step` neither allocates nor blocks once its `Step` exists, so it may run on the audio thread (a few
//! microseconds each second or so).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chance::{Chance, Stream};
use crate::harmony::{Harmony, STEPS_PER_BAR, Voicing};
use crate::melody::{Character, Line, MAX_NOTES, Moment, Note};
use crate::params::Params;
use crate::theory::Chord;

/// Musical time: 480 ticks are a quarter note, as in MIDI files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub u64);

/// Ticks of a quarter note.
pub const TICKS_PER_BEAT: u64 = 480;
/// Ticks of a step: two beats of a 4/4 bar.
pub const STEP_TICKS: u64 = 2 * TICKS_PER_BEAT;
/// Beats of a step.
pub const BEATS_PER_STEP: u64 = 2;

/// The instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Slow chords.
    Pad = 0,
    /// The melody.
    Bell = 1,
    /// A second, softer line.
    Pluck = 2,
    /// Low pedal tones.
    Drone = 3,
    /// Wind-like noise around a pitch.
    Air = 4,
}

impl Layer {
    pub const COUNT: usize = 5;
    pub const ALL: [Layer; Layer::COUNT] = [
        Layer::Pad,
        Layer::Bell,
        Layer::Pluck,
        Layer::Drone,
        Layer::Air,
    ];
}

/// A note of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the music's begin.
    pub at: Ticks,
    pub length: Ticks,
    pub layer: Layer,
    /// MIDI note number.
    pub pitch: u8,
    /// 20..=100
    pub velocity: u8,
}

/// What a step is to do with the phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Go on. (A new key or mode in the parameters turns by itself.)
    Continue,
    /// Begin a new phrase with this step.
    Turn,
    /// Begin the last chord, which lasts this many steps; nothing follows it.
    Close { steps: u32 },
    /// Let the last chord sound.
    Rest,
}

/// Half a bar of music.
#[derive(Clone, Debug)]
pub struct Step {
    /// Steps composed before this one.
    pub index: u64,
    pub chord: Chord,
    pub next_chord: Chord,
    /// Whether sustained notes of earlier steps must end now, because a phrase was cut short.
    pub cut: bool,
    /// In order of time; all begin within the step.
    pub events: Vec<Event>,
}

impl Step {
    /// An empty step whose events have room for all that a composer writes.
    pub fn new(params: &Params) -> Step {
        let chord = Chord {
            scale: params.scale(),
            degree: 0,
            colour: crate::theory::Colour::Triad,
        };
        Step {
            index: 0,
            chord,
            next_chord: chord,
            cut: false,
            events: Vec::with_capacity(MAX_EVENTS),
        }
    }

    /// Bars since the music's begin, from 0.
    pub fn bar(&self) -> u32 {
        (self.index / u64::from(STEPS_PER_BAR)) as u32
    }
}

/// Two lines, four pad voices, two drones, one air.
const MAX_EVENTS: usize = 2 * MAX_NOTES + 4 + 2 + 1;

/// Composes without end.
#[derive(Clone)]
pub struct Composer {
    harmony: Harmony,
    bell: Line,
    pluck: Line,
    chance: Chance,
    index: u64,
    held: Option<Voicing>,
    params: Params,
}

impl Composer {
    pub fn new(seed: u64, params: &Params) -> Composer {
        Composer {
            harmony: Harmony::new(seed, params),
            bell: Line::new(seed, BELL),
            pluck: Line::new(seed, PLUCK),
            chance: Chance::new(seed, Stream::Form),
            index: 0,
            held: None,
            params: *params,
        }
    }

    /// Composes the next step into `step`, reusing its memory.
    pub fn step(&mut self, params: &Params, direction: Direction, step: &mut Step) {
        step.events.clear();
        step.index = self.index;
        self.index += 1;
        let turns = direction == Direction::Turn || self.params.scale() != params.scale();
        let changes = turns || is_noticeable(&self.params, params);
        step.cut = step.index > 0 && (turns || matches!(direction, Direction::Close { .. }));
        self.params = *params;
        let begins = match direction {
            Direction::Close { steps } => {
                self.harmony.close(steps);
                true
            }
            Direction::Rest => false,
            Direction::Continue | Direction::Turn => {
                self.harmony.advance(params, direction == Direction::Turn)
            }
        };
        if changes {
            self.bell.turn();
            self.pluck.turn();
        }
        step.chord = self.harmony.chord();
        step.next_chord = self.harmony.next_chord();
        let begin = step.index * STEP_TICKS;
        if begins {
            self.sustain(begin, params, &mut step.events);
        }
        match direction {
            Direction::Continue | Direction::Turn => self.sing(begin, params, &mut step.events),
            Direction::Close { .. } => self.farewell(begin, &mut step.events),
            Direction::Rest => {}
        }
        step.events
            .sort_unstable_by_key(|event| (event.at, event.layer as u8, event.pitch));
    }

    /// Pad, drone and air of a chord that begins.
    fn sustain(&mut self, begin: u64, params: &Params, events: &mut Vec<Event>) {
        let intensity = params.intensity.get();
        let chord = self.harmony.chord();
        let voicing = self.harmony.voicing();
        let length = (u64::from(self.harmony.steps_left()) + 1) * STEP_TICKS;
        let held = self.held.replace(voicing);
        // Each chord breathes at its own strength.
        let swell = self.chance.between(-12.0, 12.0);
        for (voice, pitch) in voicing.into_iter().enumerate() {
            // Common tones go on; moving voices enter one after another; the very first chord is there at once.
            let late = match held {
                Some(held) if !held.contains(&pitch) => self.chance.below(300) as u64,
                _ => 0,
            };
            let velocity = 52.0
                + 14.0 * intensity
                + self.chance.between(-4.0, 4.0)
                + swell
                + if voice == 3 { 4.0 } else { 0.0 };
            events.push(event(
                begin + late,
                length - late,
                Layer::Pad,
                pitch,
                velocity,
            ));
        }

        // A pedal on the tonic; with more movement the bass follows the chord more often.
        let tonic = chord.scale.key.pitch_class();
        let follows = !chord.contains(tonic) && self.chance.odds(0.25 + 0.6 * intensity);
        let root = low_pitch(if follows { chord.root() } else { tonic });
        events.push(event(
            begin,
            length,
            Layer::Drone,
            root,
            62.0 + 10.0 * intensity,
        ));
        let fifth = root + 7;
        if chord.contains(fifth) || (!follows && chord.contains(tonic)) {
            events.push(event(
                begin,
                length,
                Layer::Drone,
                fifth,
                34.0 + 14.0 * intensity,
            ));
        }

        let classes = chord.pitch_classes();
        let which = self.chance.below(classes.len());
        let class = classes.clone().nth(which).unwrap_or(tonic);
        let breath = 30.0 + 30.0 * intensity + self.chance.between(-8.0, 8.0);
        events.push(event(begin, length, Layer::Air, 84 + class, breath));
    }

    fn sing(&mut self, begin: u64, params: &Params, events: &mut Vec<Event>) {
        // A slow arc over five phrases keeps an hour from being one long minute.
        let arc = [-0.08, 0.0, 0.06, 0.1, 0.02][self.harmony.phrases() as usize % 5];
        let mut moment = Moment {
            chord: self.harmony.chord(),
            next: (self.harmony.steps_left() < STEPS_PER_BAR).then(|| self.harmony.next_chord()),
            intensity: (params.intensity.get() + arc).clamp(0.0, 1.0),
            ringing: Some(self.pluck.last()),
        };
        self.bell
            .step(&moment, |note| events.push(sung(begin, Layer::Bell, note)));
        moment.ringing = Some(self.bell.last());
        self.pluck
            .step(&moment, |note| events.push(sung(begin, Layer::Pluck, note)));
    }

    /// One last note high above the last chord.
    fn farewell(&mut self, begin: u64, events: &mut Vec<Event>) {
        let root = self.harmony.chord().root();
        let late = TICKS_PER_BEAT / 2;
        events.push(event(
            begin + late,
            2 * STEP_TICKS,
            Layer::Bell,
            72 + root,
            44.0,
        ));
    }
}

/// The melody: a bell above the pad.
pub(crate) const BELL: Character = Character {
    stream: Stream::Lead,
    low: 67,
    high: 88,
    onsets: (4.0, 9.0),
    rest: (0.45, 0.12),
    velocity: (44.0, 74.0),
    opens: true,
};

/// The answer: plucked, lower, seldom alone.
pub(crate) const PLUCK: Character = Character {
    stream: Stream::Pluck,
    low: 58,
    high: 77,
    onsets: (3.0, 9.0),
    rest: (0.8, 0.2),
    velocity: (36.0, 66.0),
    opens: false,
};

/// Whether the melody should answer a change of tempo or intensity at once, rather than two bars later.
fn is_noticeable(before: &Params, now: &Params) -> bool {
    (before.bpm.get() - now.bpm.get()).abs() >= 2.0
        || (before.intensity.get() - now.intensity.get()).abs() >= 0.1
}

fn event(at: u64, length: u64, layer: Layer, pitch: u8, velocity: f32) -> Event {
    Event {
        at: Ticks(at),
        length: Ticks(length),
        layer,
        pitch,
        velocity: velocity.clamp(20.0, 100.0) as u8,
    }
}

fn sung(begin: u64, layer: Layer, note: Note) -> Event {
    Event {
        at: Ticks(begin + note.at.0),
        length: note.length,
        layer,
        pitch: note.pitch,
        velocity: note.velocity,
    }
}

/// The pitch of a class between 33 (A1, 55 Hz) and 44: below it small speakers are silent.
fn low_pitch(class: u8) -> u8 {
    33 + (class + 12 - 9) % 12
}
