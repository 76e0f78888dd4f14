//! A multitrack session mixed as a whole program: ten tracks of five minutes of stereo, with levels and places, beside
//! FFmpeg's `amix` over the same files.
//!
//! Budget: at most FFmpeg's time; far faster than real time, so that playing leaves the machine to others.

// A bench that cannot run must stop; what it measures is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::App;

const SECS: usize = 300;
const RATE: usize = 48_000;
const TRACKS: usize = 10;
const TIMES: usize = 3;

fn main() {
    let app = App::new();
    let project = app.project("Bench");
    let files: Vec<Utf8PathBuf> = (0..TRACKS)
        .map(|n| {
            let path = app.folder().join(format!("{n}.wav"));
            let noise = signal::noise(n as u64, 0.05, SECS * RATE);
            let channels = [noise.clone(), noise];
            write_wav(&path, RATE as u32, &channels, WavSample::Int16);
            path
        })
        .collect();
    let assets: Vec<Value> = files
        .iter()
        .map(|path| {
            let input = json!({ "project": project, "path": path, "mode": "reference" });
            app.call("asset.import", input)["id"].clone()
        })
        .collect();
    let input = json!({ "project": project, "name": "Ten", "assets": assets });
    let view = app.call("session.create", input);
    let tracks = view["session"]["tracks"].as_array().expect("tracks");
    let edits: Vec<Value> = tracks
        .iter()
        .enumerate()
        .map(|(n, track)| {
            json!({ "edit": "set_track", "track": track["id"], "gain_db": -6.0, "pan": n as f64 / 10.0 - 0.5 })
        })
        .collect();
    let input = json!({ "project": project, "session": view["id"], "edits": edits });
    app.call("session.edit", input);
    let ours = best(|| {
        let output = app.folder().join("ours.wav");
        let input = json!({ "project": project, "session": view["id"], "output": output, "quality": "lossless" });
        app.call("session.export", input);
    });

    let theirs = best(|| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]);
        for file in &files {
            command.args(["-i", file.as_str()]);
        }
        let levels: String = (0..TRACKS)
            .map(|n| {
                format!(
                    "[{n}:a]volume=-6dB,stereotools=balance_out={:.1}[t{n}];",
                    n as f64 / 10.0 - 0.5
                )
            })
            .collect();
        let inputs: String = (0..TRACKS).map(|n| format!("[t{n}]")).collect();
        let graph = format!("{levels}{inputs}amix=inputs={TRACKS}:normalize=0");
        command.args(["-filter_complex", &graph, "-c:a", "pcm_f32le"]);
        command.arg(app.folder().join("theirs.wav"));
        assert!(command.status().expect("ffmpeg runs").success());
    });
    println!(
        "ten tracks of {SECS} s: {:.2} s, {:.0} times real time; ffmpeg amix {:.2} s ({:.2})",
        ours.as_secs_f64(),
        SECS as f64 / ours.as_secs_f64(),
        theirs.as_secs_f64(),
        ours.as_secs_f64() / theirs.as_secs_f64(),
    );
}

fn best(mut run: impl FnMut()) -> Duration {
    let times = (0..TIMES).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}
