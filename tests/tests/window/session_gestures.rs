//! The editor's gestures, each held against the session that is stored; all of them in one window.

use serde_json::{Value, json};
use studio_tests::{App, Window};

use crate::editor::{
    CTRL, Clip, DELETE, ESCAPE, Editor, HOME, SECOND, SHIFT, TITLE_PX, TRACK_PX, answer, clips,
    near,
};

const END: &str = "\u{E010}";

const TRACKS: &str = "[data-testid='tracks']";
/// Where the wheel is turned.
const X_PX: f64 = 700.0;

#[tokio::test(flavor = "multi_thread")]
async fn gestures_change_the_stored_session() {
    let app = App::with_sound();
    let other = Other::new(&app);
    let editor = Editor::open(&app, &[("hum.wav", 440.0, 10.0), ("bell.wav", 880.0, 3.0)]).await;
    editor.window.press("Track").await;
    editor
        .until("a third track", |tracks| tracks.len() == 3)
        .await;

    clips_change_tracks(&editor).await;
    an_edge_is_trimmed_and_a_place_attracts(&editor).await;
    fades_and_points_are_dragged(&editor).await;
    the_wheel_zooms_at_the_pointer(&editor).await;
    keys_set_and_clear_a_range(&editor).await;
    keys_trim_split_and_close_gaps(&editor).await;
    keys_drive_the_playback(&editor).await;
    the_ruler_is_scrubbed(&app, &editor).await;
    other.takes_a_clip_of(&editor).await;
    editor.window.close().await;
}

/// The bell is on the second track, a copy of it on the third.
async fn clips_change_tracks(editor: &Editor) {
    let window = &editor.window;
    let (from, to) = (editor.body(1, 1.0).await, editor.body(2, 1.0).await);
    window.drag(from, to, None).await;
    let tracks = editor
        .until("the move to another track", |tracks| tracks[2].len() == 1)
        .await;
    assert!(tracks[1].is_empty(), "it is moved, not copied: {tracks:?}");
    assert_eq!(tracks[2][0].start, 0.0, "only the track is another");
    let bell = tracks[2][0].id;
    undo(editor).await;
    let tracks = editor.until("undo", |tracks| tracks[2].is_empty()).await;
    assert_eq!(tracks[1][0].id, bell);

    let (from, to) = (editor.body(1, 1.0).await, editor.body(2, 5.0).await);
    window.drag(from, to, Some(CTRL)).await;
    let tracks = editor
        .until("the copy on another track", |tracks| tracks[2].len() == 1)
        .await;
    let copy = &tracks[2][0];
    assert!(near(copy.start, 4.0), "{tracks:?}");
    assert_ne!(copy.id, bell, "the copy is a clip of its own");
    assert_eq!((tracks[1][0].id, tracks[1][0].start), (bell, 0.0));
}

async fn an_edge_is_trimmed_and_a_place_attracts(editor: &Editor) {
    let window = &editor.window;
    let before = stored(editor, 2, 0).await;
    let edge = |secs| editor.place(2, secs, TRACK_PX * 0.8);
    let (from, to) = (
        edge(before.start + 0.01).await,
        edge(before.start + 1.0).await,
    );
    window.drag(from, to, None).await;
    let tracks = editor
        .until("the trim of a start", |tracks| tracks[2][0].length < 2.5)
        .await;
    let trimmed = &tracks[2][0];
    assert!(near(trimmed.start, before.start + 1.0), "{trimmed:?}");
    assert!(
        (trimmed.start - trimmed.from - before.start).abs() < 1e-9,
        "its sound stays where it was: {before:?}, {trimmed:?}"
    );
    assert!((trimmed.end() - before.end()).abs() < 1e-9, "{trimmed:?}");

    // The end of the bell above, at three seconds, is within the reach of eight pixels.
    let body = |secs| editor.body(2, secs);
    let (grabbed, beside) = (trimmed.start + 1.0, 3.03 + 1.0);
    window
        .drag(body(grabbed).await, body(beside).await, None)
        .await;
    editor
        .until("a clip that snaps", |tracks| tracks[2][0].start == 3.0)
        .await;
    undo(editor).await;
    editor
        .until("undo", |tracks| tracks[2][0].start == trimmed.start)
        .await;
    window
        .drag(body(grabbed).await, body(beside).await, Some(SHIFT))
        .await;
    let tracks = editor
        .until("a move with Shift", |tracks| {
            tracks[2][0].start != trimmed.start
        })
        .await;
    let start = tracks[2][0].start;
    assert!(
        start != 3.0 && near(start, 3.03),
        "Shift lets it lie beside the place: {start}"
    );
}

