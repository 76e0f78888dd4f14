//! The stable command line: output, exit codes, flags.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use studio_tests::{App, tone};

fn check_code(args: &[&str], code: i32, words: &str) {
    let app = App::new();
    let output = app.run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert!(
        said.contains(words),
        "{args:?} should say {words:?}, said: {said}"
    );
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    check_code(&["run", "audio.loudness", "--input", "{}"], 2, "path");
    check_code(&["run", "audio.lodness"], 2, "audio.loudness");
    check_code(&["run", "audio.loudness", "--input", "{"], 2, "JSON");
    check_code(
        &["run", "audio.loudness", "--input", "@/nowhere.json"],
        2,
        "/nowhere.json",
    );
    check_code(&["audio", "loudness", "/nowhere.wav"], 2, "/nowhere.wav");
    check_code(&["audio"], 2, "loudness");
    check_code(&["--set", "server.port=70000", "ops"], 2, "server.port");
    check_code(&["--set", "nonsense", "ops"], 2, "KEY=VALUE");
}

#[test]
fn without_a_display_the_window_says_what_else_there_is() {
    let app = App::new();
    let output = app
        .command()
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("av-studio starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if cfg!(target_os = "linux") {
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("cargo xtask demo") && said.contains("av-studio serve"),
            "{said}"
        );
    }
}

#[test]
fn input_comes_from_arguments_a_file_or_standard_input() {
    let app = App::new();
    let wav = app.folder().join("tone.wav");
    tone(&wav, 997.0, 0.25, 3.0);
    let input = json!({ "path": wav }).to_string();
    let file = app.folder().join("input.json");
    std::fs::write(&file, &input).expect("the input file");

    let by_flag = app
        .run(&["audio", "loudness", wav.as_str(), "--json"])
        .stdout;
    let by_file = app
        .run(&[
            "--json",
            "run",
            "audio.loudness",
            "--input",
            &format!("@{file}"),
        ])
        .stdout;
    let mut child = app
        .command()
        .args(["--json", "run", "audio.loudness", "--input", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("av-studio starts");
    child
        .stdin
        .take()
        .expect("stdin is piped")
        .write_all(input.as_bytes())
        .expect("stdin takes it");
    let by_stdin = child.wait_with_output().expect("av-studio ends").stdout;
    let report: Value = serde_json::from_slice(&by_flag).expect("JSON");
    // BS.1770: 997 Hz in both channels at -12.04 dBFS peak reads -12.04 LUFS, within the meter's ±0.1.
    let loudness = report["integrated_lufs"].as_f64().expect("a loudness");
    assert!((loudness + 12.04).abs() < 0.1, "{loudness}");
    assert_eq!(by_flag, by_file);
    assert_eq!(by_flag, by_stdin);
}

#[test]
fn people_get_words_and_programs_get_json() {
    let app = App::new();
    app.project("Words");
    let words = String::from_utf8(app.run(&["project", "list"]).stdout).expect("UTF-8");
    assert!(
        words.contains("name: Words") && !words.contains('{'),
        "{words}"
    );
    let json: Value =
        serde_json::from_slice(&app.run(&["project", "list", "--json"]).stdout).expect("JSON");
    assert_eq!(json["projects"][0]["name"], "Words");
}

#[test]
fn settings_follow_flag_environment_file_default() {
    let app = App::new();
    app.call(
        "settings.set",
        json!({ "key": "jobs.cpu_slots", "value": 2 }),
    );
    let origin = |flags: &[&str], env: Option<&str>| {
        let mut command = app.command();
        command.args(flags).args(["--json", "settings", "get"]);
        if let Some(value) = env {
            command.env("AV_STUDIO_JOBS_CPU_SLOTS", value);
        }
        let answer: Value =
            serde_json::from_slice(&command.output().expect("runs").stdout).expect("JSON");
        let settings = answer["settings"].as_array().expect("a list").clone();
        let setting = settings
            .into_iter()
            .find(|s| s["key"] == "jobs.cpu_slots")
            .expect("the key");
        (setting["value"].clone(), setting["origin"].clone())
    };
    let after = app.run(&["settings", "get", "--set", "jobs.cpu_slots=4", "--json"]);
    assert!(
        String::from_utf8_lossy(&after.stdout).contains(r#""origin":"flag""#),
        "flags may come last"
    );
    assert_eq!(origin(&[], None), (json!(2), json!("file")));
    assert_eq!(origin(&[], Some("3")), (json!(3), json!("environment")));
    assert_eq!(
        origin(&["--set", "jobs.cpu_slots=4"], Some("3")),
        (json!(4), json!("flag"))
    );
}
