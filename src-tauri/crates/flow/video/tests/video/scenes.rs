use serde_json::{Value, json};

use crate::world::{HEIGHT, WIDTH, World};

/// A pattern of its own for each of the film's parts, which moves a little from frame to frame.
fn pattern(part: u64, frame: u64) -> Vec<u8> {
    let base: [[u32; 3]; 4] = [[200, 30, 30], [20, 60, 200], [240, 240, 240], [30, 160, 40]];
    let color = base[(part % 4) as usize];
    let pixel = |at: u32| {
        let stripe = (at % WIDTH + frame as u32) / 12 % 2 * 15;
        let [r, g, b] = color.map(|value| value.saturating_sub(stripe) as u8);
        [r, g, b, 255]
    };
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

fn starts(found: &Value) -> Vec<u64> {
    let scenes = found["scenes"].as_array().unwrap();
    scenes
        .iter()
        .map(|scene| scene["start_frame"].as_u64().unwrap())
        .collect()
}

#[test]
fn cuts_are_found_to_the_frame() {
    let world = World::new();
    let cuts = [31, 60, 97];
    let part = |frame: u64| cuts.iter().filter(|cut| **cut <= frame).count() as u64;
    let path = world.clip("cuts.mp4", 120, |frame| pattern(part(frame), frame));
    for detector in ["content", "adaptive"] {
        let input = json!({ "path": path, "detector": detector, "scores": true });
        let found = world.run("video.scenes", input).unwrap();
        assert_eq!(starts(&found), [0, 31, 60, 97], "{detector}");
        assert_eq!(found["frames"], 120);
        let last = &found["scenes"][3];
        assert_eq!(
            (&last["end_frame"], &last["end_secs"]),
            (&json!(120), &json!(5.0))
        );
        assert_eq!(found["scenes"][1]["start_secs"], json!(31.0 / 24.0));
        let scores = found["scores"].as_array().unwrap();
        assert_eq!((scores.len(), &scores[0]), (120, &json!(0.0)));
        let loud = scores
            .iter()
            .filter(|score| score.as_f64().unwrap() >= 27.0);
        assert_eq!(loud.count(), 3, "only cuts are loud");
    }
}

#[test]
fn short_scenes_are_merged_and_calm_films_are_one_scene() {
    let world = World::new();
    let path = world.clip("fast.mp4", 60, |frame| {
        pattern(u64::from(frame >= 30) + u64::from(frame >= 36), frame)
    });
    let found = |more: Value| {
        let mut input = json!({ "path": path });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        starts(&world.run("video.scenes", input).unwrap())
    };
    assert_eq!(found(json!({})), [0, 30]);
    assert_eq!(found(json!({ "min_scene_frames": 6 })), [0, 30, 36]);
    assert_eq!(found(json!({ "min_scene_secs": 0.25 })), [0, 30, 36]);
    assert_eq!(found(json!({ "min_scene_secs": 0.26 })), [0, 30]);
    assert_eq!(found(json!({ "threshold": 200.0 })), [0]);
    let error = world
        .run(
            "video.scenes",
            json!({ "path": path, "min_scene_secs": 1.0, "min_scene_frames": 2 }),
        )
        .unwrap_err();
    assert_eq!(error.field.as_deref(), Some("/min_scene_secs"));
}
