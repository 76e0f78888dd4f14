//! espeak-ng: formant synthesis, small, everywhere, in a hundred languages.

use std::process::Command;

use camino::Utf8Path;

use super::{Speech, SpeechError, Spoken, Utterance, Voice, check, measured, process};

const NAME: &str = "espeak-ng";
/// Words per minute at rate 1: slower than espeak-ng's own 175, which is hard to follow in a film.
const WORDS_PER_MINUTE: f32 = 150.0;
/// espeak-ng's pitch runs from 0 to 99; 50 is the voice's own.
const PITCH: f32 = 50.0;
/// Variants that make distinct speakers of one language.
const FEMALE: [&str; 4] = ["f2", "f3", "f4", "f5"];
const MALE: [&str; 6] = ["m1", "m2", "m3", "m4", "m6", "m7"];

pub(super) struct Espeak;

impl Espeak {
    /// The program, if it is installed.
    pub(super) fn find() -> Option<Espeak> {
        let version = Command::new(NAME).arg("--version").output();
        version
            .is_ok_and(|output| output.status.success())
            .then_some(Espeak)
    }
}

impl Speech for Espeak {
    fn name(&self) -> &'static str {
        NAME
    }

    fn voices(&self) -> Result<Vec<Voice>, SpeechError> {
        let output = Command::new(NAME)
            .arg("--voices")
            .output()
            .map_err(|source| SpeechError::NotStarted {
                program: NAME.to_owned(),
                source,
            })?;
        Ok(parse(&String::from_utf8_lossy(&output.stdout)))
    }

    fn speak(
        &self,
        utterance: &Utterance,
        out: &Utf8Path,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Spoken, SpeechError> {
        check(utterance)?;
        let voice = match &utterance.voice {
            Some(voice) => {
                let voices = self.voices()?;
                if !voices.iter().any(|known| known.id == *voice) {
                    let some: Vec<&str> = voices
                        .iter()
                        .take(8)
                        .map(|voice| voice.id.as_str())
                        .collect();
                    return Err(SpeechError::UnknownVoice {
                        provider: NAME,
                        voice: voice.clone(),
                        some: format!("{} and others", some.join(", ")),
                    });
                }
                voice.clone()
            }
            None => "en-gb+f3".to_owned(),
        };
        // Its WAV header on a pipe states no length, so it writes a file itself.
        let mut command = Command::new(NAME);
        command
            .args(["--stdin", "-v", &voice, "-w", out.as_str()])
            .args([
                "-s",
                &((WORDS_PER_MINUTE * utterance.rate).round() as u32).to_string(),
            ])
            .args([
                "-p",
                &((PITCH * utterance.pitch).round() as u32)
                    .min(99)
                    .to_string(),
            ]);
        process::run(command, &utterance.text, cancelled)?;
        measured(out, &voice)
    }
}

/// Reads the table of `--voices`. English voices come first, each with its variants.
fn parse(table: &str) -> Vec<Voice> {
    let mut voices = Vec::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_priority, language, _age, name, ..] = columns[..] else {
            continue;
        };
        let voice = |id: String, name: String, gender: Option<&str>| Voice {
            id,
            name,
            language: language.to_owned(),
            gender: gender.map(str::to_owned),
            provider: NAME.to_owned(),
        };
        let name = name.replace('_', " ");
        voices.push(voice(language.to_owned(), name.clone(), None));
        for (variants, gender) in [(&FEMALE[..], "female"), (&MALE[..], "male")] {
            for variant in variants {
                let id = format!("{language}+{variant}");
                voices.push(voice(
                    id,
                    format!("{name}, {gender} {variant}"),
                    Some(gender),
                ));
            }
        }
    }
    voices.sort_by_key(|voice| !voice.language.starts_with("en"));
    voices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_voices_is_read() {
        let table = "Pty Language       Age/Gender VoiceName          File          Other Languages\n \
                     5  de              --/M      German             gmw/de\n \
                     2  en-gb           --/M      English_(Great_Britain) gmw/en  (en 2)\n";
        let voices = parse(table);
        assert_eq!(voices[0].id, "en-gb");
        assert_eq!(voices[0].name, "English (Great Britain)");
        assert!(voices.iter().any(|voice| voice.id == "de+f3"));
        assert!(parse("").is_empty());
    }
}
