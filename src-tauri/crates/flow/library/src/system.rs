//! `system.info`: what this machine and this studio offer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use studio_core::{JobContext, Operation};
use studio_store::Projects;

use crate::projects::Nothing;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let projects = projects.clone();
    vec![
        Operation::define(
            "system.info",
            "About this studio",
            "Tells the version, folders, FFmpeg, sound devices, and whether a voice is installed.",
        )
        .blocking(move |_cx: &JobContext, _input: Nothing| {
            let devices = studio_device::devices();
            Ok(SystemInfo {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                home: projects.home().path().to_string(),
                projects_folder: projects.folder().to_string(),
                ffmpeg: studio_media::ffmpeg_version(),
                default_audio_device: devices
                    .iter()
                    .find(|device| device.is_default)
                    .map(|device| device.name.clone()),
                audio_devices: devices.into_iter().map(|device| device.name).collect(),
                voices: studio_providers::speech::system().is_some(),
            })
        }),
    ]
}

#[derive(Serialize, JsonSchema)]
struct SystemInfo {
    version: String,
    /// Folder of settings, jobs and costs.
    home: String,
    /// Where new projects go.
    projects_folder: String,
    /// Version of the linked FFmpeg libraries.
    ffmpeg: String,
    audio_devices: Vec<String>,
    default_audio_device: Option<String>,
    /// Whether a voice can speak dialogue.
    voices: bool,
}
