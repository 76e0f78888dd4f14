//! Test signals: `frames` samples at `rate_hz`.

use std::f64::consts::TAU;

/// A sine that starts at phase 0.
pub fn sine(frequency_hz: f64, amplitude: f64, rate_hz: u32, frames: usize) -> Vec<f32> {
    let step = TAU * frequency_hz / f64::from(rate_hz);
    (0..frames)
        .map(|n| (amplitude * (step * n as f64).sin()) as f32)
        .collect()
}

/// White noise, uniform in ±`amplitude`.
pub fn noise(seed: u64, amplitude: f32, frames: usize) -> Vec<f32> {
    let mut state = seed;
    (0..frames)
        .map(|_| {
            // SplitMix64 (Steele, Lea, Flood, 2014).
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            amplitude * ((z >> 40) as f32 / 8_388_608.0 - 1.0)
        })
        .collect()
}

/// Silence with single samples of `amplitude` every `period` samples, the first at 0.
pub fn clicks(period: usize, amplitude: f32, frames: usize) -> Vec<f32> {
    (0..frames)
        .map(|n| if n % period == 0 { amplitude } else { 0.0 })
        .collect()
}

/// A sine that glides from `from_hz` to `to_hz`, each octave taking the same time.
pub fn sweep(from_hz: f64, to_hz: f64, amplitude: f64, rate_hz: u32, frames: usize) -> Vec<f32> {
    let ratio = (to_hz / from_hz).ln();
    let length_secs = frames as f64 / f64::from(rate_hz);
    (0..frames)
        .map(|n| {
            let position = n as f64 / frames as f64;
            let phase = TAU * from_hz * length_secs / ratio * ((position * ratio).exp() - 1.0);
            (amplitude * phase.sin()) as f32
        })
        .collect()
}

/// Something with the envelope and the spectrum of speech: syllables of a 120 Hz voice with formants,
/// hissing consonants between them, and pauses. Peaks stay below 0.5.
pub fn speech_like(seed: u64, rate_hz: u32, frames: usize) -> Vec<f32> {
    let hiss = noise(seed, 0.05, frames);
    let rate = f64::from(rate_hz);
    (0..frames)
        .map(|n| {
            let t = n as f64 / rate;
            let syllable = (t * 4.0).floor();
            let place = t * 4.0 - syllable;
            let pause = (syllable as u64 + seed) % 9 == 8;
            let (voiced, hissing) = match place {
                _ if pause => (0.0, 0.0),
                p if p < 0.2 => (0.0, (p / 0.2 * TAU / 2.0).sin()),
                p => (((p - 0.2) / 0.8 * TAU / 2.0).sin(), 0.0),
            };
            let vowel = 500.0 + 150.0 * ((syllable * 2.4 + seed as f64).sin());
            let pitch = 120.0 + 15.0 * (syllable * 0.9).sin();
            let harmonics: f64 = (1..=12)
                .map(|k| {
                    let f = pitch * f64::from(k);
                    let formant = 1.0 / (1.0 + ((f - vowel) / 200.0).powi(2));
                    (0.15 / f64::from(k) + 0.2 * formant) * (TAU * f * t).sin()
                })
                .sum();
            (0.4 * voiced * harmonics) as f32 + hiss[n] * hissing as f32
        })
        .map(|s| s.clamp(-0.5, 0.5))
        .collect()
}
