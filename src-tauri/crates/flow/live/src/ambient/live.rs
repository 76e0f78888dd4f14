//! What plays now, and on which device.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::json;
use studio_ambient::{Ahead, Params};
use studio_core::units::SampleRate;
use studio_core::{Error, ErrorCode, Event, Events, SettingsFile};
use studio_device::{DeviceError, Output};

use super::music::{Music, Shared, Taken};
use super::{AmbientInput, Status};

/// How often bar, chord and device are looked at.
const WATCH: Duration = Duration::from_millis(150);
/// Between two tries to find a device again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Live {
    settings: Arc<SettingsFile>,
    events: Events,
    playing: Mutex<Option<Playing>>,
    /// Counts what was begun; who watches one ends when the next begins.
    begun: AtomicU64,
    last: Mutex<Wish>,
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

struct Playing {
    music: Arc<Mutex<Music>>,
    /// None while no device can be had.
    output: Option<Output>,
    /// The device that the settings named when it was looked for last.
    wanted: String,
    tried: Instant,
    /// Underruns of devices that it played on before.
    underruns: u64,
}

impl Live {
    pub(super) fn new(settings: &Arc<SettingsFile>, events: &Events) -> Live {
        Live {
            settings: settings.clone(),
            events: events.clone(),
            playing: Mutex::default(),
            begun: AtomicU64::new(0),
            last: Mutex::new(Wish::default()),
        }
    }

    /// The number of what begins with it, for [`watch`]; none where it only changes what plays.
    pub(super) fn play(&self, input: &AmbientInput) -> Result<Option<u64>, Error> {
        let mut playing = self.playing.lock();
        if playing.is_some() && input.seed.is_none() {
            drop(playing);
            return self.set(input).map(|()| None);
        }
        let wish = self.wish(input)?;
        *playing = None;
        let wanted = self.settings.current().audio.output_device.clone();
        let make = |rate| Arc::new(Mutex::new(Music::new(wish.seed, wish.params, rate)));
        let (output, music) = self.open(&wanted, wish.volume, make)?;
        if let Some(secs) = input.stop_after_secs {
            music.lock().sleep_after(secs);
        }
        *playing = Some(Playing {
            music,
            output: Some(output),
            wanted,
            tried: Instant::now(),
            underruns: 0,
        });
        Ok(Some(self.begun.fetch_add(1, Ordering::AcqRel) + 1))
    }

    pub(super) fn set(&self, input: &AmbientInput) -> Result<(), Error> {
        let wish = self.wish(input)?;
        if let Some(playing) = &*self.playing.lock() {
            let mut music = playing.music.lock();
            music.wanted = wish.params;
            if let Some(secs) = input.stop_after_secs {
                music.sleep_after(secs);
            }
            if let Some(output) = &playing.output {
                output.set_volume(wish.volume);
            }
        }
        Ok(())
    }

    pub(super) fn stop(&self) {
        let playing = self.playing.lock().take();
        drop(playing);
    }

    /// What is played from now on, and its sample rate.
    pub(super) fn tap(&self) -> Result<(Receiver<Taken>, SampleRate), Error> {
        let playing = self.playing.lock();
        let Some(playing) = &*playing else {
            return Err(Error::new(
                ErrorCode::Conflict,
                "no music plays, so none can be recorded",
            )
            .hint("play it first: ambient.play"));
        };
        let mut music = playing.music.lock();
        if music.is_tapped() {
            return Err(
                Error::new(ErrorCode::Conflict, "it is being recorded already")
                    .hint("end that recording first: ambient.stop_recording"),
            );
        }
        Ok((music.tap(), music.rate()))
    }

    /// Whether there was a recording to end.
    pub(super) fn untap(&self) -> bool {
        let playing = self.playing.lock();
        let Some(playing) = &*playing else {
            return false;
        };
        let mut music = playing.music.lock();
        let was = music.is_tapped();
        music.untap();
        was
    }

    /// What comes; `None` while nothing plays.
    pub(super) fn ahead(&self, bars: u32) -> Option<Ahead> {
        let playing = self.playing.lock();
        let music = playing.as_ref()?.music.lock();
        Some(music.ahead(bars))
    }

    /// What was asked for last: the music's parameters and seed.
    pub(super) fn score(&self) -> (Params, u64) {
        let wish = self.last.lock();
        (wish.params, wish.seed)
    }

