//! An open output: the device's stream and the thread that feeds it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use parking_lot::Mutex;
use studio_core::units::SampleRate;

use crate::callback::{Callback, Shared};
use crate::devices::{DeviceError, find, no_device};

/// What is played. Called on the feeder thread, which may allocate and wait.
pub trait Source: Send {
    /// Fills both channels and answers how many samples it gave; fewer than asked means the end.
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize;

    /// Called when playing was moved to sample `at`.
    fn seek(&mut self, _at: u64) {}

    /// Whether what is heard of it is kept for [`Output::take_heard`].
    fn is_measured(&self) -> bool {
        false
    }
}

/// Samples that the feeder renders at a time.
const BLOCK: usize = 512;
/// How long the feeder sleeps when the ring is full.
const NAP: Duration = Duration::from_millis(4);
/// A device that asks for nothing for so long is gone, even where the system does not say so.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);
/// The same in the seconds after it ran dry: most go on at once, and some, as PulseAudio's plugin for ALSA, fill their
/// buffer and stop.
const LONGEST_STUMBLE: Duration = Duration::from_millis(200);
const STUMBLING: Duration = Duration::from_secs(3);
/// Samples kept until [`Output::take_heard`] comes for them: far more than it is ever late.
const MOST_UNTAKEN: usize = 1 << 20;

/// Playing sound. Dropping it stops.
pub struct Output {
    shared: Arc<Shared>,
    feeder: Arc<Mutex<Feeder>>,
    rate: SampleRate,
    device: Option<String>,
    opened: Instant,
    stop: mpsc::Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

/// What a running output tells.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputState {
    /// Sample of the source that is heard now.
    pub position: u64,
    pub underruns: u64,
    /// How irregularly the device asks for sound.
    pub jitter_ms: f32,
    pub paused: bool,
    /// The source has ended and all of it was heard.
    pub ended: bool,
    /// The device is gone.
    pub failed: bool,
}

struct Feeder {
    source: Box<dyn Source>,
    ring: rtrb::Producer<[f32; 2]>,
    /// Source sample minus samples played: moves at a seek.
    origin: i64,
    ended: bool,
    pushed: u64,
    /// The latest of what was pushed, of a source that is measured: heard and not taken yet, then rendered ahead.
    untaken: VecDeque<[f32; 2]>,
}

