use serde_json::json;
use studio_testkit::snr_db;

use crate::world::{RATE, World, sound};

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
