//! Windows' SAPI voices through PowerShell's `System.Speech`.

use std::process::Command;

use camino::Utf8Path;

use super::{Speech, SpeechError, Spoken, Utterance, Voice, check, measured, process};

const NAME: &str = "sapi";

/// The text comes on standard input and everything else by environment, so that nothing that a user
/// writes is ever part of the script.
const SPEAK: &str = "Add-Type -AssemblyName System.Speech; \
    [Console]::InputEncoding = [Text.Encoding]::UTF8; \
    $s = New-Object System.Speech.Synthesis.SpeechSynthesizer; \
    if ($env:AV_VOICE) { $s.SelectVoice($env:AV_VOICE) }; \
    $s.Rate = [int]$env:AV_RATE; \
    $s.SetOutputToWaveFile($env:AV_OUT); \
    $s.Speak([Console]::In.ReadToEnd()); \
    $s.Dispose()";

const LIST: &str = "Add-Type -AssemblyName System.Speech; \
    (New-Object System.Speech.Synthesis.SpeechSynthesizer).GetInstalledVoices() | \
    ForEach-Object { $v = $_.VoiceInfo; \"$($v.Name)`t$($v.Culture)`t$($v.Gender)\" }";

pub(super) struct Sapi;

impl Speech for Sapi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn voices(&self) -> Result<Vec<Voice>, SpeechError> {
        let output = powershell(LIST)
            .output()
            .map_err(|source| SpeechError::NotStarted {
                program: NAME.to_owned(),
                source,
            })?;
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        let voice = |line: &str| {
            let mut columns = line.split('\t');
            let (name, language) = (columns.next()?.to_owned(), columns.next()?.to_owned());
            let gender = columns
                .next()
                .map(|gender| gender.trim().to_ascii_lowercase());
            Some(Voice {
                id: name.clone(),
                name,
                language,
                gender,
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
        // SAPI's rate runs from -10 to 10, each step about 1.116 times the speed.
        let rate = (utterance.rate.ln() / 1.116f32.ln())
            .round()
            .clamp(-10.0, 10.0) as i32;
        let mut command = powershell(SPEAK);
        command
            .env("AV_VOICE", utterance.voice.as_deref().unwrap_or_default())
            .env("AV_RATE", rate.to_string())
            .env("AV_OUT", out.as_str());
        process::run(command, &utterance.text, cancelled)?;
        measured(out, utterance.voice.as_deref().unwrap_or("default"))
    }
}

fn powershell(script: &str) -> Command {
    let mut command = Command::new("powershell");
    command.args(["-NoProfile", "-NonInteractive", "-Command", script]);
    command
}
