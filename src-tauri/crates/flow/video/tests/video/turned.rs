//! Films of a camera that was held on its side, or that mirrors.

use camino::Utf8PathBuf;
use serde_json::{Value, json};
use studio_media::{FrameReader, Picture, PictureReader, probe};

use crate::world::{HEIGHT, WIDTH, World, ffmpeg, streams};

/// A film whose pictures are to be turned by a quarter; black, but for a white left third as it is kept.
fn turned(world: &World, degrees: &str) -> Utf8PathBuf {
    let clip = world.clip("flat.mp4", 60, |_| {
        let pixel = |at: u32| {
            let value = if at % WIDTH < WIDTH / 3 { 235 } else { 20 };
            [value, value, value, 255]
        };
        (0..WIDTH * HEIGHT).flat_map(pixel).collect()
    });
    let path = world.file("turned.mp4");
    let tag = format!("rotate={degrees}");
    ffmpeg(&[
        "-i",
        clip.as_str(),
        "-c",
        "copy",
        "-metadata:s:v",
        &tag,
        path.as_str(),
    ]);
    path
}

/// The display matrix as `ffprobe` tells it.
fn matrix(path: &camino::Utf8Path) -> Value {
    streams(path)[0]["side_data_list"][0]["displaymatrix"].clone()
}

/// Which of the middles of the four sides are white: top, right, bottom, left.
fn white_sides(width: u32, height: u32, rgba: &[u8]) -> [bool; 4] {
    let is_white = |x: u32, y: u32| rgba[((y * width + x) * 4) as usize] > 128;
    [
        is_white(width / 2, 4),
        is_white(width - 5, height / 2),
        is_white(width / 2, height - 5),
        is_white(4, height / 2),
    ]
}

#[test]
fn a_copy_keeps_how_the_camera_was_held() {
    let world = World::new();
    for degrees in ["90", "180", "270"] {
        let path = turned(&world, degrees);
        let kept = matrix(&path);
        assert!(kept.is_string(), "the film says how it is turned");
        for ending in ["mp4", "mov"] {
            let out = world.file(&format!("copy.{ending}"));
            let input = json!({ "path": path, "from_secs": 1.0, "mode": "copy", "output": out });
            world.run("video.trim", input).unwrap();
            assert_eq!(matrix(&out), kept, "{degrees} {ending}");
            let sides = |path: &camino::Utf8Path| {
                let picture = PictureReader::open(path, None).unwrap().at(0.0).unwrap();
                white_sides(picture.width, picture.height, &picture.rgba)
            };
            assert_eq!(sides(&out), sides(&path), "{degrees} {ending}");
        }
        let out = world.file("copy.mkv");
        let input = json!({ "path": path, "from_secs": 1.0, "mode": "copy", "output": out });
        let error = world.run("video.trim", input).unwrap_err();
        assert!(error.message.contains("into mp4 or mov"), "{error}");
        assert!(!out.exists());
    }
}

#[test]
fn everybody_sees_the_film_as_it_is_shown() {
    let world = World::new();
    let path = turned(&world, "90");
    let size = (HEIGHT, WIDTH);
    let video = probe(&path).unwrap().video.unwrap();
    assert_eq!((video.width, video.height), size);
    let picture = PictureReader::open(&path, None).unwrap().at(0.0).unwrap();
    assert_eq!((picture.width, picture.height), size);
    let mut reader = FrameReader::open(&path).unwrap();
    assert_eq!(reader.size(), size);
    let frame = reader.frame(30, HEIGHT).unwrap();
    assert_eq!((frame.width, frame.height), size);
    let sides = white_sides(picture.width, picture.height, &picture.rgba);
    assert_eq!(white_sides(frame.width, frame.height, &frame.rgba), sides);
    assert_eq!(sides.iter().filter(|side| **side).count(), 1);
    // Encoded again, the pictures themselves are turned.
    let out = world.file("exact.mp4");
    let input = json!({ "path": path, "from_secs": 1.0, "output": out });
    world.run("video.trim", input).unwrap();
    assert!(matrix(&out).is_null());
    let picture = PictureReader::open(&out, None).unwrap().at(0.0).unwrap();
    assert_eq!(
        white_sides(picture.width, picture.height, &picture.rgba),
        sides
    );
}

