//! `player.*`: a film or sound, played in the studio itself: pictures as bytes, sound through the
//! device, whose clock leads.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::EffectPresets;
use studio_core::units::{FrameRate, SampleRate};
use studio_core::{Bytes, Error, Event, Events, JobContext, MediaType, Operation, SettingsFile};
use studio_device::{DeviceError, Output, Source};
use studio_dsp::effects::Chain;
use studio_media::{FrameReader, probe};
use studio_store::Projects;

use crate::film_sound::FilmSound;
use crate::preview::Control;

/// Pictures a second that a sound without pictures counts in.
const SOUND_FPS: u32 = 30;
/// Players open at a time; a window that forgets to close them does not fill the memory.
const MOST_PLAYERS: usize = 16;
/// How often the clock is looked at while it plays.
const WATCH: Duration = Duration::from_millis(8);

pub(crate) fn operations(
    projects: &Arc<Projects>,
    settings: &Arc<SettingsFile>,
    events: &Events,
) -> Vec<Operation> {
    let players = Arc::new(Players {
        projects: projects.clone(),
        presets: EffectPresets::of(projects),
        settings: settings.clone(),
        events: events.clone(),
        open: Mutex::default(),
    });
    let runtime = tokio::runtime::Handle::current();
    let (open, play, pause) = (players.clone(), players.clone(), players.clone());
    let (seek, volume, status) = (players.clone(), players.clone(), players.clone());
    let (chain, frame, close) = (players.clone(), players.clone(), players);
    vec![
        Operation::define("player.open", "Open a player", "Opens a film or sound for playing.")
            .realtime()
            .writes()
            .positional("path")
            .blocking(move |_cx: &JobContext, input: OpenInput| {
                let (opened, player) = open.open(&input)?;
                runtime.spawn(watch(Arc::downgrade(&player), opened.player.clone(), open.events.clone()));
                Ok(opened)
            }),
        Operation::define("player.play", "Play", "Plays on from where the player stands.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = play.get(&input.player)?;
                if player.output.state().ended {
                    player.output.seek(0);
                }
                player.output.resume();
                Ok(player.status(input.player))
            }),
        Operation::define("player.pause", "Pause", "Holds the player where it stands.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = pause.get(&input.player)?;
                player.output.pause();
                Ok(player.status(input.player))
            }),
        Operation::define("player.seek", "Seek", "Moves the player to a frame, exactly.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: SeekInput| {
                let player = seek.get(&input.player)?;
                let frame = input.frame.min(player.frames.saturating_sub(1));
                player.output.seek(player.frame_rate.samples_before_frame(frame, player.output.rate()));
                Ok(player.status(input.player))
            }),
        Operation::define("player.volume", "Set the volume", "Sets how loud the player is.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: VolumeInput| {
                let player = volume.get(&input.player)?;
                player.output.set_volume(input.volume);
                Ok(player.status(input.player))
            }),
        Operation::define(
            "player.chain",
            "Change a player's effects",
            "Changes the effects of a player that was opened with a chain, while it plays. Where only numbers differ, knobs \
             are turned; else the new chain follows without a click. With `bypass` the sound is heard as it came, at the \
             same time.",
        )
        .realtime()
        .writes()
        .blocking(move |_cx: &JobContext, input: ChainInput| chain.change(&input)),
        Operation::define("player.status", "Where the player stands", "Tells frame, volume and whether it plays.")
            .realtime()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                Ok(status.get(&input.player)?.status(input.player))
            }),
        Operation::define(
            "player.frame",
            "Read a picture",
            "Answers one picture: u32 width, u32 height, u64 frame (little-endian), then RGBA8 rows.",
        )
        .realtime()
        .blocking(move |_cx: &JobContext, input: FrameInput| {
            let player = frame.get(&input.player)?;
            let Some(pictures) = &player.pictures else {
                return Err(Error::bad_input("this is a sound; it has no pictures").field("/player"));
            };
            let picture = pictures.lock().frame(input.frame.min(player.frames.saturating_sub(1)), input.width)?;
            let mut bytes = Vec::with_capacity(16 + picture.rgba.len());
            bytes.extend_from_slice(&picture.width.to_le_bytes());
            bytes.extend_from_slice(&picture.height.to_le_bytes());
            bytes.extend_from_slice(&picture.index.to_le_bytes());
            bytes.extend_from_slice(&picture.rgba);
            Ok(Bytes::<Rgba>::new(bytes))
        }),
        Operation::define("player.close", "Close a player", "Stops and closes a player.")
            .realtime()
            .writes()
            .blocking(move |_cx: &JobContext, input: PlayerInput| {
                let player = close.open.lock().remove(&input.player);
                player.map(|_| Closed { player: input.player.clone() }).ok_or_else(|| unknown(&input.player))
            }),
    ]
}

struct Rgba;

