//! Runs a speaking program: text on its standard input, watched for cancel and time.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::SpeechError;

/// Much longer than any voice needs for the longest text.
const PATIENCE: Duration = Duration::from_secs(300);
const STEP: Duration = Duration::from_millis(5);

/// Runs `command` to its end. No shell is involved, so the text cannot become a command.
pub(super) fn run(
    mut command: Command,
    text: &str,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), SpeechError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| SpeechError::NotStarted {
            program: program.clone(),
            source,
        })?;
    let stdin = child.stdin.take();
    let stderr = child.stderr.take();
    // Both pipes are served on the side: a full one would stop the program.
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // A program that has heard enough closes early; its exit status tells the rest.
                let _ = stdin.write_all(text.as_bytes());
            }
        });
        let said = scope.spawn(move || {
            let mut said = String::new();
            if let Some(stderr) = stderr {
                let _ = stderr.take(4096).read_to_string(&mut said);
            }
            said
        });
        let ended = wait(&mut child, &program, cancelled);
        if ended.is_err() {
            // It may have ended by itself just now.
            let _ = child.kill();
            let _ = child.wait();
        }
        let said = said.join().unwrap_or_default();
        match ended? {
            true => Ok(()),
            false => Err(SpeechError::Failed {
                program: program.clone(),
                said: said.trim().to_owned(),
            }),
        }
    })
}

fn wait(
    child: &mut Child,
    program: &str,
    cancelled: &dyn Fn() -> bool,
) -> Result<bool, SpeechError> {
    let begun = Instant::now();
    loop {
        if cancelled() {
            return Err(SpeechError::Cancelled);
        }
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if begun.elapsed() > PATIENCE => {
                return Err(SpeechError::TimedOut {
                    program: program.to_owned(),
                    after: PATIENCE,
                });
            }
            Ok(None) => std::thread::sleep(STEP),
            Err(source) => {
                return Err(SpeechError::NotStarted {
                    program: program.to_owned(),
                    source,
                });
            }
        }
    }
}