/// A film with these four numbers in its display matrix. No turned or mirrored picture of it is like another.
fn laid_out(world: &World, [a, b, c, d]: [i32; 4]) -> Utf8PathBuf {
    let clip = world.clip("flat.mp4", 48, |_| {
        let pixel = |at: u32| {
            let value = match (at % WIDTH < WIDTH / 3, at / WIDTH < HEIGHT / 3) {
                (true, _) => 235,
                (false, true) => 128,
                (false, false) => 20,
            };
            [value, value, value, 255]
        };
        (0..WIDTH * HEIGHT).flat_map(pixel).collect()
    });
    let mut file = std::fs::read(&clip).unwrap();
    let header = file.windows(4).position(|name| name == b"tkhd").unwrap() + 4;
    assert_eq!(file[header], 0, "times of 32 bits");
    let one = 1 << 16;
    let numbers = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30];
    let bytes: Vec<u8> = numbers.iter().flat_map(|n: &i32| n.to_be_bytes()).collect();
    file[header + 40..][..36].copy_from_slice(&bytes);
    let path = world.file("laid-out.mp4");
    std::fs::write(&path, file).unwrap();
    path
}

/// A film's first picture.
fn first(path: &camino::Utf8Path) -> Picture {
    PictureReader::open(path, None).unwrap().at(0.0).unwrap()
}

#[track_caller]
fn check_alike(found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let differences = found
        .iter()
        .zip(expected)
        .map(|(a, b)| u64::from(a.abs_diff(*b)));
    let mean = differences.sum::<u64>() as f64 / found.len() as f64;
    assert!(mean < 4.0, "{what}: pixels differ by {mean}");
}

#[test]
fn mirrored_films_are_shown_as_ffmpeg_shows_them() {
    let world = World::new();
    for (numbers, mirrored, turned_degrees) in [
        ([1, 0, 0, 1], false, 0),
        ([0, 1, -1, 0], false, 90),
        ([-1, 0, 0, -1], false, 180),
        ([0, -1, 1, 0], false, 270),
        ([-1, 0, 0, 1], true, 0),
        ([0, -1, -1, 0], true, 90),
        ([1, 0, 0, -1], true, 180),
        ([0, 1, 1, 0], true, 270),
    ] {
        let path = laid_out(&world, numbers);
        let what = format!("{numbers:?}");
        let told = world.run("video.probe", json!({ "path": path })).unwrap();
        assert_eq!(
            (&told["mirrored"], &told["turned_degrees"]),
            (&json!(mirrored), &json!(turned_degrees)),
            "{what}"
        );
        let raw = world.file("first.rgba");
        ffmpeg(&[
            "-i",
            path.as_str(),
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgba",
            raw.as_str(),
        ]);
        let (expected, picture) = (std::fs::read(&raw).unwrap(), first(&path));
        check_alike(&picture.rgba, &expected, &what);
        let frame = FrameReader::open(&path)
            .unwrap()
            .frame(0, picture.width)
            .unwrap();
        check_alike(&frame.rgba, &expected, &what);
        let trimmed = |mode: &str, ending: &str| {
            let out = world.file(&format!("{mode}.{ending}"));
            let input = json!({ "path": path, "from_secs": 1.0, "mode": mode, "output": out });
            world.run("video.trim", input).map(|_| out)
        };
        let copy = trimmed("copy", "mp4").unwrap();
        assert_eq!(matrix(&copy), matrix(&path), "{what}");
        check_alike(&first(&copy).rgba, &expected, &what);
        let exact = trimmed("exact", "mp4").unwrap();
        assert!(matrix(&exact).is_null(), "{what}");
        check_alike(&first(&exact).rgba, &expected, &what);
        let is_plain = !mirrored && turned_degrees == 0;
        assert_eq!(trimmed("copy", "mkv").is_ok(), is_plain, "{what}");
    }
}
