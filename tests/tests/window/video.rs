//! The tools of a film in a project: cuts, in and out point, trim, frames, sound, adjustments.

use std::process::Command;

use camino::Utf8Path;
use serde_json::{Value, json};
use studio_tests::{App, Window};

const RIGHT: &str = "\u{E014}";
const DOWN: &str = "\u{E015}";
const HOME: &str = "\u{E011}";

/// Three scenes of two seconds at 24 frames a second, a key frame each second, under a tone or silent.
fn film(path: &Utf8Path, silent: bool) {
    let scenes = [
        "testsrc2=s=640x360:r=24:d=2",
        "mandelbrot=s=640x360:r=24,trim=duration=2",
        "smptehdbars=s=640x360:r=24:d=2",
    ];
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    for scene in scenes {
        command.args(["-f", "lavfi", "-i", scene]);
    }
    command.args(["-f", "lavfi", "-i", "sine=440:d=6:r=48000"]);
    let joined =
        "[0]format=yuv420p[a];[1]format=yuv420p[b];[2]format=yuv420p[c];[a][b][c]concat=n=3[v]";
    command.args(["-filter_complex", joined, "-map", "[v]"]);
    if !silent {
        command.args(["-map", "3:a", "-c:a", "aac"]);
    }
    command.args([
        "-c:v",
        "libx264",
        "-g",
        "24",
        "-sc_threshold",
        "0",
        path.as_str(),
    ]);
    assert!(command.status().expect("ffmpeg runs").success());
}

async fn is_at(window: &Window, frame: u64) {
    window
        .find(&format!("[data-testid='screen'][data-frame='{frame}']"))
        .await;
}

async fn handle_is_at(window: &Window, name: &str, frame: u64) {
    window
        .find(&format!("[aria-label='{name}'][aria-valuenow='{frame}']"))
        .await;
}

async fn choose(window: &Window, value: &str) {
    window
        .click(&format!("input[value='{value}'] + span"))
        .await;
}

async fn start(window: &Window, tool: &str) {
    window
        .click(&format!(
            "section[aria-label='{tool}'] .end button:first-child"
        ))
        .await;
}

/// The middle of an element, in CSS pixels.
async fn middle(window: &Window, css: &str) -> (f64, f64) {
    let (x, y, width, height) = window
        .find(css)
        .await
        .rectangle()
        .await
        .expect("the element has a place");
    (x + width / 2.0, y + height / 2.0)
}

