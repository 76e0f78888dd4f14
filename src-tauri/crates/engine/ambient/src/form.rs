//! From phrases to events: who plays what and when, in ticks.
//!
//! [`Composer`] turns parameters into one [`Step`] (half a bar) after another, endlessly. It knows no samples, no
//! sound and no clock: live playing, offline rendering, film scores and MIDI files all read the same steps.
//! `Composer::step` neither allocates nor blocks once its `Step` exists, so it may run on the audio thread (a few
//! microseconds each second or so).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arc::{Arc, Bend};
use crate::chance::{Chance, Stream};
use crate::harmony::{Harmony, STEPS_PER_BAR};
use crate::melody::{Character, Line, MAX_NOTES, Moment, Note};
use crate::memory::Memory;
use crate::params::Params;
use crate::percussion::{MAX_STROKES, Rhythm};
use crate::theory::Chord;
use crate::voicing::Voicing;

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
    /// A third line, low and muffled.
    Piano = 5,
    /// Soft drums; the pitch of an event is a drum of [`percussion`](crate::percussion).
    Percussion = 6,
}

impl Layer {
    pub const COUNT: usize = 7;
    pub const ALL: [Layer; Layer::COUNT] = [
        Layer::Pad,
        Layer::Bell,
        Layer::Pluck,
        Layer::Drone,
        Layer::Air,
        Layer::Piano,
        Layer::Percussion,
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
    /// How far the long arc has bent the music.
    pub bend: Bend,
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
            bend: Bend::default(),
            events: Vec::with_capacity(MAX_EVENTS),
        }
    }

    /// Bars since the music's begin, from 0.
    pub fn bar(&self) -> u32 {
        (self.index / u64::from(STEPS_PER_BAR)) as u32
    }
}

/// Three lines and a stray note, drums, four pad voices, two drones, one air.
const MAX_EVENTS: usize = LINES * MAX_NOTES + 1 + MAX_STROKES + 4 + 2 + 1;
const LINES: usize = 3;

/// Composes without end.
#[derive(Clone)]
pub struct Composer {
    harmony: Harmony,
    lines: [(Layer, Line); LINES],
    rhythm: Rhythm,
    chance: Chance,
    arc: Arc,
    memory: Memory,
    index: u64,
    held: Option<Voicing>,
    /// Notes of the lines that still sound.
    ringing: Vec<Event>,
    params: Params,
}

