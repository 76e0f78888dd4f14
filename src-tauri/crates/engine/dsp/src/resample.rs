//! Sample-rate conversion of planar streams, on `rubato`'s synchronous FFT resampler.
//!
//! The filter's delay is taken off at the start and its tail is flushed at the end, so that the
//! output has exactly round(input · to / from) samples and stays aligned with the input.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};
use studio_core::units::SampleRate;

use crate::audio::Audio;

/// Why a conversion cannot be set up or went wrong inside the library.
#[derive(Debug, thiserror::Error)]
#[error("cannot convert {channels} channels from {from} to {to}: {detail}")]
pub struct ResampleError {
    pub channels: usize,
    pub from: SampleRate,
    pub to: SampleRate,
    detail: String,
}

/// About as many samples go in at a time; longer transforms have a steeper filter.
const CHUNK: usize = 4096;
/// At least as many come out: the steepness of a filter that takes most of the rate away is counted
/// in these.
const SHORTEST_OUT: usize = 1024;

/// Converts one stream. Blocks of any length go in; what is ready comes out.
pub struct Resampler {
    /// None where both rates are the same.
    inner: Option<Fft<f32>>,
    from: SampleRate,
    to: SampleRate,
    /// Input that does not fill a chunk yet.
    pending: Vec<Vec<f32>>,
    scratch: Vec<Vec<f32>>,
    /// Output samples of the filter's delay that are still to be dropped.
    skip: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    pub fn new(
        from: SampleRate,
        to: SampleRate,
        channels: usize,
    ) -> Result<Resampler, ResampleError> {
        let failed = |detail: String| ResampleError {
            channels,
            from,
            to,
            detail,
        };
        let inner = match from == to {
            true => None,
            false => {
                let rates = (from.get() as usize, to.get() as usize);
                let chunk = chunk(rates.0, rates.1);
                let window = WindowFunction::BlackmanHarris2;
                let fft = Fft::new_custom(
                    rates.0,
                    rates.1,
                    chunk,
                    1,
                    channels,
                    window,
                    FixedSync::Input,
                );
                Some(fft.map_err(|error| failed(error.to_string()))?)
            }
        };
        let longest = inner.as_ref().map_or(0, |inner| inner.output_frames_max());
        let skip = inner.as_ref().map_or(0, |inner| inner.output_delay());
        Ok(Resampler {
            inner,
            from,
            to,
            pending: vec![Vec::new(); channels],
            scratch: vec![vec![0.0; longest]; channels],
            skip,
            taken: 0,
            given: 0,
        })
    }

    /// Samples that come out of `frames` samples in all.
    pub fn output_frames(&self, frames: u64) -> u64 {
        let (from, to) = (u128::from(self.from.get()), u128::from(self.to.get()));
        ((u128::from(frames) * to + from / 2) / from) as u64
    }

    /// Takes a block and appends what is ready to `out`.
    pub fn feed(&mut self, block: &[&[f32]], out: &mut Audio) -> Result<(), ResampleError> {
        self.taken += block.first().map_or(0, |channel| channel.len()) as u64;
        if self.inner.is_none() {
            for (to, from) in out.channels.iter_mut().zip(block) {
                to.extend_from_slice(from);
            }
            return Ok(());
        }
        for (pending, samples) in self.pending.iter_mut().zip(block) {
            pending.extend_from_slice(samples);
        }
        self.drain(out)
    }

    /// Appends what the filter still holds.
    pub fn finish(mut self, out: &mut Audio) -> Result<(), ResampleError> {
        if self.inner.is_none() {
            return Ok(());
        }
        let wanted = self.output_frames(self.taken);
        while self.given < wanted {
            let needed = self.chunk();
            for pending in &mut self.pending {
                let silence = needed - pending.len().min(needed);
                pending.extend(std::iter::repeat_n(0.0, silence));
            }
            self.drain(out)?;
        }
        let surplus = (self.given - wanted) as usize;
        for channel in &mut out.channels {
            channel.truncate(channel.len() - surplus);
        }
        Ok(())
    }

    fn chunk(&self) -> usize {
        self.inner
            .as_ref()
            .map_or(0, |inner| inner.input_frames_next())
    }

    fn drain(&mut self, out: &mut Audio) -> Result<(), ResampleError> {
        let (from, to, channels) = (self.from, self.to, self.pending.len());
        let Some(inner) = &mut self.inner else {
            return Ok(());
        };
        let available = self.pending.first().map_or(0, Vec::len);
        let mut used = 0;
        while available - used >= inner.input_frames_next() {
            let failed = |detail: String| ResampleError {
                channels,
                from,
                to,
                detail,
            };
            let longest = self.scratch.first().map_or(0, Vec::len);
            let input = SequentialSliceOfVecs::new(&self.pending, channels, available)
                .map_err(|error| failed(error.to_string()))?;
            let mut output = SequentialSliceOfVecs::new_mut(&mut self.scratch, channels, longest)
                .map_err(|error| failed(error.to_string()))?;
            let place = Indexing {
                input_offset: used,
                ..Indexing::default()
            };
            let (read, written) = inner
                .process_into_buffer(&input, &mut output, Some(&place))
                .map_err(|error| failed(error.to_string()))?;
            used += read;
            let skipped = self.skip.min(written);
            self.skip -= skipped;
            self.given += (written - skipped) as u64;
            for (to, from) in out.channels.iter_mut().zip(&self.scratch) {
                to.extend_from_slice(&from[skipped..written]);
            }
        }
        for pending in &mut self.pending {
            pending.drain(..used);
        }
        Ok(())
    }
}

