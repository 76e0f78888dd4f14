//! A whole file through one state, in order: decoding on some cores while the state takes blocks, or
//! what was made of them, on another.

use std::ops::{ControlFlow, Range};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use camino::Utf8Path;
use studio_dsp::Audio;

use crate::error::{MediaError, Result, Warning};
use crate::read::{AudioReader, AudioSpec};

/// Samples of all channels in one stretch that a core decodes at a time: 8 MB.
const STRETCH_SAMPLES: usize = 1 << 21;
/// More decoders than this would wait for the state most of the time.
const MOST_DECODERS: usize = 4;
/// Blocks on their way from a single decoder.
const IN_FLIGHT: usize = 16;

/// Makes a state and feeds it every block of the file, in order. Answers the state, and the damage met.
///
/// `progress` is told the share done, where the file states its length, and may stop the work. Files
/// that store samples rather than spectra are decoded in stretches, on several cores; should one of
/// them be damaged, all begins anew on one, so that the result does not depend on the cores.
pub fn fold<S, E: From<MediaError>>(
    path: impl AsRef<Utf8Path>,
    make: impl Fn(AudioSpec) -> Result<S, E>,
    feed: impl FnMut(&mut S, &Audio) -> Result<(), E>,
    progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<(S, Vec<Warning>), E> {
    let keep = |block: &mut Audio, _, used: Option<Audio>| {
        let mut kept = used.unwrap_or_else(|| Audio::silence(block.rate, 0, 0));
        std::mem::swap(block, &mut kept);
        kept
    };
    fold_digests(path.as_ref(), keep, make, feed, progress)
}

/// The same, but the state is fed what `digest` makes of each block, on the core that decoded it and
/// while the block is still in its cache.
///
/// `digest` gets the block, the sample that it starts at, and a used digest whose buffers it may take;
/// what it leaves in the block is not looked at.
pub(crate) fn fold_digests<D: Send, S, E: From<MediaError>>(
    path: &Utf8Path,
    digest: impl Fn(&mut Audio, u64, Option<D>) -> D + Sync,
    make: impl Fn(AudioSpec) -> Result<S, E>,
    mut feed: impl FnMut(&mut S, &D) -> Result<(), E>,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<(S, Vec<Warning>), E> {
    let reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut advance = |state: &mut S, digest: &D, position: u64| {
        feed(state, digest)?;
        let share = spec
            .frames
            .map_or(0.0, |frames| position as f64 / frames.max(1) as f64);
        match progress(share) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(E::from(MediaError::Cancelled)),
        }
    };
    let stretch = (STRETCH_SAMPLES / spec.channels) as u64;
    if let Some(frames) = spec.frames
        && frames > 2 * stretch
        && reader.seeks_exactly()
    {
        let mut state = make(spec)?;
        let whole = in_stretches(path, frames, stretch, &digest, |digest, position| {
            advance(&mut state, digest, position)
        })?;
        if whole {
            return Ok((state, Vec::new()));
        }
    }
    let mut state = make(spec)?;
    let warnings = in_a_row(reader, &digest, |digest, position| {
        advance(&mut state, digest, position)
    })?;
    Ok((state, warnings))
}

/// One decoder, a few blocks ahead.
fn in_a_row<D: Send, E: From<MediaError>>(
    mut reader: AudioReader,
    digest: &(impl Fn(&mut Audio, u64, Option<D>) -> D + Sync),
    mut take: impl FnMut(&D, u64) -> Result<(), E>,
) -> Result<Vec<Warning>, E> {
    let (full, digests) = sync_channel::<(D, u64)>(IN_FLIGHT);
    let (empty, used) = channel::<D>();
    std::thread::scope(|scope| {
        let decoder = scope.spawn(move || {
            let spec = reader.spec();
            let mut block = Audio::silence(spec.rate, spec.channels, 0);
            loop {
                let start = reader.position();
                if reader.read(&mut block)? == 0 {
                    return Ok(reader.warnings().to_vec());
                }
                let made = digest(&mut block, start, used.try_recv().ok());
                if full.send((made, reader.position())).is_err() {
                    // The other side stopped, and says why.
                    return Err(MediaError::Cancelled);
                }
            }
        });
        for (digest, position) in &digests {
            take(&digest, position)?;
            // The decoder may have ended; then the buffer is not wanted back.
            let _ = empty.send(digest);
        }
        Ok(joined(decoder.join())?)
    })
}

/// What one decoder answers for its stretch: digests and the sample that each ends at, or none where
/// it met damage.
type Stretch<D> = Result<Option<Vec<(D, u64)>>>;

/// From one decoder, and back to it.
struct Line<D> {
    ready: Receiver<Stretch<D>>,
    empty: Sender<Vec<(D, u64)>>,
}

/// Several decoders in turn. False if one of them met damage.
fn in_stretches<D: Send, E: From<MediaError>>(
    path: &Utf8Path,
    frames: u64,
    stretch: u64,
    digest: &(impl Fn(&mut Audio, u64, Option<D>) -> D + Sync),
    mut take: impl FnMut(&D, u64) -> Result<(), E>,
) -> Result<bool, E> {
    let decoders = std::thread::available_parallelism().map_or(1, usize::from);
    let decoders = decoders.min(MOST_DECODERS) as u64;
    let count = frames.div_ceil(stretch);
    std::thread::scope(|scope| {
        let lines: Vec<Line<D>> = (0..decoders)
            .map(|first| {
                // One stretch waits while the next is decoded.
                let (full, ready) = sync_channel(1);
                let (empty, used) = channel();
                scope.spawn(move || {
                    let mine = (first..count).step_by(decoders as usize);
                    let ranges = mine.map(|n| n * stretch..frames.min((n + 1) * stretch));
                    decode_each(path, ranges, digest, &full, &used);
                });
                Line { ready, empty }
            })
            .collect();
        for n in 0..count {
            let line = &lines[(n % decoders) as usize];
            let digests = line.ready.recv().map_err(|_| ended_early(path))??;
            let Some(digests) = digests else {
                return Ok(false);
            };
            for (digest, position) in &digests {
                take(digest, *position)?;
            }
            // The decoder may have ended; then the buffers are not wanted back.
            let _ = line.empty.send(digests);
        }
        Ok(true)
    })
}

fn decode_each<D: Send>(
    path: &Utf8Path,
    ranges: impl Iterator<Item = Range<u64>>,
    digest: &impl Fn(&mut Audio, u64, Option<D>) -> D,
    full: &SyncSender<Stretch<D>>,
    used: &Receiver<Vec<(D, u64)>>,
) {
    let mut reader = match AudioReader::open(path) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = full.send(Err(error));
            return;
        }
    };
    let spec = reader.spec();
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    for range in ranges {
        let spare = used.try_recv().unwrap_or_default();
        let decoded = decode(&mut reader, &mut block, range, digest, spare);
        let whole = matches!(decoded, Ok(Some(_)));
        // Where nobody listens any more, the work is over.
        if full.send(decoded).is_err() || !whole {
            return;
        }
    }
}

