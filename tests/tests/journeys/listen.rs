//! The ambient score over a WebSocket, as Auralis' clients and our own page take it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use studio_tests::{App, Server};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A tenth of a second at 44.1 kHz: two channels of two bytes.
const CHUNK_BYTES: usize = 4_410 * 2 * 2;
const PATIENCE: Duration = Duration::from_secs(20);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn open(server: &Server, query: &str) -> Client {
        Client::with_protocol(server, query, None)
            .await
            .expect("the stream opens")
    }

    async fn with_protocol(
        server: &Server,
        query: &str,
        protocol: Option<&'static str>,
    ) -> Result<Client, Error> {
        let socket = server.url.replacen("http", "ws", 1);
        let address = format!("{socket}/ws/stream?token={}{query}", server.token);
        let mut request = address.into_client_request()?;
        if let Some(protocol) = protocol {
            let name = "sec-websocket-protocol";
            request
                .headers_mut()
                .insert(name, protocol.parse().expect("a header"));
        }
        let (socket, answer) = tokio_tungstenite::connect_async(request).await?;
        let chosen = answer.headers().get("sec-websocket-protocol");
        assert_eq!(chosen.and_then(|name| name.to_str().ok()), protocol);
        Ok(Client(socket))
    }

    async fn frame(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("something within the patience")
            .expect("an open stream")
            .expect("a frame")
    }

    /// The next message of this type.
    async fn message(&mut self, kind: &str) -> Value {
        loop {
            if let Message::Text(text) = self.frame().await {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["type"] == kind {
                    return message;
                }
            }
        }
    }

    async fn say(&mut self, message: &Value) {
        let text = Message::text(message.to_string());
        self.0.send(text).await.expect("the server reads");
    }

    /// The bytes of so many chunks from the stream's beginning.
    async fn audio(&mut self, chunks: usize) -> Vec<Vec<u8>> {
        let mut heard = Vec::new();
        while heard.len() < chunks {
            let audio = self.message("audio").await;
            assert_eq!(audio["seq"], heard.len());
            heard.push(decoded(&audio));
        }
        heard
    }
}

fn decoded(audio: &Value) -> Vec<u8> {
    let data = audio["data"].as_str().expect("Base64");
    STANDARD.decode(data).expect("Base64")
}

#[tokio::test]
async fn a_client_of_auralis_hears_music_in_its_own_messages() {
    let app = App::new();
    let server = Server::start(&app);
    let mut client = Client::open(&server, "").await;
    let begun = Instant::now();
    let status = client.message("status").await;
    assert_eq!(status["state"], "playing");
    assert!(status["message"].is_string() && status["buffer_depth"].is_u64());
    assert!(status["score"]["chord"].is_string(), "{status}");
    let mut loudest = 0;
    for seq in 0..30 {
        let audio = client.message("audio").await;
        assert_eq!(audio["seq"], seq);
        assert_eq!(audio["duration_ms"], 100);
        assert_eq!(audio["sample_rate"], 44_100);
        assert_eq!(audio["channels"], 2);
        assert!(audio["timestamp"].as_u64() > Some(1_600_000_000_000));
        let bytes = decoded(&audio);
        assert_eq!(bytes.len(), CHUNK_BYTES);
        let samples = bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|bytes| i16::from_le_bytes(*bytes));
        loudest = loudest.max(samples.map(i16::unsigned_abs).max().unwrap_or(0));
    }
    // Its own pace is that of the music: the first chunk comes at once, the 30th 2.9 s later.
    assert!(begun.elapsed() > Duration::from_millis(2_800));
    assert!(loudest > 327, "silence: {loudest} of 32767");
}

#[tokio::test]
async fn bytes_and_text_carry_the_same_music_and_a_seed_makes_it_again() {
    let app = App::new();
    let server = Server::start(&app);
    let text = Client::open(&server, "&seed=7").await.audio(5).await;
    let again = Client::open(&server, "&seed=7").await.audio(5).await;
    let other = Client::open(&server, "&seed=8").await.audio(5).await;
    assert_eq!(text, again);
    assert_ne!(text, other);
    let mut binary = Client::with_protocol(&server, "&seed=7", Some("studio.pcm.v1"))
        .await
        .expect("the stream opens");
    let mut heard = Vec::new();
    while heard.len() < 5 {
        if let Message::Binary(frame) = binary.frame().await {
            let (head, samples) = frame.split_at(16);
            assert_eq!(head[..4], (heard.len() as u32).to_le_bytes());
            assert_eq!(head[4..8], 44_100_u32.to_le_bytes());
            heard.push(samples.to_vec());
        }
    }
    assert_eq!(text, heard);
}

#[tokio::test]
async fn opus_is_a_tenth_of_the_size() {
    let app = App::new();
    let server = Server::start(&app);
    let mut client = Client::with_protocol(&server, "&seed=7", Some("studio.opus.v1"))
        .await
        .expect("the stream opens");
    let (mut packets, mut bytes) = (0, 0);
    for seq in 0..20_u32 {
        let frame = loop {
            if let Message::Binary(frame) = client.frame().await {
                break frame;
            }
        };
        let (head, mut body) = frame.split_at(16);
        assert_eq!(head[..4], seq.to_le_bytes());
        assert_eq!(head[4..8], 48_000_u32.to_le_bytes());
        while let Some((length, rest)) = body.split_first_chunk::<2>() {
            let length = usize::from(u16::from_le_bytes(*length));
            (packets, bytes) = (packets + 1, bytes + length);
            body = &rest[length..];
        }
    }
    assert!(
        (90..=100).contains(&packets),
        "{packets} packets of 20 ms in 2 s"
    );
    assert!(
        (2_000..20 * CHUNK_BYTES / 8).contains(&bytes),
        "{bytes} bytes"
    );
}