impl Composer {
    pub fn new(seed: u64, params: &Params) -> Composer {
        Composer {
            harmony: Harmony::new(seed, params),
            lines: [
                (Layer::Bell, Line::new(seed, BELL)),
                (Layer::Pluck, Line::new(seed, PLUCK)),
                (Layer::Piano, Line::new(seed, PIANO)),
            ],
            rhythm: Rhythm::new(seed),
            chance: Chance::new(seed, Stream::Form),
            arc: Arc::new(seed),
            memory: Memory::new(),
            index: 0,
            held: None,
            ringing: Vec::with_capacity(MAX_RINGING),
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
        step.bend = self
            .arc
            .advance(BEATS_PER_STEP as f32 * 60.0 / params.bpm.get());
        let begins = match direction {
            Direction::Close { steps } => {
                self.harmony.close(steps);
                true
            }
            Direction::Rest => false,
            Direction::Continue | Direction::Turn => {
                let turn = direction == Direction::Turn;
                self.harmony.advance(params, turn, step.bend.register)
            }
        };
        if changes {
            self.lines.iter_mut().for_each(|(_, line)| line.turn());
        }
        step.chord = self.harmony.chord();
        step.next_chord = self.harmony.next_chord();
        let begin = step.index * STEP_TICKS;
        if begins {
            self.sustain(begin, params, &mut step.events);
        }
        match direction {
            Direction::Continue | Direction::Turn => {
                self.sing(begin, params, step.bend, &mut step.events);
                self.differ(step);
            }
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

        // A pedal on the tonic in octaves, so that the key is heard whatever the chord; with more movement the lower
        // of the two sometimes follows a chord that lacks the tonic.
        let tonic = chord.scale.key.pitch_class();
        let follows = !chord.contains(tonic) && self.chance.odds(0.2 * intensity);
        let root = low_pitch(if follows { chord.root() } else { tonic });
        let octave = low_pitch(tonic) + 12;
        for (pitch, velocity) in [
            (root, 62.0 + 10.0 * intensity),
            (octave, 34.0 + 14.0 * intensity),
        ] {
            events.push(event(begin, length, Layer::Drone, pitch, velocity));
        }

        let classes = chord.pitch_classes();
        let which = self.chance.below(classes.len());
        let class = classes.clone().nth(which).unwrap_or(tonic);
        let breath = 30.0 + 30.0 * intensity + self.chance.between(-8.0, 8.0);
        events.push(event(begin, length, Layer::Air, 84 + class, breath));
    }

    /// The lines, each with an ear for the others, and the drums.
    fn sing(&mut self, begin: u64, params: &Params, bend: Bend, events: &mut Vec<Event>) {
        let intensity = (params.intensity.get() + bend.density).clamp(0.0, 1.0);
        self.ringing
            .retain(|note| note.at.0 + note.length.0 > begin);
        for (layer, line) in &mut self.lines {
            let moment = Moment {
                begin: Ticks(begin),
                chord: self.harmony.chord(),
                next: (self.harmony.steps_left() < STEPS_PER_BAR)
                    .then(|| self.harmony.next_chord()),
                intensity,
                others: &self.ringing,
                register: bend.register,
            };
            let first = events.len();
            line.step(&moment, |note| events.push(sung(begin, *layer, note)));
            self.ringing.extend_from_slice(&events[first..]);
        }
        let phrase = self.harmony.phrases();
        self.rhythm
            .step(begin / STEP_TICKS, phrase, intensity, |stroke| {
                let at = begin + stroke.at.0;
                let length = TICKS_PER_BEAT / 4;
                events.push(event(
                    at,
                    length,
                    Layer::Percussion,
                    stroke.drum,
                    stroke.velocity,
                ));
            });
    }

    /// Adds a soft note to a bar that would otherwise repeat one of the last ten minutes.
    fn differ(&mut self, step: &mut Step) {
        step.events.iter().for_each(|event| self.memory.note(event));
        if !(step.index + 1).is_multiple_of(u64::from(STEPS_PER_BAR)) {
            return;
        }
        let voicing = self.harmony.voicing();
        for _ in 0..ATTEMPTS {
            if !self.memory.knows(voicing, None) {
                break;
            }
            let eighth = STEP_TICKS / 4;
            let at = step.index * STEP_TICKS + eighth * self.chance.below(4) as u64;
            let pitch = PIANO.low + self.chance.below(usize::from(PIANO.high - PIANO.low)) as u8;
            let stray = event(at, 4 * eighth, Layer::Piano, pitch, 38.0);
            let rubs = |other: &Event| matches!(other.pitch.abs_diff(pitch) % 12, 1 | 11);
            if step.chord.contains(pitch)
                && !self.ringing.iter().any(rubs)
                && !self.memory.knows(voicing, Some(&stray))
            {
                self.memory.note(&stray);
                self.ringing.push(stray);
                step.events.push(stray);
            }
        }
        self.memory.end_bar(voicing);
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

/// Tries to find a note that a bar lacks; most of them succeed.
const ATTEMPTS: usize = 64;
/// Notes of all lines in two steps, which is as long as one lasts, and strays.
const MAX_RINGING: usize = 3 * LINES * MAX_NOTES;

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

/// The ground: few notes, low, long.
pub(crate) const PIANO: Character = Character {
    stream: Stream::Piano,
    low: 50,
    high: 72,
    onsets: (2.0, 5.0),
    rest: (0.55, 0.4),
    velocity: (40.0, 64.0),
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
