//! A file becomes an asset: probed, copied or referenced, with its peaks.

use std::io::Read;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::{Error, Event, JobContext};
use studio_dsp::Peaks;
use studio_media::MediaInfo;
use studio_store::{
    Asset, AssetKind, AudioFacts, ImportMode, NewAsset, Privacy, Project, Provenance, VideoFacts,
};

/// Where an asset comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Name in the project; the file's own without one.
    pub name: Option<String>,
    /// The asset that it was made from.
    pub derived_from: Option<String>,
    /// What made it; an import has none.
    pub made: Option<Provenance>,
    /// The file goes away once it is stored, so its path tells nothing.
    pub passing: bool,
    /// Whether it may leave this machine. What is made from a private asset is private, whatever
    /// stands here.
    pub privacy: Privacy,
}

/// Media type of stored peaks.
const PEAKS: &str = "application/vnd.av-studio.peaks";

/// Probes the file, computes its peaks, brings its bytes into the project (or only their digest),
/// and adds the asset. Nothing is added when any of it fails.
pub fn import(
    cx: &JobContext,
    project: &Project,
    path: &Utf8Path,
    mode: ImportMode,
    origin: Origin,
) -> Result<Asset, Error> {
    let begun = Instant::now();
    let absolute = absolute(path)?;
    cx.progress("Reading the file", 0.0);
    let info = studio_media::probe(&absolute)?;
    let peaks = match info.audio {
        Some(_) => Some(peaks_of(&cx.part(0.02, 0.7), &absolute)?),
        None => None,
    };
    cx.check()?;
    cx.progress("Storing the file", 0.7);
    let mut made = origin.made.clone().unwrap_or_else(|| Provenance {
        operation: "asset.import".to_owned(),
        input: serde_json::json!({ "path": absolute }),
        device: Some("cpu".to_owned()),
        ..Provenance::default()
    });
    if origin.made.is_none() {
        made.took_ms = begun.elapsed().as_millis() as u64;
    }
    let (digest, bytes) = match mode {
        ImportMode::Copy => {
            let artifact = project
                .artifacts()
                .publish_file(&absolute, &info.media_type, &made)?;
            (artifact.digest, artifact.bytes)
        }
        ImportMode::Reference => digest_of(cx, &absolute)?,
    };
    let peaks = match peaks {
        Some(peaks) => {
            let made = Provenance {
                operation: "audio.peaks".to_owned(),
                inputs: vec![digest.clone()],
                ..made
            };
            Some(
                project
                    .artifacts()
                    .publish_bytes(&peaks.to_bytes(), "peaks", PEAKS, &made)?
                    .digest,
            )
        }
        None => None,
    };
    let mut privacy = origin.privacy;
    if let Some(source) = &origin.derived_from
        && project.assets().get(source)?.facts.privacy == Privacy::LocalOnly
    {
        privacy = Privacy::LocalOnly;
    }
    let name = origin
        .name
        .unwrap_or_else(|| path.file_name().unwrap_or("Untitled").to_owned());
    let kind = match (&info.video, &info.audio) {
        (Some(_), _) if info.is_image => AssetKind::Image,
        (Some(_), _) => AssetKind::Video,
        (None, _) => AssetKind::Audio,
    };
    let asset = project.assets().insert(NewAsset {
        name,
        kind,
        media_type: info.media_type.clone(),
        mode,
        path: (!origin.passing).then(|| absolute.to_string()),
        digest,
        bytes,
        duration_secs: info.duration_secs,
        audio: audio_facts(&info),
        video: video_facts(&info),
        tags: info.tags,
        peaks,
        derived_from: origin.derived_from,
        operation: origin.made.map(|made| made.operation),
        privacy,
    })?;
    cx.emit(Event::AssetChanged {
        project: project.path().to_string(),
        asset: asset.id.clone(),
    });
    cx.progress("Done", 1.0);
    Ok(asset)
}

/// Decodes the whole file and computes its peaks.
pub fn peaks_of(cx: &JobContext, path: &Utf8Path) -> Result<Peaks, Error> {
    let report = |fraction: f64| {
        cx.progress("Computing peaks", fraction);
        if cx.cancel().is_raised() {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    };
    Ok(studio_media::decode_with_peaks(path, report)?)
}

/// Hashes a file that stays where it is.
fn digest_of(cx: &JobContext, path: &Utf8Path) -> Result<(String, u64), Error> {
    let failed = |error: std::io::Error| Error::io(format!("read {path}"), &error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        cx.check()?;
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
    }
}

fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    camino::absolute_utf8(path).map_err(|error| Error::io(format!("find {path}"), &error))
}

fn audio_facts(info: &MediaInfo) -> Option<AudioFacts> {
    info.audio.as_ref().map(|audio| AudioFacts {
        codec: audio.codec.clone(),
        sample_rate: audio.sample_rate.get(),
        channels: audio.channels,
        frames: audio.frames,
        bits_per_sample: audio.bits_per_sample,
    })
}

fn video_facts(info: &MediaInfo) -> Option<VideoFacts> {
    info.video.as_ref().map(|video| VideoFacts {
        codec: video.codec.clone(),
        width: video.width,
        height: video.height,
        frame_rate: video.frame_rate,
        frames: video.frames,
    })
}
