use serde_json::json;
use studio_media::probe;

use crate::world::{RATE, World, ffmpeg, numbers, pitch_hz, sound};

#[test]
fn an_exact_trim_begins_and_ends_at_the_frame() {
    let world = World::new();
    let path = world.film("film.mp4", 120);
    for (ending, from, to) in [("mp4", 31, 77), ("mkv", 0, 25), ("mov", 50, 120)] {
        let out = world.file(&format!("exact.{ending}"));
        let secs = |frame: u64| frame as f64 / 24.0;
        let input =
            json!({ "path": path, "from_secs": secs(from), "to_secs": secs(to), "output": out });
        let answer = world.run("video.trim", input).unwrap();
        assert_eq!(numbers(&out), (from..to).collect::<Vec<_>>(), "{ending}");
        assert_eq!(answer["frames"], to - from);
        assert!((answer["start_secs"].as_f64().unwrap() - secs(from)).abs() < 1e-3);
        let (samples, rate) = sound(&out);
        let expected = (to - from) * 2000;
        // Matroska does not state the encoder's padding.
        let padding = if ending == "mkv" { 2048 } else { 0 };
        assert!(
            (expected..=expected + padding).contains(&(samples.len() as u64)),
            "{ending}: {} samples, not {expected}",
            samples.len()
        );
        assert_eq!(rate, RATE);
        assert!((pitch_hz(&samples, rate) - 440.0).abs() < 2.0);
    }
}

#[test]
fn a_time_within_a_frame_begins_with_that_frame() {
    let world = World::new();
    let path = world.film("film.mp4", 60);
    let out = world.file("within.mp4");
    let input =
        json!({ "path": path, "from_secs": 10.5 / 24.0, "to_secs": 20.5 / 24.0, "output": out });
    let answer = world.run("video.trim", input).unwrap();
    assert_eq!(numbers(&out), (10..=20).collect::<Vec<_>>());
    assert_eq!(answer["start_secs"], json!(10.0 / 24.0));
    // The last picture can be had by itself.
    let input = json!({ "path": path, "from_secs": 59.5 / 24.0, "output": out });
    world.run("video.trim", input).unwrap();
    assert_eq!(numbers(&out), [59]);
}

#[test]
fn a_copy_begins_at_the_key_frame_before_and_says_so() {
    let world = World::new();
    let path = world.film("film.mp4", 120);
    for ending in ["mp4", "mkv", "ts"] {
        let out = world.file(&format!("copy.{ending}"));
        let input = json!({
            "path": path, "from_secs": 31.0 / 24.0, "to_secs": 77.0 / 24.0, "mode": "copy", "output": out,
        });
        let answer = world.run("video.trim", input).unwrap();
        assert_eq!(answer["start_secs"], json!(1.0), "{ending}");
        let warning = answer["warnings"][0].as_str().unwrap();
        assert!(warning.contains("key frame"), "{warning}");
        assert_eq!(numbers(&out), (24..77).collect::<Vec<_>>(), "{ending}");
        let info = probe(&out).unwrap();
        assert_eq!(info.video.unwrap().codec, "h264");
        let audio = info.audio.unwrap();
        let secs = audio.sample_rate.secs_from_samples(audio.frames);
        // Packets of AAC are 21 ms long.
        assert!(
            (secs - 53.0 / 24.0).abs() < 0.05,
            "{ending}: {secs} s of sound"
        );
    }
}

#[test]
fn a_copy_at_a_key_frame_is_as_asked() {
    let world = World::new();
    let path = world.film("film.mp4", 72);
    let out = world.file("copy.mp4");
    let input =
        json!({ "path": path, "from_secs": 1.0, "to_secs": 2.0, "mode": "copy", "output": out });
    let answer = world.run("video.trim", input).unwrap();
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(numbers(&out), (24..48).collect::<Vec<_>>());
}

#[test]
fn where_a_copy_begins_and_ends_is_told_beforehand() {
    let world = World::new();
    let path = world.film("film.mp4", 120);
    let out = world.file("copy.mp4");
    let frame = |n: u64| json!(n as f64 / 24.0);
    for (from, to) in [
        (frame(31), frame(77)),
        (frame(24), frame(72)),
        (frame(25), json!(null)),
        (json!(null), frame(50)),
        (frame(50), frame(51)),
    ] {
        let range = json!({ "path": path, "from_secs": from, "to_secs": to });
        let told = world.run("video.copy_points", range.clone()).unwrap();
        let mut input = range;
        input["mode"] = json!("copy");
        input["output"] = json!(out);
        let made = world.run("video.trim", input).unwrap();
        assert_eq!(told["start_secs"], made["start_secs"], "{from} {to}");
        assert_eq!(told["end_secs"], made["end_secs"], "{from} {to}");
    }
    let error = world
        .run(
            "video.copy_points",
            json!({ "path": path, "from_secs": 9.0 }),
        )
        .unwrap_err();
    assert_eq!(error.field.as_deref(), Some("/from_secs"));
}

#[test]
fn a_probe_tells_what_a_film_is() {
    let world = World::new();
    let path = world.film("film.mp4", 120);
    let told = world.run("video.probe", json!({ "path": path })).unwrap();
    assert_eq!(
        (&told["frames"], &told["duration_secs"]),
        (&json!(120), &json!(5.0))
    );
    assert_eq!(
        (&told["codec"], &told["width"]),
        (&json!("h264"), &json!(crate::world::WIDTH))
    );
    let sound = &told["sound"];
    assert_eq!(
        (&sound["codec"], &sound["copies_into"]),
        (&json!("aac"), &json!("m4a"))
    );
    let silent = world.clip("silent.mp4", 24, crate::world::numbered);
    let told = world.run("video.probe", json!({ "path": silent })).unwrap();
    assert_eq!(told["sound"], json!(null));
}

#[test]
fn a_copy_that_ends_at_a_key_frame_shows_nothing_of_what_follows() {
    let world = World::new();
    let film = world.film("film.mp4", 120);
    // With pictures that are decoded ahead, which our own clips do not have.
    let path = world.file("ahead.mp4");
    ffmpeg(&[
        "-i",
        film.as_str(),
        "-c:v",
        "libx264",
        "-bf",
        "3",
        "-g",
        "24",
        "-sc_threshold",
        "0",
        "-c:a",
        "copy",
        path.as_str(),
    ]);
    for ending in ["mp4", "mkv", "mov"] {
        let out = world.file(&format!("copy.{ending}"));
        let range = json!({ "path": path, "from_secs": 1.0, "to_secs": 3.0 });
        let told = world.run("video.copy_points", range.clone()).unwrap();
        let mut input = range;
        input["mode"] = json!("copy");
        input["output"] = json!(out);
        let made = world.run("video.trim", input).unwrap();
        assert_eq!(numbers(&out), (24..72).collect::<Vec<_>>(), "{ending}");
        for answer in [told, made] {
            assert_eq!(
                (&answer["start_secs"], &answer["end_secs"]),
                (&json!(1.0), &json!(3.0))
            );
        }
    }
}
