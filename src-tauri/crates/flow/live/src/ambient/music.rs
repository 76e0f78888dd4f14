//! The engine as a source: what is wanted, a sleep timer, and whoever takes it down.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use studio_ambient::{Ahead, Engine, Now, Params};
use studio_core::units::SampleRate;
use studio_device::Source;

/// The longest fade before the sleep timer stops the music.
const LONGEST_FADE_SECS: f64 = 60.0;
/// Blocks that wait for a slow disk: 40 s.
const MOST_WAITING: usize = 4096;

/// Left and right of a block, as it was played at full volume.
pub(super) type Taken = [Vec<f32>; 2];

/// Held in common by the feeder thread and those who ask; no audio callback waits for it.
pub(super) struct Music {
    engine: Engine,
    rate: SampleRate,
    pub(super) wanted: Params,
    sleep: Option<Sleep>,
    tape: Option<SyncSender<Taken>>,
    /// Share of real time that rendering takes, smoothed.
    pub(super) load: f32,
}

/// In samples of the music.
#[derive(Clone, Copy)]
struct Sleep {
    end: u64,
    fade: u64,
}

impl Music {
    pub(super) fn new(seed: u64, params: Params, rate: SampleRate) -> Music {
        Music {
            engine: Engine::new(seed, params, rate),
            rate,
            wanted: params,
            sleep: None,
            tape: None,
            load: 0.0,
        }
    }

    pub(super) fn now(&self) -> Now {
        self.engine.now()
    }

    pub(super) fn ahead(&self, bars: u32) -> Ahead {
        self.engine.ahead(bars)
    }

    pub(super) fn rate(&self) -> SampleRate {
        self.rate
    }

    pub(super) fn sleep_after(&mut self, secs: f64) {
        let length = self.rate.samples_from_secs(secs);
        self.sleep = (length > 0).then(|| Sleep {
            end: self.now().elapsed_samples + length,
            fade: (length / 2).min(self.rate.samples_from_secs(LONGEST_FADE_SECS)),
        });
    }

    pub(super) fn stops_in_secs(&self) -> Option<f64> {
        let left = self.sleep?.end.saturating_sub(self.now().elapsed_samples);
        Some(self.rate.secs_from_samples(left))
    }

    /// All that is played from here on; ends with the music or with [`Music::untap`].
    pub(super) fn tap(&mut self) -> Receiver<Taken> {
        let (tape, taken) = sync_channel(MOST_WAITING);
        self.tape = Some(tape);
        taken
    }

    pub(super) fn untap(&mut self) {
        self.tape = None;
    }

    pub(super) fn is_tapped(&self) -> bool {
        self.tape.is_some()
    }

    /// Fills both slices; fewer samples than that at the end that the sleep timer sets.
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        const SMOOTHING: f32 = 0.05;
        let begun = Instant::now();
        let at = self.now().elapsed_samples;
        let count = self.sleep.map_or(left.len(), |sleep| {
            let until = sleep.end.saturating_sub(at);
            left.len().min(usize::try_from(until).unwrap_or(usize::MAX))
        });
        let (left, right) = (&mut left[..count], &mut right[..count]);
        self.engine.set(self.wanted);
        self.engine.render(left, right);
        if let Some(sleep) = self.sleep {
            for (n, (left, right)) in left.iter_mut().zip(&mut *right).enumerate() {
                let gain = sleep.gain(at + n as u64);
                *left *= gain;
                *right *= gain;
            }
        }
        if let Some(tape) = &self.tape {
            // A recorder that ended, or that fell behind by half a minute, is not waited for.
            if tape.try_send([left.to_vec(), right.to_vec()]).is_err() {
                self.tape = None;
            }
        }
        let lasts = self.rate.secs_from_samples(count as u64) as f32;
        let load = begun.elapsed().as_secs_f32() / lasts.max(1e-6);
        self.load += SMOOTHING * (load - self.load);
        count
    }
}

impl Sleep {
    /// A quarter of a cosine: even in loudness to the ear, and without a corner at its end.
    fn gain(self, at: u64) -> f32 {
        let left = self.end.saturating_sub(at);
        if left >= self.fade {
            return 1.0;
        }
        let share = left as f64 / self.fade as f64;
        (0.5 - 0.5 * (std::f64::consts::PI * share).cos()) as f32
    }
}

/// What the feeder thread plays.
pub(super) struct Shared(pub(super) std::sync::Arc<parking_lot::Mutex<Music>>);

impl Source for Shared {
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        self.0.lock().render(left, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_48000;

    fn played(music: &mut Music, samples: usize) -> Vec<f32> {
        let (mut left, mut right) = (vec![0.0; samples], vec![0.0; samples]);
        let mut all = Vec::new();
        for (left, right) in left.chunks_mut(512).zip(right.chunks_mut(512)) {
            let count = music.render(left, right);
            all.extend_from_slice(&left[..count]);
        }
        all
    }

    #[test]
    fn the_sleep_timer_fades_and_ends_to_the_sample() {
        let mut music = Music::new(1, Params::default(), RATE);
        let mut plain = Music::new(1, Params::default(), RATE);
        music.sleep_after(4.0);
        assert_eq!(music.stops_in_secs(), Some(4.0));
        let heard = played(&mut music, 6 * 48_000);
        let whole = played(&mut plain, 4 * 48_000);
        assert_eq!(heard.len(), 4 * 48_000);
        assert_eq!(heard[..2 * 48_000], whole[..2 * 48_000]);
        let energy = |part: &[f32]| part.iter().map(|x| f64::from(x * x)).sum::<f64>();
        let fade = 2 * 48_000..4 * 48_000;
        assert!(energy(&heard[fade.clone()]) < 0.6 * energy(&whole[fade]));
        assert!(heard[4 * 48_000 - 1].abs() < 1e-6);
        assert_eq!(music.stops_in_secs(), Some(0.0));
        music.sleep_after(0.0);
        assert_eq!(music.stops_in_secs(), None);
    }

    #[test]
    fn a_recorder_gets_what_is_played_and_holds_nobody_up() {
        let mut music = Music::new(1, Params::default(), RATE);
        let tape = music.tap();
        let heard = played(&mut music, 48_000);
        music.untap();
        played(&mut music, 4_800);
        let taken: Vec<f32> = tape.iter().flat_map(|[left, _]| left).collect();
        assert_eq!(taken, heard);

        let asleep = music.tap();
        let mut block = [[0.0; 8]; 2];
        for _ in 0..=MOST_WAITING {
            let [left, right] = &mut block;
            music.render(left, right);
        }
        assert!(!music.is_tapped(), "a full tape is let go");
        assert_eq!(asleep.iter().count(), MOST_WAITING);
    }
}
