//! The endless engine: a composer and a synthesiser on one clock.
//!
//! Threads: `Engine::new` allocates and belongs to the thread that prepares. Everything else ([`Engine::render`],
//! [`Engine::set`], [`Engine::now`]) may run on the audio thread: it never allocates, locks, logs or waits. Composing
//! is part of `render`: half a bar of events into memory that is there already, some ten microseconds once in 1.3 to
//! 3 seconds. The engine is `Send`; other threads talk to its owner by whatever queue that has: [`Params`] and
//! [`Now`] are plain `Copy` values.
//!
//! Invariants: the samples depend on seed, parameters, sample rate and the sample positions of `set`, never on block
//! sizes; every sample is finite and inside [-1, 1]; onsets lie on multiples of 64 samples.

use schemars::JsonSchema;
use serde::Serialize;
use studio_core::units::SampleRate;

use crate::form::{BEATS_PER_STEP, Composer, Direction, Layer, STEP_TICKS, Step, Ticks};
use crate::harmony::STEPS_PER_BAR;
use crate::measure::Piece;
use crate::params::Params;
use crate::synth::Synth;
use crate::theory::Chord;
use crate::voices::{Bus, CHUNK};

/// Plays for ever.
pub struct Engine {
    player: Player,
    params: Params,
    sample_rate: SampleRate,
}

/// Where the music is, at the sample that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Now {
    pub chord: Chord,
    pub next_chord: Chord,
    /// Bars since the beginning, from 0.
    pub bar: u32,
    /// Samples since the beginning.
    pub elapsed_samples: u64,
    /// What plays. A change that was set but has not begun is not in here.
    pub params: Params,
}

impl Engine {
    /// Prepares everything that playing needs. Meant for 8 to 192 kHz; far outside of that it stays well-behaved
    /// but not beautiful.
    pub fn new(seed: u64, params: Params, sample_rate: SampleRate) -> Engine {
        Engine {
            player: Player::new(seed, params, sample_rate, None),
            params,
            sample_rate,
        }
    }

    /// The same music, of which only one layer (with its echo and reverb) is heard. The solos of all layers add up
    /// to the whole, as long as its limiter has nothing to do.
    pub fn solo(layer: Layer, seed: u64, params: Params, sample_rate: SampleRate) -> Engine {
        Engine {
            player: Player::new(seed, params, sample_rate, Some(layer)),
            params,
            sample_rate,
        }
    }

    /// Plays on with other parameters from the next half bar, which comes within 3 s (two beats at 40 BPM). Levels
    /// glide, a new key or mode enters through a chord that shares tones with the old.
    pub fn set(&mut self, params: Params) {
        self.params = params;
    }

    /// Renders the next samples over both slices; if their lengths differ, the rest of the longer is silenced.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        let (params, rate) = (self.params, self.sample_rate);
        self.player.render(left, right, |_| Order {
            params,
            samples: step_samples(&params, rate),
            direction: Direction::Continue,
        });
    }

    pub fn now(&self) -> Now {
        self.player.now()
    }

    /// This half bar and what follows it, if the parameters stay as they were set. Allocates: not for the audio thread.
    pub fn ahead(&self, bars: u32) -> Ahead {
        self.player.ahead(&self.params, bars)
    }
}

/// Music that has been composed but not heard yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Ahead {
    /// Where the music is, since its begin.
    pub at: Ticks,
    /// Begins with the half bar that plays; of the notes that began before it none is in here.
    pub piece: Piece,
}

/// What the next step is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub params: Params,
    /// Length of the step; at least 1.
    pub samples: u64,
    pub direction: Direction,
}

/// Samples of two beats.
pub(crate) fn step_samples(params: &Params, rate: SampleRate) -> u64 {
    let secs = BEATS_PER_STEP as f64 * 60.0 / f64::from(params.bpm.get());
    rate.samples_from_secs(secs).max(1)
}

