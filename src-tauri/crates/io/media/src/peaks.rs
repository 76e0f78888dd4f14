//! A file's peaks.

use std::ops::ControlFlow;

use camino::Utf8Path;
use studio_dsp::{Peaks, PeaksBuilder};

use crate::error::Result;
use crate::fold::fold;

/// Decodes the whole file and computes its peaks. `progress` is told the share done, where the file
/// states its length, and may stop the work.
pub fn decode_with_peaks(
    path: impl AsRef<Utf8Path>,
    progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Peaks> {
    let make = |spec: crate::AudioSpec| Ok(PeaksBuilder::new(spec.channels, spec.rate));
    let feed = |builder: &mut PeaksBuilder, block: &studio_dsp::Audio| {
        builder.feed(&block.slices());
        Ok(())
    };
    let (builder, _) = fold(path, make, feed, progress)?;
    Ok(builder.finish())
}