#[tokio::test]
async fn the_music_changes_when_asked_and_what_is_wrong_is_told() {
    let app = App::new();
    let server = Server::start(&app);
    let mut client = Client::open(&server, "").await;
    client
        .say(&json!({ "type": "update_params", "key": 66, "mode": "lydian", "bpm": 90, "intensity": 0.9 }))
        .await;
    let begun = Instant::now();
    loop {
        let status = client.message("status").await;
        let score = &status["score"];
        if score["key"] == "F#" && score["mode"] == "lydian" && score["bpm"] == 90.0 {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "not yet in the music: {status}"
        );
    }
    client
        .say(&json!({ "type": "select_preset", "preset": "sleep" }))
        .await;
    let answer = loop {
        let status = client.message("status").await;
        if status["params"]["mode"] == "phrygian" {
            break status;
        }
    };
    assert_eq!(answer["params"]["key"], "F#", "a preset keeps the key");
    for (wrong, field) in [
        (json!({ "type": "update_params", "bpm": 400 }), "/bpm"),
        (json!({ "type": "update_params", "key": 128 }), "/key"),
        (json!({ "type": "dance" }), "/type"),
        (json!([]), "/type"),
    ] {
        client.say(&wrong).await;
        let error = client.message("error").await;
        assert_eq!(error["field"], field, "{wrong}: {error}");
        assert_eq!(error["recoverable"], true);
    }
    client.say(&json!({ "type": "watch" })).await;
    let ahead = client.message("ahead").await;
    let notes = ahead["notes"].as_array().expect("notes");
    assert!(notes.len() > 8, "{ahead}");
    assert_eq!(ahead["consistency"], 1.0);
    let beat = ahead["beat"].as_f64();
    client
        .say(&json!({ "type": "update_params", "bpm": 90 }))
        .await;
    let later = client.message("ahead").await;
    assert!(later["beat"].as_f64() > beat, "a bar later: {later}");
    let mangled = Message::text("{");
    client.0.send(mangled).await.expect("the server reads");
    assert_eq!(client.message("error").await["code"], "bad_input");
    client.say(&json!({ "type": "ping" })).await;
    client.message("pong").await;
    client.message("audio").await;
}

#[tokio::test]
async fn a_room_is_shared_outlives_who_leaves_and_is_counted() {
    let app = App::new();
    let server = Server::start(&app);
    let idle: Value = serde_json::from_str(&server.get("/api/status").await).expect("JSON");
    assert_eq!(
        (&idle["state"], &idle["rooms"]),
        (&json!("idle"), &json!(0))
    );
    let mut one = Client::open(&server, "&room=den").await;
    let first = one.message("audio").await;
    let mut two = Client::open(&server, "&room=den").await;
    let busy: Value = serde_json::from_str(&server.get("/api/status").await).expect("JSON");
    assert_eq!(
        (&busy["state"], &busy["rooms"], &busy["listeners"]),
        (&json!("playing"), &json!(1), &json!(2)),
    );
    let joined = two.message("audio").await;
    assert!(joined["seq"].as_u64() > first["seq"].as_u64());
    let same = loop {
        let audio = one.message("audio").await;
        if audio["seq"] == joined["seq"] {
            break audio;
        }
    };
    assert_eq!(same, joined);
    // Cut without a goodbye; the other goes on without a gap.
    drop(one);
    let mut seen = HashSet::new();
    for n in 1..=15 {
        let audio = two.message("audio").await;
        assert_eq!(
            audio["seq"].as_u64(),
            joined["seq"].as_u64().map(|seq| seq + n)
        );
        assert!(seen.insert(decoded(&audio)), "the same 100 ms twice");
    }
    let mut back = Client::open(&server, "&room=den").await;
    let audio = back.message("audio").await;
    assert!(audio["seq"].as_u64() > joined["seq"].as_u64());
    let metrics: Value = serde_json::from_str(&server.get("/api/metrics").await).expect("JSON");
    assert_eq!(metrics["rooms"], 1);
    assert!(metrics["chunks"].as_u64() > Some(15), "{metrics}");
    let text = server.get("/metrics").await;
    assert!(text.contains("av_studio_chunks_total"), "{text}");
}

#[tokio::test]
async fn strangers_and_nonsense_get_no_stream() {
    let app = App::new();
    let server = Server::start(&app);
    let socket = server.url.replacen("http", "ws", 1);
    let stranger = tokio_tungstenite::connect_async(format!("{socket}/ws/stream")).await;
    let Err(Error::Http(answer)) = stranger else {
        panic!("a stranger was let in");
    };
    assert_eq!(answer.status(), 401);
    for query in ["&room=", "&seed=-1", "&volume=11"] {
        let refused = Client::with_protocol(&server, query, None).await;
        let Err(Error::Http(answer)) = refused else {
            panic!("{query} was taken");
        };
        assert!(answer.status().is_client_error(), "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_to_its_listeners() {
    let app = App::new();
    let mut server = Server::start(&app);
    let mut client = Client::open(&server, "").await;
    client.message("audio").await;
    server.terminate();
    let reason = loop {
        if let Message::Close(frame) = client.frame().await {
            break frame.expect("a reason");
        }
    };
    assert_eq!(u16::from(reason.code), 1001);
    assert_eq!(server.ended(PATIENCE), Some(true));
}
