//! Impulse responses that every studio has: noise that decays as rooms do (Moorer, "About this
//! reverberation business", 1979), the high frequencies first, after a few early reflections.

use studio_core::units::SampleRate;

use crate::audio::Audio;

struct Room {
    name: &'static str,
    /// Time in which low and high frequencies fall by 60 dB.
    low_secs: f64,
    high_secs: f64,
    /// When the noise begins, and when reflections do before it.
    begins_ms: f64,
    reflections_ms: &'static [f64],
}

const ROOMS: [Room; 4] = [
    Room {
        name: "room",
        low_secs: 0.5,
        high_secs: 0.25,
        begins_ms: 8.0,
        reflections_ms: &[2.3, 3.7, 5.1, 6.9],
    },
    Room {
        name: "plate",
        low_secs: 1.6,
        high_secs: 1.0,
        begins_ms: 0.0,
        reflections_ms: &[],
    },
    Room {
        name: "hall",
        low_secs: 2.4,
        high_secs: 0.9,
        begins_ms: 32.0,
        reflections_ms: &[11.0, 15.3, 19.7, 23.9, 28.1],
    },
    Room {
        name: "church",
        low_secs: 5.0,
        high_secs: 1.6,
        begins_ms: 55.0,
        reflections_ms: &[21.0, 29.5, 36.7, 44.3, 51.1],
    },
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ROOMS.iter().map(|room| room.name)
}

/// The response of a room, in stereo, the same for the same rate.
pub(super) fn made(name: &str, rate: SampleRate) -> Option<Audio> {
    let room = ROOMS.iter().find(|room| room.name == name)?;
    let channels = (0..2).map(|channel| response(room, channel, f64::from(rate.get())));
    Some(Audio {
        rate,
        channels: channels.collect(),
    })
}

fn response(room: &Room, channel: u32, rate_hz: f64) -> Vec<f32> {
    let at = |ms: f64| (ms * 1e-3 * rate_hz) as usize;
    let frames = at(room.begins_ms) + (room.low_secs * rate_hz) as usize;
    let mut samples = vec![0.0f32; frames];
    let fall = |secs: f64| (-3.0 * std::f64::consts::LN_10 / (secs * rate_hz)).exp();
    let (low_fall, high_fall) = (fall(room.low_secs), fall(room.high_secs));
    // A one-pole low pass at about 2 kHz parts the noise.
    let keep = (-std::f64::consts::TAU * 2000.0 / rate_hz).exp();
    let (mut low, mut low_level, mut high_level) = (0.0, 1.0, 1.0);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(u64::from(channel) + 1);
    for x in &mut samples[at(room.begins_ms)..] {
        // Xorshift (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let noise = (state >> 40) as f64 / 8_388_608.0 - 1.0;
        low = noise + (low - noise) * keep;
        *x = (low * low_level + (noise - low) * high_level) as f32;
        low_level *= low_fall;
        high_level *= high_fall;
    }
    for (n, ms) in room.reflections_ms.iter().enumerate() {
        // The sides hear them a little apart, with signs that alternate.
        let place = at(*ms + 0.37 * f64::from(channel));
        let sign = if (n + channel as usize).is_multiple_of(2) {
            1.0
        } else {
            -1.0
        };
        samples[place] = sign * (2.0 - 0.2 * n as f32);
    }
    samples
}
