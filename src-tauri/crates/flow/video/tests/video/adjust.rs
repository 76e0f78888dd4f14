use serde_json::{Value, json};
use studio_media::{PictureReader, probe};

use crate::world::{HEIGHT, WIDTH, World, numbers, pitch_hz, sound};

/// Mean red, green and blue of the film's first picture.
fn mean(path: &camino::Utf8Path) -> [f64; 3] {
    let picture = PictureReader::open(path, None).unwrap().at(0.0).unwrap();
    let count = f64::from(picture.width * picture.height);
    std::array::from_fn(|channel| {
        let values = picture.rgba.iter().skip(channel).step_by(4);
        values.map(|value| f64::from(*value)).sum::<f64>() / count
    })
}

#[test]
fn speed_changes_the_length_and_keeps_the_pitch() {
    let world = World::new();
    let path = world.film("film.mp4", 96);
    for (speed, frames) in [(2.0_f64, 48), (0.5, 192), (4.0, 24), (0.25, 384), (1.5, 64)] {
        let out = world.file("speed.mp4");
        let answer = world
            .run(
                "video.adjust",
                json!({ "path": path, "speed": speed, "output": out }),
            )
            .unwrap();
        assert_eq!(answer["frames"], frames, "{speed}");
        let info = probe(&out).unwrap();
        assert_eq!(
            info.video.unwrap().frame_rate.fps(),
            24.0,
            "the frame rate stays"
        );
        let (samples, rate) = sound(&out);
        let expected = (96.0 * 2000.0 / speed).round() as usize;
        assert_eq!(samples.len(), expected, "{speed}");
        let hz = pitch_hz(&samples, rate);
        assert!((hz - 440.0).abs() < 4.0, "{speed}: {hz} Hz");
    }
}

#[test]
fn pictures_keep_their_order_at_another_speed() {
    let world = World::new();
    let path = world.film("film.mp4", 60);
    let out = world.file("fast.mp4");
    world
        .run(
            "video.adjust",
            json!({ "path": path, "speed": 2.0, "output": out }),
        )
        .unwrap();
    let shown = numbers(&out);
    for (n, number) in shown.iter().enumerate() {
        let asked = 2 * n as u64;
        assert!(
            number.abs_diff(asked) <= 1,
            "picture {n} is number {number}"
        );
    }
}

#[test]
fn colours_and_size_change_as_asked() {
    let world = World::new();
    let path = world.clip("flat.mp4", 12, |_| {
        [160, 90, 60, 255].repeat((WIDTH * HEIGHT) as usize)
    });
    let before = mean(&path);
    let adjusted = |more: Value| {
        let out = world.file("out.mp4");
        let mut input = json!({ "path": path, "output": out });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = world.run("video.adjust", input).unwrap();
        assert_eq!(answer["frames"], 12);
        (mean(&out), answer)
    };
    let luma = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (brighter, _) = adjusted(json!({ "brightness": 0.2 }));
    let lift = luma(brighter) - luma(before);
    assert!(
        (40.0..75.0).contains(&lift),
        "0.2 of white is about 51, not {lift}"
    );
    let ([r, g, b], _) = adjusted(json!({ "saturation": 0.0 }));
    assert!(
        (r - g).abs() < 5.0 && (g - b).abs() < 5.0,
        "{r} {g} {b} is no grey"
    );
    let (flat, _) = adjusted(json!({ "contrast": 0.5 }));
    assert!((luma(flat) - 128.0).abs() < (luma(before) - 128.0).abs());
    let (lighter, _) = adjusted(json!({ "gamma": 2.0 }));
    assert!(luma(lighter) > luma(before) + 20.0);
    let (same, answer) = adjusted(json!({ "width": 96 }));
    assert_eq!(
        (&answer["width"], &answer["height"]),
        (&json!(96), &json!(54))
    );
    for (now, then) in same.iter().zip(before) {
        assert!(
            (now - then).abs() < 4.0,
            "the colour stays: {same:?}, not {before:?}"
        );
    }
    let (_, answer) = adjusted(json!({ "width": 100, "height": 100 }));
    assert_eq!(
        (&answer["width"], &answer["height"]),
        (&json!(100), &json!(100))
    );
}

#[test]
fn a_trembling_picture_becomes_steadier() {
    // A coarse texture that jumps to and fro by a few pixels.
    let texture = |x: i64, y: i64| {
        let cell = (x.div_euclid(9) * 7919 + y.div_euclid(9) * 104_729) as u64;
        (cell.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
    };
    let jumps = [(0, 0), (4, 2), (-3, 3), (5, -2), (-4, -3), (2, 4)];
    let world = World::new();
    let path = world.clip("shaky.mp4", 24, |frame| {
        let (dx, dy) = jumps[frame as usize % jumps.len()];
        let pixel = |at: u32| {
            let value = texture(i64::from(at % WIDTH) + dx, i64::from(at / WIDTH) + dy);
            [value, value, value, 255]
        };
        (0..WIDTH * HEIGHT).flat_map(pixel).collect()
    });
    let restless = |path: &camino::Utf8Path| {
        let mut reader = PictureReader::open(path, None).unwrap();
        let mut before: Option<Vec<u8>> = None;
        let mut sum = 0;
        while reader.advance().unwrap().is_some() {
            let now = reader.picture().unwrap().rgba;
            if let Some(before) = before {
                sum += before
                    .iter()
                    .zip(&now)
                    .map(|(a, b)| u64::from(a.abs_diff(*b)))
                    .sum::<u64>();
            }
            before = Some(now);
        }
        sum
    };
    let out = world.file("steady.mp4");
    world
        .run(
            "video.adjust",
            json!({ "path": path, "stabilise": true, "output": out }),
        )
        .unwrap();
    let (shaky, steady) = (restless(&path), restless(&out));
    assert!(steady * 2 < shaky, "{steady} is not much less than {shaky}");
}
