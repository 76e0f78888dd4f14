//! What comes out of the sound card is what lies in the file: each sample once, in order.
//!
//! The source is noise, so that every stretch of it is found at one place only.

use std::time::Duration;

use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::{App, Server};

const RATE_HZ: usize = 48_000;
/// The player counts a sound without pictures in thirtieths of a second.
const SAMPLES_PER_FRAME: usize = RATE_HZ / 30;
/// The player fades in and out within 10 ms.
const FADE: usize = RATE_HZ / 100;

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_heard_once_and_in_order() {
    let app = App::with_sound();
    let wav = app.folder().join("noise.wav");
    let source = signal::noise(7, 0.5, 20 * RATE_HZ);
    write_wav(
        &wav,
        RATE_HZ as u32,
        &[source.clone(), source.clone()],
        WavSample::Float32,
    );
    let server = Server::start(&app);
    let call = async |operation: &str, input: Value| {
        let (status, answer) = server.call(operation, &input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    };
    let player = call("player.open", json!({ "path": wav })).await["player"].clone();
    let input = json!({ "player": player });

    let begun = app.sound().now();
    call("player.play", input.clone()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    call("player.pause", input.clone()).await;
    app.sound().until_level(|level| level == 0.0).await;
    call("player.play", input.clone()).await;
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let shown = call("player.status", input.clone()).await["frame"]
        .as_u64()
        .expect("a frame") as usize;
    let heard_so_far = sounding(&app.sound().left_since(begun));
    call("player.pause", input.clone()).await;
    app.sound().until_level(|level| level == 0.0).await;

    let first = stretches(&app.sound().left_since(begun), &source);
    check_order(&first, 0, "from the start, over a pause");
    // The clock and the capture are read one after the other, on a machine that does other things.
    let difference = (shown * SAMPLES_PER_FRAME).abs_diff(heard_so_far);
    assert!(
        difference < RATE_HZ / 4,
        "the clock shows {shown}, but {heard_so_far} samples were heard"
    );

    const TARGET: usize = 411;
    let sought = app.sound().now();
    call("player.seek", json!({ "player": player, "frame": TARGET })).await;
    call("player.play", input.clone()).await;
    tokio::time::sleep(Duration::from_millis(1000)).await;
    call("player.pause", input).await;
    app.sound().until_level(|level| level == 0.0).await;
    let second = stretches(&app.sound().left_since(sought), &source);
    check_order(&second, TARGET * SAMPLES_PER_FRAME, "after a seek");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_films_sound_that_begins_late_is_heard_late() {
    const FPS: usize = 25;
    const LATE_SECS: &str = "0.4";
    const LATE: usize = RATE_HZ * 2 / 5;
    const FRAME: usize = 50;
    let app = App::with_sound();
    let [noise, film] = ["noise.wav", "film.mov"].map(|name| app.folder().join(name));
    let source = signal::noise(8, 0.5, 6 * RATE_HZ);
    write_wav(
        &noise,
        RATE_HZ as u32,
        std::slice::from_ref(&source),
        WavSample::Float32,
    );
    let made = std::process::Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            &format!("testsrc=s=64x48:r={FPS}:d=6"),
        ])
        .args(["-itsoffset", LATE_SECS, "-i", noise.as_str()])
        .args(["-c:v", "libx264", "-c:a", "pcm_f32le", film.as_str()])
        .status()
        .expect("ffmpeg is installed");
    assert!(made.success());
    let server = Server::start(&app);
    let call = async |operation: &str, input: Value| {
        let (status, answer) = server.call(operation, &input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    };
    let player = call("player.open", json!({ "path": film })).await["player"].clone();
    let begun = app.sound().now();
    call("player.seek", json!({ "player": player, "frame": FRAME })).await;
    call("player.play", json!({ "player": player })).await;
    tokio::time::sleep(Duration::from_millis(1400)).await;
    call("player.pause", json!({ "player": player })).await;
    app.sound().until_level(|level| level == 0.0).await;
    let heard = stretches(&app.sound().left_since(begun), &source);
    check_order(&heard, FRAME * RATE_HZ / FPS - LATE, "with its picture");
}

/// A run of samples that were heard as they lie in the source.
#[derive(Debug)]
struct Stretch {
    /// Index among the samples that sounded.
    heard_at: usize,
    source_at: usize,
    length: usize,
}

fn sounding(heard: &[f32]) -> usize {
    heard.iter().filter(|x| **x != 0.0).count()
}

/// Finds what was heard at full volume. Silence, which the device plays while nothing comes, is left out.
fn stretches(heard: &[f32], source: &[f32]) -> Vec<Stretch> {
    const NEEDLE: usize = 32;
    let heard: Vec<f32> = heard.iter().copied().filter(|x| *x != 0.0).collect();
    let same = |a: f32, b: f32| (a - b).abs() < 1e-5;
    let (mut found, mut at) = (Vec::new(), 0);
    while at + NEEDLE < heard.len() {
        let needle = &heard[at..at + NEEDLE];
        let place = source
            .windows(NEEDLE)
            .position(|window| window.iter().zip(needle).all(|(a, b)| same(*a, *b)));
        let Some(source_at) = place else {
            at += 1;
            continue;
        };
        let length = heard[at..]
            .iter()
            .zip(&source[source_at..])
            .take_while(|(a, b)| same(**a, **b))
            .count();
        found.push(Stretch {
            heard_at: at,
            source_at,
            length,
        });
        at += length;
    }
    found
}

/// Between two stretches there is a fade at most, and no sample is lost or doubled in it.
fn check_order(stretches: &[Stretch], from: usize, when: &str) {
    let (mut heard_at, mut source_at) = (0, from);
    for stretch in stretches {
        let faded = stretch.heard_at - heard_at;
        assert!(
            faded <= 2 * FADE,
            "{when}: {faded} samples are wrong before {stretch:?}"
        );
        assert_eq!(
            stretch.source_at.wrapping_sub(source_at),
            faded,
            "{when}: samples are lost or doubled before {stretch:?} of {stretches:?}"
        );
        heard_at = stretch.heard_at + stretch.length;
        source_at = stretch.source_at + stretch.length;
    }
    let whole: usize = stretches.iter().map(|stretch| stretch.length).sum();
    assert!(
        whole > RATE_HZ / 2,
        "{when}: only {whole} samples were heard"
    );
}
