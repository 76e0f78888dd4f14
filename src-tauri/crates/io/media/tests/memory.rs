//! Memory does not grow with what is read. Alone in its process, whose size is what it looks at.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{AudioFormat, AudioReader, Quality, encode};
use studio_testkit::{TempFolder, signal};

/// 400 KiB of AAC: kept, they would show after a few times.
#[test]
fn what_was_read_is_let_go() {
    let folder = TempFolder::new();
    let path = folder.file("a.m4a");
    let sound = Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![
            signal::noise(1, 0.3, 960_000),
            signal::noise(2, 0.3, 960_000),
        ],
    };
    encode(&path, AudioFormat::M4a(Quality::Medium), &sound).unwrap();
    drop(sound);
    let read = || {
        let mut reader = AudioReader::open(&path).unwrap();
        let mut block = Audio::silence(SampleRate::HZ_48000, 2, 0);
        while reader.read(&mut block).unwrap() > 0 {}
    };
    (0..4).for_each(|_| read());
    let before = resident_kib();
    (0..30).for_each(|_| read());
    let more = resident_kib().saturating_sub(before);
    assert!(more < 3 * 1024, "{more} KiB more after reading 12 MiB");
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap()
}