/// The asset of that name, once it is there.
fn asset(app: &App, project: &str, name: &str) -> Value {
    let list = app.call("asset.list", json!({ "project": project }));
    let assets = list["assets"].as_array().expect("assets");
    let found = assets.iter().find(|asset| asset["name"] == name);
    found
        .unwrap_or_else(|| panic!("{name} is not in {list}"))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_cut_taken_apart_and_adjusted() {
    let app = App::with_sound();
    let project = app.project("Rushes");
    let source = app.folder().join("rushes.mp4");
    film(&source, false);
    app.call(
        "asset.import",
        json!({ "project": project, "path": source }),
    );
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("a[aria-label='Rushes']").await;
    window.click("button[aria-label='rushes.mp4']").await;
    window.press("Video tools").await;
    window
        .find("[data-testid='strip'][data-drawn='true']")
        .await;
    is_at(&window, 0).await;
    window.wait_for_text("Set an in or out point first").await;
    window.gallery("video-opened").await;

    // The cuts, and the way from one to the next.
    window.press("Find cuts").await;
    window.wait_for_text("2 cuts, 3 scenes").await;
    window.type_keys("body", DOWN).await;
    is_at(&window, 48).await;
    window
        .type_keys("body", &format!("{RIGHT}{RIGHT}{RIGHT}i"))
        .await;
    handle_is_at(&window, "In point", 51).await;
    window.type_keys("body", &format!("{DOWN}{RIGHT}o")).await;
    handle_is_at(&window, "Out point", 98).await;

    // Near a cut, a dragged handle snaps to it.
    let from = middle(&window, "[aria-label='Out point']").await;
    let strip = middle(&window, "[data-testid='strip']").await;
    window.drag(from, (from.0 - 60.0, from.1), None).await;
    let cut = middle(&window, "[aria-label='Cut at 00:00:04:00']").await;
    let from = middle(&window, "[aria-label='Out point']").await;
    window.drag(from, (cut.0 + 3.0, strip.1), None).await;
    handle_is_at(&window, "Out point", 96).await;
    window.wait_for_text("00:00:01:21").await;

    // Where a copy begins is told before it is made.
    choose(&window, "copy").await;
    window
        .wait_for_text("begins at 00:00:02:00, 3 frames before the in point")
        .await;
    window.wait_for_text("ends at the out point").await;
    window.gallery("video-copy").await;
    start(&window, "Trim").await;
    window.wait_for_text("was trimmed to 00:00:02:00").await;
    let trimmed = asset(&app, &project, "rushes, trimmed.mp4");
    assert_eq!(trimmed["video"]["frames"], 48);
    window.press("Show").await;
    window.press("Back to rushes.mp4").await;
    window
        .find("[data-testid='strip'][data-drawn='true']")
        .await;
    window.wait_for_text("2 cuts, 3 scenes").await;

    // A typed time, to the frame.
    window.find("section[aria-label='Trim'] input").await;
    window
        .fill(
            "section[aria-label='Trim'] .pair > :nth-child(1) input",
            "0:05.5\u{E007}",
        )
        .await;
    handle_is_at(&window, "In point", 132).await;
    start(&window, "Trim").await;
    window.wait_for_text("was trimmed to 00:00:00:12").await;

    frames(&app, &window, &project).await;
    sound(&app, &window, &project).await;
    adjust(&app, &window, &project).await;
    window.close().await;
}

async fn frames(app: &App, window: &Window, project: &str) {
    choose(window, "frames").await;
    let every = "section[aria-label='Frames'] input[inputmode='numeric']";
    window.fill(every, "0").await;
    window
        .wait_for_text("This must be a number from 1 to 144")
        .await;
    window.gallery("video-frames-wrong").await;
    window.fill(every, "48").await;
    window.wait_for_text("3 pictures").await;
    start(window, "Frames").await;
    window
        .wait_for_text("3 pictures of rushes.mp4 were written")
        .await;
    asset(app, project, "rushes-000096.jpg");
    choose(window, "times").await;
    window.type_keys("body", HOME).await;
    is_at(window, 0).await;
    window.press("Add the picture shown").await;
    let folder = app.folder().join("stills");
    choose(window, "folder").await;
    window
        .fill(
            "section[aria-label='Frames'] input[type='text']",
            folder.as_str(),
        )
        .await;
    window.gallery("video-frames").await;
    start(window, "Frames").await;
    window
        .wait_for_text("1 picture of rushes.mp4 was written")
        .await;
    assert!(folder.join("rushes-000000.jpg").exists());
    choose(window, "sheet").await;
    start(window, "Frames").await;
    window
        .wait_for_text("The contact sheet of rushes.mp4 is made")
        .await;
    asset(app, project, "rushes, contact sheet.jpg");
}

async fn sound(app: &App, window: &Window, project: &str) {
    choose(window, "sound").await;
    window.wait_for_text("nothing is lost").await;
    window.gallery("video-sound").await;
    start(window, "Sound").await;
    window
        .wait_for_text("The sound of rushes.mp4 was copied")
        .await;
    assert_eq!(
        asset(app, project, "rushes.m4a")["audio"]["frames"],
        288_000
    );
    // The newest of the messages.
    window
        .click("[role='status']:last-child button:not([aria-label])")
        .await;
    window
        .find("button[aria-label='rushes.m4a'][aria-pressed='true']")
        .await;
    window.click("button[aria-label='rushes.mp4']").await;
    window.press("Video tools").await;
    window
        .find("[data-testid='strip'][data-drawn='true']")
        .await;
}

async fn adjust(app: &App, window: &Window, project: &str) {
    choose(window, "adjust").await;
    window.wait_for_text("Nothing is changed yet").await;
    let gamma = "section[aria-label='Adjust'] .slider:nth-of-type(4) input";
    window.type_keys(gamma, &RIGHT.repeat(60)).await;
    window
        .find("[data-testid='preview'] canvas[data-drawn='true']")
        .await;
    let speed = window.find("section[aria-label='Adjust'] select").await;
    speed.select_by_value("2").await.expect("a speed");
    window.wait_for_text("lasts 00:00:03:00").await;
    window.gallery("video-adjust").await;
    start(window, "Adjust").await;
    window.find("[aria-label='Running jobs']").await;
    window.screenshot("video-busy").await;
    window.wait_for_text("rushes.mp4 was adjusted").await;
    assert_eq!(
        asset(app, project, "rushes, adjusted.mp4")["video"]["frames"],
        72
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_film_and_one_that_is_gone_are_told() {
    let app = App::new();
    let project = app.project("Odd ones");
    let (silent, gone) = (
        app.folder().join("silent.mp4"),
        app.folder().join("gone.mp4"),
    );
    film(&silent, true);
    std::fs::copy(&silent, &gone).expect("a copy");
    app.call(
        "asset.import",
        json!({ "project": project, "path": silent }),
    );
    let linked = json!({ "project": project, "path": gone, "mode": "reference" });
    app.call("asset.import", linked);
    std::fs::remove_file(&gone).expect("the file is there");
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("a[aria-label='Odd ones']").await;
    window.click("button[aria-label='silent.mp4']").await;
    window.press("Video tools").await;
    window
        .find("[data-testid='strip'][data-drawn='true']")
        .await;
    choose(&window, "sound").await;
    window.wait_for_text("This film is silent").await;
    window.gallery("video-silent").await;

    window.click("header a").await;
    window.click("button[aria-label='gone.mp4']").await;
    window.press("Video tools").await;
    let alert = window.find("[role='alert']").await;
    let told = alert.text().await.expect("words");
    assert!(told.contains("gone.mp4"), "{told}");
    window.find("button[aria-label='Play']:disabled").await;
    window.gallery("video-gone").await;
    window.close().await;
}
