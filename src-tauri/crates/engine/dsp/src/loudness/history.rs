//! Loudness over time, for a plot and for a gain that follows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds between two values (Tech 3341 §2.2: live meters update at 10 Hz or more).
pub const EVERY_MS: u32 = 100;

/// Loudness at even distances. Each value looks back from its moment; `None` is silence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoudnessHistory {
    /// Seconds between two values; the first is one of these from the beginning.
    pub every_secs: f64,
    /// Loudness of the 400 ms before, in LUFS.
    pub momentary_lufs: Vec<Option<f32>>,
    /// Loudness of the 3 s before, in LUFS. What lies before the beginning counts as silence.
    pub short_term_lufs: Vec<Option<f32>>,
}

impl LoudnessHistory {
    pub(super) fn new() -> LoudnessHistory {
        LoudnessHistory {
            every_secs: f64::from(EVERY_MS) / 1000.0,
            ..LoudnessHistory::default()
        }
    }

    pub(super) fn push(&mut self, momentary: f64, short_term: f64) {
        let told = |lufs: f64| lufs.is_finite().then_some(lufs as f32);
        self.momentary_lufs.push(told(momentary));
        self.short_term_lufs.push(told(short_term));
    }

    /// The same in at most `most` values, each the loudest of those that it stands for.
    #[must_use]
    pub fn folded(&self, most: usize) -> LoudnessHistory {
        let each = self.momentary_lufs.len().div_ceil(most.max(1)).max(1);
        let fold = |values: &[Option<f32>]| {
            let loudest =
                |values: &[Option<f32>]| values.iter().copied().flatten().reduce(f32::max);
            values.chunks(each).map(loudest).collect()
        };
        LoudnessHistory {
            every_secs: self.every_secs * each as f64,
            momentary_lufs: fold(&self.momentary_lufs),
            short_term_lufs: fold(&self.short_term_lufs),
        }
    }
}
