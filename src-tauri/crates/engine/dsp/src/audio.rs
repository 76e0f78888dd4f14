//! Planar audio: one `Vec<f32>` per channel.

use studio_core::units::SampleRate;

/// Sound in memory. All channels have the same length; full scale is ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    pub rate: SampleRate,
    /// `channels[c][n]`: sample `n` of channel `c`.
    pub channels: Vec<Vec<f32>>,
}

impl Audio {
    pub fn silence(rate: SampleRate, channels: usize, frames: usize) -> Audio {
        Audio {
            rate,
            channels: vec![vec![0.0; frames]; channels],
        }
    }

    /// From samples that alternate between the channels. An incomplete last frame is dropped.
    pub fn from_interleaved(rate: SampleRate, channels: usize, samples: &[f32]) -> Audio {
        let channel = |c| {
            samples
                .chunks_exact(channels)
                .map(|frame| frame[c])
                .collect()
        };
        Audio {
            rate,
            channels: (0..channels).map(channel).collect(),
        }
    }

    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    pub fn duration_secs(&self) -> f64 {
        self.rate.secs_from_samples(self.frames() as u64)
    }

    /// The channels as slices, as the other modules take blocks.
    pub fn slices(&self) -> Vec<&[f32]> {
        self.channels.iter().map(Vec::as_slice).collect()
    }

    pub fn interleave(&self) -> Vec<f32> {
        let mut samples = Vec::with_capacity(self.frames() * self.channel_count());
        for frame in 0..self.frames() {
            samples.extend(self.channels.iter().map(|channel| channel[frame]));
        }
        samples
    }
}