/// `spare` holds digests whose buffers may be used again.
fn decode<D: Send>(
    reader: &mut AudioReader,
    block: &mut Audio,
    range: Range<u64>,
    digest: &impl Fn(&mut Audio, u64, Option<D>) -> D,
    mut spare: Vec<(D, u64)>,
) -> Stretch<D> {
    reader.seek(range.start)?;
    let mut position = range.start;
    let mut digests = Vec::with_capacity(spare.len());
    while position < range.end {
        let frames = reader.read(block)?;
        if frames == 0 || !reader.warnings().is_empty() {
            return Ok(None);
        }
        let left = (range.end - position) as usize;
        if frames > left {
            block
                .channels
                .iter_mut()
                .for_each(|plane| plane.truncate(left));
        }
        let used = spare.pop().map(|(used, _)| used);
        let made = digest(block, position, used);
        position += frames.min(left) as u64;
        digests.push((made, position));
    }
    Ok(Some(digests))
}

fn joined<T>(result: std::thread::Result<Result<T>>) -> Result<T> {
    result.unwrap_or_else(|_| Err(ended_early("the file".into())))
}

fn ended_early(path: &Utf8Path) -> MediaError {
    MediaError::Codec {
        path: path.into(),
        step: "decode",
        detail: "the decoder ended early".to_owned(),
    }
}