async fn fades_and_points_are_dragged(editor: &Editor) {
    let window = &editor.window;
    let Clip { start, .. } = stored(editor, 2, 0).await;
    let corner = |secs| editor.place(2, secs, TITLE_PX);
    let (from, to) = (corner(start + 0.03).await, corner(start + 0.5).await);
    window.drag(from, to, Some(SHIFT)).await;
    let tracks = editor
        .until("the fade-in", |tracks| tracks[2][0].fade_in > 0.0)
        .await;
    let faded = &tracks[2][0];
    assert!((faded.fade_in - 0.5).abs() < 0.1, "{faded:?}");
    assert_eq!(faded.start, start, "a fade moves no edge");

    let at = editor.body(0, 4.0).await;
    window.click_at(at, 2).await;
    let point = |tracks: &[Vec<Clip>]| tracks[0][0].envelope.first().copied();
    let tracks = editor
        .until("a point", |tracks| point(tracks).is_some())
        .await;
    let (_, low_db) = point(&tracks).expect("a point");
    let to = editor.place(0, 5.0, TRACK_PX * 0.5).await;
    window.drag(at, to, None).await;
    let tracks = editor
        .until("a point that is moved", |tracks| {
            point(tracks).is_some_and(|(at, _)| near(at, 5.0))
        })
        .await;
    let (_, high_db) = point(&tracks).expect("a point");
    assert!(high_db > low_db, "up is louder: {low_db} to {high_db} dB");
    editor.keys(DELETE).await;
    editor
        .until("no point", |tracks| point(tracks).is_none())
        .await;
    assert_eq!(stored(editor, 0, 0).await.length, 10.0, "the clip stays");
}

async fn the_wheel_zooms_at_the_pointer(editor: &Editor) {
    let window = &editor.window;
    let under = |[from, samples_per_px]: [f64; 2]| from + X_PX * samples_per_px;
    let before = editor.shown().await;
    window.wheel(TRACKS, (X_PX, 50.0), -300.0, true).await;
    let nearer = editor.shown().await;
    let factor = before[1] / nearer[1];
    assert!((factor - 1_f64.exp()).abs() < 1e-6, "zoomed by {factor}");
    assert!(
        (under(nearer) - under(before)).abs() < 1.0,
        "the sample under the pointer stays: {before:?}, {nearer:?}"
    );
    window.wheel(TRACKS, (X_PX, 50.0), 100.0, false).await;
    let [from, samples_per_px] = editor.shown().await;
    let scrolled = nearer[0] + 100.0 * samples_per_px;
    assert_eq!(samples_per_px, nearer[1], "without Ctrl it scrolls");
    assert!((from - scrolled).abs() < 1.0, "{from} for {scrolled}");

    editor.keys("+").await;
    let steps = editor.shown().await[1];
    assert!((nearer[1] / steps - 1.5).abs() < 1e-6, "+ zooms in");
    editor.keys("-").await;
    let back = editor.shown().await[1];
    assert!((back / nearer[1] - 1.0).abs() < 1e-6, "- takes it back");
    editor.keys("0").await;
    let [from, all] = editor.shown().await;
    assert_eq!(from, 0.0, "0 shows all of it");
    assert!((all / before[1] - 1.0).abs() < 0.01, "{all}, {before:?}");
}

