//! Runs other programs, visibly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Root of the repository that Cargo runs this program for. Asked at run time: checkouts that share a target folder
/// share this binary too.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(4).unwrap_or(&here).to_owned()
}

/// Runs `program` in the repository's root and fails if it does.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_in(&root(), program, arguments)
}

pub(crate) fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    eprintln!("  $ {program} {}", arguments.join(" "));
    let status = command(program)
        .args(arguments)
        .current_dir(folder)
        .status()
        .with_context(|| {
            format!("{program} could not be started; `cargo xtask setup` says what is missing")
        })?;
    if !status.success() {
        bail!("{program} {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// What `program` prints, if it runs and succeeds.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// npm is a script on Windows, which `Command` does not find by its bare name.
fn command(program: &str) -> Command {
    match program {
        "npm" if cfg!(windows) => Command::new("npm.cmd"),
        program => Command::new(program),
    }
}
