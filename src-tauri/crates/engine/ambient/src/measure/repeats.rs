//! Bars that come again.

use std::collections::HashMap;

use super::{Part, Piece};
use crate::form::{STEP_TICKS, Ticks};
use crate::harmony::STEPS_PER_BAR;

const BAR_TICKS: u64 = STEPS_PER_BAR as u64 * STEP_TICKS;
const SIXTEENTH: u64 = BAR_TICKS / 16;
const MEMORY_SECS: f64 = 600.0;

/// What begins in a bar, at which sixteenth, and what sounds on from before.
type Bar = Vec<(Option<u8>, Part, u8)>;

/// Bars in which something begins, and how many of them were there within ten minutes before.
pub(super) fn count(piece: &Piece) -> (usize, usize) {
    let mut seen: HashMap<Bar, f64> = HashMap::new();
    let (mut bars, mut repeated) = (0, 0);
    let mut sounding = Vec::new();
    let mut tones = piece.tones.iter().peekable();
    for begin in (0..piece.end.0).step_by(BAR_TICKS as usize) {
        let end = begin + BAR_TICKS;
        sounding.retain(|tone: &&super::Tone| tone.end().0 > begin);
        let mut bar: Bar = sounding
            .iter()
            .map(|tone| (None, tone.part, tone.pitch))
            .collect();
        let held = bar.len();
        while let Some(tone) = tones.next_if(|tone| tone.at.0 < end) {
            let slot = (tone.at.0 - begin) / SIXTEENTH;
            bar.push((Some(slot as u8), tone.part, tone.pitch));
            sounding.push(tone);
        }
        if bar.len() == held {
            continue;
        }
        bar.sort_unstable();
        bars += 1;
        let secs = piece.secs_at(Ticks(begin));
        if let Some(before) = seen.insert(bar, secs) {
            repeated += usize::from(secs - before <= MEMORY_SECS);
        }
    }
    (bars, repeated)
}
