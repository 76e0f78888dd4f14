//! `video.probe`: what a film is.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::FrameRate;
use studio_core::{Error, JobContext, Operation};
use studio_media::{Container, probe, sound_container};
use studio_store::Projects;

use crate::film::{Film, FilmInput};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.probe",
        "Probe a film",
        "Tells what a film is: container, codecs, size as shown, how the camera was held, frame rate, length of pictures and of sound.",
    )
    .positional("path")
    .blocking(move |_cx: &JobContext, input: VideoProbeInput| told(&projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VideoProbeInput {
    #[serde(flatten)]
    film: FilmInput,
}

#[derive(Serialize, JsonSchema)]
struct VideoProbed {
    /// Short name, such as `mov`.
    container: String,
    /// Such as `h264`.
    codec: String,
    /// Pixels, as shown.
    width: u32,
    /// Pixels, as shown.
    height: u32,
    /// Whether left and right of the pictures that it keeps are exchanged before they are shown.
    mirrored: bool,
    /// How far they are then turned, in degrees clockwise: 0, 90, 180 or 270.
    turned_degrees: u32,
    /// The mean, where it varies.
    frame_rate: FrameRate,
    /// Pictures, by the header.
    frames: u64,
    /// Of the pictures, by the header.
    duration_secs: f64,
    bytes: u64,
    /// None for a silent film.
    sound: Option<VideoProbedSound>,
}

#[derive(Serialize, JsonSchema)]
struct VideoProbedSound {
    /// Such as `aac`.
    codec: String,
    /// Hz.
    sample_rate: u32,
    channels: u32,
    duration_secs: f64,
    /// The format into which it can be copied as it is; none where it must be encoded again.
    copies_into: Option<Container>,
}

fn told(projects: &Projects, input: &VideoProbeInput) -> Result<VideoProbed, Error> {
    let film = Film::open(projects, &input.film)?;
    let path = &film.source.path;
    let info = probe(path)?;
    let sound = match info.audio {
        None => None,
        Some(audio) => Some(VideoProbedSound {
            sample_rate: audio.sample_rate.get(),
            channels: audio.channels,
            duration_secs: audio.sample_rate.secs_from_samples(audio.frames),
            copies_into: sound_container(path)?,
            codec: audio.codec,
        }),
    };
    Ok(VideoProbed {
        container: info.container,
        codec: info.video.map_or_else(String::new, |video| video.codec),
        width: film.size.0,
        height: film.size.1,
        mirrored: film.orientation.mirrored,
        turned_degrees: film.orientation.turn.degrees(),
        frame_rate: film.rate,
        frames: film.frames,
        duration_secs: film.length_secs,
        bytes: info.bytes,
        sound,
    })
}
