//! A file's peaks.

use std::ops::ControlFlow;

use camino::Utf8Path;
use studio_dsp::{Extremes, Peaks, PeaksBuilder};

use crate::error::Result;
use crate::fold::fold_digests;

/// Decodes the whole file and computes its peaks. `progress` is told the share done, where the file
/// states its length, and may stop the work.
pub fn decode_with_peaks(
    path: impl AsRef<Utf8Path>,
    progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<Peaks> {
    let (builder, _) = fold_digests(
        path.as_ref(),
        |block, start, used: Option<Extremes>| {
            let mut extremes = used.unwrap_or_default();
            extremes.measure(start, &block.slices());
            extremes
        },
        |spec| Ok(PeaksBuilder::new(spec.channels, spec.rate)),
        |builder: &mut PeaksBuilder, extremes| {
            builder.take(extremes);
            Ok(())
        },
        progress,
    )?;
    Ok(builder.finish())
}
