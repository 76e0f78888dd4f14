use camino::Utf8Path;
use serde_json::{Value, json};
use studio_media::PictureReader;

use crate::world::{HEIGHT, WIDTH, World, number_of};

/// The number in a picture file.
fn read(path: &str) -> u64 {
    let mut reader = PictureReader::open(Utf8Path::new(path), None).unwrap();
    let picture = reader.at(0.0).unwrap();
    number_of(picture.width, picture.height, &picture.rgba)
}

fn seen(answer: &Value) -> Vec<u64> {
    let pictures = answer["pictures"].as_array().unwrap();
    pictures
        .iter()
        .map(|picture| {
            let number = read(picture["path"].as_str().unwrap());
            assert_eq!(picture["index"], number, "the index is that of the picture");
            number
        })
        .collect()
}

#[test]
fn frames_at_times_are_those_shown_then() {
    let world = World::new();
    let path = world.film("film.mp4", 150);
    let folder = world.file("pictures");
    // Frame n is shown from n/24 s until before (n+1)/24 s.
    let times = [5.0, 0.0, 1.0, 0.99, 3.0 + 1.0 / 48.0, 6.24, 1.0];
    let input = json!({ "path": path, "times_secs": times, "output_folder": folder });
    let answer = world.run("video.frames", input).unwrap();
    assert_eq!(seen(&answer), [120, 0, 24, 23, 72, 149, 24]);
    assert_eq!(answer["pictures"][1]["time_secs"], json!(0.0));
    assert_eq!(
        (&answer["width"], &answer["height"]),
        (&json!(WIDTH), &json!(HEIGHT))
    );
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, 6, "no file twice, and nothing else");
}

#[test]
fn every_nth_frame_as_small_jpegs() {
    let world = World::new();
    let path = world.film("film.mp4", 100);
    let folder = world.file("jpegs");
    let input = json!({
        "path": path, "every": 30, "format": "jpeg", "width": WIDTH / 2, "output_folder": folder,
    });
    let answer = world.run("video.frames", input).unwrap();
    assert_eq!(seen(&answer), [0, 30, 60, 90]);
    assert_eq!(answer["height"], HEIGHT / 2);
    let bytes = std::fs::read(answer["pictures"][1]["path"].as_str().unwrap()).unwrap();
    assert_eq!(bytes[..3], [0xFF, 0xD8, 0xFF]);
}

#[test]
fn pictures_become_assets_of_a_project() {
    let world = World::new();
    let path = world.film("film.mp4", 48);
    let project = world.projects.create("Stills", None).unwrap();
    let input = json!({ "path": path, "every": 24, "project": project.path() });
    let answer = world.run("video.frames", input).unwrap();
    assert_eq!(seen(&answer), [0, 24]);
    assert_eq!(project.assets().list().unwrap().len(), 2);
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    let world = World::new();
    let path = world.film("film.mp4", 100);
    let folder = world.file("pictures");
    let before = world.folder.names();
    let input = json!({ "path": path, "every": 1, "output_folder": folder });
    let error = world
        .run_until("video.frames", input, Some(20))
        .unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    let out = world.file("out.mp4");
    for mode in ["exact", "copy"] {
        let input = json!({ "path": path, "from_secs": 1.0, "mode": mode, "output": out });
        let error = world.run_until("video.trim", input, Some(5)).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
    }
    assert_eq!(world.folder.names(), before);
}

#[test]
fn thumbnails_are_spread_evenly() {
    let world = World::new();
    let path = world.film("film.mp4", 96);
    let sheet = world.file("sheet.png");
    let input = json!({
        "path": path, "count": 4, "columns": 2, "width": WIDTH, "gap": 10, "output": sheet,
    });
    let answer = world.run("video.thumbnails", input).unwrap();
    let indices: Vec<&Value> = answer["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["index"])
        .collect();
    assert_eq!(indices, [12, 36, 60, 84]);
    let mut reader = PictureReader::open(&sheet, None).unwrap();
    assert_eq!(reader.size(), (2 * WIDTH + 30, 2 * HEIGHT + 30));
    let all = reader.at(0.0).unwrap();
    for (n, expected) in [12, 36, 60, 84].into_iter().enumerate() {
        let (left, top) = (
            10 + (n as u32 % 2) * (WIDTH + 10),
            10 + (n as u32 / 2) * (HEIGHT + 10),
        );
        let rows = (top..top + HEIGHT).flat_map(|y| {
            let at = ((y * all.width + left) * 4) as usize;
            all.rgba[at..at + WIDTH as usize * 4].to_vec()
        });
        let cell: Vec<u8> = rows.collect();
        assert_eq!(number_of(WIDTH, HEIGHT, &cell), expected);
    }
    let folder = world.file("single");
    let input = json!({ "path": path, "count": 3, "width": WIDTH, "layout": "single", "output_folder": folder });
    assert_eq!(
        seen(&world.run("video.thumbnails", input).unwrap()),
        [16, 48, 80]
    );
}

#[test]
fn a_picture_to_look_at_is_the_one_shown_then() {
    let world = World::new();
    let path = world.film("film.mp4", 60);
    let seen = |more: Value| {
        let mut input = json!({ "path": path, "width": WIDTH });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let file = world.file("seen.jpg");
        std::fs::write(&file, world.bytes("video.picture", input)).unwrap();
        PictureReader::open(&file, None).unwrap().at(0.0).unwrap()
    };
    for number in [0, 37, 59] {
        let at = (number as f64 + 0.5) / 24.0;
        let picture = seen(json!({ "at_secs": at }));
        assert_eq!((picture.width, picture.height), (WIDTH, HEIGHT));
        assert_eq!(number_of(WIDTH, HEIGHT, &picture.rgba), number);
    }
    // As it would become: the same as a frame of the adjusted film.
    let look = json!({ "brightness": 0.2, "contrast": 0.7, "gamma": 1.5 });
    let out = world.file("adjusted.mp4");
    let mut input = look.clone();
    input["path"] = json!(path);
    input["output"] = json!(out);
    world.run("video.adjust", input).unwrap();
    let made = PictureReader::open(&out, None).unwrap().at(1.0).unwrap();
    let mut wish = look;
    wish["at_secs"] = json!(1.0);
    let preview = seen(wish);
    let mean = |rgba: &[u8]| rgba.iter().map(|x| f64::from(*x)).sum::<f64>() / rgba.len() as f64;
    let (made, preview) = (mean(&made.rgba), mean(&preview.rgba));
    assert!(
        (made - preview).abs() < 2.0,
        "{preview} is not as bright as {made}"
    );
}
