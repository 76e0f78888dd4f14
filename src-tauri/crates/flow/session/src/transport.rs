//! Playing sessions: one transport for each that is open.

mod watch;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use studio_core::units::SampleRate;
use studio_core::{Error, ErrorCode, Events, HeardLoudness, SettingsFile};
use studio_device::{DeviceError, HeardMeter, Output};
use studio_edit::{Mixer, Session, Track};
use studio_store::{Project, SessionRow};

use self::watch::watch;
use crate::document::{Documents, SessionInput, moved_on};
use crate::playing::{Feed, Playing};
use crate::recording::{Recording, Take};
use crate::sound::Files;
use crate::takes::Note;

/// Transports open at a time; a window that forgets to close them does not fill the memory.
const MOST: usize = 8;

/// Where a session's playback is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Standing {
    session: String,
    /// Sample that is heard now, at the session's rate.
    at: u64,
    playing: bool,
    /// What is played again and again.
    looping: Option<Loop>,
    /// The track that the microphone is recorded onto.
    recording: Option<u32>,
    /// Whether it can be heard: without a device it plays silently.
    audible: bool,
    /// In Hz.
    #[schemars(with = "u32")]
    rate: SampleRate,
    /// Of the mix, as far as it was heard since the meter was reset.
    loudness: HeardLoudness,
}

#[derive(Serialize, JsonSchema)]
struct Loop {
    from: u64,
    to: u64,
}

pub(crate) struct Transports {
    settings: Arc<SettingsFile>,
    events: Events,
    open: Mutex<HashMap<String, Arc<Transport>>>,
    runtime: tokio::runtime::Handle,
}

pub(crate) struct Transport {
    session: String,
    output: Output,
    playing: Arc<Mutex<Playing>>,
    rate: SampleRate,
    recording: Mutex<Option<Recording>>,
    updating: Mutex<()>,
    meter: HeardMeter,
}

