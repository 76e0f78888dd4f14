use serde_json::json;
use studio_media::probe;
use studio_testkit::snr_db;

use crate::world::{RATE, World, ffmpeg, sound};

#[test]
fn the_sound_comes_out_in_its_whole_length() {
    let world = World::new();
    let path = world.film("film.mp4", 100);
    let (own, _) = sound(&path);
    assert_eq!(own.len(), 100 * 2000);
    for ending in ["wav", "flac", "mp3", "m4a", "ogg", "opus", "aiff"] {
        let out = world.file(&format!("sound.{ending}"));
        let answer = world
            .run(
                "video.extract_audio",
                json!({ "path": path, "output": out }),
            )
            .unwrap();
        assert_eq!(answer["frames"], own.len(), "{ending}");
        let (samples, rate) = sound(&out);
        assert_eq!((samples.len(), rate), (own.len(), RATE), "{ending}");
        if ["wav", "flac", "aiff"].contains(&ending) {
            assert!(snr_db(&samples, &own) > 90.0, "{ending} keeps the samples");
        }
    }
}

#[test]
fn a_silent_film_has_no_sound_to_extract() {
    let world = World::new();
    let path = world.clip("silent.mp4", 24, crate::world::numbered);
    let out = world.file("sound.wav");
    let error = world
        .run(
            "video.extract_audio",
            json!({ "path": path, "output": out }),
        )
        .unwrap_err();
    assert_eq!(error.field.as_deref(), Some("/path"));
    assert!(error.message.contains("no sound"), "{error}");
}

#[test]
fn sound_that_the_format_holds_is_copied_sample_by_sample() {
    let world = World::new();
    let film = world.film("film.mp4", 100);
    // Of Opus in Matroska, less is stated of the length.
    for (codec, film_ending, ending, exact) in [
        ("copy", "mp4", "m4a", true),
        ("pcm_s16le", "mov", "wav", true),
        ("pcm_s24be", "mov", "aiff", true),
        ("alac", "mov", "m4a", true),
        ("flac", "mkv", "flac", true),
        ("copy", "mkv", "m4a", true),
        ("libopus", "mkv", "opus", false),
    ] {
        let path = world.file(&format!("{codec}.{film_ending}"));
        ffmpeg(&[
            "-i",
            film.as_str(),
            "-c:v",
            "copy",
            "-c:a",
            codec,
            path.as_str(),
        ]);
        let out = world.file(&format!("sound.{ending}"));
        let input = json!({ "path": path, "output": out });
        let answer = world.run("video.extract_audio", input).unwrap();
        assert_eq!(answer["copied"], true, "{codec} in {film_ending}");
        let ((own, own_rate), (copied, rate)) = (sound(&path), sound(&out));
        assert_eq!(
            (rate, answer["frames"].as_u64()),
            (own_rate, Some(copied.len() as u64))
        );
        let codec_of = |path| probe(path).unwrap().audio.unwrap().codec;
        assert_eq!(codec_of(&out), codec_of(&path));
        let differs = own.iter().zip(&copied).position(|(a, b)| a != b);
        if exact {
            assert_eq!(
                (copied.len(), differs),
                (own.len(), None),
                "{codec} in {film_ending}"
            );
        } else {
            let missing = own.len().abs_diff(copied.len());
            assert!(
                missing <= 2400,
                "{codec} in {film_ending}: {} samples became {}",
                own.len(),
                copied.len()
            );
        }
    }
}

#[test]
fn mp3_and_vorbis_are_copied_sample_by_sample_whatever_the_film_tells() {
    let world = World::new();
    let film = world.film("film.mp4", 100);
    // AVI and MPEG-TS tell nothing of MP3's delay, MP4 all; Matroska rounds the packets of Vorbis, which loud begins
    // make short and long.
    for (codec, film_ending, ending) in [
        ("libmp3lame", "avi", "mp3"),
        ("libmp3lame", "ts", "mp3"),
        ("libmp3lame", "mp4", "mp3"),
        ("libvorbis", "mkv", "ogg"),
    ] {
        let path = world.file(&format!("{codec}.{film_ending}"));
        ffmpeg(&[
            "-i",
            film.as_str(),
            "-c:v",
            "copy",
            "-af",
            "volume='if(lt(mod(t,0.5),0.05),1,0.02)':eval=frame",
            "-c:a",
            codec,
            path.as_str(),
        ]);
        let out = world.file(&format!("sound.{ending}"));
        let input = json!({ "path": path, "output": out });
        let answer = world.run("video.extract_audio", input).unwrap();
        assert_eq!(answer["copied"], true, "{codec} in {film_ending}");
        let ((own, own_rate), (copied, rate)) = (sound(&path), sound(&out));
        assert_eq!(
            (copied.len(), rate, answer["frames"].as_u64()),
            (own.len(), own_rate, Some(own.len() as u64)),
            "{codec} in {film_ending}"
        );
        // Two libraries decode them.
        let snr_db = snr_db(&copied, &own);
        assert!(snr_db > 90.0, "{codec} in {film_ending}: {snr_db} dB");
    }
}

#[test]
fn sound_is_encoded_where_something_is_asked_to_change() {
    let world = World::new();
    let path = world.film("film.mp4", 48);
    for (ending, quality, copied) in [
        ("m4a", json!(null), true),
        ("m4a", json!("medium"), false),
        ("wav", json!(null), false),
        ("mp3", json!(null), false),
    ] {
        let out = world.file(&format!("sound.{ending}"));
        let input = json!({ "path": path, "quality": quality, "output": out });
        let answer = world.run("video.extract_audio", input).unwrap();
        assert_eq!(answer["copied"], copied, "{ending} {quality}");
    }
    let project = world.projects.create("Sounds", None).unwrap();
    let input = json!({ "path": path, "project": project.path() });
    let answer = world.run("video.extract_audio", input).unwrap();
    assert_eq!(answer["copied"], true, "without a wish, it stays as it is");
    let assets = project.assets().list().unwrap();
    assert_eq!(assets[0].facts.name, "film.m4a");
}