async fn keys_set_and_clear_a_range(editor: &Editor) {
    let window = &editor.window;
    editor.keys(ESCAPE).await;
    window.click_at(editor.on_ruler(1.0, false).await, 1).await;
    editor.keys("i").await;
    window.click_at(editor.on_ruler(2.0, false).await, 1).await;
    editor.keys("o").await;
    editor.keys(DELETE).await;
    let tracks = editor
        .until("a range that is cleared", |tracks| tracks[0].len() == 2)
        .await;
    for track in &tracks[..2] {
        assert!(
            near(track[0].end(), 1.0) && near(track[1].start, 2.0),
            "the gap stays open on every track: {tracks:?}"
        );
    }
    undo(editor).await;
    editor
        .until("undo", |tracks| {
            tracks[0].len() == 1 && tracks[1].len() == 1
        })
        .await;
    editor.keys(&format!("{CTRL}{SHIFT}z")).await;
    editor.until("redo", |tracks| tracks[0].len() == 2).await;
    undo(editor).await;
    editor.until("undo", |tracks| tracks[0].len() == 1).await;
}

async fn keys_trim_split_and_close_gaps(editor: &Editor) {
    let window = &editor.window;
    window.click_at(editor.body(0, 8.0).await, 1).await;
    let places = [(2.0, "["), (9.0, "]")];
    for (secs, key) in places {
        window.click_at(editor.on_ruler(secs, false).await, 1).await;
        editor
            .until_transport("the seek", |transport| near(at(transport), secs))
            .await;
        let playhead = at(&editor.transport().await);
        editor.keys(key).await;
        let edge = |clip: &Clip| if key == "[" { clip.start } else { clip.end() };
        editor
            .until("a trim to the playhead", |tracks| {
                (edge(&tracks[0][0]) - playhead).abs() < 1e-9
            })
            .await;
    }
    let trimmed = stored(editor, 0, 0).await;
    assert_eq!(trimmed.from, trimmed.start, "its sound stays where it was");

    window.click_at(editor.on_ruler(5.0, false).await, 1).await;
    editor.keys("s").await;
    let tracks = editor
        .until("the split", |tracks| tracks[0].len() == 2)
        .await;
    assert_eq!(tracks[1].len(), 1, "only what is selected is split");
    let (left, right) = (tracks[0][0].clone(), tracks[0][1].clone());
    assert_eq!(left.end(), right.start);
    editor.keys(ESCAPE).await;
    window.click_at(editor.body(0, 3.0).await, 1).await;
    editor.keys(&format!("{SHIFT}{DELETE}")).await;
    let tracks = editor
        .until("a removal that closes the gap", |tracks| {
            tracks[0].len() == 1
        })
        .await;
    let moved = &tracks[0][0];
    assert_eq!(moved.id, right.id);
    assert!(
        (moved.start - left.start).abs() < 1e-9,
        "what follows moves up by as much as was removed: {left:?}, {right:?}, {moved:?}"
    );
    undo(editor).await;
    editor.until("undo", |tracks| tracks[0].len() == 2).await;
}

async fn keys_drive_the_playback(editor: &Editor) {
    let window = &editor.window;
    let end = clips(&editor.view().await)
        .iter()
        .flatten()
        .map(Clip::end)
        .fold(0.0, f64::max);
    editor.keys(END).await;
    editor
        .until_transport("End", |transport| (at(transport) - end).abs() < 1e-6)
        .await;
    editor.keys(HOME).await;
    editor
        .until_transport("Home", |transport| at(transport) == 0.0)
        .await;

    let clip = stored(editor, 0, 1).await;
    window.click_at(editor.body(0, 8.0).await, 1).await;
    editor.keys("l").await;
    let looped = |transport: &Value| {
        let place = |name| transport["looping"][name].as_f64().map(|at| at / SECOND);
        (place("from"), place("to"))
    };
    let around = (Some(clip.start), Some(clip.end()));
    editor
        .until_transport("a loop of the clip", |transport| {
            looped(transport) == around
        })
        .await;
    editor.keys("l").await;
    editor
        .until_transport("no loop", |transport| transport["looping"].is_null())
        .await;

    editor.keys(" ").await;
    editor
        .until_transport("playing", |transport| {
            transport["playing"] == true && at(transport) > 0.0
        })
        .await;
    editor.keys(" ").await;
    editor
        .until_transport("a pause", |transport| transport["playing"] == false)
        .await;
}

