//! `POST /v1/audio/speech` and `/v1/audio/transcriptions`.

use std::sync::OnceLock;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::{Value, json};
use studio_core::{Error, ErrorCode, Job, Output};
use studio_gateway::{Sound, Wishes};

use super::{privacy, wishes};
use crate::body::Whole;
use crate::guard::Caller;
use crate::http::App;
use crate::multipart;
use crate::problem::Refusal;

/// OpenAI's voices, which no system has: whoever asks for one gets this machine's usual voice.
const OPENAIS_VOICES: [&str; 13] = [
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
    "marin", "cedar",
];
/// OpenAI's raw sound: 24 kHz, one channel, 16 bits, little-endian, without a header.
const PCM_RATE_HZ: u32 = 24_000;
/// Longest text that OpenAI takes, in characters.
const LONGEST_TEXT: usize = 4_096;

/// How the sound is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Mp3,
    Opus,
    Aac,
    Flac,
    Wav,
    Pcm,
}

impl Format {
    /// Our container, and what it is called over HTTP.
    fn container(self) -> (&'static str, &'static str) {
        match self {
            Format::Mp3 => ("mp3", "audio/mpeg"),
            Format::Opus => ("opus", "audio/ogg"),
            Format::Aac => ("m4a", "audio/mp4"),
            Format::Flac => ("flac", "audio/flac"),
            Format::Wav => ("wav", "audio/wav"),
            Format::Pcm => ("wav", "application/octet-stream"),
        }
    }
}

#[derive(Deserialize)]
struct Spoken {
    input: String,
    #[serde(default)]
    voice: Value,
    #[serde(default)]
    response_format: Format,
    speed: Option<f64>,
}

/// `POST /v1/audio/speech`: `speech.synthesize` and `audio.convert` behind one answer of bytes. There
/// is one speaker on a machine, so `model` says nothing.
pub(crate) async fn speech(
    State(app): State<App>,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let asked: Spoken = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_input(format!("the body is no request for speech: {error}")))?;
    if asked.input.chars().count() > LONGEST_TEXT {
        let message = format!("the text is longer than {LONGEST_TEXT} characters");
        return Err(Error::bad_input(message).field("/input").into());
    }
    let speed = asked.speed.unwrap_or(1.0);
    if !(0.5..=2.0).contains(&speed) {
        let message = format!("`speed` is {speed}; voices here speak at 0.5 to 2");
        return Err(Error::bad_input(message).field("/speed").into());
    }
    let (container, media_type) = asked.response_format.container();
    let folder = Folder::create(&app).await?;
    let spoken = folder.path.join("spoken.wav");
    let mut input = json!({ "text": asked.input, "rate": speed, "output": spoken });
    if let Some(voice) = voice(&asked.voice) {
        input["voice"] = json!(voice);
    }
    call(&app, "speech.synthesize", input).await?;
    let bytes = match asked.response_format {
        Format::Wav => read(&spoken).await?,
        format => {
            let output = folder.path.join(format!("speech.{container}"));
            let mut input =
                json!({ "path": spoken, "format": container, "output": output, "quality": "high" });
            if format == Format::Pcm {
                input["sample_rate"] = json!(PCM_RATE_HZ);
                input["quality"] = json!("voice");
            }
            call(&app, "audio.convert", input).await?;
            read(&output).await?
        }
    };
    let bytes = match asked.response_format {
        Format::Pcm => samples(&bytes)
            .ok_or_else(|| Error::internal("the spoken WAV file has no 16-bit samples"))?
            .to_vec(),
        _ => bytes,
    };
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

/// A voice of this machine, by name or as `{"id": …}`.
fn voice(asked: &Value) -> Option<&str> {
    let name = asked.as_str().or_else(|| asked["id"].as_str())?;
    (!name.is_empty() && !OPENAIS_VOICES.contains(&name)).then_some(name)
}

/// Calls to the end, or stops when who asked has gone: the result would lie in a folder that went, too.
async fn call(app: &App, name: &str, input: Value) -> Result<Output, Error> {
    let job = Bound {
        app,
        id: OnceLock::new(),
    };
    let started = |new: &Job| {
        // Called once.
        let _ = job.id.set(new.id.clone());
    };
    app.studio.call_to_end(name, input, started).await
}

/// A job that ends with the request.
struct Bound<'a> {
    app: &'a App,
    id: OnceLock<String>,
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.get()
            && let Err(error) = self.app.studio.jobs().cancel(id)
        {
            tracing::warn!(%error, job = id, "nobody waits for a job, but it could not be stopped");
        }
    }
}

async fn read(path: &Utf8Path) -> Result<Vec<u8>, Error> {
    tokio::fs::read(path)
        .await
        .map_err(|error| Error::io(format!("read {path}"), &error))
}

/// The samples of a 16-bit WAV file: its chunk `data`.
fn samples(wav: &[u8]) -> Option<&[u8]> {
    let mut rest = wav.strip_prefix(b"RIFF")?.get(8..)?;
    let mut is_int16 = false;
    while let Some((head, behind)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes(head[4..8].try_into().ok()?) as usize;
        let chunk = behind.get(..length.min(behind.len()))?;
        match &head[..4] {
            b"fmt " => is_int16 = chunk.get(14..16)? == [16, 0],
            b"data" => return is_int16.then_some(chunk),
            _ => {}
        }
        rest = behind.get(length + length % 2..)?;
    }
    None
}