impl Transports {
    /// Must be called within a Tokio runtime: watching what plays runs there.
    pub(crate) fn new(settings: &Arc<SettingsFile>, events: &Events) -> Transports {
        Transports {
            settings: settings.clone(),
            events: events.clone(),
            open: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// The session's transport, opened where it is not yet.
    pub(crate) fn open(
        &self,
        documents: &Documents,
        input: &SessionInput,
    ) -> Result<Arc<Transport>, Error> {
        let mut open = self.open.lock();
        if let Some(transport) = open.get(&input.session) {
            return Ok(transport.clone());
        }
        if open.len() >= MOST {
            return Err(Error::bad_input(format!(
                "{MOST} sessions are open for playing; close one first"
            )));
        }
        let project = documents.project(&input.project)?;
        let (row, session) = documents.load(&project, &input.session)?;
        let rate = session.rate;
        let (files, _) = Files::of(documents, &project, &session);
        let mixer = Mixer::new(session, Box::new(files))
            .map_err(|error| Error::bad_input(error.to_string()))?;
        let playing = Arc::new(Mutex::new(Playing::new(mixer, row.revision)));
        let output = self.output(&playing)?;
        let meter = HeardMeter::new(&output, 2);
        let transport = Arc::new(Transport {
            meter: meter.map_err(|error| Error::internal(error.to_string()))?,
            output,
            session: row.id,
            playing,
            rate,
            recording: Mutex::default(),
            updating: Mutex::default(),
        });
        open.insert(transport.session.clone(), transport.clone());
        let watched = Arc::downgrade(&transport);
        self.runtime.spawn(watch(watched, self.events.clone()));
        Ok(transport)
    }

    pub(crate) fn get(&self, session: &str) -> Result<Arc<Transport>, Error> {
        let found = self.open.lock().get(session).cloned();
        found.ok_or_else(|| {
            Error::not_found(format!("the session `{session}` is not open for playing"))
                .field("/session")
                .hint("open it with `session.open`")
        })
    }

    /// Name of the microphone that the user chose.
    pub(crate) fn input_device(&self) -> String {
        self.settings.current().audio.input_device.clone()
    }

    /// Goes on as the session is now: it was edited, or what was auditioned is taken back.
    pub(crate) fn update(
        &self,
        documents: &Documents,
        project: &Project,
        session: &str,
    ) -> Result<(), Error> {
        let Some(transport) = self.open.lock().get(session).cloned() else {
            return Ok(());
        };
        // Of two edits at once, whoever comes last finds what both left.
        let _turn = transport.updating.lock();
        let (row, session) = documents.load(project, session)?;
        let (files, _) = Files::of(documents, project, &session);
        let mut playing = transport.playing.lock();
        playing.revision = row.revision;
        playing.mixer.set_sources(Box::new(files));
        let updated = playing.mixer.update(session);
        updated.map_err(|error| Error::bad_input(error.to_string()))
    }

    /// Plays on as edits of the session would make it, unless it was edited since they were made.
    pub(crate) fn audition(
        &self,
        row: &SessionRow,
        session: Arc<Session>,
    ) -> Result<Arc<Transport>, Error> {
        let transport = self.get(&row.id)?;
        let mut playing = transport.playing.lock();
        if playing.revision != row.revision {
            return Err(moved_on(&row.name, playing.revision, row.revision));
        }
        let updated = playing.mixer.update(session);
        updated.map_err(|error| Error::bad_input(error.to_string()))?;
        drop(playing);
        Ok(transport)
    }

    /// Stops and closes; what is not open is closed already.
    pub(crate) fn close(&self, session: &str) -> Result<(), Error> {
        let mut open = self.open.lock();
        let transport = open.get(session);
        if transport.is_some_and(|transport| transport.recording.lock().is_some()) {
            let message = "the session is being recorded";
            return Err(Error::new(ErrorCode::Conflict, message)
                .hint("end the recording first: `session.stop_recording`"));
        }
        open.remove(session);
        Ok(())
    }

    /// The device, or without one the clock.
    fn output(&self, playing: &Arc<Mutex<Playing>>) -> Result<Output, Error> {
        let audio = self.settings.current().audio.clone();
        let make = |rate| -> Box<dyn studio_device::Source> {
            playing.lock().set_rate(rate);
            Box::new(Feed(playing.clone()))
        };
        match Output::open(Some(&audio.output_device), audio.latency_ms, make) {
            Ok(output) => Ok(output),
            Err(error @ (DeviceError::NoDevice { .. } | DeviceError::Unknown { .. })) => {
                tracing::warn!(%error, "playing silently");
                let rate = playing.lock().mixer.session().rate;
                Ok(Output::silent(rate, make)?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Transport {
    pub(crate) fn play(&self, from: Option<u64>) {
        match from {
            Some(from) => self.seek(from),
            None if self.output.state().ended => self.seek(0),
            None => {}
        }
        self.output.resume();
    }

    pub(crate) fn pause(&self) {
        self.output.pause();
    }

    pub(crate) fn seek(&self, at: u64) {
        self.playing.lock().jump(at);
        self.output.seek(0);
    }

    pub(crate) fn set_loop(&self, looping: Option<Range<u64>>) {
        let at = self.heard();
        self.playing.lock().looping = looping;
        // What was mixed ahead may lie past the loop's end.
        self.seek(at);
    }

    /// Plays so many samples from `at` on, then stands there again.
    pub(crate) async fn scrub(&self, at: u64, length: u64) {
        self.seek(at);
        self.output.resume();
        let secs = self.rate.secs_from_samples(length);
        tokio::time::sleep(Duration::from_secs_f64(secs)).await;
        self.output.pause();
        self.seek(at);
    }

    /// Plays from `at` on and writes what the microphone hears into a take of the project, for `track`.
    pub(crate) fn record(
        self: &Arc<Transport>,
        device: &str,
        project: &Project,
        track: &Track,
        at: Option<u64>,
    ) -> Result<(), Error> {
        let mut recording = self.recording.lock();
        if recording.is_some() {
            let message = "the session is being recorded already";
            return Err(Error::new(ErrorCode::Conflict, message)
                .hint("end that recording first: `session.stop_recording`"));
        }
        let at = at.unwrap_or_else(|| self.heard());
        self.output.pause();
        self.playing.lock().endless = true;
        self.seek(at);
        let transport = Arc::downgrade(self);
        let heard = move || {
            let transport: Option<Arc<Transport>> = transport.upgrade();
            transport.map_or(0.0, |transport| {
                let output = &transport.output;
                output.rate().secs_from_samples(output.state().position)
            })
        };
        let note = Note {
            session: self.session.clone(),
            track: track.id.0,
            track_name: track.name.clone(),
            at,
            begun: Timestamp::now(),
        };
        let begun = Recording::begin(device, project, note, heard);
        match begun {
            Ok(begun) => *recording = Some(begun),
            Err(error) => {
                self.playing.lock().endless = false;
                return Err(error);
            }
        }
        self.output.resume();
        Ok(())
    }

    /// Ends the recording and the playing.
    pub(crate) fn stop_recording(&self) -> Result<Take, Error> {
        let Some(recording) = self.recording.lock().take() else {
            return Err(Error::bad_input("the session is not being recorded").field("/session"));
        };
        self.output.pause();
        self.playing.lock().endless = false;
        recording.end()
    }

    /// The recording ended of itself, and still has to be ended.
    fn broke_off(&self) -> bool {
        let recording = self.recording.lock();
        recording.as_ref().is_some_and(Recording::has_ended)
    }

    /// Forgets the loudness of what was heard.
    pub(crate) fn reset_meter(&self) {
        self.meter.reset(&self.output);
    }

    pub(crate) fn is_playing(&self) -> bool {
        let state = self.output.state();
        !state.paused && !state.ended
    }

    fn heard(&self) -> u64 {
        let played = self.output.state().position;
        self.playing.lock().heard(played)
    }

    pub(crate) fn standing(&self) -> Standing {
        let looping = self.playing.lock().looping.clone();
        Standing {
            session: self.session.clone(),
            at: self.heard(),
            playing: self.is_playing(),
            looping: looping.map(|range| Loop {
                from: range.start,
                to: range.end,
            }),
            recording: self.recording.lock().as_ref().map(|it| it.track.0),
            audible: self.output.device().is_some(),
            rate: self.rate,
            loudness: self.meter.reading(&self.output),
        }
    }
}