impl Output {
    /// Opens a device for what `make` gives at the rate that the device runs at. About `latency_ms` of
    /// sound are kept ready. Nothing sounds before [`Output::resume`].
    pub fn open(
        device: Option<&str>,
        latency_ms: u32,
        make: impl FnOnce(SampleRate) -> Box<dyn Source>,
    ) -> Result<Output, DeviceError> {
        let device = find(device)?;
        let config = device
            .default_output_config()
            .map_err(|error| no_device(&error))?;
        let rate = SampleRate::new(config.sample_rate()).ok_or_else(|| DeviceError::NoDevice {
            detail: "the device states a rate of 0 Hz".to_owned(),
        })?;
        let name = device
            .description()
            .ok()
            .map(|description| description.name().to_owned());
        let (shared, feeder, consumer) = prepare(make(rate), rate, latency_ms);
        let channels = usize::from(config.channels());
        let opened = Instant::now();
        let callback = Callback::new(consumer, shared.clone(), channels, rate.get(), opened);
        let stream_config = cpal::StreamConfig {
            channels: config.channels(),
            sample_rate: config.sample_rate(),
            buffer_size: period(config.buffer_size(), rate, latency_ms),
        };
        let (stop, stopped) = mpsc::channel();
        let (started, start_result) = mpsc::channel();
        let failures = shared.clone();
        // A stream may not move between threads on every system: this one makes, keeps and drops it.
        let owner = std::thread::Builder::new()
            .name("sound device".to_owned())
            .spawn(move || {
                match start(&device, stream_config, callback, failures, opened) {
                    Ok(stream) => {
                        let _ = started.send(Ok(()));
                        // Ends when the output is dropped.
                        let _ = stopped.recv();
                        drop(stream);
                    }
                    Err(error) => {
                        let _ = started.send(Err(no_device(&error)));
                    }
                }
            });
        let owner = owner.map_err(DeviceError::Thread)?;
        match start_result.recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(DeviceError::NoDevice {
                    detail: "the sound thread ended".to_owned(),
                });
            }
        }
        let feeding = feed(feeder.clone(), shared.clone())?;
        Ok(Output {
            shared,
            feeder,
            rate,
            device: name,
            opened,
            stop,
            threads: vec![owner, feeding],
        })
    }

    /// Plays to nobody, paced by the clock, from [`Output::resume`] on.
    pub fn silent(
        rate: SampleRate,
        make: impl FnOnce(SampleRate) -> Box<dyn Source>,
    ) -> Result<Output, DeviceError> {
        const PERIOD: Duration = Duration::from_millis(10);
        let (shared, feeder, consumer) = prepare(make(rate), rate, 100);
        let opened = Instant::now();
        let mut callback = Callback::new(consumer, shared.clone(), 2, rate.get(), opened);
        let (stop, stopped) = mpsc::channel::<()>();
        let clock = std::thread::Builder::new()
            .name("silent clock".to_owned())
            .spawn(move || {
                let begun = Instant::now();
                let mut played = 0;
                let mut out = vec![0.0; 2 * rate.get() as usize];
                while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(PERIOD) {
                    let due = rate.samples_from_secs(begun.elapsed().as_secs_f64());
                    // A machine that slept does not catch up for more than a second.
                    let count = (due - played).min(u64::from(rate.get()));
                    callback.fill(&mut out[..2 * count as usize]);
                    played = due;
                }
            });
        let clock = clock.map_err(DeviceError::Thread)?;
        let feeding = feed(feeder.clone(), shared.clone())?;
        Ok(Output {
            shared,
            feeder,
            rate,
            device: None,
            opened,
            stop,
            threads: vec![clock, feeding],
        })
    }

    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Name of the device; none where it plays to nobody.
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    pub fn pause(&self) {
        self.shared.paused.store(true, Ordering::Release);
    }

    pub fn resume(&self) {
        self.shared.paused.store(false, Ordering::Release);
    }

    /// 0 silence to 1 as it is.
    pub fn set_volume(&self, volume: f32) {
        self.shared
            .volume
            .store(volume.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }

    pub fn volume(&self) -> f32 {
        f32::from_bits(self.shared.volume.load(Ordering::Relaxed))
    }

    /// Goes on at sample `at` of the source; what was rendered ahead is dropped.
    pub fn seek(&self, at: u64) {
        let mut feeder = self.feeder.lock();
        self.shared.flush.store(true, Ordering::Release);
        // The callback empties the ring at its next turn; a device that is gone never will.
        let begun = Instant::now();
        while self.shared.flush.load(Ordering::Acquire)
            && begun.elapsed() < Duration::from_millis(300)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        feeder.source.seek(at);
        feeder.ended = false;
        self.shared.ended.store(false, Ordering::Release);
        let played = self.shared.played.load(Ordering::Acquire);
        let heard = feeder.heard(played);
        feeder.untaken.truncate(heard);
        feeder.origin = at as i64 - played as i64;
        feeder.pushed = played;
    }

    /// Left and right of what was heard since the last call, also of what was heard before a seek, as the source gave
    /// it: before the volume. Nothing of a source that is not measured.
    pub fn take_heard(&self) -> [Vec<f32>; 2] {
        let mut feeder = self.feeder.lock();
        let played = self.shared.played.load(Ordering::Acquire);
        feeder.take_heard(played)
    }

    /// Gives `change` the source between two blocks.
    pub fn with_source<T>(&self, change: impl FnOnce(&mut dyn Source) -> T) -> T {
        change(self.feeder.lock().source.as_mut())
    }

    /// Gives up a device that is gone. Closing one takes seconds on some systems: that happens elsewhere.
    pub fn abandon(self) {
        self.feeder.lock().source = Box::new(Nothing);
        let closing = std::thread::Builder::new().name("sound device closes".to_owned());
        // Without a thread it is closed here, when `self` is dropped with the closure.
        let _ = closing.spawn(move || drop(self));
    }

    pub fn state(&self) -> OutputState {
        let feeder = self.feeder.lock();
        let played = self.shared.played.load(Ordering::Acquire);
        OutputState {
            position: (played as i64 + feeder.origin).max(0) as u64,
            underruns: self.shared.underruns.load(Ordering::Relaxed),
            jitter_ms: f32::from_bits(self.shared.jitter_ms.load(Ordering::Relaxed)),
            paused: self.shared.paused.load(Ordering::Acquire),
            ended: feeder.ended && played >= feeder.pushed,
            failed: self.shared.failed.load(Ordering::Acquire) || self.is_silent(),
        }
    }

    /// Whether the device has not asked for sound for longer than any does that works.
    fn is_silent(&self) -> bool {
        let asked = Duration::from_millis(self.shared.asked_ms.load(Ordering::Relaxed));
        let stumbled = Duration::from_millis(self.shared.stumbled_ms.load(Ordering::Relaxed));
        let now = self.opened.elapsed();
        let is_stumbling = !stumbled.is_zero() && now < stumbled + STUMBLING;
        let patience = match is_stumbling {
            true => LONGEST_STUMBLE,
            false => LONGEST_SILENCE,
        };
        now > asked + patience
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // The sender's end tells the device's thread; the feeder sees that it is alone.
        let (stop, _) = mpsc::channel();
        drop(std::mem::replace(&mut self.stop, stop));
        self.feeder = Arc::new(Mutex::new(Feeder {
            source: Box::new(Nothing),
            ring: rtrb::RingBuffer::new(1).0,
            origin: 0,
            ended: true,
            pushed: 0,
            untaken: VecDeque::new(),
        }));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The device holds two periods. By themselves some hold 20 ms, which a busy machine misses; a quarter of the latency
/// each is enough for it, and little beside the ring.
fn period(
    supported: &cpal::SupportedBufferSize,
    rate: SampleRate,
    latency_ms: u32,
) -> cpal::BufferSize {
    let wanted = rate.samples_from_secs(f64::from(latency_ms) / 4e3);
    match supported {
        cpal::SupportedBufferSize::Range { min, max } => {
            let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
            cpal::BufferSize::Fixed(wanted.clamp(*min, (*max).max(*min)))
        }
        cpal::SupportedBufferSize::Unknown => cpal::BufferSize::Default,
    }
}

struct Nothing;

impl Source for Nothing {
    fn render(&mut self, _left: &mut [f32], _right: &mut [f32]) -> usize {
        0
    }
}

type Prepared = (Arc<Shared>, Arc<Mutex<Feeder>>, rtrb::Consumer<[f32; 2]>);

/// The ring, filled once so that the first callback already finds sound.
fn prepare(source: Box<dyn Source>, rate: SampleRate, latency_ms: u32) -> Prepared {
    let ready = rate.samples_from_secs(f64::from(latency_ms) / 1000.0) as usize;
    let (producer, consumer) = rtrb::RingBuffer::new(ready.max(2 * BLOCK));
    let shared = Arc::new(Shared::default());
    shared.volume.store(1.0f32.to_bits(), Ordering::Relaxed);
    shared.paused.store(true, Ordering::Release);
    let mut feeder = Feeder {
        source,
        ring: producer,
        origin: 0,
        ended: false,
        pushed: 0,
        untaken: VecDeque::new(),
    };
    feeder.fill(&shared);
    (shared, Arc::new(Mutex::new(feeder)), consumer)
}

impl Feeder {
    /// Renders until the ring is full or the source ends.
    fn fill(&mut self, shared: &Shared) {
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        while !self.ended && self.ring.slots() >= BLOCK {
            let count = self.source.render(&mut left, &mut right);
            for (left, right) in left.iter().zip(&right).take(count) {
                // There is room: only this side adds.
                let _ = self.ring.push([*left, *right]);
            }
            if self.source.is_measured() {
                self.keep(&left[..count], &right[..count]);
            }
            self.pushed += count as u64;
            if count < BLOCK {
                self.ended = true;
                shared.ended.store(true, Ordering::Release);
            }
        }
    }

    fn keep(&mut self, left: &[f32], right: &[f32]) {
        let frames = left.iter().zip(right);
        self.untaken
            .extend(frames.map(|(left, right)| [*left, *right]));
        let surplus = self.untaken.len().saturating_sub(MOST_UNTAKEN);
        self.untaken.drain(..surplus);
    }

    /// How many of the samples that are kept were heard.
    fn heard(&self, played: u64) -> usize {
        let ahead = self.pushed.saturating_sub(played) as usize;
        self.untaken.len().saturating_sub(ahead)
    }

    fn take_heard(&mut self, played: u64) -> [Vec<f32>; 2] {
        let heard = self.heard(played);
        let frames = self.untaken.drain(..heard);
        frames.map(|[left, right]| (left, right)).unzip().into()
    }
}

fn feed(feeder: Arc<Mutex<Feeder>>, shared: Arc<Shared>) -> Result<JoinHandle<()>, DeviceError> {
    let thread = std::thread::Builder::new()
        .name("sound feeder".to_owned())
        .spawn(move || {
            while Arc::strong_count(&feeder) > 1 {
                feeder.lock().fill(&shared);
                std::thread::sleep(NAP);
            }
        });
    thread.map_err(DeviceError::Thread)
}

fn start(
    device: &cpal::Device,
    config: cpal::StreamConfig,
    mut callback: Callback,
    shared: Arc<Shared>,
    opened: Instant,
) -> Result<cpal::Stream, cpal::Error> {
    let stream = device.build_output_stream(
        config,
        move |out: &mut [f32], _| callback.fill(out),
        move |error| {
            match error.kind() {
                cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::StreamInvalidated => {
                    shared.failed.store(true, Ordering::Release);
                }
                cpal::ErrorKind::Xrun => {
                    shared.underruns.fetch_add(1, Ordering::Relaxed);
                    let now = opened.elapsed().as_millis() as u64;
                    shared.stumbled_ms.store(now, Ordering::Relaxed);
                }
                // Bursts of delay reports come with perfectly good sound on some systems.
                _ => {}
            }
        },
        None,
    )?;
    stream.play()?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up, for a while.
    struct Ramp(u64, u64);

    impl Source for Ramp {
        fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
            let count = left.len().min((self.1 - self.0) as usize);
            for (left, right) in left.iter_mut().zip(right).take(count) {
                (*left, *right) = (self.0 as f32, self.0 as f32);
                self.0 += 1;
            }
            count
        }

        fn seek(&mut self, at: u64) {
            self.0 = at.min(self.1);
        }

        fn is_measured(&self) -> bool {
            true
        }
    }

    fn ramp(range: std::ops::Range<u64>) -> impl Iterator<Item = f32> {
        range.map(|n| n as f32)
    }

    fn wait(output: &Output, words: &str, until: impl Fn(&OutputState) -> bool) -> OutputState {
        let begun = Instant::now();
        loop {
            let state = output.state();
            if until(&state) {
                return state;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{words}: {state:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_silent_output_plays_pauses_seeks_and_ends() {
        let output = Output::silent(SampleRate::HZ_48000, |_| Box::new(Ramp(0, 96_000))).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(output.state().position, 0, "nothing plays unasked");
        output.resume();
        wait(&output, "it plays", |state| state.position > 4_800);
        output.pause();
        std::thread::sleep(Duration::from_millis(60));
        let paused = output.state().position;
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(output.state().position, paused, "a pause stands still");
        output.seek(90_000);
        assert_eq!(output.state().position, 90_000);
        output.resume();
        let end = wait(&output, "it ends", |state| state.ended);
        assert_eq!((end.position, end.underruns), (96_000, 0));
        output.seek(0);
        assert!(!output.state().ended);
    }

    #[test]
    fn what_was_heard_is_taken_once_and_what_was_rendered_ahead_never() {
        let rate = SampleRate::HZ_48000;
        let (shared, feeder, consumer) = prepare(Box::new(Ramp(0, 96_000)), rate, 100);
        let mut callback = Callback::new(consumer, shared.clone(), 2, rate.get(), Instant::now());
        shared.paused.store(false, Ordering::Release);
        let mut take = |frames: usize| {
            callback.fill(&mut vec![0.0; 2 * frames]);
            let played = shared.played.load(Ordering::Acquire);
            let mut feeder = feeder.lock();
            let [left, right] = feeder.take_heard(played);
            assert_eq!(left, right);
            feeder.fill(&shared);
            left
        };
        assert!(take(0).is_empty(), "nothing is heard yet");
        assert!(take(400).into_iter().eq(ramp(0..400)));
        assert!(take(0).is_empty(), "it was taken");
        assert!(take(1_050).into_iter().eq(ramp(400..1_450)));
    }

    #[test]
    fn what_was_heard_before_a_seek_is_taken_and_what_the_seek_dropped_is_not() {
        let output = Output::silent(SampleRate::HZ_48000, |_| Box::new(Ramp(0, 960_000))).unwrap();
        output.resume();
        wait(&output, "it plays", |state| state.position > 4_800);
        output.seek(500_000);
        wait(&output, "it goes on", |state| state.position > 504_800);
        output.pause();
        std::thread::sleep(Duration::from_millis(60));
        let end = output.state().position;
        let [left, _] = output.take_heard();
        let before = left.len() - (end - 500_000) as usize;
        assert!(
            before > 4_800,
            "{before} samples were heard before the seek"
        );
        let wanted = ramp(0..before as u64).chain(ramp(500_000..end));
        assert!(left.into_iter().eq(wanted));
    }

    #[test]
    fn a_device_that_is_not_there_is_an_error_not_a_crash() {
        let error = Output::open(Some("no such device"), 100, |_| Box::new(Nothing)).err();
        assert!(
            matches!(
                error,
                Some(DeviceError::Unknown { .. } | DeviceError::NoDevice { .. })
            ),
            "{error:?}"
        );
    }
}
