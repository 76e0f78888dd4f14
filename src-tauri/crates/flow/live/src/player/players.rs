//! Players that are open, and what each plays through.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;
use studio_assets::EffectPresets;
use studio_core::units::{FrameRate, SampleRate};
use studio_core::{Error, Events, SettingsFile};
use studio_device::{DeviceError, Output, Source};
use studio_dsp::effects::Chain;
use studio_media::{FrameReader, probe};
use studio_store::Projects;

use super::messages::{ChainInput, Effected, OpenInput, Opened, Status};
use crate::film_sound::FilmSound;
use crate::preview::Control;

/// Pictures a second that a sound without pictures counts in.
const SOUND_FPS: u32 = 30;
/// Players open at a time; a window that forgets to close them does not fill the memory.
const MOST_PLAYERS: usize = 16;

pub(super) struct Players {
    projects: Arc<Projects>,
    presets: EffectPresets,
    settings: Arc<SettingsFile>,
    pub(super) events: Events,
    pub(super) open: Mutex<HashMap<String, Arc<Player>>>,
}

pub(super) struct Player {
    pub(super) output: Output,
    /// Of one that was opened with effects.
    effects: Option<Control>,
    pub(super) pictures: Option<Mutex<FrameReader>>,
    pub(super) frame_rate: FrameRate,
    pub(super) frames: u64,
}

/// The sound that a player is to play.
struct Sound<'a> {
    path: &'a Utf8Path,
    /// In seconds after the first picture; `None` for a silent film.
    begins_secs: Option<f64>,
    secs: f64,
    chain: Option<&'a Chain>,
}

impl Sound<'_> {
    fn open(&self, rate: SampleRate) -> Result<(FilmSound, Option<Control>), Error> {
        FilmSound::open(self.path, self.begins_secs, self.secs, rate, self.chain)
    }
}

impl Players {
    pub(super) fn new(
        projects: &Arc<Projects>,
        settings: &Arc<SettingsFile>,
        events: &Events,
    ) -> Players {
        Players {
            projects: projects.clone(),
            presets: EffectPresets::of(projects),
            settings: settings.clone(),
            events: events.clone(),
            open: Mutex::default(),
        }
    }

    pub(super) fn open(&self, input: &OpenInput) -> Result<(Opened, Arc<Player>), Error> {
        let path = self.path(input)?;
        let chain = self.effects(input.preset.as_deref(), input.chain.as_ref())?;
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
        let sound_at_secs = pictures
            .as_ref()
            .and_then(FrameReader::sound_at_secs)
            .unwrap_or(0.0);
        let sound = Sound {
            path: &path,
            begins_secs: info.audio.is_some().then_some(sound_at_secs),
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

    /// A preset or a chain; neither is none.
    fn effects(&self, preset: Option<&str>, chain: Option<&Chain>) -> Result<Option<Chain>, Error> {
        match (preset, chain) {
            (None, None) => Ok(None),
            _ => Ok(Some(self.presets.chosen(preset, chain)?.0)),
        }
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

    pub(super) fn change(&self, input: &ChainInput) -> Result<Effected, Error> {
        let player = self.get(&input.player)?;
        let effects = player.effects.as_ref().ok_or_else(|| {
            Error::bad_input("this player was opened without effects")
                .field("/player")
                .hint("open it with a `chain`, which may be empty")
        })?;
        let chain = self.effects(input.preset.as_deref(), input.chain.as_ref())?;
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

    pub(super) fn get(&self, id: &str) -> Result<Arc<Player>, Error> {
        self.open.lock().get(id).cloned().ok_or_else(|| unknown(id))
    }
}

pub(super) fn unknown(id: &str) -> Error {
    Error::not_found(format!("there is no player `{id}`"))
        .field("/player")
        .hint("open one with `player.open`")
}

impl Player {
    pub(super) fn frame(&self) -> u64 {
        let secs = self
            .output
            .rate()
            .secs_from_samples(self.output.state().position);
        self.frame_rate
            .frame_at_secs(secs)
            .min(self.frames.saturating_sub(1))
    }

    pub(super) fn status(&self, player: String) -> Status {
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
