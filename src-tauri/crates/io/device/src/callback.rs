//! What runs on the device's own thread. Real time: nothing here allocates, locks, logs or waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shared with the callback by atomics only.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Samples per channel that were played since the start, silence for want of sound left out.
    pub(crate) played: AtomicU64,
    /// Callbacks that found too little in the ring while something should have sounded.
    pub(crate) underruns: AtomicU64,
    /// Volume as the bits of an `f32`.
    pub(crate) volume: AtomicU32,
    pub(crate) paused: AtomicBool,
    /// The source has ended: an empty ring is no underrun any more.
    pub(crate) ended: AtomicBool,
    /// The feeder asks for an empty ring: what is in it is out of date.
    pub(crate) flush: AtomicBool,
    /// The device is gone or the stream broke.
    pub(crate) failed: AtomicBool,
    /// How irregularly the device asks, in milliseconds, as the bits of an `f32`.
    pub(crate) jitter_ms: AtomicU32,
    /// When the device asked last, in milliseconds since the output was opened.
    pub(crate) asked_ms: AtomicU64,
    /// When the device itself ran dry last, on the same clock; 0 for never.
    pub(crate) stumbled_ms: AtomicU64,
}

/// Copies stereo from the ring to the device's channels.
pub(crate) struct Callback {
    ring: rtrb::Consumer<[f32; 2]>,
    shared: Arc<Shared>,
    channels: usize,
    /// The volume in force, moving towards the one that is wanted.
    volume: f32,
    /// How far the volume moves per sample: all the way in 10 ms.
    step: f32,
    /// When it was called last, and for how long that was to last.
    before: Option<(Instant, Duration)>,
    rate_hz: u32,
    opened: Instant,
}

impl Callback {
    pub(crate) fn new(
        ring: rtrb::Consumer<[f32; 2]>,
        shared: Arc<Shared>,
        channels: usize,
        rate_hz: u32,
        opened: Instant,
    ) -> Callback {
        Callback {
            ring,
            shared,
            channels: channels.max(1),
            volume: 0.0,
            step: 100.0 / rate_hz.max(1) as f32,
            before: None,
            rate_hz: rate_hz.max(1),
            opened,
        }
    }

