//! A working day of ambient music as fast as it renders (`HOURS`, 8 if absent): whether it changes with time.
//!
//! Every twenty minutes another preset in another key. It stops where a sample lies outside of [-1, 1]; what each hour
//! took, its true peak, its mean and the memory in use are printed. Budgets: no growth of memory, no hour slower than
//! the first by a tenth (denormal numbers would show), true peaks at or under -1 dBTP, no offset.

// A bench that cannot run must stop; what it measures is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::time::Instant;

use studio_ambient::{Engine, Key, Preset};
use studio_core::units::SampleRate;
use studio_dsp::Meter;

const RATE: SampleRate = SampleRate::HZ_48000;
const BLOCK: usize = 480;
const BLOCKS_AN_HOUR: usize = 360_000;
const BLOCKS_A_PRESET: usize = BLOCKS_AN_HOUR / 3;

fn main() {
    let hours = std::env::var("HOURS").ok();
    let hours: usize = hours.map_or(8, |hours| hours.parse().expect("HOURS is a number"));
    let mut engine = Engine::new(1, Preset::Focus.params(Key::C), RATE);
    let mut played = 0;
    for hour in 1..=hours {
        let mut meter = Meter::new(2, RATE).expect("a meter");
        let (mut sum, mut spent) = (0.0, 0.0);
        for _ in 0..BLOCKS_AN_HOUR {
            if played % BLOCKS_A_PRESET == 0 {
                let turn = played / BLOCKS_A_PRESET;
                let key = [Key::C, Key::A, Key::D, Key::G][turn / 4 % 4];
                engine.set(Preset::ALL[turn % 4].params(key));
            }
            played += 1;
            let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
            let begun = Instant::now();
            engine.render(&mut left, &mut right);
            spent += begun.elapsed().as_secs_f64();
            let all = left.iter().chain(&right);
            assert!(
                all.clone().all(|x| x.abs() <= 1.0),
                "hour {hour}: outside of [-1, 1]"
            );
            sum += all.map(|x| f64::from(*x)).sum::<f64>();
            meter.feed(&[&left, &right]).expect("two channels");
        }
        let report = meter.report().expect("a report");
        println!(
            "hour {hour}: {:.1} s ({:.0} times real time), true peak {:.2} dBTP, {:.1} LUFS, mean {:.1e}, memory {:.1} MB",
            spent,
            3600.0 / spent,
            report.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY),
            report.integrated_lufs.unwrap_or(f64::NEG_INFINITY),
            sum / (2 * BLOCK * BLOCKS_AN_HOUR) as f64,
            memory_mb()
        );
    }
}

/// Resident memory of this process; 0 where the system does not tell it this way.
fn memory_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: Option<f64> = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0.0) * 4096.0 / 1e6
}
