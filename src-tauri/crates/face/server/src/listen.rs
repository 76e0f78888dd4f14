//! `GET /ws/stream`: the ambient score over a WebSocket, in the messages of Auralis, so that its
//! clients play from here; and what tells how it goes, `GET /api/status` and `GET /api/metrics`.
//!
//! To a client, every 100 ms: `{"type":"audio","seq","timestamp","duration_ms":100,"sample_rate":44100,
//! "channels":2,"data"}`, where `data` is 16-bit little-endian samples, left and right in turn, in
//! Base64; and `{"type":"status","state","message","buffer_depth","timestamp","score"}` when the music
//! or the connection changes. A client that asks for the subprotocol [`BINARY`] gets audio as binary
//! frames of three quarters the size: `seq` (u32), sample rate (u32), `timestamp` (f64), all
//! little-endian, then the samples. With [`OPUS`] the packets that a chunk completes follow that head
//! instead, each after its length (u16): a tenth of the size, and up to 100 ms later. Times are
//! milliseconds since 1970.
//!
//! From a client: `{"type":"update_params", "key", "mode", "bpm", "intensity"}` with what is to change
//! (`key` as a name such as `F#`, or as a MIDI note), `{"type":"select_preset","preset"}`, `{"type":
//! "ping"}`, and `{"type":"watch"}`: from then on each bar comes with `{"type":"ahead",…}`, the
//! notes and chords of the bars that follow as `ambient.ahead` tells them. What is wrong with one is answered with `{"type":"error","code","message","recoverable"}`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use studio_core::Error;
use studio_core::units::SampleRate;
use studio_live::{CHUNK_MS, Change, Chunk, Coming, Heard, Listening, Opus, STREAM_RATE};

use crate::http::App;
use crate::metrics::Open;
use crate::problem::Refusal;
use crate::ws::LARGEST_MESSAGE;

/// The subprotocol of binary frames.
pub(crate) const BINARY: &str = "studio.pcm.v1";
/// The subprotocol of Opus packets.
const OPUS: &str = "studio.opus.v1";
const OPUS_RATE: SampleRate = SampleRate::HZ_48000;
/// A client that takes nothing for so long is gone.
const LONGEST_STALL: Duration = Duration::from_secs(30);
/// Messages of one client within a second; more are read and forgotten.
const MOST_MESSAGES: u32 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Shared with all who name the same; without it, a room of one's own.
    room: Option<String>,
    /// Same seed, same music, in a room that nobody is in yet.
    #[serde(default = "one")]
    seed: u64,
    /// The guard has read it.
    #[serde(rename = "token")]
    _token: Option<String>,
}

fn one() -> u64 {
    1
}

pub(crate) async fn stream(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let listening = app
        .rooms
        .enter(wanted.room.as_deref(), wanted.seed, Change::default())?;
    let upgrade = upgrade
        .protocols([OPUS, BINARY])
        .max_message_size(LARGEST_MESSAGE);
    let chosen = upgrade
        .selected_protocol()
        .and_then(|name| name.to_str().ok());
    let form = match chosen {
        Some(OPUS) => Form::Opus(Box::new(Opus::new()?)),
        Some(_) => Form::Binary,
        None => Form::Text,
    };
    Ok(upgrade.on_upgrade(async move |socket| {
        let client = Client {
            socket,
            listening,
            form,
            ahead: None,
            watches: false,
            told: None,
            since: Instant::now(),
            messages: 0,
            _open: app.metrics.stream(),
            app,
        };
        client.play().await;
    }))
}

/// How a client takes its audio.
enum Form {
    Text,
    Binary,
    Opus(Box<Opus>),
}

struct Client {
    socket: WebSocket,
    listening: Listening,
    form: Form,
    /// What comes, as it was told with the bar that plays; sent to those who watch.
    ahead: Option<Arc<Coming>>,
    watches: bool,
    /// The bar and chord that it was told last.
    told: Option<(u32, String)>,
    /// The second in which `messages` came.
    since: Instant,
    messages: u32,
    app: App,
    _open: Open,
}

