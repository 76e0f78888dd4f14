//! Recording from the microphone onto a track, while the session plays.
//!
//! The take begins where the session was heard: what came in before the first sample was played is cut
//! off. What is left of a delay is that of the two devices' own buffers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use studio_core::Error;
use studio_core::units::SampleRate;
use studio_device::Input;
use studio_dsp::Audio;
use studio_edit::TrackId;
use studio_media::{AudioWriter, Bits};
use studio_store::Project;

use crate::takes::{Note, TakeFiles};

/// How often the ring is emptied.
const TAKE: Duration = Duration::from_millis(5);
/// How often what was written is handed to the system: more is not lost with this process.
const FLUSH: Duration = Duration::from_millis(250);

/// A take in the making.
pub(crate) struct Recording {
    pub(crate) track: TrackId,
    shared: Arc<Shared>,
    writer: JoinHandle<Result<Take, Error>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// Bits of the highest level since it was asked for, left and right.
    peak: [AtomicU32; 2],
}

/// A take as it was written.
pub(crate) struct Take {
    pub(crate) files: TakeFiles,
    pub(crate) note: Note,
    /// Samples at `rate` that came in before the session was heard.
    pub(crate) early: u64,
    pub(crate) frames: u64,
    pub(crate) rate: SampleRate,
    /// Samples that were lost because the disk was too slow.
    pub(crate) lost: u64,
    /// The microphone went away before the end.
    pub(crate) broke: bool,
}

impl Recording {
    /// Begins to write what the microphone hears into a take of the project. `heard` tells how many seconds of the
    /// session have been heard; the take belongs to them.
    pub(crate) fn begin(
        device: &str,
        project: &Project,
        note: Note,
        heard: impl Fn() -> f64 + Send + 'static,
    ) -> Result<Recording, Error> {
        let input = Input::open(Some(device))?;
        let files = TakeFiles::create(project, &note)?;
        let (rate, channels) = (input.rate(), input.channels());
        let writer = AudioWriter::record(files.sound(), Bits::Float32, rate, channels)?;
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let track = TrackId(note.track);
        let writer = std::thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || write(input, writer, &theirs, files, note, heard))
            .map_err(|error| Error::io("start recording".to_owned(), &error))?;
        Ok(Recording {
            track,
            shared,
            writer,
        })
    }

    /// It ended of itself: the microphone went away, or the take cannot be written.
    pub(crate) fn has_ended(&self) -> bool {
        self.writer.is_finished()
    }

    /// The highest level since the last call.
    pub(crate) fn level(&self) -> [f32; 2] {
        let take = |peak: &AtomicU32| f32::from_bits(peak.swap(0, Ordering::Relaxed));
        [take(&self.shared.peak[0]), take(&self.shared.peak[1])]
    }

    /// Ends the take and waits until it is on the disk.
    pub(crate) fn end(self) -> Result<Take, Error> {
        self.shared.stop.store(true, Ordering::Release);
        let ended = self.writer.join();
        let ended = ended.unwrap_or_else(|_| Err(Error::internal("recording ended unexpectedly")));
        ended.map_err(Take::kept)
    }
}

impl Take {
    /// A failure that leaves the take where it is.
    pub(crate) fn kept(error: Error) -> Error {
        error.hint("what was recorded is kept: it comes into the project when there is room for it")
    }
}

fn write(
    mut input: Input,
    mut writer: AudioWriter,
    shared: &Shared,
    files: TakeFiles,
    note: Note,
    heard: impl Fn() -> f64,
) -> Result<Take, Error> {
    let mut flushed = Instant::now();
    let mut block = Audio::silence(input.rate(), input.channels(), 0);
    let (mut frames, mut early) = (0u64, None);
    let mut last = false;
    loop {
        // Read before the ring: what came until then is written still.
        let stopping = shared.stop.load(Ordering::Acquire) || input.failed();
        let count = input.take(&mut block.channels) as u64;
        if count > 0 {
            for (c, peak) in shared.peak.iter().enumerate() {
                let plane = block.channels.get(c).or(block.channels.last());
                let highest = plane
                    .into_iter()
                    .flatten()
                    .fold(0.0f32, |a, x| a.max(x.abs()));
                // As bits, positive numbers are in the same order.
                peak.fetch_max(highest.to_bits(), Ordering::Relaxed);
            }
            writer.write(&block)?;
            frames += count;
            block.channels.iter_mut().for_each(Vec::clear);
        }
        if flushed.elapsed() >= FLUSH {
            writer.flush()?;
            flushed = Instant::now();
        }
        if early.is_none() {
            let secs = Some(heard()).filter(|secs| *secs > 0.0);
            early = secs.map(|secs| frames.saturating_sub(input.rate().samples_from_secs(secs)));
        }
        if last {
            break;
        }
        last = stopping;
        std::thread::sleep(TAKE);
    }
    writer.finish()?;
    Ok(Take {
        files,
        note,
        early: early.unwrap_or(0),
        frames,
        rate: input.rate(),
        lost: input.lost(),
        broke: input.failed(),
    })
}
