//! Runs a speaking program: text on its standard input, watched for cancel and time.

use std::io::{self, Read, Write};
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
            let mut said = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = (&mut stderr).take(4096).read_to_end(&mut said);
                // A program that speaks on into a closed pipe is killed.
                let _ = io::copy(&mut stderr, &mut io::sink());
            }
            String::from_utf8_lossy(&said).into_owned()
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<(), SpeechError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, "words", &|| false)
    }

    #[test]
    fn a_program_may_say_much_beside_its_work() {
        shell("head -c 300000 /dev/zero >&2 && cat").unwrap();
    }

    #[test]
    fn what_a_failed_program_said_is_told() {
        let failed = shell("cat; printf 'no such \\377voice' >&2; exit 3");
        let Err(SpeechError::Failed { program, said }) = failed else {
            panic!("{failed:?}")
        };
        assert_eq!(
            (program.as_str(), said.as_str()),
            ("sh", "no such \u{fffd}voice")
        );
    }
}
