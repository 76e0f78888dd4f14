//! A session being played: the mixer as a device's source, looped, at the device's rate.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use studio_core::units::SampleRate;
use studio_device::Source;
use studio_dsp::{Audio, Resampler};
use studio_edit::{Levels, Mixer};

/// Samples that are mixed at once.
const BLOCK: usize = 512;

/// What plays. The device's clock counts its own samples since the last seek; this knows which sample of
/// the session each of them is.
pub(crate) struct Playing {
    pub(crate) mixer: Mixer,
    /// Of the session that plays, or on which what is auditioned rests.
    pub(crate) revision: u32,
    /// Played again and again.
    pub(crate) looping: Option<Range<u64>>,
    /// Goes on after the end, as for a recording.
    pub(crate) endless: bool,
    /// Where the next seek of the device goes.
    jump: u64,
    /// Samples of the session mixed since the last seek.
    mixed: u64,
    /// From which of them on it is played from where.
    spans: VecDeque<(u64, u64)>,
    device_rate: SampleRate,
    /// Missing where the rates are the same.
    resampler: Option<Resampler>,
    converted: Audio,
    /// Samples of `converted` that were given.
    given: usize,
    ended: bool,
}

impl Playing {
    pub(crate) fn new(mixer: Mixer, revision: u32) -> Playing {
        let rate = mixer.session().rate;
        Playing {
            mixer,
            revision,
            looping: None,
            endless: false,
            jump: 0,
            mixed: 0,
            spans: VecDeque::from([(0, 0)]),
            device_rate: rate,
            resampler: None,
            converted: Audio::silence(rate, 2, 0),
            given: 0,
            ended: false,
        }
    }

    /// Plays through a device of another rate from now on.
    pub(crate) fn set_rate(&mut self, rate: SampleRate) {
        self.device_rate = rate;
        self.restart();
    }

    /// The next seek of the device goes to this sample of the session.
    pub(crate) fn jump(&mut self, at: u64) {
        self.jump = at;
    }

    /// Which sample of the session is heard when the device has played so many since the last seek.
    pub(crate) fn heard(&self, played: u64) -> u64 {
        let mixed = self.mixed_of(played);
        let span = self.spans.iter().rev().find(|(from, _)| *from <= mixed);
        span.map_or(0, |(from, at)| at + (mixed - from))
    }

    /// Levels up to what is heard.
    pub(crate) fn levels(&mut self, played: u64) -> Option<Levels> {
        let heard = self.mixer.given() - self.mixed + self.mixed_of(played);
        self.mixer.take_levels(heard)
    }

    /// Samples of the session in so many of the device.
    fn mixed_of(&self, played: u64) -> u64 {
        let (own, device) = (self.mixer.session().rate.get(), self.device_rate.get());
        (u128::from(played) * u128::from(own) / u128::from(device)) as u64
    }

    fn restart(&mut self) {
        self.mixer.seek(self.jump);
        // What was mixed ahead is never heard.
        self.mixer.take_levels(u64::MAX);
        (self.mixed, self.given, self.ended) = (0, 0, false);
        self.spans = VecDeque::from([(0, self.jump)]);
        let rate = self.mixer.session().rate;
        self.resampler = match rate == self.device_rate {
            true => None,
            false => Resampler::new(rate, self.device_rate, 2).ok(),
        };
        self.converted = Audio::silence(self.device_rate, 2, 0);
    }

    /// Mixes what follows; fewer than asked at the end.
    fn mix(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        let mut done = 0;
        while done < left.len() {
            let at = self.mixer.position();
            let until = match &self.looping {
                Some(looping) if at < looping.end => looping.end,
                _ if self.endless => u64::MAX,
                _ => self.mixer.end().max(at),
            };
            let count = usize::try_from(until - at)
                .unwrap_or(usize::MAX)
                .min(left.len() - done);
            if count == 0 {
                break;
            }
            self.mixer.render(
                &mut left[done..done + count],
                &mut right[done..done + count],
            );
            done += count;
            self.mixed += count as u64;
            if let Some(looping) = self.looping.clone()
                && self.mixer.position() == looping.end
            {
                self.mixer.seek(looping.start);
                self.spans.push_back((self.mixed, looping.start));
                if self.spans.len() > 64 {
                    self.spans.pop_front();
                }
            }
        }
        done
    }

    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        if self.resampler.is_none() && !self.ended && self.converted.frames() == 0 {
            return self.mix(left, right);
        }
        let mut done = 0;
        while done < left.len() {
            let ready = self.converted.frames() - self.given;
            if ready == 0 {
                if self.ended || !self.convert() {
                    break;
                }
                continue;
            }
            let count = ready.min(left.len() - done);
            for (to, from) in [&mut *left, &mut *right]
                .into_iter()
                .zip(&self.converted.channels)
            {
                to[done..done + count].copy_from_slice(&from[self.given..self.given + count]);
            }
            self.given += count;
            done += count;
        }
        done
    }

    /// Mixes a block and converts it to the device's rate.
    fn convert(&mut self) -> bool {
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let count = self.mix(&mut left, &mut right);
        self.converted.channels.iter_mut().for_each(Vec::clear);
        self.given = 0;
        let Some(mut resampler) = self.resampler.take() else {
            return false;
        };
        let fed = resampler.feed(&[&left[..count], &right[..count]], &mut self.converted);
        self.ended = count < BLOCK;
        let done = match self.ended {
            true => fed.and_then(|()| resampler.finish(&mut self.converted)),
            false => {
                self.resampler = Some(resampler);
                fed
            }
        };
        if let Err(error) = &done {
            tracing::warn!(%error, "a session cannot be played at the device's rate");
        }
        done.is_ok()
    }
}