impl MediaType for Rgba {
    const NAME: &'static str = "application/vnd.av-studio.rgba";
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpenInput {
    /// The file to play, unless an asset or film is named.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    path: Option<Utf8PathBuf>,
    /// The project: its folder, id or name.
    #[serde(default)]
    project: Option<String>,
    /// The asset to play, by id.
    #[serde(default)]
    asset: Option<String>,
    /// The rendered film to play, by id.
    #[serde(default)]
    film: Option<String>,
    /// Effects that the sound goes through, which `player.chain` changes. They are those that `audio.process` would apply,
    /// to its end.
    #[serde(default)]
    chain: Option<Chain>,
    /// Id of a preset of effects, instead of a chain.
    #[serde(default)]
    preset: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChainInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    player: String,
    /// The effects from now on.
    #[serde(default)]
    chain: Option<Chain>,
    /// Id of a preset of effects, instead of a chain.
    #[serde(default)]
    preset: Option<String>,
    /// Let the sound be heard as it came.
    #[serde(default)]
    bypass: Option<bool>,
    /// End with the sound: echoes are not played to their end.
    #[serde(default)]
    cut_tail: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlayerInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    player: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeekInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    player: String,
    /// The frame to stand on.
    frame: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VolumeInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    player: String,
    /// 0 silent to 1 full.
    #[schemars(range(min = 0.0, max = 1.0))]
    volume: f32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FrameInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    player: String,
    /// Which picture.
    frame: u64,
    /// Pixels across; at most the film's own.
    #[schemars(range(min = 2, max = 7680))]
    width: u32,
}

#[derive(Serialize, JsonSchema)]
struct Opened {
    player: String,
    duration_secs: f64,
    /// Pixels; 0 for a sound.
    width: u32,
    height: u32,
    frame_rate: FrameRate,
    frames: u64,
    /// Whether there is sound.
    audio: bool,
    /// Whether it can be heard: without a device it plays silently.
    audible: bool,
}

#[derive(Serialize, JsonSchema)]
struct Status {
    player: String,
    frame: u64,
    playing: bool,
    volume: f32,
}

#[derive(Serialize, JsonSchema)]
struct Effected {
    player: String,
    bypass: bool,
    cut_tail: bool,
    /// Time by which the effects are late, which is made up for.
    latency_ms: f64,
    /// Whether the effects went on as they were, with some knobs turned.
    keeps_state: bool,
}

#[derive(Serialize, JsonSchema)]
struct Closed {
    player: String,
}

struct Players {
    projects: Arc<Projects>,
    presets: EffectPresets,
    settings: Arc<SettingsFile>,
    events: Events,
    open: Mutex<HashMap<String, Arc<Player>>>,
}

struct Player {
    output: Output,
    /// Of one that was opened with effects.
    effects: Option<Control>,
    pictures: Option<Mutex<FrameReader>>,
    frame_rate: FrameRate,
    frames: u64,
}

/// The sound that a player is to play.
struct Sound<'a> {
    path: &'a Utf8Path,
    is_there: bool,
    secs: f64,
    chain: Option<&'a Chain>,
}

impl Sound<'_> {
    fn open(&self, rate: SampleRate) -> Result<(FilmSound, Option<Control>), Error> {
        FilmSound::open(self.path, self.is_there, self.secs, rate, self.chain)
    }
}

impl Players {
    fn open(&self, input: &OpenInput) -> Result<(Opened, Arc<Player>), Error> {
        let path = self.path(input)?;
        let chain = match (&input.preset, &input.chain) {
            (None, None) => None,
            (preset, chain) => Some(self.presets.chosen(preset.as_deref(), chain.as_ref())?.0),
        };
        let info = probe(&path)?;
        let pictures = match &info.video {
            Some(_) => Some(FrameReader::open(&path)?),
            None => None,
        };
        let sound_rate =
            FrameRate::whole(SOUND_FPS).ok_or_else(|| Error::internal("no frame rate"))?;
        let frame_rate = pictures
            .as_ref()
            .map_or(sound_rate, FrameReader::frame_rate);
        let duration_secs = info.duration_secs.unwrap_or(0.0);
        let frames = match &pictures {
            Some(pictures) => pictures.frames(),
            None => (duration_secs * frame_rate.fps()).ceil() as u64,
        };
        let sound = Sound {
            path: &path,
            is_there: info.audio.is_some(),
            secs: duration_secs,
            chain: chain.as_ref(),
        };
        let (output, effects) = self.output(&sound)?;
        let (width, height) = pictures.as_ref().map_or((0, 0), FrameReader::size);
        let id = uuid::Uuid::new_v4().to_string();
        let opened = Opened {
            player: id.clone(),
            duration_secs,
            width,
            height,
            frame_rate,
            frames,
            audio: info.audio.is_some(),
            audible: output.device().is_some(),
        };
        let player = Arc::new(Player {
            output,
            effects,
            pictures: pictures.map(Mutex::new),
            frame_rate,
            frames,
        });
        let mut open = self.open.lock();
        if open.len() >= MOST_PLAYERS {
            return Err(Error::bad_input(format!(
                "{MOST_PLAYERS} players are open; close one first"
            )));
        }
        open.insert(id, player.clone());
        Ok((opened, player))
    }

