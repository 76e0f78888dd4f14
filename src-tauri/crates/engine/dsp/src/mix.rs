//! Mixing: placing sounds on a track and between the loudspeakers, fades, ramps, and ducking one sound
//! under another.

use std::ops::Range;

use studio_core::units::{Db, SampleRate};

use crate::audio::Audio;

/// How a score makes room for speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ducking {
    /// What is taken off while the other sounds, in dB, positive.
    pub depth: Db,
    /// Time in which it goes down before the sound begins.
    pub attack_secs: f64,
    /// Time for which it stays down after the sound ended: pauses between words are no reason to
    /// come back.
    pub hold_secs: f64,
    /// Time in which it comes back.
    pub release_secs: f64,
}

impl Default for Ducking {
    fn default() -> Ducking {
        Ducking {
            depth: Db(11.0),
            attack_secs: 0.25,
            hold_secs: 0.4,
            release_secs: 0.9,
        }
    }
}

/// Adds `sound` to `track` from sample `at` on, scaled by `gain`. A mono sound goes to every channel.
/// What lies past the track's end is cut.
pub fn add(track: &mut Audio, sound: &Audio, at: usize, gain: Db) {
    let gain = gain.ratio() as f32;
    let last = sound.channel_count().saturating_sub(1);
    for (c, channel) in track.channels.iter_mut().enumerate() {
        let (Some(from), Some(to)) = (sound.channels.get(c.min(last)), channel.get_mut(at..))
        else {
            continue;
        };
        for (to, from) in to.iter_mut().zip(from) {
            *to += from * gain;
        }
    }
}