/// What the device's feeder asks.
pub(crate) struct Feed(pub(crate) Arc<Mutex<Playing>>);

impl Source for Feed {
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        self.0.lock().render(left, right)
    }

    fn seek(&mut self, _at: u64) {
        self.0.lock().restart();
    }

    fn is_measured(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use studio_edit::{Change, Edit, NewClip, Session, Sound, SourceFacts, Sources, TrackId};

    use super::*;

    /// Rises by a thousandth each sample.
    struct Ramp;

    impl Sources for Ramp {
        fn open(&mut self, _source: &str) -> Option<Box<dyn Sound>> {
            Some(Box::new(Ramp))
        }
    }

    impl Sound for Ramp {
        fn read(&mut self, from: u64, left: &mut [f32], right: &mut [f32]) {
            for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
                (*left, *right) = ((from + n as u64) as f32 / 1e3, 0.0);
            }
        }
    }

    fn playing(frames: u64) -> Playing {
        let add = Edit::AddTrack {
            name: None,
            index: None,
        };
        let clips = vec![NewClip::whole(TrackId(1), "ramp")];
        let change = Change {
            sources: [(
                "ramp".to_owned(),
                SourceFacts {
                    frames,
                    channels: 2,
                },
            )]
            .into(),
            edits: vec![add, Edit::AddClips { clips }],
        };
        let session = Session::new("Test", SampleRate::HZ_48000);
        let session = session.apply(&change).unwrap();
        Playing::new(Mixer::new(Arc::new(session), Box::new(Ramp)).unwrap(), 1)
    }

    /// What is played in blocks of odd sizes, to the end or so many samples.
    fn played(playing: &mut Playing, most: usize) -> Vec<f32> {
        let mut all = Vec::new();
        for size in [512, 7, 100, 512, 333].into_iter().cycle() {
            let size = size.min(most - all.len());
            let (mut left, mut right) = (vec![0.0; size], vec![0.0; size]);
            let count = playing.render(&mut left, &mut right);
            all.extend_from_slice(&left[..count]);
            if count < size || all.len() == most {
                return all;
            }
        }
        all
    }

    #[test]
    fn what_plays_is_what_the_mixer_gives() {
        let mut playing = playing(5_000);
        let all = played(&mut playing, usize::MAX);
        assert_eq!(all.len(), 5_000);
        assert!(all.iter().enumerate().all(|(n, x)| *x == n as f32 / 1e3));
        assert_eq!(playing.heard(1_234), 1_234);
        playing.jump(4_000);
        playing.restart();
        assert_eq!(playing.heard(10), 4_010);
        assert_eq!(played(&mut playing, usize::MAX)[0], 4.0);
    }

    #[test]
    fn a_loop_comes_round_to_the_sample() {
        let mut playing = playing(5_000);
        playing.looping = Some(1_000..1_700);
        let all = played(&mut playing, 4_000);
        for (n, x) in all.iter().enumerate() {
            let at = match n {
                n if n < 1_700 => n,
                n => 1_000 + (n - 1_700) % 700,
            };
            assert_eq!(*x, at as f32 / 1e3, "sample {n}");
            assert_eq!(playing.heard(n as u64), at as u64);
        }
    }

    #[test]
    fn levels_are_those_of_what_is_heard_also_in_a_loop() {
        let mut playing = playing(500);
        playing.looping = Some(0..500);
        // Two rounds; the end of the second is the loudest that was mixed.
        played(&mut playing, 1_000);
        let first = playing.levels(250).map(|levels| levels.mix[0]);
        assert_eq!(first, Some(0.499), "the block that is heard");
        assert!(
            playing.levels(300).is_none(),
            "nothing is told before it is heard"
        );
        assert!(
            playing.levels(900).is_some(),
            "the second round is told as well"
        );
    }

    #[test]
    fn another_rate_of_the_device_keeps_time() {
        let mut playing = playing(48_000);
        playing.set_rate(SampleRate::new(44_100).unwrap());
        let all = played(&mut playing, usize::MAX);
        assert_eq!(all.len(), 44_100);
        for n in [5_000, 22_050, 40_000] {
            let wanted = n as f32 * 48.0 / 44.1 / 1e3;
            assert!(
                (all[n] - wanted).abs() < 0.02,
                "sample {n}: {} for {wanted}",
                all[n]
            );
        }
        assert_eq!(playing.heard(22_050), 24_000);
    }

    #[test]
    fn a_recording_plays_on_past_the_end() {
        let mut playing = playing(100);
        playing.endless = true;
        let all = played(&mut playing, 3_000);
        assert_eq!(all.len(), 3_000);
        assert!(all[100..].iter().all(|x| *x == 0.0));
    }
}
