//! A sentence becomes a film: the same bytes twice, and only what changed is made again.

use std::process::Command;

use serde_json::{Value, json};
use studio_tests::App;

const SENTENCE: &str = "A lighthouse keeper's daughter repairs the lamp before the storm.";

/// A planned film of 8 s and 2 shots, small so that it renders quickly: (project, film).
fn plan(app: &App, name: &str) -> (String, String) {
    let project = app.project(name);
    let input = json!({
        "project": project, "sentence": SENTENCE, "duration_secs": 8.0, "shots": 2, "seed": 3, "fps": 12,
    });
    let planned = app.call("movie.plan", input);
    assert_eq!(planned["problems"], json!([]), "our own plans are valid");
    (
        project,
        planned["film"].as_str().expect("a film id").to_owned(),
    )
}

fn render(app: &App, project: &str, film: &str) -> Value {
    app.call(
        "movie.render",
        json!({ "project": project, "film": film, "width": 320, "height": 180 }),
    )
}

fn bytes_of(report: &Value, field: &str) -> Vec<u8> {
    std::fs::read(report[field].as_str().expect("a path")).expect("the file is there")
}

/// How many items of `step` were made and reused.
fn counts(report: &Value, step: &str) -> (u64, u64) {
    let steps = report["steps"].as_array().expect("steps");
    let found = steps.iter().find(|s| s["step"] == step);
    let found = found.unwrap_or_else(|| panic!("no step {step} in {report}"));
    (
        found["made"].as_u64().expect("made"),
        found["reused"].as_u64().expect("reused"),
    )
}

#[test]
fn the_same_plan_gives_the_same_bytes_in_another_project() {
    let app = App::new();
    let (project, film) = plan(&app, "First");
    let first = render(&app, &project, &film);
    let (project, film) = plan(&app, "Second");
    let second = render(&app, &project, &film);
    assert_eq!(
        counts(&second, "clip"),
        (2, 0),
        "another project shares no cache"
    );
    for field in ["video_path", "captions_path"] {
        assert!(
            bytes_of(&first, field) == bytes_of(&second, field),
            "{field} differs"
        );
    }
}

#[test]
fn the_film_is_what_the_plan_says() {
    let app = App::new();
    let (project, film) = plan(&app, "Probed");
    let report = render(&app, &project, &film);
    let video = report["video_path"].as_str().expect("a path");

    let probe = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_streams",
            "-show_format",
            "-show_chapters",
            "-of",
            "json",
            video,
        ])
        .output()
        .expect("ffprobe runs");
    let probe: Value = serde_json::from_slice(&probe.stdout).expect("JSON from ffprobe");
    // QuickTime players read chapters from a data track.
    let streams = probe["streams"].as_array().expect("streams").iter();
    let media = streams.filter(|stream| stream["codec_type"] != "data");
    let codecs: Vec<&str> = media
        .filter_map(|stream| stream["codec_name"].as_str())
        .collect();
    assert_eq!(codecs, ["h264", "aac", "mov_text"]);
    assert_eq!(
        probe["chapters"].as_array().map(Vec::len),
        Some(2),
        "a chapter per shot"
    );
    assert_eq!(
        probe["streams"][0]["nb_frames"], "96",
        "8 s at 12 frames a second"
    );
    let seconds: f64 = probe["format"]["duration"]
        .as_str()
        .expect("a duration")
        .parse()
        .expect("a number");
    assert!((seconds - 8.0).abs() < 0.05, "{seconds}");

    let loudness = app.call("audio.loudness", json!({ "path": video }));
    let integrated = loudness["integrated_lufs"].as_f64().expect("sound");
    let peak = loudness["true_peak_dbtp"].as_f64().expect("a peak");
    assert!((integrated + 16.0).abs() <= 0.5, "{integrated} LUFS");
    assert!(peak <= -1.0 + 0.1, "{peak} dBTP after the lossy encode");

    let captions = String::from_utf8(bytes_of(&report, "captions_path")).expect("UTF-8");
    assert!(captions.starts_with("1\n00:00:"), "{captions}");
}

#[test]
fn a_changed_shot_renders_only_what_depends_on_it() {
    let app = App::new();
    let project = app.project("Incremental");
    let input = json!({
        "project": project, "sentence": SENTENCE, "duration_secs": 15.0, "shots": 4, "seed": 3, "fps": 6,
    });
    let planned = app.call("movie.plan", input);
    let film = planned["film"].as_str().expect("a film id").to_owned();
    let first = render(&app, &project, &film);
    assert_eq!(counts(&first, "picture"), (5, 0));
    assert_eq!(counts(&first, "clip"), (4, 0));

    let again = render(&app, &project, &film);
    for step in ["picture", "clip", "speech", "score", "mix", "film"] {
        assert_eq!(
            counts(&again, step).0,
            0,
            "nothing changed, so no {step} is made"
        );
    }

    let shot = planned["plan"]["shots"][3]["id"]
        .as_str()
        .expect("a shot id");
    let change = json!({
        "project": project, "film": film, "shot": shot,
        "visual_description": "wide view of a calm sea at dawn, a small boat far out",
    });
    app.call("movie.update_shot", change);
    let third = render(&app, &project, &film);
    let (pictures, kept) = counts(&third, "picture");
    assert!(
        pictures >= 1 && kept >= 3,
        "the other pictures are kept: {third}"
    );
    let (clips, kept) = counts(&third, "clip");
    assert!(
        (1..=2).contains(&clips) && kept >= 2,
        "the clips of other shots are kept: {third}"
    );
    assert_eq!(counts(&third, "speech").0, 0, "nobody says anything else");
    assert_eq!(counts(&third, "film"), (1, 0));
    assert!(bytes_of(&third, "video_path") != [] as [u8; 0]);

    app.call("movie.undo", json!({ "project": project, "film": film }));
    let undone = render(&app, &project, &film);
    for step in ["picture", "clip", "film"] {
        assert_eq!(
            counts(&undone, step).0,
            0,
            "the first version is still there: {undone}"
        );
    }
}

#[test]
fn a_dry_run_tells_everything_and_makes_nothing() {
    let app = App::new();
    let (project, film) = plan(&app, "Dry");
    let before = app.call("project.info", json!({ "project": project }));
    let input =
        json!({ "project": project, "film": film, "mode": "dry", "width": 320, "height": 180 });
    let report = app.call("movie.render", input);
    assert_eq!(report["mode"], "dry");
    assert_eq!(report["video_path"], Value::Null);
    assert_eq!(counts(&report, "clip").0, 0);
    let steps = report["steps"].as_array().expect("steps");
    assert!(
        steps
            .iter()
            .all(|step| step["seconds"].as_f64() > Some(0.0)),
        "each step has a time: {report}"
    );
    let after = app.call("project.info", json!({ "project": project }));
    assert_eq!(
        before["bytes"].as_u64().is_some(),
        after["bytes"].as_u64().is_some()
    );
    let videos = std::fs::read_dir(format!("{project}/exports")).map_or(0, Iterator::count);
    assert_eq!(videos, 0, "a dry run exports nothing");
}
