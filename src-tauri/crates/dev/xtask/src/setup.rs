//! Finds what is missing on this machine and installs it, or says how.

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};

use crate::shell;

/// What the machine is prepared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Building and running.
    Use,
    /// Also the tests, with their virtual display, sound server and drivers.
    Tests,
}

/// Version that builds with our Rust; installed from source once.
const CARGO_DENY: &str = "0.20.2";
const OLDEST_NODE: u32 = 20;

const APT_USE: &[&str] = &[
    "libwebkit2gtk-4.1-dev",
    "librsvg2-dev",
    "libasound2-dev",
    "pkg-config",
    "libclang-dev",
    "build-essential",
    "libavcodec-dev",
    "libavformat-dev",
    "libavutil-dev",
    "libavfilter-dev",
    "libavdevice-dev",
    "libswscale-dev",
    "libswresample-dev",
    "espeak-ng",
];
const APT_TESTS: &[&str] = &[
    "ffmpeg",
    "flac",
    "opus-tools",
    "sox",
    "webkit2gtk-driver",
    "xvfb",
    "pulseaudio",
    "pulseaudio-utils",
    "libasound2-plugins",
    "gstreamer1.0-pulseaudio",
    CHROMEDRIVER,
];
/// Brings Chromium along. Elsewhere than on Debian, Chrome and its driver come from their maker.
const CHROMEDRIVER: &str = "chromium-driver";
const BREW: &[&str] = &["ffmpeg", "flac", "opus-tools", "pkg-config", "sox"];

pub(crate) fn run(purpose: For, yes: bool) -> Result<()> {
    check_node()?;
    if cfg!(target_os = "linux") {
        linux(purpose, yes)?;
    } else if cfg!(target_os = "macos") {
        macos(yes)?;
    } else {
        println!(
            "On Windows, install these once:\n\
             - the WebView2 runtime (part of Windows 11)\n\
             - LLVM (for libclang), with LIBCLANG_PATH set to its bin folder\n\
             - shared FFmpeg development libraries, with FFMPEG_DIR set to their folder\n\
             - Visual Studio's C++ build tools"
        );
    }
    if purpose == For::Tests && shell::output("cargo", &["deny", "--version"]).is_none() {
        println!(
            "Installing cargo-deny {CARGO_DENY}, which checks licences and sources (once, some minutes)"
        );
        shell::run(
            "cargo",
            &["install", "cargo-deny", "--locked", "--version", CARGO_DENY],
        )?;
    }
    Ok(())
}

fn check_node() -> Result<()> {
    let version = shell::output("node", &["--version"]).unwrap_or_default();
    let major: Option<u32> = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        Some(major) => bail!("Node.js {major} is too old: the page needs {OLDEST_NODE} or newer"),
        None => bail!("Node.js is missing: install version {OLDEST_NODE} or newer, with npm"),
    }
}

fn linux(purpose: For, yes: bool) -> Result<()> {
    let wanted = || {
        APT_USE.iter().chain(if purpose == For::Tests {
            APT_TESTS
        } else {
            &[]
        })
    };
    if shell::output("dpkg-query", &["--version"]).is_none() {
        println!(
            "This Linux has no apt. Install your distribution's packages for: {}",
            wanted().copied().collect::<Vec<_>>().join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = wanted()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing: {}", missing.join(" "));
    let root = shell::output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    let ask = if root {
        "Install them?"
    } else {
        "Install them with sudo?"
    };
    if !yes && !confirmed(ask) {
        bail!(
            "install them by hand: sudo apt-get install --no-install-recommends {}",
            missing.join(" ")
        );
    }
    let apt = |arguments: &[&str]| {
        let mut all = vec!["DEBIAN_FRONTEND=noninteractive", "apt-get"];
        all.extend(arguments);
        if root {
            shell::run("env", &all)
        } else {
            shell::run("sudo", &[&["env"], &all[..]].concat())
        }
    };
    apt(&["update", "-q"])?;
    apt(&[
        &["install", "-q", "-y", "--no-install-recommends"],
        &missing[..],
    ]
    .concat())
}

fn is_installed(package: &str) -> bool {
    if package == CHROMEDRIVER && shell::output("chromedriver", &["--version"]).is_some() {
        return true;
    }
    shell::output("dpkg-query", &["-W", "-f", "${db:Status-Status}", package])
        .is_some_and(|status| status == "installed")
}

fn macos(yes: bool) -> Result<()> {
    if shell::output("brew", &["--version"]).is_none() {
        bail!(
            "Homebrew is missing; install it, or provide {} yourself",
            BREW.join(" ")
        );
    }
    let missing: Vec<&str> = BREW
        .iter()
        .copied()
        .filter(|formula| shell::output("brew", &["list", formula]).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing: {}", missing.join(" "));
    if !yes && !confirmed("Install them with Homebrew?") {
        bail!("install them by hand: brew install {}", missing.join(" "));
    }
    shell::run("brew", &[&["install"], &missing[..]].concat())
}

fn confirmed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    print!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdout().flush().is_ok()
        && std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}
