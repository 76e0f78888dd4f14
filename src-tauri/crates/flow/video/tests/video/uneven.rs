//! Films whose pictures are shown for different times: each keeps its own, exactly.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use studio_media::{FrameReader, PictureReader};

use crate::world::{HEIGHT, WIDTH, World, ffmpeg, number_of, packets, secs, streams};

const PICTURES: u64 = 60;

/// When picture `n` appears, in milliseconds: 40 apart, now and then 9 more, and 130 after each five.
fn ms(n: u64) -> u64 {
    n * 40 + n / 5 * 130 + n % 3 * 9
}

fn at(n: u64) -> f64 {
    ms(n) as f64 / 1000.0
}

/// `path` with its pictures at uneven times, a key frame each twelve.
fn uneven(world: &World, path: &Utf8Path, ending: &str) -> Utf8PathBuf {
    let out = world.file(&format!("uneven.{ending}"));
    let times = "setpts=(N*40+floor(N/5)*130+mod(N\\,3)*9)/1000/TB";
    ffmpeg(&[
        "-i",
        path.as_str(),
        "-vf",
        times,
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1:1000",
        "-c:v",
        "libx264",
        "-g",
        "12",
        "-crf",
        "12",
        "-c:a",
        "copy",
        out.as_str(),
    ]);
    out
}

/// Numbers and times of all of a film's pictures.
fn shown(path: &Utf8Path) -> Vec<(u64, f64)> {
    let mut reader = PictureReader::open(path, None).unwrap();
    let mut all = Vec::new();
    while reader.advance().unwrap().is_some() {
        let picture = reader.picture().unwrap();
        let number = number_of(picture.width, picture.height, &picture.rgba);
        all.push((number, picture.time_secs));
    }
    all
}

/// Pictures `from..to`, the first of them at `zero_secs` of the source.
#[track_caller]
fn check_shown(path: &Utf8Path, from: u64, to: u64, zero_secs: f64) {
    let all = shown(path);
    let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (from..to).collect::<Vec<_>>(), "{path}");
    for (number, time_secs) in all {
        let expected = (at(number) - zero_secs).max(0.0);
        assert!(
            (time_secs - expected).abs() < 1.1e-3,
            "{path}: {number} is shown at {time_secs}, not {expected}"
        );
    }
}

#[test]
fn frames_have_the_times_at_which_they_are_shown() {
    let world = World::new();
    let film = world.film("film.mp4", PICTURES);
    for ending in ["mp4", "mkv"] {
        let path = uneven(&world, &film, ending);
        check_shown(&path, 0, PICTURES, 0.0);
        let folder = world.file(ending);
        let input = json!({ "path": path, "every": 1, "output_folder": folder });
        let answer = world.run("video.frames", input).unwrap();
        let pictures = answer["pictures"].as_array().unwrap();
        assert_eq!(pictures.len() as u64, PICTURES);
        let files = std::fs::read_dir(&folder).unwrap().count() as u64;
        assert_eq!(
            files, PICTURES,
            "{ending}: each picture has a file of its own"
        );
        for (n, picture) in (0..).zip(pictures) {
            let told = picture["time_secs"].as_f64().unwrap();
            assert!((told - at(n)).abs() < 1e-3, "{ending}: {n} at {told}");
            assert_eq!(number_in(picture), n);
        }
        // In the middle of its time, whatever its length.
        let middles: Vec<f64> = (0..PICTURES - 1)
            .map(|n| (at(n) + at(n + 1)) / 2.0)
            .collect();
        let folder = world.file(&format!("{ending} middles"));
        let input = json!({ "path": path, "times_secs": middles, "output_folder": folder });
        let answer = world.run("video.frames", input).unwrap();
        for (n, picture) in (0..).zip(answer["pictures"].as_array().unwrap()) {
            assert_eq!(number_in(picture), n, "{ending}");
        }
    }
}

fn number_in(picture: &Value) -> u64 {
    let path = Utf8Path::new(picture["path"].as_str().unwrap());
    let picture = PictureReader::open(path, None).unwrap().at(0.0).unwrap();
    number_of(picture.width, picture.height, &picture.rgba)
}

