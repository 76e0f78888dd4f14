//! Damage of the kinds that files meet, and of those that people make on purpose.

use crate::specimens::{Specimen, specimens};

/// The specimen, damaged in its `case`th way under this seed.
pub(crate) fn damaged(specimen: &Specimen, seed: u64, case: u64) -> Vec<u8> {
    let mut dice = Dice(seed ^ case.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let mut bytes = specimen.bytes.clone();
    for _ in 0..1 << dice.below(5) {
        damage(&mut bytes, &mut dice);
    }
    // Half of the time checksums hold, or no reader would look at what lies behind them.
    if dice.below(2) == 0 {
        mend_ogg(&mut bytes);
    }
    bytes
}

/// Numbers at which lengths, counts and offsets go wrong.
const EDGES: [u32; 12] = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
];

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        return;
    }
    // Headers are where damage does harm.
    let reach = match dice.below(3) {
        0 => bytes.len().min(128),
        1 => bytes.len().min(1024),
        _ => bytes.len(),
    };
    let at = dice.below(reach);
    let length = 1 + dice.below(bytes.len().min(600)).min(bytes.len() - at - 1);
    match dice.below(10) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 => bytes[at] = dice.next() as u8,
        3 | 4 => {
            let edge = EDGES[dice.below(EDGES.len())];
            let width = 1 << dice.below(3);
            let number = match dice.below(2) {
                0 => edge.to_le_bytes(),
                _ => edge.rotate_left(32 - 8 * width).to_be_bytes(),
            };
            let end = (at + width as usize).min(bytes.len());
            bytes[at..end].copy_from_slice(&number[..end - at]);
        }
        5 => bytes[at..at + length].fill(dice.next() as u8),
        6 => drop(bytes.drain(at..at + length)),
        7 => {
            let piece = bytes[at..at + length].to_vec();
            let to = dice.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        8 => {
            let others = specimens();
            let other = &others[dice.below(others.len())].bytes;
            let from = dice.below(other.len());
            let to = (from + length).min(other.len());
            bytes.splice(at..at + length, other[from..to].iter().copied());
        }
        _ => bytes.truncate(at.max(dice.below(bytes.len()))),
    }
}

/// Sets the checksum of every page that still has its head (RFC 3533 §6).
pub(crate) fn mend_ogg(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|word| word == b"OggS") {
        at += found;
        let Some(segments) = bytes.get(at + 26).map(|count| usize::from(*count)) else {
            return;
        };
        let Some(table) = bytes.get(at + 27..at + 27 + segments) else {
            return;
        };
        let body: usize = table.iter().map(|length| usize::from(*length)).sum();
        let end = (at + 27 + segments + body).min(bytes.len());
        bytes[at + 22..at + 26].fill(0);
        let sum = bytes[at..end].iter().fold(0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
                sum << 1 ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
            })
        });
        bytes[at + 22..at + 26].copy_from_slice(&sum.to_le_bytes());
        at += 4;
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}
