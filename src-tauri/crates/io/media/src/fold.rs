//! A whole file through one state, in order: decoding on some cores while the state takes blocks on
//! another.

use std::ops::ControlFlow;
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
    mut feed: impl FnMut(&mut S, &Audio) -> Result<(), E>,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<(S, Vec<Warning>), E> {
    let path = path.as_ref();
    let reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut advance = |state: &mut S, block: &Audio, position: u64| {
        feed(state, block)?;
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
        let whole = in_stretches(path, frames, stretch, |block, position| {
            advance(&mut state, block, position)
        })?;
        if whole {
            return Ok((state, Vec::new()));
        }
    }
    let mut state = make(spec)?;
    let warnings = in_a_row(reader, |block, position| {
        advance(&mut state, block, position)
    })?;
    Ok((state, warnings))
}

/// One decoder, a few blocks ahead.
fn in_a_row<E: From<MediaError>>(
    mut reader: AudioReader,
    mut take: impl FnMut(&Audio, u64) -> Result<(), E>,
) -> Result<Vec<Warning>, E> {
    let (full, blocks) = sync_channel::<(Audio, u64)>(IN_FLIGHT);
    let (empty, used) = channel::<Audio>();
    std::thread::scope(|scope| {
        let spec = reader.spec();
        let decoder = scope.spawn(move || {
            loop {
                let mut block = used
                    .try_recv()
                    .unwrap_or_else(|_| Audio::silence(spec.rate, spec.channels, 0));
                if reader.read(&mut block)? == 0 {
                    return Ok(reader.warnings().to_vec());
                }
                let position = reader.position();
                if full.send((block, position)).is_err() {
                    // The other side stopped, and says why.
                    return Err(MediaError::Cancelled);
                }
            }
        });
        for (block, position) in &blocks {
            take(&block, position)?;
            // The decoder may have ended; then the buffer is not wanted back.
            let _ = empty.send(block);
        }
        Ok(joined(decoder.join())?)
    })
}

/// What one decoder answers for its stretch: blocks, or none where it met damage.
type Stretch = Result<Option<Vec<Audio>>>;

/// From one decoder, and back to it.
struct Line {
    ready: Receiver<Stretch>,
    empty: Sender<Vec<Audio>>,
}

/// Several decoders in turn. False if one of them met damage.
fn in_stretches<E: From<MediaError>>(
    path: &Utf8Path,
    frames: u64,
    stretch: u64,
    mut take: impl FnMut(&Audio, u64) -> Result<(), E>,
) -> Result<bool, E> {
    let decoders = std::thread::available_parallelism().map_or(1, usize::from);
    let decoders = decoders.min(MOST_DECODERS) as u64;
    let count = frames.div_ceil(stretch);
    std::thread::scope(|scope| {
        let lines: Vec<Line> = (0..decoders)
            .map(|first| {
                // One stretch waits while the next is decoded.
                let (full, ready) = sync_channel(1);
                let (empty, used) = channel();
                scope.spawn(move || {
                    let mine = (first..count).step_by(decoders as usize);
                    let ranges = mine.map(|n| n * stretch..frames.min((n + 1) * stretch));
                    decode_each(path, ranges, &full, &used);
                });
                Line { ready, empty }
            })
            .collect();
        let mut position = 0;
        for n in 0..count {
            let line = &lines[(n % decoders) as usize];
            let blocks = line.ready.recv().map_err(|_| ended_early(path))??;
            let Some(blocks) = blocks else {
                return Ok(false);
            };
            for block in &blocks {
                position += block.frames() as u64;
                take(block, position)?;
            }
            // The decoder may have ended; then the buffers are not wanted back.
            let _ = line.empty.send(blocks);
        }
        Ok(true)
    })
}

fn decode_each(
    path: &Utf8Path,
    ranges: impl Iterator<Item = std::ops::Range<u64>>,
    full: &SyncSender<Stretch>,
    used: &Receiver<Vec<Audio>>,
) {
    let mut reader = match AudioReader::open(path) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = full.send(Err(error));
            return;
        }
    };
    for range in ranges {
        let decoded = decode(&mut reader, range, used.try_recv().unwrap_or_default());
        let whole = matches!(decoded, Ok(Some(_)));
        // Where nobody listens any more, the work is over.
        if full.send(decoded).is_err() || !whole {
            return;
        }
    }
}

/// `spare` holds blocks whose buffers may be used again.
fn decode(reader: &mut AudioReader, range: std::ops::Range<u64>, mut spare: Vec<Audio>) -> Stretch {
    let spec = reader.spec();
    reader.seek(range.start)?;
    let mut left = (range.end - range.start) as usize;
    let mut blocks = Vec::new();
    while left > 0 {
        let mut block = spare
            .pop()
            .unwrap_or_else(|| Audio::silence(spec.rate, spec.channels, 0));
        let frames = reader.read(&mut block)?;
        if frames == 0 || !reader.warnings().is_empty() {
            return Ok(None);
        }
        if frames > left {
            block
                .channels
                .iter_mut()
                .for_each(|plane| plane.truncate(left));
        }
        left = left.saturating_sub(frames);
        blocks.push(block);
    }
    Ok(Some(blocks))
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
