//! Multitrack sessions played and recorded: what is heard is what is exported, and what was recorded is not lost.

use std::time::Duration;

use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::{App, Server, tone};

use super::sessions::{RATE_HZ, edit, export, samples, session};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_is_what_is_exported() {
    let app = App::with_sound();
    let a = app.folder().join("a.wav");
    let noise = signal::noise(11, 0.4, 8 * RATE_HZ);
    write_wav(
        &a,
        RATE_HZ as u32,
        &[noise.clone(), noise],
        WavSample::Float32,
    );
    let (project, view) = session(&app, &[&a]);
    let (track, clip) = (
        &view["session"]["tracks"][0]["id"],
        &view["session"]["tracks"][0]["clips"][0]["id"],
    );
    let edits = json!([
        { "edit": "split", "at": 100_000 },
        { "edit": "move_clips", "clips": [clip], "by": 30_000 },
        { "edit": "set_track", "track": track, "gain_db": -3.0, "pan": -0.3 },
        { "edit": "set_effects", "track": track, "effects": { "effects": [
            { "effect": { "delay": {} } }, { "effect": { "limiter": {} } } ] } },
        { "edit": "set_automation", "track": track, "automation": [
            { "parameter": "gain_db", "points": [
                { "at_secs": 0.3, "value": -3.0 }, { "at_secs": 1.4, "value": -12.0 },
                { "at_secs": 1.6, "value": 0.0 } ] } ] },
        { "edit": "set_mix", "gain_db": -1.0 },
    ]);
    edit(&app, &project, &view, edits);
    let mix = app.folder().join("mix.wav");
    export(&app, &project, &view, json!({ "output": mix }));
    let both = samples(&mix);
    let exported = &both[0];

    let server = Server::start(&app);
    let input = json!({ "project": project, "session": view["id"] });
    let call = async |operation: &str, input: Value| {
        let (status, answer) = server.call(operation, &input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    };
    let begun = app.sound().now();
    let opened = call("session.play", input.clone()).await;
    assert_eq!(
        (&opened["audible"], &opened["rate"]),
        (&json!(true), &json!(RATE_HZ))
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let standing = call("session.pause", input.clone()).await;
    assert!(
        standing["at"].as_u64().is_some_and(|at| at > 60_000),
        "{standing}"
    );
    app.sound().until_level(|level| level == 0.0).await;
    let heard = app.sound().left_since(begun);
    check_follows(&heard, exported, 48_000);

    // The meter tells of what was heard, and of nothing that was mixed ahead.
    let standing = call("session.status", input.clone()).await;
    let until = standing["at"].as_u64().expect("a place") as usize;
    let part = app.folder().join("part.wav");
    let channels: Vec<Vec<f32>> = both
        .iter()
        .map(|channel| channel[..until].to_vec())
        .collect();
    write_wav(&part, RATE_HZ as u32, &channels, WavSample::Float32);
    let measured = app.call("audio.loudness", json!({ "path": part }));
    for field in ["integrated_lufs", "true_peak_dbtp"] {
        let number = |told: &Value| told[field].as_f64().expect("a level");
        let (live, later) = (number(&standing["loudness"]), number(&measured));
        assert!(
            (live - later).abs() < 0.1,
            "{field}: {live} against {later}"
        );
    }
    let reset = call("session.reset_meter", input.clone()).await;
    assert_eq!(reset["loudness"]["integrated_lufs"], Value::Null);

    // A loop comes round to the same samples.
    let (from, to) = (70_000u64, 82_000u64);
    let mut looping = input.clone();
    looping["from"] = json!(from);
    looping["to"] = json!(to);
    call("session.loop", looping).await;
    let mut at = input.clone();
    at["at"] = json!(from);
    call("session.seek", at).await;
    call("session.play", input.clone()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let standing = call("session.status", input.clone()).await;
    let place = standing["at"].as_u64().expect("a place");
    assert!(
        (from..to).contains(&place) && standing["playing"] == true,
        "{standing}"
    );
    call("session.close", input).await;
}

/// That what was heard, once its fades are over, is a stretch of the export without a gap.
#[track_caller]
fn check_follows(heard: &[f32], exported: &[f32], least: usize) {
    let loud = |x: &f32| x.abs() > 0.01;
    let begin = heard.iter().position(loud).expect("a sound") + RATE_HZ / 10;
    let probe = &heard[begin..begin + 64];
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    let at = (0..exported.len() - 64).find(|&at| near(&exported[at..at + 64], probe));
    let at = at.expect("what is heard is found in the export");
    let same = heard[begin..].iter().zip(&exported[at..]);
    let count = same.take_while(|(a, b)| (*a - *b).abs() < 1e-5).count();
    assert!(
        count >= least,
        "{count} samples in a row from sample {at} on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_lies_where_the_session_was_heard() {
    let app = App::with_sound();
    let a = app.folder().join("a.wav");
    let noise = signal::noise(5, 0.4, 8 * RATE_HZ);
    write_wav(
        &a,
        RATE_HZ as u32,
        &[noise.clone(), noise.clone()],
        WavSample::Float32,
    );
    let (project, view) = session(&app, &[&a]);
    let view = edit(
        &app,
        &project,
        &view,
        json!([{ "edit": "add_track", "name": "Voice" }]),
    );
    let track = &view["session"]["tracks"][1]["id"];
    let server = Server::start(&app);
    let with = |more: Value| {
        let mut input = json!({ "project": project, "session": view["id"] });
        input
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        input
    };
    // The test's microphone hears what the card plays.
    let (status, standing) = server
        .call(
            "session.record",
            &with(json!({ "track": track, "at": 48_000 })),
        )
        .await;
    assert_eq!(status, 200, "{standing}");
    assert_eq!(&standing["recording"], track);
    let (status, again) = server
        .call("session.record", &with(json!({ "track": track })))
        .await;
    assert_eq!(
        (status, again["code"].as_str()),
        (409, Some("conflict")),
        "{again}"
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let (status, view) = server
        .call("session.stop_recording", &with(json!({})))
        .await;
    assert_eq!(status, 200, "{view}");
    let take = &view["session"]["tracks"][1]["clips"][0];
    assert_eq!(
        (&take["start"], &view["undo"]),
        (&json!(48_000), &json!("add clips"))
    );
    assert!(
        take["length"]
            .as_u64()
            .is_some_and(|length| length > 60_000),
        "{take}"
    );

    // What was recorded is what was played, later by no more than the devices' buffers.
    let only = json!([{ "edit": "set_track", "track": track, "soloed": true }]);
    edit(&app, &project, &view, only);
    let mix = app.folder().join("take.wav");
    export(&app, &project, &view, json!({ "output": mix }));
    let taken = samples(&mix).swap_remove(0);
    let probe = &taken[80_000..80_064];
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
    let at = (0..noise.len() - 64).find(|&at| near(&noise[at..at + 64], probe));
    let late = 80_000 - at.expect("the take holds what was played") as i64;
    assert!(late.abs() < 24_000, "the take is {late} samples late");
    let (status, error) = server
        .call("session.stop_recording", &with(json!({})))
        .await;
    assert_eq!(status, 422, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gesture_is_heard_before_it_is_done_and_leaves_nothing_behind() {
    let app = App::with_sound();
    let (a, b) = (app.folder().join("a.wav"), app.folder().join("b.wav"));
    tone(&a, 440.0, 0.5, 60.0);
    tone(&b, 660.0, 0.5, 1.0);
    let (project, view) = session(&app, &[&a]);
    let track = &view["session"]["tracks"][0]["id"];
    let input = json!({ "project": project, "path": b });
    let other = app.call("asset.import", input)["id"].clone();
    let server = Server::start(&app);
    let with = |edits: Value, revision: &Value| json!({ "project": project, "session": view["id"], "edits": edits, "revision": revision });
    let named = json!({ "project": project, "session": view["id"] });
    let revision = &view["revision"];
    let softer = json!([{ "edit": "set_track", "track": track, "gain_db": -20.0 }]);
    let (status, error) = server
        .call("session.audition", &with(softer.clone(), revision))
        .await;
    assert_eq!(
        (status, error["code"].as_str()),
        (404, Some("not_found")),
        "it is not open: {error}"
    );

    server.call("session.play", &named).await;
    // What a sine of this amplitude has.
    let loud = 0.5 / 2f64.sqrt();
    app.sound()
        .until_level(|level| (level / loud - 1.0).abs() < 0.02)
        .await;
    for (edits, gain_db) in [
        (softer.clone(), -20.0),
        (
            json!([{ "edit": "set_effects", "effects": { "effects": [{ "effect": { "gain": { "gain_db": -12.0 } } }] } }]),
            -12.0,
        ),
        (json!([{ "edit": "set_mix", "gain_db": -6.0 }]), -6.0),
        (json!([]), 0.0),
    ] {
        let (status, standing) = server
            .call("session.audition", &with(edits, revision))
            .await;
        assert_eq!(
            (status, &standing["playing"]),
            (200, &json!(true)),
            "{standing}"
        );
        let wanted = loud * 10f64.powf(gain_db / 20.0);
        let near = |level: f64| (level / wanted - 1.0).abs() < 0.02;
        app.sound().until_level(near).await;
    }
    // Who auditions may go away; whoever opens it next hears it as it is.
    server
        .call("session.audition", &with(softer.clone(), revision))
        .await;
    app.sound().until_level(|level| level < 0.2 * loud).await;
    server.call("session.open", &named).await;
    app.sound()
        .until_level(|level| (level / loud - 1.0).abs() < 0.02)
        .await;
    let (_, now) = server.call("session.get", &named).await;
    assert_eq!(now, view, "nothing was done");

    for (edits, words) in [
        (
            json!([{ "edit": "set_track", "track": 99, "gain_db": 0.0 }]),
            "99",
        ),
        (
            json!([{ "edit": "set_track", "track": track, "gain_db": 99.0 }]),
            "24",
        ),
        (
            json!([{ "edit": "add_clips", "clips": [{ "track": track, "source": other, "start": 0 }] }]),
            "is not in `Mix` yet",
        ),
    ] {
        let (status, error) = server
            .call("session.audition", &with(edits, revision))
            .await;
        let message = error["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 422, "{error}");
        assert!(message.contains(words), "{error}");
    }
    // One that comes after the edit that it led to is not heard.
    let (_, edited) = server
        .call("session.edit", &with(softer.clone(), revision))
        .await;
    let late = with(json!([{ "edit": "set_mix", "gain_db": 0.0 }]), revision);
    let (status, error) = server.call("session.audition", &late).await;
    assert_eq!(
        (status, error["code"].as_str()),
        (409, Some("conflict")),
        "{error}"
    );
    let wanted = loud * 0.1;
    app.sound()
        .until_level(|level| (level / wanted - 1.0).abs() < 0.02)
        .await;
    assert_eq!(edited["undo"], "change track");

    // However many edit at once, it plays on as the last of them left it.
    for _ in 0..10 {
        let edits = (0..4).map(|i| {
            let edits = json!([{ "edit": "set_mix", "gain_db": -i }]);
            let mut input = named.clone();
            input["edits"] = edits;
            let server = &server;
            async move { server.call("session.edit", &input).await }
        });
        futures_util::future::join_all(edits).await;
        let (_, now) = server.call("session.get", &named).await;
        let (status, told) = server
            .call("session.audition", &with(json!([]), &now["revision"]))
            .await;
        assert_eq!(status, 200, "another state is played: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_take_is_found_again_after_the_studio_was_killed() {
    let app = App::with_sound();
    let a = app.folder().join("a.wav");
    tone(&a, 440.0, 0.5, 60.0);
    let (project, view) = session(&app, &[&a]);
    let track = &view["session"]["tracks"][0]["id"];
    let named = json!({ "project": project, "session": view["id"] });
    let before = app.call("asset.list", json!({ "project": project }));
    let server = Server::start(&app);
    let mut wish = named.clone();
    wish["track"] = track.clone();
    let (status, standing) = server.call("session.record", &wish).await;
    assert_eq!(status, 200, "{standing}");
    app.sound().until_level(|level| level > 0.3).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    // By the signal that no process survives.
    drop(server);

    let opened = app.call("session.get", named);
    assert_eq!(
        opened["session"], view["session"],
        "the session is as it was"
    );
    let after = app.call("asset.list", json!({ "project": project }));
    let ids = |list: &Value| -> Vec<Value> {
        let assets = list["assets"].as_array().expect("assets");
        assets.iter().map(|asset| asset["id"].clone()).collect()
    };
    let known = ids(&before);
    let found = after["assets"].as_array().expect("assets");
    let found: Vec<&Value> = found
        .iter()
        .filter(|asset| !known.contains(&asset["id"]))
        .collect();
    assert_eq!(found.len(), 1, "{after}");
    let name = found[0]["name"].as_str().unwrap_or_default();
    assert!(name.starts_with("Recovered take"), "{name}");
    // What the microphone heard of the tone, but for the last moment before the kill.
    let take = app.folder().join("take.wav");
    let input =
        json!({ "project": project, "asset": found[0]["id"], "format": "wav", "output": take });
    app.call("audio.convert", input);
    let taken = samples(&take).swap_remove(0);
    let loud = taken.iter().filter(|x| x.abs() > 0.3).count();
    assert!(
        loud > RATE_HZ / 2,
        "{loud} of {} samples are loud",
        taken.len()
    );
}
