//! Another number of channels.
//!
//! Order of channels as in WAV files: left, right, centre, low frequencies, left and right surround, and so on. Down to
//! two by ITU-R BS.775-4 table 2: centre and surrounds at −3 dB, low frequencies not at all; to one by the mean of two.

use crate::audio::Audio;

/// −3 dB: half the power.
const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Which share of each channel goes into which.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelMap {
    /// One row for each channel that comes out, with a factor for each that goes in.
    rows: Vec<Vec<f32>>,
}

impl ChannelMap {
    /// From `from` channels to one or two; `None` for other numbers, of which no norm says what becomes of them.
    pub fn down(from: usize, to: usize) -> Option<ChannelMap> {
        let stereo = |channel: usize, side: usize| match (from, channel) {
            (1, _) => 1.0,
            (_, 0 | 1) => f32::from(u8::from(channel == side)),
            // Quadrophony has no centre.
            (4, _) => side_share(channel - 2, side),
            (_, 2) => HALF_POWER,
            (5, surround) => side_share(surround + 1, side),
            (_, 3) => 0.0,
            // A centre behind, and the sides after it.
            (7, 4) => HALF_POWER * HALF_POWER,
            (7, surround) => side_share(surround + 1, side),
            (_, surround) => side_share(surround, side),
        };
        let side = |side: usize| -> Vec<f32> { (0..from).map(|at| stereo(at, side)).collect() };
        let rows = match (from, to) {
            (0, _) => return None,
            (from, to) if from == to => (0..to).map(|at| unit(at, from)).collect(),
            (_, 2) => vec![side(0), side(1)],
            (_, 1) => {
                let both = side(0).into_iter().zip(side(1));
                vec![both.map(|(left, right)| (left + right) / 2.0).collect()]
            }
            _ => return None,
        };
        Some(ChannelMap { rows })
    }

    /// Channels that are picked, from 0, each of them as often as it is wanted. `None` if one is not there.
    pub fn picked(from: usize, channels: &[usize]) -> Option<ChannelMap> {
        let there = channels.iter().all(|&channel| channel < from) && !channels.is_empty();
        there.then(|| ChannelMap {
            rows: channels.iter().map(|&at| unit(at, from)).collect(),
        })
    }

    /// Channels that come out.
    pub fn channels(&self) -> usize {
        self.rows.len()
    }

    pub fn apply(&self, sound: &Audio) -> Audio {
        let mut mixed = Audio::silence(sound.rate, self.rows.len(), sound.frames());
        for (row, to) in self.rows.iter().zip(&mut mixed.channels) {
            for (&share, from) in row.iter().zip(&sound.channels) {
                if share != 0.0 {
                    to.iter_mut()
                        .zip(from)
                        .for_each(|(to, from)| *to += share * from);
                }
            }
        }
        mixed
    }
}

/// Surrounds alternate, left first.
fn side_share(channel: usize, side: usize) -> f32 {
    if channel % 2 == side { HALF_POWER } else { 0.0 }
}

fn unit(at: usize, of: usize) -> Vec<f32> {
    (0..of)
        .map(|channel| f32::from(u8::from(channel == at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use studio_core::units::SampleRate;

    use super::*;

    /// What comes out when channel `n` holds 10 to the power of `n`.
    fn mixed(from: usize, map: &ChannelMap) -> Vec<f32> {
        let sound = Audio {
            rate: SampleRate::HZ_48000,
            channels: (0..from).map(|n| vec![10f32.powi(n as i32); 3]).collect(),
        };
        let mixed = map.apply(&sound);
        assert!(mixed.channels.iter().all(|channel| channel.len() == 3));
        mixed.channels.iter().map(|channel| channel[2]).collect()
    }

    fn check(from: usize, to: usize, expected: &[f32]) {
        let is = mixed(from, &ChannelMap::down(from, to).unwrap());
        assert_eq!(is.len(), expected.len());
        for (is, expected) in is.iter().zip(expected) {
            assert!(
                (is / expected - 1.0).abs() < 1e-6,
                "{from} to {to}: {is}, not {expected}"
            );
        }
    }

    #[test]
    fn downmixes_are_those_of_the_norm() {
        let half = HALF_POWER;
        check(1, 2, &[1.0, 1.0]);
        check(2, 1, &[5.5]);
        check(2, 2, &[1.0, 10.0]);
        check(3, 2, &[1.0 + 100.0 * half, 10.0 + 100.0 * half]);
        check(4, 2, &[1.0 + 100.0 * half, 10.0 + 1000.0 * half]);
        check(
            5,
            2,
            &[
                1.0 + (100.0 + 1_000.0) * half,
                10.0 + (100.0 + 10_000.0) * half,
            ],
        );
        check(
            6,
            2,
            &[
                1.0 + (100.0 + 10_000.0) * half,
                10.0 + (100.0 + 100_000.0) * half,
            ],
        );
        check(6, 1, &[(11.0 + (200.0 + 110_000.0) * half) / 2.0]);
    }

    #[test]
    fn channels_are_picked_in_any_order_or_not_at_all() {
        let map = ChannelMap::picked(3, &[2, 0, 0]).unwrap();
        assert_eq!(mixed(3, &map), [100.0, 1.0, 1.0]);
        assert_eq!(ChannelMap::picked(2, &[2]), None);
        assert_eq!(ChannelMap::picked(2, &[]), None);
        assert_eq!(ChannelMap::down(0, 2), None);
        assert_eq!(ChannelMap::down(2, 6), None);
    }
}