/// A length whose output is a whole and even number of samples: the filter's delay is half of it,
/// and half a sample could not be taken off.
fn chunk(from: usize, to: usize) -> usize {
    let (mut a, mut b) = (from, to);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let (unit_in, unit_out) = (2 * (from / a), 2 * (to / a));
    let units = CHUNK.div_ceil(unit_in).max(SHORTEST_OUT.div_ceil(unit_out));
    unit_in * smooth(units)
}

/// The next number that is a power of two, or three times one: transforms of large primes are slow.
fn smooth(number: usize) -> usize {
    let power = number.next_power_of_two();
    match power / 4 * 3 {
        less if less >= number => less,
        _ => power,
    }
}

/// Converts a whole sound.
pub fn resample(audio: &Audio, to: SampleRate) -> Result<Audio, ResampleError> {
    let mut resampler = Resampler::new(audio.rate, to, audio.channel_count())?;
    let mut out = Audio::silence(to, audio.channel_count(), 0);
    resampler.feed(&audio.slices(), &mut out)?;
    resampler.finish(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hz: f64, frames: usize) -> Audio {
        let rate = SampleRate::new(rate).unwrap();
        let step = std::f64::consts::TAU * hz / f64::from(rate.get());
        let samples = (0..frames)
            .map(|n| (n as f64 * step).sin() as f32)
            .collect();
        Audio {
            rate,
            channels: vec![samples],
        }
    }

    #[test]
    fn length_is_exact_and_the_tone_stays_in_place() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 44_100),
            (8_000, 48_000),
            (96_000, 44_100),
            (22_050, 48_000),
        ] {
            let input = sine(from, 440.0, 3 * from as usize / 2 + 7);
            let output = resample(&input, SampleRate::new(to).unwrap()).unwrap();
            let expected = sine(to, 440.0, output.frames());
            let length = (input.frames() as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(output.frames(), length, "{from} to {to}");
            // The filter rings at both ends; between them the tone is the tone.
            let inside = 2000..output.frames() - 2000;
            let worst = output.channels[0][inside.clone()]
                .iter()
                .zip(&expected.channels[0][inside])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} to {to}: off by {worst}");
        }
    }

    #[test]
    fn blocks_of_any_size_give_the_same() {
        let input = sine(44_100, 1000.0, 20_000);
        let whole = resample(&input, SampleRate::HZ_48000).unwrap();
        for block in [1, 63, 4096, 5000] {
            let mut resampler = Resampler::new(input.rate, SampleRate::HZ_48000, 1).unwrap();
            let mut out = Audio::silence(SampleRate::HZ_48000, 1, 0);
            for part in input.channels[0].chunks(block) {
                resampler.feed(&[part], &mut out).unwrap();
            }
            resampler.finish(&mut out).unwrap();
            assert!(out == whole, "block of {block}");
        }
    }

    #[test]
    fn nothing_in_is_nothing_out() {
        let out = resample(&sine(44_100, 440.0, 0), SampleRate::HZ_48000).unwrap();
        assert_eq!(out.frames(), 0);
    }

    /// Level of what is not the tone, against the tone, in dB, without the ends.
    fn noise_db(output: &Audio, hz: f64) -> f64 {
        let rate = output.rate.get();
        let expected = sine(rate, hz, output.frames());
        let inside = rate as usize / 4..output.frames() - rate as usize / 4;
        let power = |x: f64| x * x;
        let (mut noise, mut tone) = (0.0, 0.0);
        for n in inside {
            let (actual, expected) = (output.channels[0][n], expected.channels[0][n]);
            noise += power(f64::from(actual) - f64::from(expected));
            tone += power(f64::from(expected));
        }
        10.0 * (noise / tone).log10()
    }

    fn one_second(from: u32, to: u32, hz: f64, more: usize) -> Audio {
        let input = sine(from, hz, from as usize + more);
        resample(&input, SampleRate::new(to).unwrap()).unwrap()
    }

    #[test]
    fn any_ratio_is_clean_and_exact_in_length() {
        for (from, to) in [
            (8_000, 768_000),
            (768_000, 8_000),
            (44_100, 48_000),
            (48_000, 44_100),
            (11_025, 8_000),
            (44_100, 48_001),
            (192_000, 44_100),
        ] {
            let output = one_second(from, to, 440.0, 13);
            let exact = f64::from(from + 13) * f64::from(to) / f64::from(from);
            assert_eq!(output.frames(), exact.round() as usize, "{from} to {to}");
            let noise = noise_db(&output, 440.0);
            assert!(noise < -90.0, "{from} to {to}: {noise:.1} dB");
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone() {
        for (from, to, hz) in [
            (96_000, 44_100, 26_000.0),
            (48_000, 8_000, 5_000.0),
            (768_000, 8_000, 4_500.0),
        ] {
            let output = one_second(from, to, hz, 0);
            let inside = &output.channels[0][to as usize / 4..to as usize * 3 / 4];
            let left = inside.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(left < 1e-4, "{hz} Hz from {from} to {to}: {left}");
        }
    }

    #[test]
    fn what_the_new_rate_can_hold_stays() {
        for (from, to, hz) in [
            (48_000, 44_100, 19_000.0),
            (44_100, 48_000, 19_000.0),
            (96_000, 48_000, 20_000.0),
        ] {
            let noise = noise_db(&one_second(from, to, hz, 0), hz);
            assert!(noise < -60.0, "{hz} Hz from {from} to {to}: {noise:.1} dB");
        }
    }
}
