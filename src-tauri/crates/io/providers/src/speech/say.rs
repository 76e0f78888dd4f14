//! macOS's `say`.

use std::process::Command;

use camino::Utf8Path;

use super::{Speech, SpeechError, Spoken, Utterance, Voice, check, measured, process};

const NAME: &str = "say";
/// Words per minute at rate 1, the default of the system's voices.
const WORDS_PER_MINUTE: f32 = 175.0;

pub(super) struct Say;

impl Speech for Say {
    fn name(&self) -> &'static str {
        NAME
    }

    fn voices(&self) -> Result<Vec<Voice>, SpeechError> {
        let output = Command::new(NAME)
            .args(["-v", "?"])
            .output()
            .map_err(|source| SpeechError::NotStarted {
                program: NAME.to_owned(),
                source,
            })?;
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        // "Name with spaces   en_GB    # sample sentence"
        let voice = |line: &str| {
            let (left, _sample) = line.split_once('#')?;
            let (name, language) = left.trim_end().rsplit_once(char::is_whitespace)?;
            let name = name.trim().to_owned();
            let language = language.replace('_', "-");
            Some(Voice {
                id: name.clone(),
                name,
                language,
                gender: None,
                provider: NAME.to_owned(),
            })
        };
        Ok(table.lines().filter_map(voice).collect())
    }

    fn speak(
        &self,
        utterance: &Utterance,
        out: &Utf8Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Spoken, SpeechError> {
        check(utterance)?;
        let mut command = Command::new(NAME);
        if let Some(voice) = &utterance.voice {
            command.args(["-v", voice]);
        }
        let rate = (WORDS_PER_MINUTE * utterance.rate).round() as u32;
        command
            .args([
                "-r",
                &rate.to_string(),
                "-o",
                out.as_str(),
                "--file-format=WAVE",
            ])
            .args(["--data-format=LEI16@22050", "-f", "-"]);
        // The speech synthesis manager takes the pitch from a command inside the text.
        let pitch = (50.0 * utterance.pitch).round() as u32;
        let text = format!("[[pbas {pitch}]] {}", utterance.text.replace("[[", "[ ["));
        process::run(command, &text, cancelled)?;
        measured(out, utterance.voice.as_deref().unwrap_or("default"))
    }
}
