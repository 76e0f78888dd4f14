//! What brings a programme to a target loudness: one gain for all of it, and a limiter where its peaks
//! would pass the ceiling.
//!
//! The first of two passes measures; this turns the measurement into a [`Plan`]; the second applies it.
//! Never a gain that moves with the music: who wants that asks for a compressor.

use studio_core::units::{Db, Lufs, SampleRate};

use crate::limiter::Limiter;
use crate::loudness::Loudness;

/// What to do to a programme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// For every sample.
    pub gain: Db,
    /// True peaks may not pass this.
    pub ceiling: Db,
    /// By how much the highest peak would pass the ceiling; 0 if none does.
    pub over: Db,
}

/// Plans the way from what was measured to `target` with true peaks under `ceiling`. `None` for silence,
/// which no gain makes louder.
pub fn plan(measured: &Loudness, target: Lufs, ceiling: Db) -> Option<Plan> {
    let gain = Db(target.0 - measured.integrated_lufs?);
    let peak = measured
        .true_peak_dbtp
        .map_or(f64::NEG_INFINITY, |peak| peak + gain.0);
    Some(Plan {
        gain,
        ceiling,
        over: Db((peak - ceiling.0).max(0.0)),
    })
}

impl Plan {
    /// The limiter that the plan needs, if any: a programme with room for its peaks stays untouched
    /// but for the gain.
    pub fn limiter(&self, channels: usize, rate: SampleRate) -> Option<Limiter> {
        (self.over.0 > 0.0).then(|| Limiter::new(self.ceiling, channels, rate))
    }

    /// The most gain, up to [`Plan::gain`], that needs no limiter.
    pub fn linear_gain(&self) -> Db {
        Db(self.gain.0 - self.over.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Audio;
    use crate::loudness::measure;

    /// 6 s of a tone with a click that stands out by `click_db`.
    fn programme(level: f32, click_db: f64) -> Audio {
        let tone = |n: i32| level * (n as f32 * 0.131).sin();
        let mut channel: Vec<f32> = (0..288_000).map(tone).collect();
        if click_db > 0.0 {
            channel[100_000] = level * Db(click_db).ratio() as f32;
        }
        Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![channel.clone(), channel],
        }
    }

    fn apply(audio: &mut Audio, plan: Plan) {
        let gain = plan.gain.ratio() as f32;
        audio.channels.iter_mut().flatten().for_each(|x| *x *= gain);
        if let Some(mut limiter) = plan.limiter(2, audio.rate) {
            let block = audio.channels.iter_mut().map(Vec::as_mut_slice);
            limiter.process(&mut block.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_programme_reaches_its_target_under_the_ceiling() {
        for (level, click_db, target, limits) in [
            (0.05, 0.0, -14.0, false),
            (0.9, 0.0, -23.0, false),
            (0.05, 20.0, -14.0, true),
        ] {
            let mut audio = programme(level, click_db);
            let plan = plan(&measure(&audio).unwrap(), Lufs(target), Db(-1.0)).unwrap();
            assert_eq!(plan.over.0 > 0.0, limits, "{plan:?}");
            apply(&mut audio, plan);
            let after = measure(&audio).unwrap();
            assert!(
                (after.integrated_lufs.unwrap() - target).abs() < 0.1,
                "{after:?}"
            );
            assert!(after.true_peak_dbtp.unwrap() <= -1.0, "{after:?}");
        }
    }

    #[test]
    fn the_linear_gain_just_reaches_the_ceiling() {
        let measured = measure(&programme(0.05, 20.0)).unwrap();
        let plan = plan(&measured, Lufs(-14.0), Db(-1.0)).unwrap();
        let peak = measured.true_peak_dbtp.unwrap() + plan.linear_gain().0;
        assert!((peak + 1.0).abs() < 1e-9 && plan.linear_gain() < plan.gain);
    }

    #[test]
    fn silence_has_no_plan() {
        let silence = Audio::silence(SampleRate::HZ_48000, 1, 48_000);
        assert_eq!(
            plan(&measure(&silence).unwrap(), Lufs(-14.0), Db(-1.0)),
            None
        );
    }
}
