//! Builds and opens the app.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{setup, shell, ui};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Builds the app. In debug mode, for the tests, all of them are built with it: Cargo chooses the
/// features of dependencies by what is built together, and would compile most of them twice.
pub(crate) fn build(profile: Profile) -> Result<()> {
    let arguments: &[&str] = match profile {
        Profile::Debug => &["build", "--workspace", "--bins", "--tests"],
        Profile::Release => &["build", "--package", "av-studio", "--release"],
    };
    shell::run("cargo", arguments)
}

pub(crate) fn binary(profile: Profile) -> PathBuf {
    let folder = if profile == Profile::Release {
        "release"
    } else {
        "debug"
    };
    shell::target()
        .join(folder)
        .join(format!("av-studio{}", std::env::consts::EXE_SUFFIX))
}

pub(crate) fn run(arguments: &[String], yes: bool) -> Result<()> {
    let present = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !present("DISPLAY") && !present("WAYLAND_DISPLAY") {
        bail!(
            "there is no display to open a window on.\n\
             Make a film headless:        cargo xtask demo\n\
             Use the studio in a browser: {} serve",
            binary(Profile::Release).display()
        );
    }
    setup::run(setup::For::Use, yes)?;
    ui::build()?;
    build(Profile::Release)?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    shell::run(&binary(Profile::Release).to_string_lossy(), &arguments)
}
