//! Judges an hour of composition for each of many seeds: `statistics [SEEDS] [SECONDS]`.

use std::error::Error;
use std::time::Instant;

use studio_ambient::measure::{Piece, Report, measure};
use studio_ambient::{Mode, Params, Preset};

#[allow(clippy::print_stdout)] // A program for the terminal.
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let seeds: u64 = args.next().map_or(Ok(100), |text| text.parse())?;
    let secs: f64 = args.next().map_or(Ok(3600.0), |text| text.parse())?;
    let begun = Instant::now();
    println!(
        "{:>4} {:<22} {:>6} {:>5} {:>5} {:>5} {:>5} {:>6} {:>5} {:>5} {:>4} {:>4} {:>5} {:>5} {:>4} {:>6} {:>6}",
        "seed",
        "params",
        "notes",
        "chord",
        "scale",
        "pass",
        "forgn",
        "in",
        "clash",
        "voice",
        "wide",
        "par",
        "clear",
        "corr",
        "rep",
        "rough",
        "most"
    );
    let mut reports = Vec::new();
    for seed in 0..seeds {
        let params = params_of(seed)?;
        let report = measure(&Piece::composed(seed, &params, secs));
        print_row(seed, &params, &report);
        reports.push(report);
    }
    summarise(&reports);
    println!("{:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

/// The four presets, then every mode at every intensity, in every key.
fn params_of(seed: u64) -> Result<Params, Box<dyn Error>> {
    const KEYS: [&str; 12] = [
        "C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F",
    ];
    let key = KEYS[(seed % 12) as usize].parse()?;
    if seed.is_multiple_of(2) {
        return Ok(Preset::ALL[(seed / 2 % 4) as usize].params(key));
    }
    let mode = Mode::ALL[(seed / 2 % 6) as usize];
    let intensity = (seed / 2 * 7 % 11) as f32 / 10.0;
    Ok(Params::new(
        key,
        mode,
        40.0 + (seed % 51) as f32,
        intensity,
    )?)
}

#[allow(clippy::print_stdout)]
fn print_row(seed: u64, params: &Params, report: &Report) {
    let name = format!(
        "{} {:?} {:.0} {:.1}",
        params.key,
        params.mode,
        params.bpm.get(),
        params.intensity.get()
    );
    let (Some(melody), Some(voices), Some(key), Some(rough)) = (
        &report.melody,
        &report.voice_leading,
        &report.key_clarity,
        &report.roughness,
    ) else {
        println!("{seed:>4} {name:<22} nothing to judge");
        return;
    };
    println!(
        "{seed:>4} {name:<22} {:>6} {:>5.1} {:>5.1} {:>5.1} {:>5.1} {:>6.2} {:>5} {:>5.2} {:>4} {:>4} {:>5.2} {:>5.2} {:>4} {:>6.3} {:>6.3}",
        melody.notes,
        100.0 * melody.chord_tones,
        100.0 * melody.scale_tones,
        100.0 * melody.passing_tones,
        100.0 * melody.foreign_tones,
        100.0 * melody.within_constraints,
        melody.clashes,
        voices.mean,
        voices.widest,
        voices.parallels,
        key.clear,
        key.correlation,
        report.repeated_bars,
        rough.mean,
        rough.highest,
    );
}

#[allow(clippy::print_stdout)]
fn summarise(reports: &[Report]) {
    let count = reports.len().max(1) as f64;
    let mut degrees = [0.0; 7];
    for report in reports {
        for (sum, share) in degrees.iter_mut().zip(report.degrees) {
            *sum += 100.0 * share / count;
        }
    }
    println!("degrees, % of time: {degrees:.1?}");
    let cadences: usize = reports.iter().map(|report| report.cadences).sum();
    let repeats: usize = reports.iter().map(|report| report.repeated_bars).sum();
    let bars: usize = reports.iter().map(|report| report.bars).sum();
    println!("V–I cadences: {cadences}; repeated bars: {repeats} of {bars}");
    let windows = reports
        .iter()
        .filter_map(|report| report.key_clarity.as_ref());
    let (clear, all) = windows.fold((0.0, 0), |(clear, all), key| {
        (clear + key.clear * key.windows as f64, all + key.windows)
    });
    println!(
        "windows of clear key: {:.2} % of {all}",
        100.0 * clear / all.max(1) as f64
    );
    let melodies = || reports.iter().filter_map(|report| report.melody.as_ref());
    let notes: usize = melodies().map(|melody| melody.notes).sum();
    let mean = |of: fn(&studio_ambient::measure::Melody) -> f64| {
        let sum: f64 = melodies()
            .map(|melody| of(melody) * melody.notes as f64)
            .sum();
        100.0 * sum / notes.max(1) as f64
    };
    println!(
        "notes {notes}: chord {:.2} %, scale {:.2} %, passing {:.2} %, foreign {:.2} %; within constraints {:.2} %",
        mean(|melody| melody.chord_tones),
        mean(|melody| melody.scale_tones),
        mean(|melody| melody.passing_tones),
        mean(|melody| melody.foreign_tones),
        mean(|melody| melody.within_constraints),
    );
}
