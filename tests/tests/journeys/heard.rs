//! The loudness meter of a player reads what is heard, as the same sound is measured from its file.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};
use studio_testkit::{WavSample, signal, write_wav};
use studio_tests::{App, Server};
use tokio_tungstenite::tungstenite::{Error, Message};

const RATE_HZ: u32 = 48_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_of_a_player_reads_what_is_heard() {
    let app = App::new();
    // No device has this name: the player runs by the clock and nobody hears it.
    let nowhere = json!({ "key": "audio.output_device", "value": "nowhere" });
    app.call("settings.set", nowhere);
    let sound = app.folder().join("steps.wav");
    // Four seconds in two levels, so that there is a range; the sides differ.
    let channel = |seed, gain: f32| {
        let quiet = signal::noise(seed, 0.05 * gain, RATE_HZ as usize);
        let loud = signal::noise(seed + 1, 0.3 * gain, 3 * RATE_HZ as usize);
        [quiet, loud].concat()
    };
    let channels = [channel(1, 1.0), channel(3, 0.7)];
    write_wav(&sound, RATE_HZ, &channels, WavSample::Float32);
    let quieter = json!({ "effects": [{ "effect": { "gain": { "gain_db": -6.0 } } }] });
    let made = app.folder().join("quieter.wav");
    app.call(
        "audio.process",
        json!({ "path": sound, "chain": quieter, "output": made }),
    );
    let measured = |path| app.call("audio.loudness", json!({ "path": path }));
    let (as_it_came, processed) = (measured(&sound), measured(&made));

    let server = Server::start(&app);
    let call = async |operation: &str, input: Value| {
        let (status, answer) = server.call(operation, &input).await;
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    };
    let url = server.url.replacen("http", "ws", 1);
    let url = format!("{url}/events?token={}", server.token);
    let (mut events, _) = tokio_tungstenite::connect_async(url)
        .await
        .expect("the event socket");
    let mut heard = async |input: &Value| {
        call("player.play", input.clone()).await;
        let readings = until_ended(&mut events, &input["player"]).await;
        // The clock of the sound is the machine's: a busy one tells less often, none tells more.
        assert!(
            (20..=42).contains(&readings),
            "{readings} readings of 4 s at 10 Hz"
        );
        call("player.status", input.clone()).await["loudness"].clone()
    };

    let opened = call("player.open", json!({ "path": sound, "chain": quieter })).await;
    assert_eq!(opened["audible"], false, "{opened}");
    let input = json!({ "player": opened["player"] });
    let through_effects = heard(&input).await;
    check("through effects", &through_effects, &processed);
    let integrated = |told: &Value| told["integrated_lufs"].as_f64().expect("a loudness");
    let fell = integrated(&as_it_came) - integrated(&through_effects);
    assert!((fell - 6.0).abs() < 0.1, "6 dB less are {fell} LU less");

    // The volume is the listener's, and the comparison with what came in is heard.
    let reset = call("player.reset_meter", input.clone()).await;
    assert_eq!(reset["loudness"]["integrated_lufs"], Value::Null, "{reset}");
    assert_eq!(reset["loudness"]["true_peak_dbtp"], Value::Null, "{reset}");
    let mut change = input.clone();
    change["volume"] = json!(0.25);
    call("player.volume", change).await;
    let mut change = input.clone();
    change["bypass"] = json!(true);
    call("player.chain", change).await;
    check("as it came", &heard(&input).await, &as_it_came);
    call("player.close", input).await;
}

#[track_caller]
fn check(when: &str, heard: &Value, measured: &Value) {
    for field in ["integrated_lufs", "range_lu", "true_peak_dbtp"] {
        let number = |told: &Value| told[field].as_f64().expect("a number");
        let (live, later) = (number(heard), number(measured));
        assert!(
            (live - later).abs() < 0.1,
            "{when}, {field}: {live} against {later}"
        );
    }
}

/// How often the player told its loudness until it ended.
async fn until_ended(
    events: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
    player: &Value,
) -> usize {
    let mut readings = 0;
    loop {
        let message = tokio::time::timeout(Duration::from_secs(30), events.next())
            .await
            .expect("the sound ends")
            .expect("more events")
            .expect("a frame");
        let Ok(text) = message.to_text() else {
            continue;
        };
        let event: Value = serde_json::from_str(text).unwrap_or_default();
        if event["player"] != *player {
            continue;
        }
        match event["type"].as_str() {
            Some("player.loudness") => {
                assert!(event["loudness"]["true_peak_dbtp"].is_number(), "{event}");
                readings += 1;
            }
            Some("player.ended") => return readings,
            _ => {}
        }
    }
}
