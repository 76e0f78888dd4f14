use serde_json::{Value, json};
use studio_core::ErrorCode;
use studio_testkit::{WavSample, signal, write_wav};

use crate::world::World;

#[track_caller]
fn check(world: &World, name: &str, input: Value, field: Option<&str>, words: &str) {
    let error = world.run(name, input).unwrap_err();
    assert_eq!(error.field.as_deref(), field, "{error}");
    assert!(error.message.contains(words), "{error}");
    assert_ne!(error.code, ErrorCode::Internal, "{error}");
}

#[test]
fn what_cannot_be_done_is_said_with_the_field() {
    let world = World::new();
    let path = world.film("film.mp4", 48);
    let out = world.file("out.mp4");
    let trim = |from: Value, to: Value| json!({ "path": path, "from_secs": from, "to_secs": to, "output": out });
    let check = |name, input, field, words| check(&world, name, input, field, words);
    check(
        "video.trim",
        trim(json!(1.0), json!(1.0)),
        Some("/to_secs"),
        "empty",
    );
    check(
        "video.trim",
        trim(json!(1.5), json!(0.5)),
        Some("/to_secs"),
        "empty",
    );
    check(
        "video.trim",
        trim(json!(2.0), json!(null)),
        Some("/from_secs"),
        "past the end",
    );
    check(
        "video.trim",
        trim(json!(0.5), json!(9.0)),
        Some("/to_secs"),
        "past the end",
    );
    check(
        "video.trim",
        trim(json!(-1.0), json!(1.0)),
        Some("/from_secs"),
        "less than 0",
    );
    check(
        "video.trim",
        trim(json!(null), json!(null)),
        Some("/from_secs"),
        "nothing to trim",
    );
    let folder = world.file("pictures");
    let frames = |more: Value| {
        let mut input = json!({ "path": path, "output_folder": folder });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    check(
        "video.frames",
        frames(json!({ "times_secs": [0.0, 2.0] })),
        Some("/times_secs/1"),
        "past the end",
    );
    check(
        "video.frames",
        frames(json!({ "every": 0 })),
        Some("/every"),
        "less than 1",
    );
    check(
        "video.frames",
        frames(json!({})),
        Some("/every"),
        "which frames",
    );
    check(
        "video.frames",
        frames(json!({ "every": 1, "limit": 47 })),
        Some("/every"),
        "48 pictures",
    );
    check(
        "video.frames",
        frames(json!({ "every": 1, "width": 0 })),
        Some("/width"),
        "less than 1",
    );
    let missing = json!({ "path": path, "every": 24, "output_folder": world.file("no/such") });
    check("video.frames", missing, Some("/output_folder"), "no/such");
    let adjust = |more: Value| {
        let mut input = json!({ "path": path, "output": out });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    check("video.adjust", adjust(json!({})), None, "nothing to adjust");
    check(
        "video.adjust",
        adjust(json!({ "width": 0 })),
        Some("/width"),
        "less than 2",
    );
    check(
        "video.adjust",
        adjust(json!({ "width": 101 })),
        Some("/width"),
        "101",
    );
    check(
        "video.adjust",
        adjust(json!({ "speed": 5.0 })),
        Some("/speed"),
        "more than 4",
    );
    let sheet = json!({ "path": path, "output": out });
    check(
        "video.thumbnails",
        sheet,
        Some("/output"),
        "ending of a picture",
    );
    let itself = json!({ "path": path, "from_secs": 1.0, "output": path });
    check("video.trim", itself, Some("/output"), "over itself");
    let ending = json!({ "path": path, "from_secs": 1.0, "output": world.file("out.txt") });
    check("video.trim", ending, Some("/output"), "ending of a film");
    let webm = json!({ "path": path, "from_secs": 1.0, "output": world.file("out.webm") });
    check("video.trim", webm, Some("/output"), "webm");
    let webm =
        json!({ "path": path, "from_secs": 1.0, "mode": "copy", "output": world.file("out.webm") });
    check("video.trim", webm, None, "does not hold h264");
    assert!(!folder.exists() && !out.exists(), "nothing is left");
}

#[test]
fn files_that_are_no_films_are_told_from_films() {
    let world = World::new();
    let sound = world.file("sound.wav");
    write_wav(
        &sound,
        48_000,
        &[signal::sine(440.0, 0.5, 48_000, 4800)],
        WavSample::Int16,
    );
    let text = world.file("notes.mp4");
    std::fs::write(&text, "Not a film at all, only words.").unwrap();
    let empty = world.file("empty.mp4");
    std::fs::write(&empty, "").unwrap();
    let hostile = world.file("concat:film.mp4|film.mp4");
    for (path, words) in [
        (sound.as_str(), "no picture"),
        (text.as_str(), "notes.mp4"),
        (empty.as_str(), "empty"),
        (hostile.as_str(), "no such file"),
        ("http://localhost:1/film.mp4", "no such file"),
        (world.folder.path().as_str(), "folder"),
    ] {
        for (name, more) in [
            ("video.scenes", json!({})),
            (
                "video.trim",
                json!({ "from_secs": 1.0, "output": world.file("o.mp4") }),
            ),
            (
                "video.adjust",
                json!({ "speed": 2.0, "output": world.file("o.mp4") }),
            ),
            (
                "video.extract_audio",
                json!({ "output": world.file("o.wav") }),
            ),
            (
                "video.frames",
                json!({ "every": 1, "output_folder": world.file("f") }),
            ),
            ("video.thumbnails", json!({ "output": world.file("o.png") })),
        ] {
            let mut input = json!({ "path": path });
            input
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            check(&world, name, input, Some("/path"), words);
        }
    }
}

#[test]
fn a_film_that_breaks_off_is_kept_as_far_as_it_goes() {
    let world = World::new();
    let whole = world.film("film.mp4", 240);
    let bytes = std::fs::read(&whole).unwrap();
    // Its table of contents comes first, so that half of the pictures are still found.
    let path = world.file("half.mp4");
    std::fs::write(&path, &bytes[..bytes.len() * 6 / 10]).unwrap();
    let out = world.file("out.mp4");
    let input = json!({ "path": path, "saturation": 0.5, "output": out });
    let answer = world.run("video.adjust", input).unwrap();
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.contains("breaks off"), "{warning}");
    assert!(
        (40..239).contains(&answer["frames"].as_u64().unwrap()),
        "{answer}"
    );
    // Without it, nothing is.
    let path = world.file("stub.mp4");
    std::fs::write(&path, &bytes[..200]).unwrap();
    check(
        &world,
        "video.scenes",
        json!({ "path": path }),
        Some("/path"),
        "stub.mp4",
    );
}