impl Client {
    async fn play(mut self) {
        loop {
            let goes_on = tokio::select! {
                _ = self.app.stop.begun() => break,
                heard = self.listening.next() => match heard {
                    Some(Heard::Chunk(chunk)) => self.pass_on(&chunk).await,
                    Some(Heard::Lost(lost)) => self.tell_loss(lost).await,
                    None => break,
                },
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.obey(&text).await,
                    Some(Ok(Message::Binary(_))) => self.refuse(&Error::bad_input("messages are JSON texts")).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
            };
            if !goes_on {
                return;
            }
        }
        let goodbye = CloseFrame {
            code: close_code::AWAY,
            reason: "the server stops".into(),
        };
        self.send(Message::Close(Some(goodbye))).await;
    }

    async fn pass_on(&mut self, chunk: &Chunk) -> bool {
        if chunk.ahead.is_some() {
            self.ahead.clone_from(&chunk.ahead);
        }
        if let (true, Some(coming)) = (self.watches, &chunk.ahead) {
            let message = ahead(coming).to_string();
            if !self.send(Message::Text(message.into())).await {
                return false;
            }
        }
        let now = (chunk.now.bar, chunk.now.chord.to_string());
        if self.told.as_ref() != Some(&now) {
            let score = score(chunk);
            self.told = Some(now);
            if !self.status("playing", "Playing", Some(score)).await {
                return false;
            }
        }
        let message = match &mut self.form {
            Form::Text => Message::Text(audio(chunk).to_string().into()),
            Form::Binary => {
                let samples = bytes(chunk);
                Message::Binary(frame(chunk, STREAM_RATE, samples).into())
            }
            Form::Opus(opus) => match opus.encode(chunk) {
                Ok(packets) => Message::Binary(frame(chunk, OPUS_RATE, packed(&packets)).into()),
                Err(error) => return self.refuse(&error).await,
            },
        };
        self.send(message).await
    }

    async fn tell_loss(&mut self, lost: u64) -> bool {
        let lasted = lost as f64 * CHUNK_MS as f64 / 1e3;
        let message = format!("The connection is too slow: {lasted:.1} s were left out");
        self.status("slow", &message, None).await
    }

    async fn obey(&mut self, text: &str) -> bool {
        if self.since.elapsed() > Duration::from_secs(1) {
            (self.since, self.messages) = (Instant::now(), 0);
        }
        self.messages += 1;
        if self.messages > MOST_MESSAGES {
            return true;
        }
        match self.carry_out(text) {
            Ok(answer) => self.send(Message::Text(answer.to_string().into())).await,
            Err(error) => self.refuse(&error).await,
        }
    }

    fn carry_out(&mut self, text: &str) -> Result<Value, Error> {
        let message: Value = serde_json::from_str(text)
            .map_err(|error| Error::bad_input(format!("not JSON: {error}")))?;
        let change = match message["type"].as_str() {
            Some("ping") => return Ok(json!({ "type": "pong", "timestamp": unix_ms() })),
            Some("watch") => {
                self.watches = true;
                let coming = self.ahead.as_deref().map(ahead);
                return Ok(coming.unwrap_or_else(|| self.status_text("playing", "Soon")));
            }
            Some("update_params" | "select_preset") => change(message)?,
            other => {
                let name = other.unwrap_or_default();
                let message = format!("`{name}` is no type of message");
                return Err(Error::bad_input(message)
                    .field("/type")
                    .hint("update_params, select_preset, watch or ping"));
            }
        };
        let params = self.listening.set(change)?;
        let mut status = self.status_text("playing", "Heard from the next half bar on");
        status["params"] = json!(params);
        Ok(status)
    }

    async fn refuse(&mut self, error: &Error) -> bool {
        let told = json!({
            "type": "error", "code": error.code, "message": error.message, "field": error.field,
            "recoverable": true,
        });
        self.send(Message::Text(told.to_string().into())).await
    }

