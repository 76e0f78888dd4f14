//! Voices that speak text into a WAV file.
//!
//! These are the operating system's own voices: espeak-ng on Linux, `say` on macOS, SAPI on Windows.
//! They are always there and never sound human; neural voices come as further [`Speech`] providers.

mod casting;
mod espeak;
mod process;
#[cfg(windows)]
mod sapi;
#[cfg(target_os = "macos")]
mod say;

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;
use studio_core::{Error, ErrorCode};

pub use casting::pick_voice;

/// Longest text that is spoken at once, in bytes.
pub const LONGEST_TEXT: usize = 100_000;

/// A provider of voices.
pub trait Speech: Send + Sync {
    /// Such as `espeak-ng`.
    fn name(&self) -> &'static str;

    fn voices(&self) -> Result<Vec<Voice>, SpeechError>;

    /// Speaks into a mono WAV file at `out`. `cancelled` is asked every few milliseconds.
    fn speak(
        &self,
        utterance: &Utterance,
        out: &Utf8Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Spoken, SpeechError>;
}

/// One voice of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Voice {
    /// What [`Utterance::voice`] takes.
    pub id: String,
    pub name: String,
    /// BCP 47, such as `en-GB`.
    pub language: String,
    /// `female`, `male`, or unknown.
    pub gender: Option<String>,
    pub provider: String,
}

/// What to say, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    pub text: String,
    /// A [`Voice::id`]; the provider's own choice without one.
    pub voice: Option<String>,
    /// Speed, 0.5 to 2; 1 is the voice's own.
    pub rate: f32,
    /// Pitch, 0.5 to 2; 1 is the voice's own.
    pub pitch: f32,
}

/// What was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    pub samples: u64,
    pub sample_rate: SampleRate,
    pub voice: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    #[error("there is nothing to say: the text is empty")]
    Empty,
    #[error("the text has {bytes} bytes; at most {LONGEST_TEXT} are spoken at once")]
    TooLong { bytes: usize },
    #[error("{provider} has no voice `{voice}`; it has {some}")]
    UnknownVoice {
        provider: &'static str,
        voice: String,
        some: String,
    },
    #[error("{program} could not be started: {source}")]
    NotStarted {
        program: String,
        source: std::io::Error,
    },
    #[error("{program} failed: {said}")]
    Failed { program: String, said: String },
    #[error("{program} did not finish within {} s", .after.as_secs())]
    TimedOut { program: String, after: Duration },
    #[error("{path} is not the sound that was expected: {detail}")]
    BadSound { path: Utf8PathBuf, detail: String },
    #[error("cancelled")]
    Cancelled,
}

impl From<SpeechError> for Error {
    fn from(error: SpeechError) -> Error {
        let code = match &error {
            SpeechError::Empty | SpeechError::TooLong { .. } | SpeechError::UnknownVoice { .. } => {
                ErrorCode::BadInput
            }
            SpeechError::NotStarted { .. } => ErrorCode::Unsupported,
            SpeechError::Cancelled => ErrorCode::Cancelled,
            SpeechError::Failed { .. }
            | SpeechError::TimedOut { .. }
            | SpeechError::BadSound { .. } => ErrorCode::Io,
        };
        Error::new(code, error.to_string())
    }
}

/// The operating system's voices, if any are installed.
pub fn system() -> Option<Box<dyn Speech>> {
    #[cfg(target_os = "macos")]
    return Some(Box::new(say::Say));
    #[cfg(windows)]
    return Some(Box::new(sapi::Sapi));
    #[cfg(not(any(target_os = "macos", windows)))]
    espeak::Espeak::find().map(|espeak| Box::new(espeak) as Box<dyn Speech>)
}

fn check(utterance: &Utterance) -> Result<(), SpeechError> {
    if utterance.text.trim().is_empty() {
        return Err(SpeechError::Empty);
    }
    if utterance.text.len() > LONGEST_TEXT {
        return Err(SpeechError::TooLong {
            bytes: utterance.text.len(),
        });
    }
    Ok(())
}

/// Reads the finished file's length, and with it whether it is sound at all.
fn measured(path: &Utf8Path, voice: &str) -> Result<Spoken, SpeechError> {
    let bad = |detail: String| SpeechError::BadSound {
        path: path.to_owned(),
        detail,
    };
    let reader = hound::WavReader::open(path).map_err(|error| bad(error.to_string()))?;
    let samples = u64::from(reader.duration());
    let sample_rate = SampleRate::new(reader.spec().sample_rate)
        .ok_or_else(|| bad("its rate is 0 Hz".to_owned()))?;
    if samples == 0 {
        return Err(bad("it holds no samples".to_owned()));
    }
    Ok(Spoken {
        samples,
        sample_rate,
        voice: voice.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str, voice: Option<&str>, rate: f32) -> Result<Spoken, SpeechError> {
        let folder = tempfile::tempdir().unwrap();
        let out = Utf8PathBuf::from_path_buf(folder.path().join("a.wav")).unwrap();
        let utterance = Utterance {
            text: text.to_owned(),
            voice: voice.map(str::to_owned),
            rate,
            pitch: 1.0,
        };
        let provider =
            system().expect("a voice is installed (`cargo xtask setup` brings espeak-ng)");
        provider.speak(&utterance, &out, &|| false)
    }

    #[test]
    fn a_sentence_takes_about_as_long_as_a_person_needs() {
        let spoken = say("The lamp must burn before the storm comes in.", None, 1.0).unwrap();
        let secs = spoken.sample_rate.secs_from_samples(spoken.samples);
        assert!((1.5..6.0).contains(&secs), "{secs} s for nine words");
        let fast = say("The lamp must burn before the storm comes in.", None, 2.0).unwrap();
        assert!(
            fast.samples * 3 < spoken.samples * 2,
            "twice the rate is clearly shorter"
        );
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert!(matches!(say(" \n", None, 1.0), Err(SpeechError::Empty)));
        let long = "word ".repeat(LONGEST_TEXT);
        assert!(matches!(
            say(&long, None, 1.0),
            Err(SpeechError::TooLong { .. })
        ));
        assert!(say("Hello", Some("no such voice; rm -rf /"), 1.0).is_err());
        // Text is never an argument or a command.
        assert!(say("-w /nowhere/x.wav $(false) `false`", None, 1.0).is_ok());
    }

    #[test]
    fn a_cancelled_speech_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let out = Utf8PathBuf::from_path_buf(folder.path().join("a.wav")).unwrap();
        let text = "word ".repeat(10_000);
        let utterance = Utterance {
            text,
            voice: None,
            rate: 1.0,
            pitch: 1.0,
        };
        let provider = system().expect("a voice is installed");
        let result = provider.speak(&utterance, &out, &|| true);
        assert!(matches!(result, Err(SpeechError::Cancelled)));
    }
}