/// A drag along the lower half of the ruler is heard, and the playhead stays where it was let go.
async fn the_ruler_is_scrubbed(app: &App, editor: &Editor) {
    app.sound().until_level(|level| level == 0.0).await;
    let begun = app.sound().now();
    let (from, to) = (
        editor.on_ruler(4.0, false).await,
        editor.on_ruler(7.0, false).await,
    );
    editor.window.drag(from, to, Some(SHIFT)).await;
    app.sound().until_level(|level| level > 0.0).await;
    app.sound().until_level(|level| level == 0.0).await;
    assert!(
        app.sound().left_since(begun).iter().any(|x| x.abs() > 0.1),
        "a moment of the tone is heard, not a click"
    );
    let transport = editor.transport().await;
    assert_eq!(transport["playing"], false, "{transport}");
    assert!(
        near(at(&transport), 7.0),
        "it stands where it was let go: {transport}"
    );
}

/// A session of another project.
struct Other {
    project: String,
    session: Value,
}

impl Other {
    fn new(app: &App) -> Other {
        let project = app.project("Television");
        let create = json!({ "project": project, "name": "Day show" });
        let session = app.call("session.create", create)["id"].clone();
        let edits = json!([{ "edit": "add_track" }]);
        let edit = json!({ "project": project, "session": session, "edits": edits });
        app.call("session.edit", edit);
        Other { project, session }
    }

    async fn clips(&self, window: &Window) -> Vec<Vec<Clip>> {
        let input = json!({ "project": self.project, "session": self.session });
        clips(&answer(window, "session.get", input).await)
    }

    /// The clip that is copied brings its sound into this project.
    async fn takes_a_clip_of(&self, editor: &Editor) {
        let window = &editor.window;
        let copied = stored(editor, 2, 0).await;
        let inside = (copied.start + copied.end()) / 2.0;
        window.click_at(editor.body(2, inside).await, 1).await;
        editor.keys(&format!("{CTRL}c")).await;
        window.click("[aria-label='Pages'] a[href='#/']").await;
        window.click("a[aria-label='Television']").await;
        window.click("a[aria-label='Day show']").await;
        window.find(TRACKS).await;
        window.settle().await;
        editor.keys(&format!("{CTRL}v")).await;
        window.find("[data-clip]").await;
        let tracks = self.clips(window).await;
        let [pasted] = &tracks[0][..] else {
            panic!("one clip is pasted: {tracks:?}");
        };
        assert_eq!(pasted.start, 0.0, "at the playhead");
        assert_eq!(
            (pasted.from, pasted.length, pasted.fade_in),
            (copied.from, copied.length, copied.fade_in)
        );
        let list = answer(window, "asset.list", json!({ "project": self.project })).await;
        let assets = list["assets"].as_array().expect("assets");
        assert!(
            assets
                .iter()
                .any(|asset| asset["id"] == pasted.source.as_str()),
            "the source is an asset of the project that it was pasted into: {list}"
        );
        assert_ne!(pasted.source, copied.source, "of this project");
    }
}

async fn undo(editor: &Editor) {
    editor.keys(&format!("{CTRL}z")).await;
}

async fn stored(editor: &Editor, track: usize, index: usize) -> Clip {
    clips(&editor.view().await)[track][index].clone()
}

/// Where the playback stands, in seconds.
fn at(transport: &Value) -> f64 {
    transport["at"].as_f64().expect("a sample") / SECOND
}
