//! Why a session cannot be changed so.

use studio_dsp::effects::ChainError;

use crate::session::{ClipId, LAST_SAMPLE, MarkerId, TrackId};

#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("there is no track {}; it may have been removed since", .0.0)]
    NoTrack(TrackId),
    #[error("there is no clip {}; it may have been removed since", .0.0)]
    NoClip(ClipId),
    #[error("there is no marker {}; it may have been removed since", .0.0)]
    NoMarker(MarkerId),
    #[error("the source `{source_id}` is not part of the session")]
    NoSource { source_id: String },
    #[error(
        "`{clip}` would reach from sample {from} to {end} of a source of {frames} samples; it must lie within it and last at least one sample"
    )]
    Outside {
        clip: String,
        from: u64,
        end: u64,
        frames: u64,
    },
    #[error("the range from sample {from} to {to} is empty")]
    EmptyRange { from: u64, to: u64 },
    #[error("a place before the start or after sample {LAST_SAMPLE}")]
    Position,
    #[error("there is no track there to move the clip to")]
    NoTrackThere,
    #[error("no clip lies across sample {at}, so there is nothing to split")]
    NothingToSplit { at: u64 },
    #[error("the gain of {what} would be {gain_db} dB; it can be -120 to 24 dB")]
    Gain { what: &'static str, gain_db: f64 },
    #[error("the place between the loudspeakers would be {pan}; it can be -1 (left) to 1 (right)")]
    Pan { pan: f64 },
    #[error("more than {most} {what}")]
    TooMany { what: &'static str, most: usize },
    #[error("the envelope of `{clip}` must rise in time, each place once")]
    Envelope { clip: String },
    #[error("a name must have 1 to {MOST_LETTERS} letters")]
    Name,
    #[error("the id {id} is used twice or was never handed out")]
    Id { id: u32 },
    #[error("clips or markers are out of order")]
    Order,
    #[error(transparent)]
    Effects(#[from] ChainError),
}

/// Letters of a name.
pub(crate) const MOST_LETTERS: usize = 200;
