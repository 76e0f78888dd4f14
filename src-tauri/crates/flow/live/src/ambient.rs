//! `ambient.*`: the live score, its recording, and the owner's presets.

pub(crate) mod ahead;
mod live;
mod music;
mod presets;
mod recording;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_ambient::{Key, Mode};
use studio_core::{Events, JobContext, Operation, SettingsFile};
use studio_store::Projects;

use self::live::{Live, watch};

pub(crate) fn operations(
    projects: &Arc<Projects>,
    settings: &Arc<SettingsFile>,
    events: &Events,
) -> Vec<Operation> {
    let live = Arc::new(Live::new(settings, events));
    let runtime = tokio::runtime::Handle::current();
    let (play, set, stop, status) = (live.clone(), live.clone(), live.clone(), live.clone());
    let mut operations = vec![
        Operation::define(
            "ambient.play",
            "Play ambient music",
            "Plays endless music through the sound device, or changes what is playing.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: AmbientInput| {
            if let Some(number) = play.play(&input)? {
                runtime.spawn(watch(play.clone(), number));
            }
            Ok(play.tell())
        }),
        Operation::define(
            "ambient.set",
            "Change ambient music",
            "Changes key, mode, tempo or intensity of what is playing at the next half bar, volume and sleep timer at once.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: AmbientInput| {
            set.set(&input)?;
            Ok(set.tell())
        }),
        Operation::define("ambient.stop", "Stop ambient music", "Stops the music that is playing.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, _input: Nothing| {
                stop.stop();
                Ok(stop.tell())
            }),
        Operation::define("ambient.status", "What is playing", "Tells what the live score is doing now.")
            .realtime()
            .blocking(move |_cx: &JobContext, _input: Nothing| Ok(status.status())),
    ];
    operations.push(ahead::operation(&live));
    operations.extend(recording::operations(projects, &live));
    operations.extend(presets::operations(projects));
    operations
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AmbientInput {
    /// Tonic, such as `D` or `F#`.
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    mode: Option<Mode>,
    /// Beats per minute.
    #[serde(default)]
    #[schemars(range(min = 40.0, max = 90.0))]
    bpm: Option<f32>,
    /// 0 calm to 1 dense.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    intensity: Option<f32>,
    /// Same seed, same music.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991u64))]
    seed: Option<u64>,
    /// 0 silent to 1 full.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    volume: Option<f32>,
    /// Sleep timer: stops after so many seconds, of which it fades out during the last minute or the second half. 0: no
    /// timer.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    stop_after_secs: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Status {
    /// Asked to play; whether it is heard now is another matter: see `problem`.
    playing: bool,
    key: String,
    mode: Mode,
    bpm: f32,
    intensity: f32,
    seed: u64,
    volume: f32,
    chord: Option<String>,
    next_chord: Option<String>,
    bar: u32,
    elapsed_secs: f64,
    device: Option<String>,
    /// Sample rate of the device.
    sample_rate: Option<u32>,
    /// Why nothing is heard although it plays.
    problem: Option<String>,
    /// Until the sleep timer stops the music.
    stops_in_secs: Option<f64>,
    /// Whether `ambient.record` takes it down.
    recording: bool,
    /// Times that the device found no sound ready.
    underruns: u64,
    /// How irregularly the device asks for sound, in milliseconds (RFC 3550, 6.4.1).
    jitter_ms: f32,
    /// Share of real time that rendering takes.
    render_load: f32,
}