    pub(super) fn status(&self) -> Status {
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
            sample_rate: None,
            problem: None,
            stops_in_secs: None,
            recording: false,
            underruns: 0,
            jitter_ms: 0.0,
            render_load: 0.0,
        };
        if let Some(playing) = &*self.playing.lock() {
            playing.tell(&mut status);
        }
        status
    }

    /// The status, also as an event.
    pub(super) fn tell(&self) -> Status {
        let status = self.status();
        self.events.emit(Event::AmbientChanged {
            status: json!(status),
        });
        status
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

    /// Opens a device for the music that `make` gives at its rate.
    fn open(
        &self,
        device: &str,
        volume: f32,
        make: impl FnOnce(SampleRate) -> Arc<Mutex<Music>>,
    ) -> Result<(Output, Arc<Mutex<Music>>), DeviceError> {
        let latency_ms = self.settings.current().audio.latency_ms;
        let mut made = None;
        let output = Output::open(Some(device), latency_ms, |rate| {
            let music = make(rate);
            made = Some(music.clone());
            Box::new(Shared(music))
        })?;
        output.set_volume(volume);
        output.resume();
        let music = made.ok_or_else(|| DeviceError::NoDevice {
            detail: "the device never asked for sound".to_owned(),
        })?;
        Ok((output, music))
    }

    /// Stops what has ended, and goes on elsewhere where the device is gone or another one is wanted.
    fn mend(&self) {
        let mut playing = self.playing.lock();
        let Some(now) = &mut *playing else {
            return;
        };
        if now
            .output
            .as_ref()
            .is_some_and(|output| output.state().ended)
        {
            *playing = None;
            return;
        }
        let wanted = self.settings.current().audio.output_device.clone();
        let is_gone = now
            .output
            .as_ref()
            .is_none_or(|output| output.state().failed);
        let is_due = now.output.is_some() || now.tried.elapsed() >= RETRY;
        if wanted == now.wanted && !(is_gone && is_due) {
            return;
        }
        tracing::info!(is_gone, "the music changes its sound device");
        if let Some(output) = now.output.take() {
            now.underruns += output.state().underruns;
            output.abandon();
        }
        (now.wanted, now.tried) = (wanted, Instant::now());
        let wish = *self.last.lock();
        let music = now.music.clone();
        // At another rate it is other music: the engine begins anew.
        let make = |rate| {
            if music.lock().rate() == rate {
                return music;
            }
            let mut anew = Music::new(wish.seed, wish.params, rate);
            if let Some(secs) = music.lock().stops_in_secs() {
                anew.sleep_after(secs);
            }
            Arc::new(Mutex::new(anew))
        };
        match self.open(&now.wanted, wish.volume, make) {
            Ok((output, music)) => (now.output, now.music) = (Some(output), music),
            Err(error) => tracing::debug!(%error, "no device for the music yet"),
        }
    }
}

impl Playing {
    fn tell(&self, status: &mut Status) {
        let music = self.music.lock();
        let (now, rate) = (music.now(), music.rate());
        status.playing = true;
        status.stops_in_secs = music.stops_in_secs();
        status.recording = music.is_tapped();
        status.render_load = music.load;
        status.chord = Some(now.chord.to_string());
        status.next_chord = Some(now.next_chord.to_string());
        status.bar = now.bar;
        status.elapsed_secs = rate.secs_from_samples(now.elapsed_samples);
        status.underruns = self.underruns;
        drop(music);
        match &self.output {
            Some(output) => {
                let state = output.state();
                status.device = output.device().map(str::to_owned);
                status.sample_rate = Some(rate.get());
                status.underruns += state.underruns;
                status.jitter_ms = state.jitter_ms;
            }
            None => {
                let lost = "The sound device is gone. The music goes on as soon as there is one.";
                status.problem = Some(lost.to_owned());
            }
        }
    }
}

/// Tells each new bar and chord, follows the device, until the music stops or other music begins.
pub(super) async fn watch(live: Arc<Live>, number: u64) {
    let mut told = live.status();
    while told.playing && live.begun.load(Ordering::Acquire) == number {
        tokio::time::sleep(WATCH).await;
        let mended = live.clone();
        // Opening a device takes its time.
        let looked = tokio::task::spawn_blocking(move || {
            mended.mend();
            mended.status()
        });
        let Ok(status) = looked.await else {
            return;
        };
        let facts = |status: &Status| {
            (
                (status.bar, status.chord.clone(), status.underruns),
                (status.playing, status.recording),
                (status.device.clone(), status.problem.clone()),
            )
        };
        if facts(&status) != facts(&told) {
            live.events.emit(Event::AmbientChanged {
                status: json!(status),
            });
        }
        told = status;
    }
}
