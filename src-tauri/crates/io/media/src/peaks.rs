//! A file's peaks: decoding on one core, peaks on another.

use std::ops::ControlFlow;
use std::sync::mpsc;

use camino::Utf8Path;
use studio_dsp::{Audio, Peaks, PeaksBuilder};

use crate::error::{MediaError, Result};
use crate::read::AudioReader;

/// Blocks on their way from the decoder: bounds memory.
const IN_FLIGHT: usize = 16;

/// Decodes the whole file and computes its peaks. `progress` is told the share done, where the file
/// states its length, and may stop the work.
pub fn decode_with_peaks(
    path: impl AsRef<Utf8Path>,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Peaks> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let (full, blocks) = mpsc::sync_channel::<Audio>(IN_FLIGHT);
    let (empty, used) = mpsc::channel::<Audio>();
    std::thread::scope(|scope| {
        let builder = scope.spawn(move || {
            let mut builder = PeaksBuilder::new(spec.channels, spec.rate);
            for block in blocks {
                builder.feed(&block.slices());
                // The decoder may have ended; then the buffer is not wanted back.
                let _ = empty.send(block);
            }
            builder.finish()
        });
        loop {
            let mut block = used
                .try_recv()
                .unwrap_or_else(|_| Audio::silence(spec.rate, spec.channels, 0));
            if reader.read(&mut block)? == 0 {
                break;
            }
            if full.send(block).is_err() {
                break;
            }
            let share = spec.frames.map_or(0.0, |frames| {
                reader.position() as f64 / frames.max(1) as f64
            });
            if progress(share).is_break() {
                return Err(MediaError::Cancelled);
            }
        }
        drop(full);
        builder.join().map_err(|_| MediaError::Codec {
            path: "peaks".into(),
            step: "compute the peaks",
            detail: "the worker ended early".to_owned(),
        })
    })
}