/// A sound between two loudspeakers: `place` from -1 left over 0 in the middle to 1 right, at constant
/// power. A mono sound has −3 dB in both channels in the middle. Of a stereo sound the far side is
/// turned down and the near side kept. Channels past the second are left out.
pub fn pan(sound: &Audio, place: f32) -> Audio {
    let angle = (place.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
    let power = [angle.cos(), angle.sin()];
    let gains = match sound.channel_count() {
        0 | 1 => power,
        _ => power.map(|gain| (gain * std::f32::consts::SQRT_2).min(1.0)),
    };
    let last = sound.channel_count().saturating_sub(1);
    let side = |(c, gain): (usize, f32)| -> Vec<f32> {
        let samples = sound.channels.get(c.min(last)).into_iter().flatten();
        samples.map(|x| x * gain).collect()
    };
    Audio {
        rate: sound.rate,
        channels: gains.into_iter().enumerate().map(side).collect(),
    }
}

/// Moves the gain of `audio` over `span` from one level to another, evenly in decibels; before it the
/// first level holds, after it the second.
pub fn ramp(audio: &mut Audio, span: Range<usize>, from: Db, to: Db) {
    let gain = |n: usize| {
        let done = (n - span.start) as f64 / span.len() as f64;
        Db(from.0 + (to.0 - from.0) * done).ratio() as f32
    };
    let (before, after) = (from.ratio() as f32, to.ratio() as f32);
    for channel in &mut audio.channels {
        for (n, x) in channel.iter_mut().enumerate() {
            *x *= match n {
                n if n < span.start => before,
                n if n >= span.end => after,
                n => gain(n),
            };
        }
    }
}

/// Where `audio` is louder than `threshold` (dBFS, any channel): the side chain for [`duck`]. Gaps
/// shorter than `gap_secs` do not part a span.
pub fn sounding(audio: &Audio, threshold: Db, gap_secs: f64) -> Vec<Range<usize>> {
    let threshold = threshold.ratio() as f32;
    let gap = audio.rate.samples_from_secs(gap_secs) as usize;
    let mut spans: Vec<Range<usize>> = Vec::new();
    let loud = |n: &usize| {
        audio
            .channels
            .iter()
            .any(|channel| channel[*n].abs() > threshold)
    };
    for n in (0..audio.frames()).filter(loud) {
        match spans.last_mut() {
            Some(last) if n - last.end <= gap => last.end = n + 1,
            _ => spans.push(n..n + 1),
        }
    }
    spans
}

/// Raises the start and lowers the end of `audio` along a quarter of a sine (constant power).
pub fn fade(audio: &mut Audio, in_samples: usize, out_samples: usize) {
    let shape =
        |n: usize, of: usize| (std::f32::consts::FRAC_PI_2 * (n as f32 + 0.5) / of as f32).sin();
    for channel in &mut audio.channels {
        let frames = channel.len();
        for (n, x) in channel.iter_mut().take(in_samples).enumerate() {
            *x *= shape(n, in_samples);
        }
        let out = out_samples.min(frames);
        for (n, x) in channel.iter_mut().rev().take(out).enumerate() {
            *x *= shape(n, out_samples);
        }
    }
}

/// Lowers `track` wherever one of `spans` (sample ranges, sorted) sounds.
pub fn duck(track: &mut Audio, spans: &[Range<usize>], how: Ducking) {
    let gain = duck_envelope(track.frames(), track.rate, spans, how);
    for channel in &mut track.channels {
        for (x, gain) in channel.iter_mut().zip(&gain) {
            *x *= gain;
        }
    }
}

/// Gain per sample: linear ramps in decibels, so that they sound even.
fn duck_envelope(
    frames: usize,
    rate: SampleRate,
    spans: &[Range<usize>],
    how: Ducking,
) -> Vec<f32> {
    let samples = |secs: f64| rate.samples_from_secs(secs).max(1) as usize;
    let (attack, hold, release) = (
        samples(how.attack_secs),
        samples(how.hold_secs),
        samples(how.release_secs),
    );
    let mut depth = vec![0.0f32; frames];
    let mut deepen = |n: usize, share: f32| {
        if let Some(depth) = depth.get_mut(n) {
            *depth = depth.max(share);
        }
    };
    for span in spans {
        let before = span.start.saturating_sub(attack);
        for n in before..span.start {
            deepen(n, 1.0 - (span.start - n) as f32 / attack as f32);
        }
        let end = span.end + hold;
        for n in span.start..end.min(frames) {
            deepen(n, 1.0);
        }
        for n in end..(end + release).min(frames) {
            deepen(n, 1.0 - (n - end) as f32 / release as f32);
        }
    }
    let down = Db(-how.depth.0).ratio() as f32;
    let gain = |share: f32| match share {
        0.0 => 1.0,
        1.0 => down,
        share => Db(-how.depth.0 * f64::from(share)).ratio() as f32,
    };
    depth.into_iter().map(gain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ones(channels: usize, frames: usize) -> Audio {
        Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![vec![1.0; frames]; channels],
        }
    }

    #[test]
    fn a_mono_line_lands_in_both_channels_and_is_cut_at_the_end() {
        let mut track = Audio::silence(SampleRate::HZ_48000, 2, 10);
        add(&mut track, &ones(1, 5), 7, Db(-6.0206));
        for channel in &track.channels {
            assert_eq!(channel[6], 0.0);
            assert!((channel[7] - 0.5).abs() < 1e-4 && (channel[9] - 0.5).abs() < 1e-4);
        }
        add(&mut track, &ones(1, 5), 100, Db(0.0));
    }

    #[test]
    fn a_score_is_down_while_somebody_speaks_and_back_afterwards() {
        let mut track = ones(2, 480_000);
        duck(
            &mut track,
            &[96_000..144_000, 150_000..200_000],
            Ducking::default(),
        );
        let at = |n: usize| Db::from_ratio(f64::from(track.channels[0][n])).0;
        assert_eq!(at(0), 0.0);
        for n in [96_000, 120_000, 147_000, 199_999] {
            assert!((at(n) + 11.0).abs() < 0.01, "sample {n}: {} dB", at(n));
        }
        assert_eq!(at(479_999), 0.0);
        let steps = track.channels[0]
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs());
        assert!(
            steps.fold(0.0, f32::max) < 1e-3,
            "no step that could be heard"
        );
    }

    #[test]
    fn fades_begin_and_end_in_silence() {
        let mut audio = ones(1, 1000);
        fade(&mut audio, 100, 200);
        let x = &audio.channels[0];
        assert!(x[0] < 0.01 && x[999] < 0.01 && x[500] == 1.0);
        fade(&mut ones(1, 3), 100, 100);
    }

    #[test]
    fn a_side_chain_is_found_in_the_sound_itself() {
        let mut voice = Audio::silence(SampleRate::HZ_48000, 1, 240_000);
        for n in (10_000..60_000)
            .chain(66_000..80_000)
            .chain(190_000..200_000)
        {
            voice.channels[0][n] = 0.2 * (n as f32 * 0.05).sin();
        }
        let spans = sounding(&voice, Db(-40.0), 0.2);
        let near = |span: &Range<usize>, start: usize, end: usize| {
            span.start.abs_diff(start) < 100 && span.end.abs_diff(end) < 100
        };
        assert_eq!(spans.len(), 2, "{spans:?}");
        assert!(near(&spans[0], 10_000, 80_000), "{spans:?}");
        assert!(near(&spans[1], 190_000, 200_000), "{spans:?}");
        let mut score = ones(2, 240_000);
        duck(&mut score, &spans, Ducking::default());
        assert!(score.channels[0][50_000] < 0.3 && score.channels[0][160_000] > 0.9);
        let nothing = Audio::silence(SampleRate::HZ_48000, 0, 0);
        assert!(sounding(&nothing, Db(-40.0), 0.2).is_empty());
    }

    #[test]
    fn a_place_between_the_loudspeakers_keeps_the_power() {
        for place in [-1.0, -0.4, 0.0, 0.7, 1.0] {
            let panned = pan(&ones(1, 4), place);
            let (left, right) = (panned.channels[0][0], panned.channels[1][0]);
            assert!((left * left + right * right - 1.0).abs() < 1e-6, "{place}");
            assert!((left - right).signum() == -place.signum() || place == 0.0);
        }
        let middle = pan(&ones(2, 4), 0.0);
        assert!(
            middle
                .channels
                .iter()
                .flatten()
                .all(|x| (x - 1.0).abs() < 1e-6)
        );
        let right = pan(&ones(2, 4), 1.0);
        assert!(right.channels[0][0].abs() < 1e-6 && right.channels[1][0] == 1.0);
    }

    #[test]
    fn a_ramp_is_even_in_decibels() {
        let mut audio = ones(1, 300);
        ramp(&mut audio, 100..200, Db(0.0), Db(-40.0));
        let at = |n: usize| Db::from_ratio(f64::from(audio.channels[0][n])).0;
        for (n, level) in [
            (99, 0.0),
            (100, 0.0),
            (150, -20.0),
            (200, -40.0),
            (299, -40.0),
        ] {
            assert!((at(n) - level).abs() < 1e-3, "sample {n}: {}", at(n));
        }
        ramp(&mut audio, 10..10, Db(0.0), Db(-6.0));
    }
}
