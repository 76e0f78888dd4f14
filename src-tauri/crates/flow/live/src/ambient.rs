//! `ambient.play`, `ambient.set`, `ambient.stop`, `ambient.status`: the live score.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_ambient::{Engine, Key, Mode, Now, Params};
use studio_core::units::SampleRate;
use studio_core::{Error, Event, Events, JobContext, Operation, SettingsFile};
use studio_device::{Output, Source};

/// How often the bar and the chord are looked at, to tell when they change.
const WATCH: Duration = Duration::from_millis(150);

pub(crate) fn operations(settings: &Arc<SettingsFile>, events: &Events) -> Vec<Operation> {
    let live = Arc::new(Live {
        settings: settings.clone(),
        events: events.clone(),
        playing: Mutex::default(),
        last: Mutex::new(Wish::default()),
    });
    let runtime = tokio::runtime::Handle::current();
    let (play, set, stop, status) = (live.clone(), live.clone(), live.clone(), live);
    vec![
        Operation::define(
            "ambient.play",
            "Play ambient music",
            "Plays endless music through the sound device, or changes what is playing.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: AmbientInput| {
            play.play(&input)?;
            runtime.spawn(watch(play.clone()));
            Ok(play.tell())
        }),
        Operation::define(
            "ambient.set",
            "Change ambient music",
            "Changes key, mode, tempo, intensity or volume of what is playing, at the next half bar.",
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
                let playing = stop.playing.lock().take();
                drop(playing);
                Ok(stop.tell())
            }),
        Operation::define("ambient.status", "What is playing", "Tells what the live score is doing now.")
            .realtime()
            .blocking(move |_cx: &JobContext, _input: Nothing| Ok(status.status())),
    ]
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
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Status {
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
    /// Times that the device found no sound ready.
    underruns: u64,
    /// Share of real time that rendering takes.
    render_load: f32,
}

/// What was asked for last.
#[derive(Clone, Copy, Debug)]
struct Wish {
    params: Params,
    seed: u64,
    volume: f32,
}

impl Default for Wish {
    fn default() -> Wish {
        Wish {
            params: Params::default(),
            seed: 1,
            volume: 0.8,
        }
    }
}

struct Live {
    settings: Arc<SettingsFile>,
    events: Events,
    playing: Mutex<Option<Playing>>,
    last: Mutex<Wish>,
}

struct Playing {
    output: Output,
    shown: Arc<Shown>,
}

/// What the feeder thread writes and everybody reads.
struct Shown {
    now: Mutex<Option<Now>>,
    params: Mutex<Params>,
    /// Bits of an `f32`.
    load: AtomicU32,
}

impl Live {
    fn play(&self, input: &AmbientInput) -> Result<(), Error> {
        let wish = self.wish(input)?;
        let restarts = input.seed.is_some();
        let mut playing = self.playing.lock();
        if playing.is_some() && !restarts {
            drop(playing);
            return self.set(input);
        }
        *playing = None;
        let audio = self.settings.current().audio.clone();
        let shown = Arc::new(Shown {
            now: Mutex::new(None),
            params: Mutex::new(wish.params),
            load: AtomicU32::new(0),
        });
        let source = shown.clone();
        let output = Output::open(Some(&audio.output_device), audio.latency_ms, move |rate| {
            let engine = Engine::new(wish.seed, wish.params, rate);
            Box::new(Music {
                engine,
                rate,
                shown: source,
            })
        })?;
        output.set_volume(wish.volume);
        output.resume();
        *playing = Some(Playing { output, shown });
        Ok(())
    }

    fn set(&self, input: &AmbientInput) -> Result<(), Error> {
        let wish = self.wish(input)?;
        if let Some(playing) = &*self.playing.lock() {
            *playing.shown.params.lock() = wish.params;
            playing.output.set_volume(wish.volume);
        }
        Ok(())
    }

    /// What was asked for before, with what `input` changes.
    fn wish(&self, input: &AmbientInput) -> Result<Wish, Error> {
        let mut wish = self.last.lock();
        let before = wish.params;
        wish.params = Params::new(
            input.key.unwrap_or(before.key),
            input.mode.unwrap_or(before.mode),
            input.bpm.unwrap_or(before.bpm.get()),
            input.intensity.unwrap_or(before.intensity.get()),
        )
        .map_err(|error| Error::bad_input(error.to_string()))?;
        wish.seed = input.seed.unwrap_or(wish.seed);
        wish.volume = input.volume.unwrap_or(wish.volume);
        Ok(*wish)
    }

    fn status(&self) -> Status {
        let wish = *self.last.lock();
        let mut status = Status {
            playing: false,
            key: wish.params.key.to_string(),
            mode: wish.params.mode,
            bpm: wish.params.bpm.get(),
            intensity: wish.params.intensity.get(),
            seed: wish.seed,
            volume: wish.volume,
            chord: None,
            next_chord: None,
            bar: 0,
            elapsed_secs: 0.0,
            device: None,
            underruns: 0,
            render_load: 0.0,
        };
        if let Some(playing) = &*self.playing.lock() {
            let state = playing.output.state();
            status.playing = !state.failed;
            status.elapsed_secs = playing.output.rate().secs_from_samples(state.position);
            status.device = playing.output.device().map(str::to_owned);
            status.underruns = state.underruns;
            status.render_load = f32::from_bits(playing.shown.load.load(Ordering::Relaxed));
            if let Some(now) = *playing.shown.now.lock() {
                status.chord = Some(now.chord.to_string());
                status.next_chord = Some(now.next_chord.to_string());
                status.bar = now.bar;
            }
        }
        status
    }

    /// The status, also as an event.
    fn tell(&self) -> Status {
        let status = self.status();
        self.events.emit(Event::AmbientChanged {
            status: json!(status),
        });
        status
    }
}

/// Tells each new bar and chord, and the end of the device, until the music stops.
async fn watch(live: Arc<Live>) {
    let mut told = live.status();
    while told.playing {
        tokio::time::sleep(WATCH).await;
        let status = live.status();
        let same = (status.bar, &status.chord, status.playing, status.underruns)
            == (told.bar, &told.chord, told.playing, told.underruns);
        if !same {
            live.events.emit(Event::AmbientChanged {
                status: json!(status),
            });
        }
        told = status;
    }
}

/// The engine as a source.
struct Music {
    engine: Engine,
    rate: SampleRate,
    shown: Arc<Shown>,
}

impl Source for Music {
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        const SMOOTHING: f32 = 0.05;
        let begun = Instant::now();
        self.engine.set(*self.shown.params.lock());
        self.engine.render(left, right);
        let lasts = self.rate.secs_from_samples(left.len() as u64) as f32;
        let load = begun.elapsed().as_secs_f32() / lasts.max(1e-6);
        let before = f32::from_bits(self.shown.load.load(Ordering::Relaxed));
        self.shown.load.store(
            (before + SMOOTHING * (load - before)).to_bits(),
            Ordering::Relaxed,
        );
        *self.shown.now.lock() = Some(self.engine.now());
        left.len()
    }
}