#[test]
fn a_player_shows_each_picture_as_long_as_it_is_shown() {
    let world = World::new();
    let path = uneven(&world, &world.film("film.mp4", PICTURES), "mp4");
    let mut reader = FrameReader::open(&path).unwrap();
    let rate = reader.frame_rate();
    let on = 0..reader.frames();
    let back = (0..reader.frames()).rev().step_by(7);
    for index in on.chain(back) {
        let frame = reader.frame(index, WIDTH).unwrap();
        let number = number_of(WIDTH, HEIGHT, &frame.rgba);
        // Within the frame, or the one shown as it begins; clocks round by a little.
        let (begin, end) = (
            rate.secs_from_frames(index),
            rate.secs_from_frames(index + 1),
        );
        let shown = at(number)..at(number + 1);
        assert!(
            shown.start < begin + 0.16 * (end - begin) && shown.end > begin - (end - begin),
            "frame {index} from {begin} s shows {number}, which is shown from {} to {} s",
            shown.start,
            shown.end
        );
    }
}

#[test]
fn trims_keep_each_pictures_time() {
    let world = World::new();
    let film = world.film("film.mp4", PICTURES);
    for (source, ending) in [
        ("mp4", "mp4"),
        ("mp4", "mkv"),
        ("mkv", "mp4"),
        ("mkv", "mkv"),
    ] {
        let path = uneven(&world, &film, source);
        let trimmed = |mode: &str, from: f64, to: f64| {
            let out = world.file(&format!("{mode}.{ending}"));
            let input = json!({ "path": path, "from_secs": from, "to_secs": to, "mode": mode, "output": out });
            (out, world.run("video.trim", input).unwrap())
        };
        let (out, answer) = trimmed("exact", at(17), at(41));
        check_shown(&out, 17, 41, at(17));
        assert!(
            (answer["end_secs"].as_f64().unwrap() - at(41)).abs() < 1e-3,
            "{answer}"
        );
        if ending == "mp4" {
            let length = secs(&streams(&out)[0]["duration"]);
            let expected = at(41) - at(17);
            assert!(
                (length - expected).abs() < 1.1e-3,
                "{source}: {length}, not {expected}"
            );
        }
        let (out, answer) = trimmed("copy", at(29), at(50));
        let all = shown(&out);
        let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers[..26], (24..50).collect::<Vec<_>>());
        // One that others before the end are built from may come with them.
        assert!(numbers.len() <= 27, "{numbers:?}");
        for (number, time_secs) in all {
            let expected = at(number) - at(24);
            assert!(
                (time_secs - expected).abs() < 1.1e-3,
                "{number} at {time_secs}"
            );
        }
        assert!((answer["start_secs"].as_f64().unwrap() - at(24)).abs() < 1e-3);
    }
}

/// Length of the pictures by an MP4's own header (`mdhd`, ISO/IEC 14496-12 §8.4.2): `ffprobe` tells the sum of the times
/// between decoding where that is less.
fn stated_secs(path: &Utf8Path) -> f64 {
    let bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(4).position(|name| name == b"mdhd").unwrap() + 4;
    assert_eq!(bytes[at], 0, "times of 32 bits");
    let number = |from: usize| u32::from_be_bytes(bytes[from..from + 4].try_into().unwrap());
    f64::from(number(at + 16)) / f64::from(number(at + 12))
}