    /// Estimates the jitter of calls as RFC 3550, 6.4.1 does that of packets.
    fn count_jitter(&mut self, now: Instant, frames: usize) {
        if let Some((before, lasted)) = self.before {
            let passed = now.saturating_duration_since(before);
            let off_ms = 1e3 * passed.abs_diff(lasted).as_secs_f32();
            let jitter = f32::from_bits(self.shared.jitter_ms.load(Ordering::Relaxed));
            let jitter = jitter + (off_ms - jitter) / 16.0;
            self.shared
                .jitter_ms
                .store(jitter.to_bits(), Ordering::Relaxed);
        }
        let lasts = Duration::from_secs(frames as u64) / self.rate_hz;
        self.before = Some((now, lasts));
    }

    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        let now = Instant::now();
        let asked = now.saturating_duration_since(self.opened).as_millis() as u64;
        self.shared.asked_ms.store(asked, Ordering::Relaxed);
        self.count_jitter(now, out.len() / self.channels);
        if self.shared.flush.load(Ordering::Acquire) {
            while self.ring.pop().is_ok() {}
            self.shared.flush.store(false, Ordering::Release);
        }
        let paused = self.shared.paused.load(Ordering::Acquire);
        let wanted = if paused {
            0.0
        } else {
            f32::from_bits(self.shared.volume.load(Ordering::Relaxed))
        };
        let mut played = 0;
        let mut dry = false;
        for frame in out.chunks_exact_mut(self.channels) {
            self.volume += (wanted - self.volume).clamp(-self.step, self.step);
            // A pause fades out first, then leaves the ring as it is.
            let silent = paused && self.volume <= 0.0;
            let sound = if silent { None } else { self.ring.pop().ok() };
            dry |= !silent && sound.is_none();
            let [left, right] = sound.map_or([0.0, 0.0], |sound| sound.map(|x| x * self.volume));
            played += u64::from(sound.is_some());
            match frame {
                [mono] => *mono = 0.5 * (left + right),
                [first, second, rest @ ..] => {
                    (*first, *second) = (left, right);
                    rest.fill(0.0);
                }
                [] => {}
            }
        }
        self.shared.played.fetch_add(played, Ordering::AcqRel);
        if dry && !self.shared.ended.load(Ordering::Acquire) {
            self.shared.underruns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use studio_testkit::{CountingHeap, heap_calls};

    use super::*;

    #[global_allocator]
    static HEAP: CountingHeap = CountingHeap;

    fn callback(channels: usize) -> (rtrb::Producer<[f32; 2]>, Callback) {
        let (producer, consumer) = rtrb::RingBuffer::new(1024);
        let shared = Arc::new(Shared::default());
        shared.volume.store(1.0f32.to_bits(), Ordering::Relaxed);
        let mut callback = Callback::new(consumer, shared, channels, 48_000, Instant::now());
        callback.volume = 1.0;
        (producer, callback)
    }

    #[test]
    fn stereo_fits_any_number_of_channels() {
        for (channels, expected) in [
            (1, vec![0.5]),
            (2, vec![0.25, 0.75]),
            (6, vec![0.25, 0.75, 0.0, 0.0, 0.0, 0.0]),
        ] {
            let (mut producer, mut callback) = callback(channels);
            producer.push([0.25, 0.75]).unwrap();
            let mut out = vec![9.0; channels];
            callback.fill(&mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn an_empty_ring_is_silence_and_counted_until_the_end() {
        let (_producer, mut callback) = callback(2);
        let mut out = [9.0; 8];
        callback.fill(&mut out);
        assert_eq!(out, [0.0; 8]);
        assert_eq!(callback.shared.underruns.load(Ordering::Relaxed), 1);
        callback.shared.ended.store(true, Ordering::Release);
        callback.fill(&mut out);
        assert_eq!(callback.shared.underruns.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_pause_fades_and_keeps_the_rest() {
        let (mut producer, mut callback) = callback(2);
        (0..1000).for_each(|_| producer.push([1.0, 1.0]).unwrap());
        callback.shared.paused.store(true, Ordering::Release);
        let mut out = [0.0; 2000];
        callback.fill(&mut out);
        let steps = out.chunks(2).map(|frame| frame[0]).collect::<Vec<_>>();
        assert!(
            steps
                .windows(2)
                .all(|pair| pair[1] <= pair[0] && pair[0] - pair[1] < 0.01)
        );
        assert_eq!(steps[999], 0.0);
        let played = callback.shared.played.load(Ordering::Acquire);
        assert!((400..600).contains(&played), "{played}");
    }

    #[test]
    fn jitter_is_how_far_calls_lie_off_their_rhythm() {
        let jitter = |wobble_ms: u64| {
            let (_producer, mut callback) = callback(2);
            let begun = Instant::now();
            for n in 0..400 {
                let late = Duration::from_millis(if n % 2 == 0 { wobble_ms } else { 0 });
                callback.count_jitter(begun + n * Duration::from_millis(10) + late, 480);
            }
            f32::from_bits(callback.shared.jitter_ms.load(Ordering::Relaxed))
        };
        assert_eq!(jitter(0), 0.0);
        assert!((jitter(3) - 3.0).abs() < 0.01, "{}", jitter(3));
    }

    #[test]
    fn the_callback_never_touches_the_heap() {
        let (mut producer, mut callback) = callback(2);
        let mut out = vec![0.0; 2048];
        for (paused, flush, sound) in [
            (false, false, 1000),
            (true, false, 100),
            (false, true, 500),
            (false, false, 0),
        ] {
            for _ in 0..sound {
                // A full ring is as good a case.
                let _ = producer.push([0.5, -0.5]);
            }
            callback.shared.paused.store(paused, Ordering::Release);
            callback.shared.flush.store(flush, Ordering::Release);
            assert_eq!(heap_calls(|| callback.fill(&mut out)), 0);
        }
        assert!(heap_calls(|| drop(std::hint::black_box(vec![1_u8; 100]))) > 0);
    }
}