    fn path(&self, input: &OpenInput) -> Result<Utf8PathBuf, Error> {
        let Some(film) = &input.film else {
            let source = studio_assets::source(
                &self.projects,
                input.path.as_deref(),
                input.project.as_deref(),
                input.asset.as_deref(),
            )?;
            return Ok(source.path);
        };
        let project = input.project.as_deref().ok_or_else(|| {
            Error::bad_input("`film` needs the `project` that it belongs to").field("/project")
        })?;
        let project = self.projects.get(project)?;
        let render = project.films().get(film)?.render.ok_or_else(|| {
            Error::not_found("this film has not been rendered yet")
                .field("/film")
                .hint("run `movie.render` first")
        })?;
        Ok(project.path().join(render.video_path))
    }

    /// The device, or without one the clock.
    fn output(&self, sound: &Sound<'_>) -> Result<(Output, Option<Control>), Error> {
        let audio = self.settings.current().audio.clone();
        // Opened before the device, so that a broken file is told as that.
        let mut ready = Some(sound.open(SampleRate::HZ_48000)?);
        let mut effects = None;
        let make = |rate| -> Box<dyn Source> {
            let ready = ready.take().filter(|_| rate == SampleRate::HZ_48000);
            match ready.map_or_else(|| sound.open(rate), Ok) {
                Ok((sound, control)) => {
                    effects = control;
                    Box::new(sound)
                }
                Err(error) => {
                    tracing::warn!(%error, "a film plays without its sound");
                    Box::new(Silence)
                }
            }
        };
        match Output::open(Some(&audio.output_device), audio.latency_ms, make) {
            Ok(output) => Ok((output, effects)),
            Err(error @ (DeviceError::NoDevice { .. } | DeviceError::Unknown { .. })) => {
                tracing::warn!(%error, "playing silently");
                let (sound, effects) = sound.open(SampleRate::HZ_48000)?;
                let output = Output::silent(SampleRate::HZ_48000, |_| Box::new(sound))?;
                Ok((output, effects))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn change(&self, input: &ChainInput) -> Result<Effected, Error> {
        let player = self.get(&input.player)?;
        let effects = player.effects.as_ref().ok_or_else(|| {
            Error::bad_input("this player was opened without effects")
                .field("/player")
                .hint("open it with a `chain`, which may be empty")
        })?;
        let chain = match (&input.preset, &input.chain) {
            (None, None) => None,
            (preset, chain) => Some(self.presets.chosen(preset.as_deref(), chain.as_ref())?.0),
        };
        let changed = effects.change(chain.as_ref(), input.bypass, input.cut_tail)?;
        let output = player.output.state();
        if changed.differs && output.paused && !output.ended {
            // What was rendered ahead would be heard first.
            player.output.seek(output.position);
        }
        Ok(Effected {
            player: input.player.clone(),
            bypass: changed.state.bypass,
            cut_tail: changed.state.cut_tail,
            latency_ms: effects.latency_ms(&changed.state),
            keeps_state: changed.keeps_state,
        })
    }

    fn get(&self, id: &str) -> Result<Arc<Player>, Error> {
        self.open.lock().get(id).cloned().ok_or_else(|| unknown(id))
    }
}

fn unknown(id: &str) -> Error {
    Error::not_found(format!("there is no player `{id}`"))
        .field("/player")
        .hint("open one with `player.open`")
}

impl Player {
    fn frame(&self) -> u64 {
        let secs = self
            .output
            .rate()
            .secs_from_samples(self.output.state().position);
        self.frame_rate
            .frame_at_secs(secs)
            .min(self.frames.saturating_sub(1))
    }

    fn status(&self, player: String) -> Status {
        let state = self.output.state();
        let playing = !state.paused && !state.ended;
        Status {
            player,
            frame: self.frame(),
            playing,
            volume: self.output.volume(),
        }
    }
}

struct Silence;

impl Source for Silence {
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        left.fill(0.0);
        right.fill(0.0);
        left.len()
    }
}

/// Tells every new frame, and the end, as long as the player is open.
async fn watch(player: Weak<Player>, id: String, events: Events) {
    let mut told = None;
    while let Some(open) = player.upgrade() {
        let state = open.output.state();
        let playing = !state.paused && !state.ended;
        let now = (open.frame(), playing);
        drop(open);
        if told != Some(now) {
            events.emit(Event::PlayerClock {
                player: id.clone(),
                frame: now.0,
                playing,
            });
            if state.ended && told.is_some_and(|(_, played)| played) {
                events.emit(Event::PlayerEnded { player: id.clone() });
            }
            told = Some(now);
        }
        tokio::time::sleep(WATCH).await;
    }
}