/// A folder among the uploads that goes away with the request.
struct Folder {
    path: Utf8PathBuf,
}

impl Folder {
    async fn create(app: &App) -> Result<Folder, Error> {
        let path = app.uploads.join(uuid::Uuid::new_v4().to_string());
        tokio::fs::create_dir_all(&path)
            .await
            .map_err(|error| Error::io(format!("create {path}"), &error))?;
        Ok(Folder { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(folder = %self.path, %error, "a file of sound could not be removed");
        }
    }
}

/// `POST /v1/audio/transcriptions`: passed on to a provider's model, within budget and privacy label.
pub(crate) async fn transcriptions(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<Response, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let parts = multipart::parts(kind, &body)?;
    let text = |name: &str| {
        let part = parts.iter().find(|part| part.name == name)?;
        std::str::from_utf8(part.bytes).ok().map(str::to_owned)
    };
    let file = parts
        .iter()
        .find(|part| part.name == "file" && part.file_name.is_some());
    let file = file.ok_or_else(|| Error::bad_input("the form has no `file`").field("/file"))?;
    if text("stream").is_some_and(|stream| stream == "true") {
        let message = "transcripts come whole";
        return Err(Error::bad_input(message).field("/stream").into());
    }
    let model =
        text("model").ok_or_else(|| Error::bad_input("the form has no `model`").field("/model"))?;
    let wishes = Wishes {
        privacy: privacy(&headers)?,
        ..wishes(&model)?
    };
    let name = file_name(file.file_name.as_deref().unwrap_or_default());
    let secs = seconds(&app, &name, file.bytes).await?;
    let fields = PASSED_ON
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), text(field)?)));
    let sound = Sound {
        name,
        bytes: file.bytes.to_vec(),
        fields: fields.collect(),
    };
    let transcribed = app.gateway.transcribe(sound, secs, wishes, caller.budget());
    let transcribed = transcribed.await.map_err(|error| match error.code {
        ErrorCode::Unsupported => error.hint(
            "enter a provider's key, or list a model with the capability `transcription` in models.yaml",
        ),
        _ => error,
    })?;
    let kind = match transcribed.media_type.is_empty() {
        true => "application/json".to_owned(),
        false => transcribed.media_type,
    };
    Ok(([(header::CONTENT_TYPE, kind)], transcribed.body).into_response())
}

/// Fields of the form that providers know.
const PASSED_ON: [&str; 5] = [
    "language",
    "prompt",
    "response_format",
    "temperature",
    "timestamp_granularities[]",
];

/// How long the sound is. What is no sound goes nowhere.
async fn seconds(app: &App, name: &str, bytes: &[u8]) -> Result<f64, Error> {
    let folder = Folder::create(app).await?;
    let path = folder.path.join(name);
    tokio::fs::write(&path, bytes)
        .await
        .map_err(|error| Error::io(format!("write {path}"), &error))?;
    let probed = call(app, "audio.probe", json!({ "path": path })).await;
    let probed = probed.map_err(|error| error.field("/file"))?.into_json();
    probed["duration_secs"].as_f64().ok_or_else(|| {
        Error::bad_input("nobody can tell how long the sound is; convert it first").field("/file")
    })
}

/// The last part of a name, as far as it is harmless: its ending tells the format.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
    let name: String = last.chars().filter(plain).collect();
    let name = name.trim_start_matches('.');
    let start = name.len().saturating_sub(64);
    match name.get(start..) {
        Some(name) if !name.is_empty() => name.trim_start_matches('.').to_owned(),
        _ => "sound".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_sound_is_what_stands_in_the_chunk_of_data() {
        let mut wav =
            b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0"
                .to_vec();
        wav.extend_from_slice(b"LIST\x03\0\0\0abc\0data\x04\0\0\0\x01\x02\x03\x04");
        assert_eq!(samples(&wav), Some(&[1, 2, 3, 4][..]));
        wav[34] = 24;
        assert_eq!(samples(&wav), None, "not 16 bits");
        assert_eq!(samples(b"RIFF"), None);
        assert_eq!(samples(&wav[..40]), None);
    }

    #[test]
    fn a_sounds_name_is_one_harmless_name() {
        assert_eq!(file_name("../../a b.wav"), "ab.wav");
        assert_eq!(file_name(r"C:\x\y.mp3"), "y.mp3");
        assert_eq!(file_name(".."), "sound");
        assert_eq!(file_name(""), "sound");
        assert_eq!(file_name(&format!("{}.wav", "x".repeat(300))).len(), 64);
    }

    #[test]
    fn voices_of_openais_are_this_machines_usual_one() {
        assert_eq!(voice(&json!("alloy")), None);
        assert_eq!(voice(&json!("en-gb")), Some("en-gb"));
        assert_eq!(voice(&json!({ "id": "en-gb" })), Some("en-gb"));
        assert_eq!(voice(&Value::Null), None);
    }
}
