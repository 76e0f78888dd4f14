//! What can be played through.

use cpal::traits::{DeviceTrait, HostTrait};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, ErrorCode};

/// An output device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceInfo {
    pub name: String,
    /// The one that the system plays through.
    pub is_default: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("no sound device can be used: {detail}")]
    NoDevice { detail: String },
    #[error("there is no sound device called `{name}`")]
    Unknown { name: String },
    #[error("the sound thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Error {
        let message = error.to_string();
        match error {
            DeviceError::NoDevice { .. } => Error::new(ErrorCode::NoDevice, message)
                .hint("connect or enable a sound device; everything else works without one"),
            DeviceError::Unknown { .. } => Error::new(ErrorCode::NoDevice, message)
                .hint("choose another in the settings (`audio.output_device`, `audio.input_device`), or leave it empty"),
            DeviceError::Thread(_) => Error::new(ErrorCode::Io, message),
        }
    }
}

/// Every output device that the system names; none is no error.
pub fn devices() -> Vec<DeviceInfo> {
    let host = cpal::default_host();
    let default = host
        .default_output_device()
        .and_then(|device| name(&device));
    let Ok(devices) = host.output_devices() else {
        return Vec::new();
    };
    let mut found: Vec<DeviceInfo> = Vec::new();
    for name in devices.filter_map(|device| name(&device)) {
        if !found.iter().any(|known| known.name == name) {
            found.push(DeviceInfo {
                is_default: default.as_ref() == Some(&name),
                name,
            });
        }
    }
    found
}

/// The device of that name, or the default one.
pub(crate) fn find(wanted: Option<&str>) -> Result<cpal::Device, DeviceError> {
    let host = cpal::default_host();
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return host
            .default_output_device()
            .ok_or_else(|| DeviceError::NoDevice {
                detail: "the system names none".to_owned(),
            });
    };
    let devices = host.output_devices().map_err(|error| no_device(&error))?;
    let mut fitting = devices.filter(|device| name(device).as_deref() == Some(wanted));
    fitting.next().ok_or_else(|| DeviceError::Unknown {
        name: wanted.to_owned(),
    })
}

/// The input device of that name, or the default one.
pub(crate) fn find_input(wanted: Option<&str>) -> Result<cpal::Device, DeviceError> {
    let host = cpal::default_host();
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return host
            .default_input_device()
            .ok_or_else(|| DeviceError::NoDevice {
                detail: "the system names no microphone".to_owned(),
            });
    };
    let devices = host.input_devices().map_err(|error| no_device(&error))?;
    let mut fitting = devices.filter(|device| name(device).as_deref() == Some(wanted));
    fitting.next().ok_or_else(|| DeviceError::Unknown {
        name: wanted.to_owned(),
    })
}

pub(crate) fn no_device(error: &cpal::Error) -> DeviceError {
    DeviceError::NoDevice {
        detail: error.to_string(),
    }
}

fn name(device: &cpal::Device) -> Option<String> {
    device
        .description()
        .ok()
        .map(|description| description.name().to_owned())
}
