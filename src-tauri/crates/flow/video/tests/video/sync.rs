//! A flash and a beep at the same instant stay at the same instant.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{PictureReader, assemble};

use crate::world::{FPS, HEIGHT, RATE, WIDTH, World, ffmpeg, secs, sound, streams};

const FRAMES: u64 = 120;
/// The flash is this frame, and the beep begins and ends with it.
const FLASH: u64 = 60;
const FRAME_SECS: f64 = 1.0 / FPS as f64;

fn flash(world: &World) -> Utf8PathBuf {
    let clip = world.clip("black.mp4", FRAMES, |frame| {
        let value = if frame == FLASH { 235 } else { 20 };
        [value, value, value, 255].repeat((WIDTH * HEIGHT) as usize)
    });
    let samples = |frames: u64| (frames * u64::from(RATE / FPS)) as usize;
    let mut tone = vec![0.0; samples(FRAMES)];
    for (n, x) in tone[samples(FLASH)..samples(FLASH + 1)]
        .iter_mut()
        .enumerate()
    {
        *x = 0.8 * (n as f32 * 0.4).sin();
    }
    let audio = Audio {
        rate: SampleRate::new(RATE).unwrap(),
        channels: vec![tone.clone(), tone],
    };
    let path = world.file("flash.mp4");
    assemble(&[clip], &audio, &[], &[], "Flash", &path).unwrap();
    path
}

/// How much later the beep is heard than the flash is seen, in seconds, by the file's own clock.
fn lag_secs(path: &Utf8Path) -> f64 {
    let told = streams(path);
    let start = |kind: &str| {
        let stream = told.iter().find(|stream| stream["codec_type"] == kind);
        secs(&stream.unwrap()["start_time"])
    };
    let mut reader = PictureReader::open(path, None).unwrap();
    let seen = loop {
        let (_, at) = reader.advance().unwrap().expect("a flash");
        if reader.picture().unwrap().rgba[0] > 128 {
            break at;
        }
    };
    let (samples, rate) = sound(path);
    let onset = samples.iter().position(|x| x.abs() > 0.25).expect("a beep");
    let heard = onset as f64 / f64::from(rate);
    // A negative start is the encoder's delay, which is not heard.
    heard + start("audio").max(0.0) - (seen + start("video"))
}

#[track_caller]
fn check(path: &Utf8Path, most_secs: f64) {
    let lag = lag_secs(path);
    assert!(lag.abs() <= most_secs, "{path}: the beep is {lag} s late");
}

/// One millisecond, and what Matroska's clock rounds at both streams.
fn tolerance(ending: &str) -> f64 {
    if ending == "mkv" { 2.5e-3 } else { 1e-3 }
}

#[test]
fn a_trim_keeps_sound_and_picture_together() {
    let world = World::new();
    let mp4 = flash(&world);
    check(&mp4, 1e-3);
    let (mkv, late) = (world.file("source.mkv"), world.file("late.mkv"));
    ffmpeg(&["-i", mp4.as_str(), "-c", "copy", mkv.as_str()]);
    // Its sound begins 2.3 s after its first picture.
    ffmpeg(&[
        "-i",
        mp4.as_str(),
        "-ss",
        "2.3",
        "-i",
        mp4.as_str(),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "pcm_s16le",
        "-af",
        "asetpts=PTS+2.3/TB",
        late.as_str(),
    ]);
    for source in [&mp4, &mkv, &late] {
        let most = tolerance(source.extension().unwrap());
        check(source, most);
        for ending in ["mp4", "mov", "mkv"] {
            for (mode, from, to) in [
                ("exact", json!(1.3), json!(4.1)),
                ("exact", json!(null), json!(3.0)),
                ("exact", json!(2.42), json!(null)),
                ("copy", json!(1.3), json!(4.1)),
                ("copy", json!(null), json!(3.0)),
                ("copy", json!(2.0), json!(null)),
            ] {
                if mode == "copy" && source == &late && ending == "mp4" {
                    // MP4 holds no PCM.
                    continue;
                }
                let out = world.file(&format!("{mode}.{ending}"));
                let input = json!({ "path": source, "from_secs": from, "to_secs": to, "mode": mode, "output": out });
                world.run("video.trim", input).unwrap();
                check(&out, most.max(tolerance(ending)));
            }
        }
    }
}

#[test]
fn adjusting_keeps_sound_and_picture_together() {
    let world = World::new();
    let path = flash(&world);
    for (more, most_secs) in [
        (json!({ "saturation": 0.5 }), 1e-3),
        (json!({ "height": 54 }), 1e-3),
        (json!({ "speed": 2.0 }), FRAME_SECS),
        (json!({ "speed": 0.5 }), FRAME_SECS),
        (json!({ "speed": 1.25, "brightness": 0.05 }), FRAME_SECS),
    ] {
        let out = world.file("out.mp4");
        let mut input = json!({ "path": path, "output": out });
        let fields: &Value = &more;
        input
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        world.run("video.adjust", input).unwrap();
        check(&out, most_secs);
    }
}

#[test]
fn a_copy_begins_with_its_sound_sample_by_sample() {
    let world = World::new();
    let path = world.film("film.mp4", 120);
    let out = world.file("copy.mp4");
    let input = json!({ "path": path, "from_secs": 2.0, "mode": "copy", "output": out });
    world.run("video.trim", input).unwrap();
    let ((whole, _), (copied, _)) = (sound(&path), sound(&out));
    let from = 2 * RATE as usize;
    assert_eq!(
        copied.len(),
        whole.len() - from,
        "no packet is missing at the begin"
    );
    let differs = copied.iter().zip(&whole[from..]).position(|(a, b)| a != b);
    assert_eq!(
        differs, None,
        "the sound begins at the picture, in the middle of a packet"
    );
}
