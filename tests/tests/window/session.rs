//! The multitrack editor: clips are moved, cut, trimmed, faded and copied, by hand and by keys; a session
//! is heard, looped and exported.

use std::time::Duration;

use serde_json::{Value, json};
use studio_tests::{App, Window, tone};

use crate::editor::{
    CTRL, Clip, DELETE, ESCAPE, Editor, HOME, SECOND, SHIFT, TITLE_PX, TRACK_PX, answer, near,
};

const RIGHT: &str = "\u{E014}";

#[tokio::test(flavor = "multi_thread")]
async fn clips_are_arranged_by_hand() {
    let app = App::new();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 10.0), ("bell.wav", 880.0, 3.0)]).await;
    let window = &editor.window;
    window.gallery("session").await;
    window.resize(1440, 900).await;
    window.settle().await;

    // The body moves in time, and to another track; the keys take it back and do it again.
    let (from, to) = (editor.body(1, 1.0).await, editor.body(1, 5.0).await);
    window.drag(from, to, None).await;
    let moved = |tracks: &[Vec<Clip>]| tracks[1].len() == 1 && near(tracks[1][0].start, 4.0);
    editor.until("the move", moved).await;
    editor.keys(&format!("{CTRL}z")).await;
    editor
        .until("undo", |tracks| tracks[1][0].start == 0.0)
        .await;
    editor.keys(&format!("{CTRL}{SHIFT}z")).await;
    editor.until("redo", moved).await;

    // Control drags a copy.
    let (from, to) = (editor.body(1, 5.0).await, editor.body(1, 9.0).await);
    window.drag(from, to, Some(CTRL)).await;
    editor
        .until("the copy", |tracks| {
            tracks[1].len() == 2 && near(tracks[1][0].start, 4.0) && near(tracks[1][1].start, 8.0)
        })
        .await;

    // S splits at the playhead, which the ruler sets.
    window.click_at(editor.on_ruler(4.5, false).await, 1).await;
    let at = editor.body(0, 2.0).await;
    window.click_at(at, 1).await;
    editor.keys("s").await;
    let tracks = editor
        .until("the split", |tracks| tracks[0].len() == 2)
        .await;
    let [left, right] = &tracks[0][..] else {
        panic!("two halves: {tracks:?}")
    };
    assert!(near(left.length, 4.5), "{tracks:?}");
    assert_eq!(left.length + right.length, 10.0, "no sample is lost");
    assert_eq!(tracks[1].len(), 2, "only what is selected is split");

    // An edge trims, and its corner fades.
    let edge = |secs| editor.place(0, secs, TRACK_PX * 0.8);
    window.drag(edge(9.99).await, edge(8.0).await, None).await;
    editor
        .until("the trim", |tracks| near(tracks[0][1].length, 3.5))
        .await;
    let corner = |secs| editor.place(0, secs, TITLE_PX);
    window
        .drag(corner(7.97).await, corner(7.0).await, None)
        .await;
    editor
        .until("the fade", |tracks| {
            (tracks[0][1].fade_out - 1.0).abs() < 0.1
        })
        .await;

    // A double click sets a point of the envelope.
    let at = editor.body(0, 6.0).await;
    window.click_at(at, 2).await;
    let points = |count| {
        move |tracks: &[Vec<Clip>]| tracks[0].len() == 2 && tracks[0][1].envelope.len() == count
    };
    editor.until("a point", points(1)).await;
    editor.keys(DELETE).await;
    editor.until("no point", points(0)).await;
    editor.keys(&format!("{CTRL}z")).await;
    editor.until("the point again", points(1)).await;
    window.gallery("session-arranged").await;
    window.resize(1440, 900).await;
    window.settle().await;

    // A range of the ruler is cut out of all tracks, and the gap closes.
    let (from, to) = (
        editor.on_ruler(1.0, true).await,
        editor.on_ruler(2.0, true).await,
    );
    window.drag(from, to, None).await;
    editor.keys("x").await;
    let tracks = editor.until("the cut", |tracks| tracks[0].len() == 3).await;
    assert!(
        near(tracks[0][0].length, 1.0) && near(tracks[0][2].start, 3.5),
        "{tracks:?}"
    );
    assert!(near(tracks[1][0].start, 3.0), "{tracks:?}");
    let revision = |view: Value| view["revision"].as_u64();
    let before = revision(editor.view().await);
    editor.keys("m").await;
    window.find("[data-marker]").await;
    assert!(revision(editor.view().await) > before);
    window.wait_for_text("Marker 1").await;
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_are_arranged_by_keys() {
    let app = App::new();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 4.0)]).await;
    let window = &editor.window;
    let first = "[data-clip]";
    let name = window.find(first).await.text().await.expect("a name");
    assert_eq!(name, "Clip hum.wav, at 0:00.000, 4.0 s");

    window.type_keys(first, RIGHT).await;
    let tracks = editor
        .until("a nudge", |tracks| tracks[0][0].start > 0.0)
        .await;
    let step = tracks[0][0].start;
    window.type_keys(first, &format!("{CTRL}d")).await;
    editor
        .until("a duplicate", |tracks| tracks[0].len() == 2)
        .await;
    window.type_keys(first, &format!("{CTRL}c")).await;
    editor.keys(HOME).await;
    editor.keys(&format!("{CTRL}v")).await;
    let tracks = editor.until("a paste", |tracks| tracks[0].len() == 3).await;
    assert_eq!(tracks[0][0].start, 0.0, "at the playhead");
    assert_eq!(tracks[0][1].start, step);
    // What was pasted is selected.
    editor.keys(DELETE).await;
    let tracks = editor.until("a cut", |tracks| tracks[0].len() == 2).await;
    assert_eq!(tracks[0][0].start, step);
    for left in [3, 2, 1] {
        editor.keys(&format!("{CTRL}z")).await;
        editor.until("undo", |tracks| tracks[0].len() == left).await;
    }
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_heard_looped_and_exported() {
    let app = App::with_sound();
    let sounds = [("hum.wav", 440.0, 30.0), ("bell.wav", 880.0, 30.0)];
    let editor = Editor::open(&app, &sounds).await;
    let window = &editor.window;
    let (one, both) = (0.4 / 2_f64.sqrt(), 0.4);
    let is = |wanted: f64| move |level: f64| (level / wanted - 1.0).abs() < 0.05;

    let playhead = window.find("[data-testid='playhead']").await;
    let before = playhead.attr("style").await.expect("a style");
    editor.keys(" ").await;
    app.sound().until_level(is(both)).await;
    assert_ne!(playhead.attr("style").await.expect("a style"), before);
    window.press("Mute hum.wav").await;
    app.sound().until_level(is(one)).await;
    window.press("Mute hum.wav").await;
    app.sound().until_level(is(both)).await;
    window.press("Solo bell.wav").await;
    app.sound().until_level(is(one)).await;
    window.screenshot("session-playing").await;
    window.press("Solo bell.wav").await;
    app.sound().until_level(is(both)).await;
    editor.keys(" ").await;
    app.sound().until_level(|level| level == 0.0).await;
    assert_eq!(editor.transport().await["playing"], false);

    // L loops the range: the playhead comes back again and again.
    let (from, to) = (
        editor.on_ruler(1.0, true).await,
        editor.on_ruler(2.0, true).await,
    );
    window.drag(from, to, None).await;
    editor.keys("l").await;
    window
        .find("button[aria-label='Loop (L)'][aria-pressed='true']")
        .await;
    window.click_at(editor.on_ruler(1.2, false).await, 1).await;
    editor.keys(" ").await;
    let (mut last, mut returns) = (0.0, 0);
    while returns < 2 {
        let transport = editor.transport().await;
        let at = transport["at"].as_f64().expect("a place") / SECOND;
        assert!(at < 2.1, "the loop ends at two seconds: {transport}");
        returns += u32::from(at < last);
        last = at;
    }
    editor.keys(" ").await;
    editor.keys("l").await;

    // Without the range the whole mix becomes one sound of the project.
    editor.keys(ESCAPE).await;
    window.press("Export").await;
    window.gallery("session-export").await;
    window.submit_dialog().await;
    window.press("Show").await;
    let input = json!({ "project": editor.project });
    let list = answer(window, "asset.list", input).await;
    let assets = list["assets"].as_array().expect("assets");
    let mix = assets
        .iter()
        .find(|asset| asset["operation"] == "session.export");
    let secs = mix.and_then(|mix| mix["duration_secs"].as_f64());
    assert_eq!(secs, Some(30.0), "{list}");
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fader_is_heard_while_it_is_held() {
    let app = App::with_sound();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 60.0)]).await;
    let window = &editor.window;
    editor.keys(" ").await;
    let is = |gain_db: f64| {
        let wanted = 0.4 / 2f64.sqrt() * 10f64.powf(gain_db / 20.0);
        move |level: f64| (level / wanted - 1.0).abs() < 0.05
    };
    app.sound().until_level(is(0.0)).await;
    let stored = editor.view().await;

    let fader = window
        .find("[role='slider'][aria-label='Gain of hum.wav']")
        .await;
    let (left, top, width, height) = fader.rectangle().await.expect("a place on the page");
    let middle = (left + width / 2.0, top + height / 2.0);
    window
        .hold(middle, (middle.0 - width / 4.0, middle.1))
        .await;
    let gain_db = fader.attr("aria-valuenow").await.expect("an attribute");
    let gain_db: f64 = gain_db.and_then(|value| value.parse().ok()).expect("dB");
    assert!(gain_db < -6.0, "{gain_db} dB");
    app.sound().until_level(is(gain_db)).await;
    assert_eq!(editor.view().await, stored, "nothing is done yet");
    window.screenshot("session-fader-held").await;

    window.let_go().await;
    window.find("button[aria-label^='Undo change track']").await;
    app.sound().until_level(is(gain_db)).await;
    editor.keys(&format!("{CTRL}z")).await;
    app.sound().until_level(is(0.0)).await;
    let revision = |view: &Value| view["revision"].clone();
    assert_eq!(revision(&editor.view().await), revision(&stored));
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_is_recorded_while_the_rest_plays() {
    let app = App::with_sound();
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 30.0)]).await;
    let window = &editor.window;
    window.press("Track").await;
    window.press("Arm Track 2 for recording").await;
    editor.keys("r").await;
    window.find("button[aria-label='Stop recording (R)']").await;
    app.sound().until_level(|level| level > 0.2).await;
    window.screenshot("session-recording").await;
    editor.keys("r").await;
    let tracks = editor
        .until("the take", |tracks| tracks[1].len() == 1)
        .await;
    assert!(tracks[1][0].length > 0.2, "{tracks:?}");
    window.find("button[aria-label='Record (R)']").await;
    window.gallery("session-recorded").await;

    // The take is a sound of the project, and one step of the history.
    let input = json!({ "project": editor.project });
    let list = answer(window, "asset.list", input).await;
    assert_eq!(list["assets"].as_array().map(Vec::len), Some(2), "{list}");
    editor.keys(&format!("{CTRL}z")).await;
    editor.until("undo", |tracks| tracks[1].is_empty()).await;
    editor.window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_files_and_tells_what_is_wrong() {
    let app = App::new();
    let project = app.project("Radio");
    let [dropped, lost] = ["rain.wav", "lost.wav"].map(|name| app.folder().join(name));
    tone(&dropped, 220.0, 0.4, 5.0);
    tone(&lost, 330.0, 0.4, 5.0);
    let import = json!({ "project": project, "path": lost, "mode": "reference" });
    let asset = app.call("asset.import", import)["id"].clone();
    let create = json!({ "project": project, "name": "Lost and found", "assets": [asset] });
    app.call("session.create", create);
    std::fs::remove_file(&lost).expect("the file goes");
    let window = Window::open(&app, 1440, 900, &[]).await;
    window.click("a[aria-label='Radio']").await;
    window.click("a[aria-label='Lost and found']").await;
    window.find("[data-clip]").await;
    window.gallery("session-missing").await;
    let told = "return Array.from(document.querySelectorAll(\"[aria-label='Messages'] [role='alert']\"), (it) => it.textContent)";
    // The project's page has told of the file, too; that goes by itself.
    while window.evaluate(told, vec![]).await != json!([]) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What is wrong with a session is told where the session is shown, and nowhere else.
    window.press("Export").await;
    window.submit_dialog().await;
    window.find("[aria-label='Messages'] [role='alert']").await;
    window.screenshot("session-missing-export").await;
    window
        .click("[aria-label='Pages'] a[href*='ambient']")
        .await;
    window.settle().await;
    assert_eq!(window.evaluate(told, vec![]).await, json!([]));
    window
        .click("[aria-label='Pages'] a[href*='project']")
        .await;
    window.find("section[aria-labelledby='sessions']").await;

    window.press("New multitrack session").await;
    window.find("[data-testid='tracks']").await;
    window.gallery("session-empty").await;

    window
        .drop_file(&dropped, async || window.settle().await)
        .await;
    let clip = window.find("[data-clip]").await;
    let name = clip.text().await.expect("a name");
    assert!(name.starts_with("Clip rain"), "{name}");

    // Sounds of the project page begin a session, too. Their files may go.
    window
        .click("[aria-label='Pages'] a[href*='project']")
        .await;
    window.find("section[aria-labelledby='sessions']").await;
    window.gallery("session-list").await;
    window.click("button[aria-label='rain.wav']").await;
    window.press("Edit in multitrack").await;
    window.find("[data-clip]").await;
    // Another face deletes it: the edit is refused, told, and nothing stays changed on the page.
    let listed = answer(&window, "session.list", json!({ "project": project })).await;
    let latest = &listed["sessions"][0]["id"];
    let input = json!({ "project": project, "session": latest });
    answer(&window, "session.delete", input).await;
    window.type_keys("body", "m").await;
    window.wait_for_text("There is no session").await;
    window.screenshot("session-refused").await;
    let text = window.text().await;
    assert!(!text.contains("Marker 1"), "{text}");
    window.close().await;
}
