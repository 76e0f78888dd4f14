//! Drives the built `av-studio` binary from outside, as its users do.
//!
//! Each [`App`] has a home and a projects folder of its own in a temporary folder.

// Test support: a failure here is a failed test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod display;
#[cfg(target_os = "linux")]
mod drag;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod page;
mod server;
#[cfg(target_os = "linux")]
mod sound;
#[cfg(target_os = "linux")]
mod window;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use studio_testkit::{WavSample, signal, write_wav};

#[cfg(target_os = "linux")]
pub use browser::{Browser, Engine};
#[cfg(target_os = "linux")]
pub use display::{Display, Group};
#[cfg(target_os = "linux")]
pub use frames::{Frames, LongSession, Motion, percentile};
#[cfg(target_os = "linux")]
pub use page::Page;
pub use server::Server;
#[cfg(target_os = "linux")]
pub use sound::Sound;
#[cfg(target_os = "linux")]
pub use window::Window;

/// A studio of its own: home, projects, and the binary.
pub struct App {
    #[cfg(target_os = "linux")]
    sound: Option<Sound>,
    folder: tempfile::TempDir,
}

impl Default for App {
    fn default() -> App {
        App::new()
    }
}

impl App {
    pub fn new() -> App {
        App {
            #[cfg(target_os = "linux")]
            sound: None,
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// An app on a machine with a sound card that can be listened to.
    #[cfg(target_os = "linux")]
    pub fn with_sound() -> App {
        let mut app = App::new();
        app.sound = Some(Sound::start(&app.folder().join("sound")));
        app
    }

    #[cfg(target_os = "linux")]
    pub fn sound(&self) -> &Sound {
        self.sound.as_ref().expect("an app made with sound")
    }

    /// To unplug it and plug it in again.
    #[cfg(target_os = "linux")]
    pub fn sound_mut(&mut self) -> &mut Sound {
        self.sound.as_mut().expect("an app made with sound")
    }

    /// Where this app keeps everything.
    pub fn folder(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.folder.path().to_owned()).expect("a UTF-8 temporary folder")
    }

    pub fn home(&self) -> Utf8PathBuf {
        self.folder().join("home")
    }

    pub fn projects(&self) -> Utf8PathBuf {
        self.folder().join("projects")
    }

    /// The binary with this app's surroundings; nothing of the developer's own studio shines in.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        self.surround(&mut command).stdin(Stdio::null());
        command
    }

    /// Tells a process, and those that it starts, where this app lives.
    pub(crate) fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        #[cfg(target_os = "linux")]
        if let Some(sound) = &self.sound {
            command.envs(sound.environment());
        }
        command
            .env("AV_STUDIO_HOME", self.home())
            .env("AV_STUDIO_PROJECTS_FOLDER", self.projects())
            .env("AV_STUDIO_NO_KEYCHAIN", "1")
            .env_remove("OPENAI_API_KEY")
            .env_remove("ANTHROPIC_API_KEY")
            .env_remove("GEMINI_API_KEY")
            .env_remove("HF_TOKEN")
            .env_remove("HF_ENDPOINT")
            .env("HF_HUB_CACHE", self.home().join("hub"))
    }

    /// Runs the binary to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command()
            .args(args)
            .output()
            .expect("av-studio starts")
    }

    /// Runs an operation by name and answers its JSON; panics with what was said if it fails.
    pub fn call(&self, operation: &str, input: Value) -> Value {
        let output = self.run(&["--json", "run", operation, "--input", &input.to_string()]);
        assert!(
            output.status.success(),
            "{operation} {input} failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        serde_json::from_slice(&output.stdout).expect("one JSON document on stdout")
    }

    /// Runs an operation that must fail, and answers (exit code, error object).
    pub fn call_refused(&self, operation: &str, input: Value) -> (i32, Value) {
        let output = self.run(&["--json", "run", operation, "--input", &input.to_string()]);
        assert!(!output.status.success(), "{operation} {input} should fail");
        let answer: Value =
            serde_json::from_slice(&output.stdout).expect("the error as JSON on stdout");
        (output.status.code().unwrap_or(-1), answer["error"].clone())
    }

    /// A new project; its folder.
    pub fn project(&self, name: &str) -> String {
        let project = self.call("project.create", serde_json::json!({ "name": name }));
        project["path"].as_str().expect("a path").to_owned()
    }
}

/// The app as `cargo build -p av-studio` leaves it beside the tests.
pub fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("AV_STUDIO_BIN") {
        return binary.into();
    }
    let test = std::env::current_exe().expect("the test knows its own path");
    let profile = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("target/<profile>/deps/<test>");
    let binary = profile.join(format!("av-studio{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p av-studio` first, or the whole suite by `cargo xtask test`",
        binary.display()
    );
    binary
}

/// Root of the repository that Cargo runs these tests for. Asked at run time: checkouts that share a target folder share
/// compiled tests too.
pub fn repository() -> Utf8PathBuf {
    let package = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Utf8PathBuf::from(package).join("..")
}

/// Writes `secs` seconds of a sine at 48 kHz, the same in both channels, as 24-bit WAV.
pub fn tone(path: &Utf8Path, hz: f64, amplitude: f64, secs: f64) {
    const RATE_HZ: u32 = 48_000;
    let samples = signal::sine(hz, amplitude, RATE_HZ, (secs * f64::from(RATE_HZ)) as usize);
    write_wav(path, RATE_HZ, &[samples.clone(), samples], WavSample::Int24);
}
