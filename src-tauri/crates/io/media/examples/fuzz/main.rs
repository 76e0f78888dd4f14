//! Reads damaged files for as long as one likes: `fuzz FORMAT SECONDS [SEED]`, `fuzz all SECONDS`, or `fuzz FILE` to
//! look at one finding again. Formats are those of the specimens: wav, aiff, flac, mp3, m4a, ogg, opus, alac, mp4, mkv,
//! webm.
//!
//! A child process reads, so that a crash in a library of others is a finding too; so is a case that takes longer than
//! [`PATIENCE`] or more than [`MOST_MIB`]. Findings are kept in the folder `fuzz-findings`; with any the process fails.
//! The same seed damages the same files in the same way.

// An example that cannot run must stop; what it finds is printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../../tests/media/damage.rs"]
mod damage;
#[path = "../../tests/media/specimens.rs"]
mod specimens;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use studio_testkit::TempFolder;

use self::damage::damaged;
use self::specimens::{Specimen, read_all, specimens};

/// No damaged file of some ten kilobytes may keep a reader busy for longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of resident memory.
const MOST_MIB: u64 = 1024;
const FINDINGS: &str = "fuzz-findings";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a whole number");
    match words[..] {
        [file] => {
            read_all(Utf8Path::new(file));
            ExitCode::SUCCESS
        }
        ["child", format, seed, folder] => {
            read_for_ever(named(format), number(seed), Utf8Path::new(folder))
        }
        ["all", seconds] => {
            let found = specimens()
                .iter()
                .map(|each| watch(each, number(seconds), 1));
            code(found.sum())
        }
        [format, seconds] => code(watch(named(format), number(seconds), 1)),
        [format, seconds, seed] => code(watch(named(format), number(seconds), number(seed))),
        _ => panic!("fuzz FORMAT SECONDS [SEED] | all SECONDS | FILE"),
    }
}

fn code(findings: usize) -> ExitCode {
    match findings {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn named(format: &str) -> &'static Specimen {
    let found = specimens().iter().find(|specimen| specimen.name == format);
    found.unwrap_or_else(|| panic!("{format} is no format of the specimens"))
}

/// The child: one damaged file after another, each under the same name.
fn read_for_ever(specimen: &Specimen, seed: u64, folder: &Utf8Path) -> ! {
    // A reader survives the panics of a decoder; its own end it. Which it was is told by the message.
    std::panic::set_hook(Box::new(|_| {}));
    let path = folder.join(format!("case.{}", specimen.extension));
    for case in 0.. {
        std::fs::write(&path, damaged(specimen, seed, case)).expect("the file");
        std::fs::write(folder.join("case"), case.to_string()).expect("its number");
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| read_all(&path))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            std::fs::write(folder.join("panic"), text.unwrap_or_default()).expect("its message");
            std::process::exit(1);
        }
    }
    std::process::exit(0)
}

/// The parent; answers how many findings there were.
fn watch(specimen: &Specimen, seconds: u64, seed: u64) -> usize {
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut findings, mut cases) = (0, 0);
    let mut round = seed;
    while Instant::now() < end {
        let folder = TempFolder::new();
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "child",
                specimen.name,
                &round.to_string(),
                folder.path().as_str(),
            ])
            .spawn()
            .expect("a child");
        let ended = attend(&mut child, folder.path(), end);
        cases += reached(folder.path()).unwrap_or_default();
        if let Some(reason) = ended {
            findings += 1;
            let kept = keep(specimen, folder.path());
            let case = reached(folder.path()).unwrap_or_default();
            println!(
                "{}, seed {round}, case {case}: {reason}: {kept}",
                specimen.name
            );
        }
        round = round.wrapping_add(1_000_003);
    }
    println!(
        "{}: {cases} damaged files, {findings} findings",
        specimen.name
    );
    findings
}

/// Waits for the child until `end`; answers why it ended before.
fn attend(child: &mut Child, folder: &Utf8Path, end: Instant) -> Option<String> {
    let (mut case, mut since) = (None, Instant::now());
    loop {
        std::thread::sleep(Duration::from_millis(100));
        if let Some(status) = child.try_wait().expect("the child's state") {
            let panic = std::fs::read_to_string(folder.join("panic"));
            return Some(panic.unwrap_or_else(|_| status.to_string()));
        }
        let now = reached(folder);
        if now != case {
            (case, since) = (now, Instant::now());
        }
        let mib = resident_mib(child.id());
        let reason = match () {
            () if since.elapsed() > PATIENCE => Some(format!("longer than {PATIENCE:?}")),
            () if mib > MOST_MIB => Some(format!("{mib} MiB")),
            () if Instant::now() >= end => None,
            () => continue,
        };
        child.kill().expect("the child ends");
        child.wait().expect("the child has ended");
        return reason;
    }
}

fn reached(folder: &Utf8Path) -> Option<u64> {
    std::fs::read_to_string(folder.join("case"))
        .ok()?
        .parse()
        .ok()
}

/// 0 where the system does not tell.
fn resident_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn keep(specimen: &Specimen, folder: &Utf8Path) -> Utf8PathBuf {
    std::fs::create_dir_all(FINDINGS).expect("a folder for findings");
    let bytes = std::fs::read(folder.join(format!("case.{}", specimen.extension)));
    let bytes = bytes.unwrap_or_default();
    let sum = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    let kept = Utf8Path::new(FINDINGS).join(format!("{sum:016x}.{}", specimen.extension));
    std::fs::write(&kept, bytes).expect("the finding");
    kept
}
