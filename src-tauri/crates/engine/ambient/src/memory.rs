//! Remembers what the bars of the last ten minutes were, so that none comes again exactly.

use crate::form::{Event, Layer, STEP_TICKS, Ticks};
use crate::harmony::STEPS_PER_BAR;
use crate::voicing::Voicing;

/// Fingerprints of past bars: which pitches begin where, on a grid of sixteenths, over which voicing.
#[derive(Clone)]
pub(crate) struct Memory {
    past: [u64; BARS],
    next: usize,
    /// The bar so far; 0 while nothing has begun in it.
    bar: u64,
}

/// Ten minutes at 90 BPM are 225 bars.
const BARS: usize = 256;
const SIXTEENTH: u64 = STEP_TICKS / 8;

impl Memory {
    pub(crate) fn new() -> Memory {
        Memory {
            past: [0; BARS],
            next: 0,
            bar: 0,
        }
    }

    /// Takes a note in; drums and air are no part of a bar's identity.
    pub(crate) fn note(&mut self, event: &Event) {
        if !matches!(event.layer, Layer::Percussion | Layer::Air) {
            self.bar = self.bar.wrapping_add(print_of(event));
        }
    }

    /// Whether the bar so far, with `more` in it, was there before. A bar in which nothing begins is stillness, and
    /// repeats nothing.
    pub(crate) fn knows(&self, voicing: Voicing, more: Option<&Event>) -> bool {
        let bar = self.bar.wrapping_add(more.map_or(0, print_of));
        bar != 0 && self.past.contains(&whole(bar, voicing))
    }

    pub(crate) fn end_bar(&mut self, voicing: Voicing) {
        if self.bar != 0 {
            self.past[self.next] = whole(self.bar, voicing);
            self.next = (self.next + 1) % BARS;
        }
        self.bar = 0;
    }
}

/// The onset's place in its bar, layer and pitch.
fn print_of(event: &Event) -> u64 {
    let Ticks(at) = event.at;
    let slot = at % (u64::from(STEPS_PER_BAR) * STEP_TICKS) / SIXTEENTH;
    scramble((slot << 16) | ((event.layer as u64) << 8) | u64::from(event.pitch))
}

fn whole(bar: u64, voicing: Voicing) -> u64 {
    scramble(bar ^ u64::from(u32::from_le_bytes(voicing)))
}

/// The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