    async fn status(&mut self, state: &str, message: &str, score: Option<Value>) -> bool {
        let mut status = self.status_text(state, message);
        status["params"] = json!(self.listening.params());
        if let Some(score) = score {
            status["score"] = score;
        }
        self.send(Message::Text(status.to_string().into())).await
    }

    fn status_text(&self, state: &str, message: &str) -> Value {
        json!({
            "type": "status", "state": state, "message": message,
            "buffer_depth": self.listening.waiting(), "timestamp": unix_ms(),
        })
    }

    /// Whether the client still takes what it is sent.
    async fn send(&mut self, message: Message) -> bool {
        let sent = tokio::time::timeout(LONGEST_STALL, self.socket.send(message)).await;
        matches!(sent, Ok(Ok(())))
    }
}

/// A control message as a change. Auralis names keys by MIDI notes.
fn change(mut message: Value) -> Result<Change, Error> {
    const NAMES: [&str; 12] = [
        "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    ];
    if let Some(note) = message["key"].as_u64() {
        if note > 127 {
            let message = format!("{note} is no MIDI note");
            return Err(Error::bad_input(message).field("/key"));
        }
        message["key"] = json!(NAMES[note as usize % 12]);
    }
    serde_json::from_value(message).map_err(|error| Error::bad_input(error.to_string()))
}

fn ahead(coming: &Coming) -> Value {
    let mut message = json!(coming);
    message["type"] = json!("ahead");
    message
}

fn score(chunk: &Chunk) -> Value {
    let now = &chunk.now;
    json!({
        "chord": now.chord.to_string(), "next_chord": now.next_chord.to_string(), "bar": now.bar,
        "key": now.params.key, "mode": now.params.mode, "bpm": now.params.bpm,
        "intensity": now.params.intensity,
    })
}

fn audio(chunk: &Chunk) -> Value {
    json!({
        "type": "audio", "seq": chunk.seq, "timestamp": chunk.made_ms, "duration_ms": CHUNK_MS,
        "sample_rate": STREAM_RATE.get(), "channels": 2, "data": STANDARD.encode(bytes(chunk)),
    })
}

fn frame(chunk: &Chunk, rate: SampleRate, body: Vec<u8>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(16 + body.len());
    frame.extend((chunk.seq as u32).to_le_bytes());
    frame.extend(rate.get().to_le_bytes());
    frame.extend((chunk.made_ms as f64).to_le_bytes());
    frame.extend(body);
    frame
}

/// Each packet after its length; none of Opus is longer than 1275 bytes.
fn packed(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for packet in packets {
        body.extend((packet.len() as u16).to_le_bytes());
        body.extend(packet);
    }
    body
}

fn bytes(chunk: &Chunk) -> Vec<u8> {
    let samples = chunk.samples.iter();
    samples.flat_map(|sample| sample.to_le_bytes()).collect()
}

fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}

/// `GET /api/status`.
pub(crate) async fn status(State(app): State<App>) -> Response {
    let stats = app.rooms.stats();
    let state = if stats.rooms > 0 { "playing" } else { "idle" };
    axum::Json(json!({
        "state": state, "version": env!("CARGO_PKG_VERSION"), "uptime_secs": app.begun.elapsed().as_secs(),
        "rooms": stats.rooms, "listeners": stats.listeners,
    }))
    .into_response()
}

/// `GET /api/metrics`: JSON, or what `/metrics` answers where plain text is preferred.
pub(crate) async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.trim_start().starts_with("text/plain")) {
        return crate::http::metrics(State(app)).await;
    }
    Ok(axum::Json(json!(app.rooms.stats())).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_name_or_a_midi_note() {
        let key = |key: Value| change(json!({ "type": "update_params", "key": key }));
        assert_eq!(key(json!(66)).unwrap().key, key(json!("F#")).unwrap().key,);
        assert_eq!(key(json!(128)).unwrap_err().field.as_deref(), Some("/key"));
        assert!(key(json!("H")).is_err());
        let preset = change(json!({ "type": "select_preset", "preset": "sleep" })).unwrap();
        assert!(preset.preset.is_some());
    }
}