/// Plays steps one after another as it is ordered: what live playing and film scores share.
pub(crate) struct Player {
    composer: Composer,
    synth: Synth,
    step: Step,
    /// Index of the step's first event that has not begun.
    next_event: usize,
    step_begin: u64,
    step_len: u64,
    params: Params,
    /// Samples given out.
    given: u64,
    /// Samples synthesised; the synthesiser's output is a chunk late, which `new` skips.
    made: u64,
    chunk: Bus,
    /// Samples of `chunk` given out.
    used: usize,
}

impl Player {
    pub(crate) fn new(seed: u64, params: Params, rate: SampleRate, only: Option<Layer>) -> Player {
        Player {
            composer: Composer::new(seed, &params),
            synth: Synth::new(seed, params.intensity, rate, only),
            step: Step::new(&params),
            next_event: 0,
            step_begin: 0,
            step_len: 0,
            params,
            given: 0,
            made: 0,
            chunk: Bus::SILENCE,
            used: CHUNK,
        }
    }

    pub(crate) fn render(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        mut order: impl FnMut(u64) -> Order,
    ) {
        let total = left.len().min(right.len());
        for longer in [&mut *left, &mut *right] {
            longer[total..].fill(0.0);
        }
        let mut done = 0;
        while done < total {
            if self.used == CHUNK {
                if self.made == 0 {
                    // The first chunk out of the synthesiser lies before the music.
                    self.make_chunk(&mut order);
                }
                self.make_chunk(&mut order);
                self.used = 0;
            }
            let count = (CHUNK - self.used).min(total - done);
            let from = self.used..self.used + count;
            left[done..done + count].copy_from_slice(&self.chunk.left[from.clone()]);
            right[done..done + count].copy_from_slice(&self.chunk.right[from]);
            self.used += count;
            self.given += count as u64;
            done += count;
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            chord: self.step.chord,
            next_chord: self.step.next_chord,
            bar: self.step.bar(),
            elapsed_samples: self.given,
            params: self.params,
        }
    }

    fn ahead(&self, params: &Params, bars: u32) -> Ahead {
        let mut composer = self.composer.clone();
        let mut step = self.step.clone();
        let mut piece = Piece::empty(params);
        if self.step_len > 0 {
            piece.add(&step);
        }
        for _ in 0..bars * STEPS_PER_BAR {
            composer.step(params, Direction::Continue, &mut step);
            piece.add(&step);
        }
        let into = self.given.saturating_sub(self.step_begin);
        let ticks = u128::from(into) * u128::from(STEP_TICKS) / u128::from(self.step_len.max(1));
        Ahead {
            at: Ticks(self.step.index * STEP_TICKS + ticks as u64),
            piece,
        }
    }

    fn make_chunk(&mut self, order: &mut impl FnMut(u64) -> Order) {
        let end = self.made + CHUNK as u64;
        loop {
            self.strike_until(end);
            let step_end = self.step_begin + self.step_len;
            if step_end >= end {
                break;
            }
            self.begin_step(step_end, order(step_end));
        }
        self.synth.chunk(&mut self.chunk);
        self.made = end;
    }

    fn begin_step(&mut self, at: u64, order: Order) {
        self.step_begin = at;
        self.step_len = order.samples.max(1);
        self.params = order.params;
        self.composer
            .step(&order.params, order.direction, &mut self.step);
        self.next_event = 0;
        if self.step.cut {
            self.synth.release_all();
        }
        let beat = self.step_len as f32 / BEATS_PER_STEP as f32;
        let octaves = self.step.bend.brightness;
        self.synth.steer(order.params.intensity, octaves, beat);
    }

    /// Begins the events that lie before `end`.
    fn strike_until(&mut self, end: u64) {
        let first_tick = self.step.index * STEP_TICKS;
        while let Some(event) = self.step.events.get(self.next_event) {
            let at = self.step_begin + self.samples(event.at.0 - first_tick);
            if at >= end {
                break;
            }
            let gate = self.samples(event.length.0);
            self.synth
                .strike(event.layer, event.pitch, event.velocity, gate);
            self.next_event += 1;
        }
    }

    /// Ticks at the present step's tempo, exact in integers.
    fn samples(&self, ticks: u64) -> u64 {
        (u128::from(ticks) * u128::from(self.step_len) / u128::from(STEP_TICKS)) as u64
    }
}