#[test]
fn a_copy_ends_where_the_picture_after_its_last_one_appears() {
    let world = World::new();
    let film = world.film("film.mp4", PICTURES);
    for source in ["mp4", "mkv"] {
        let path = uneven(&world, &film, source);
        let decoded = packets(&path);
        let mut shown = decoded.clone();
        shown.sort_by(f64::total_cmp);
        assert_ne!(shown, decoded, "pictures are decoded ahead");
        let after_first = |at: f64| at - shown[0];
        let header_secs: Option<f64> = streams(&path)[0]["duration"]
            .as_str()
            .map(|secs| secs.parse().unwrap());
        for (from, to) in [(29, 50), (0, 25), (12, 36), (30, 34), (48, 59), (1, 17)] {
            let out = world.file("copy.mp4");
            let range = json!({ "path": path, "from_secs": at(from), "to_secs": at(to) });
            let told = world.run("video.copy_points", range.clone()).unwrap();
            let mut input = range;
            input["mode"] = json!("copy");
            input["output"] = json!(out);
            let made = world.run("video.trim", input).unwrap();
            let end_secs = |answer: &Value| answer["end_secs"].as_f64().unwrap();
            assert!(
                (end_secs(&told) - end_secs(&made)).abs() < 1e-9,
                "{source} {from} {to}: {told} but {made}"
            );
            let start = made["start_secs"].as_f64().unwrap();
            let copied = packets(&out);
            let first = copied.iter().copied().reduce(f64::min).unwrap();
            let last = copied.iter().copied().reduce(f64::max).unwrap() - first + start;
            let next = shown
                .iter()
                .map(|at| after_first(*at))
                .find(|at| *at > last + 2e-3);
            // Nothing appears after the film's last picture: its header tells how long that is shown.
            let end = end_secs(&made);
            let Some(next) = next.or(header_secs) else {
                assert!(end > last, "{source} {from} to {to}: {end} s");
                continue;
            };
            assert!(
                (end - next).abs() < 1e-3,
                "{source} {from} to {to}: its last picture, from {last} s, ends at {next} s, not {end} s"
            );
            let length = stated_secs(&out);
            assert!(
                (length - (end - start)).abs() < 2e-3,
                "{source} {from} to {to}: {length} s long, not from {start} to {end} s"
            );
        }
        let range = json!({ "path": path, "from_secs": at(40) });
        let told = world.run("video.copy_points", range).unwrap();
        if let Some(length) = header_secs {
            let end = told["end_secs"].as_f64().unwrap();
            assert!(
                (end - length).abs() < 1e-3,
                "{source}: {end} s of {length} s"
            );
        }
    }
}

#[test]
fn a_picture_that_stays_long_is_cut_itself() {
    let world = World::new();
    let path = uneven(&world, &world.film("film.mp4", PICTURES), "mp4");
    // Picture 4 is shown from 0.169 to 0.348 s, picture 9 until 0.678 s.
    let (from, to) = (0.330, 0.600);
    let out = world.file("cut.mp4");
    let input = json!({ "path": path, "from_secs": from, "to_secs": to, "output": out });
    let answer = world.run("video.trim", input).unwrap();
    assert!(
        (answer["start_secs"].as_f64().unwrap() - from).abs() < 1e-3,
        "{answer}"
    );
    assert!(
        (answer["end_secs"].as_f64().unwrap() - to).abs() < 1e-3,
        "{answer}"
    );
    check_shown(&out, 4, 10, from);
    let length = secs(&streams(&out)[0]["duration"]);
    assert!((length - (to - from)).abs() < 1.1e-3, "{length}");
}

#[test]
fn adjusting_keeps_the_times_and_speed_divides_them() {
    let world = World::new();
    let path = uneven(&world, &world.film("film.mp4", PICTURES), "mp4");
    let adjusted = |more: Value| {
        let out = world.file("out.mp4");
        let mut input = json!({ "path": path, "output": out });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        world.run("video.adjust", input).unwrap();
        out
    };
    check_shown(&adjusted(json!({ "saturation": 0.5 })), 0, PICTURES, 0.0);
    let out = adjusted(json!({ "speed": 2.0 }));
    let rate = PictureReader::open(&out, None).unwrap().frame_rate();
    let frame_secs = rate.secs_from_frames(1);
    for (number, time_secs) in shown(&out) {
        // At an even rate, each picture is the one that was shown then, to the nearest frame.
        let (begin, end) = (at(number) / 2.0, at(number + 1) / 2.0);
        assert!(
            (begin - frame_secs..=end + frame_secs).contains(&time_secs),
            "{number} is shown at {time_secs}, not from {begin} to {end}"
        );
    }
}

#[test]
fn scenes_begin_when_their_first_picture_appears() {
    let world = World::new();
    let cut = 31;
    let clip = world.clip("cut.mp4", PICTURES, |frame| {
        let colour = if frame < cut {
            [200, 30, 30, 255]
        } else {
            [20, 60, 200, 255]
        };
        colour.repeat((WIDTH * HEIGHT) as usize)
    });
    let path = uneven(&world, &clip, "mp4");
    let found = world.run("video.scenes", json!({ "path": path })).unwrap();
    let scenes = found["scenes"].as_array().unwrap();
    assert_eq!(scenes.len(), 2, "{found}");
    assert_eq!(scenes[1]["start_frame"], json!(cut));
    let told = |scene: &Value, key: &str| scene[key].as_f64().unwrap();
    assert!(
        (told(&scenes[1], "start_secs") - at(cut)).abs() < 1e-3,
        "{found}"
    );
    assert!(
        (told(&scenes[0], "end_secs") - at(cut)).abs() < 1e-3,
        "{found}"
    );
}
