//! The surroundings of a running job: persists its progress, watches for cancel, owns its scratch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use parking_lot::Mutex;
use studio_core::units::MicroUsd;
use studio_core::{
    Cancel, Error, Event, Events, Host, Job, LogLevel, LogLine, Reservation, SettingsFile,
};
use studio_store::Home;

use crate::budget;
use crate::eta::Eta;

/// Progress is written and told at most this often; a new stage is told at once.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) struct JobHost {
    id: String,
    home: Arc<Home>,
    settings: Arc<SettingsFile>,
    events: Events,
    cancel: Cancel,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    job: Job,
    eta: Eta,
    told: Option<Instant>,
    scratch: Option<Utf8PathBuf>,
}

impl JobHost {
    pub(crate) fn new(
        job: Job,
        home: Arc<Home>,
        settings: Arc<SettingsFile>,
        events: Events,
        cancel: Cancel,
    ) -> JobHost {
        let state = State {
            job: job.clone(),
            eta: Eta::default(),
            told: None,
            scratch: None,
        };
        let begun = Instant::now();
        JobHost {
            id: job.id,
            home,
            settings,
            events,
            cancel,
            begun,
            state: Mutex::new(state),
        }
    }

    /// The job as last reported, and the end of its scratch folder.
    pub(crate) fn close(&self) -> Job {
        let mut state = self.state.lock();
        if let Some(scratch) = state.scratch.take()
            && let Err(error) = std::fs::remove_dir_all(&scratch)
        {
            tracing::warn!(%scratch, %error, "a scratch folder could not be removed");
        }
        state.job.clone()
    }
}

impl Host for JobHost {
    fn progress(&self, stage: &str, fraction: f64) {
        let mut state = self.state.lock();
        let new_stage = state.job.stage != stage;
        state.job.fraction = fraction.clamp(state.job.fraction, 1.0);
        let fraction = state.job.fraction;
        state.job.eta_secs = state.eta.update(self.begun.elapsed(), fraction);
        if !new_stage
            && state
                .told
                .is_some_and(|told| told.elapsed() < SHORTEST_INTERVAL)
        {
            return;
        }
        state.told = Some(Instant::now());
        state.job.stage = stage.to_owned();
        let job = state.job.clone();
        drop(state);
        match self.home.jobs().record_progress(&job) {
            // Another process may have asked; the flag travels through the database.
            Ok(cancel_requested) if cancel_requested => self.cancel.raise(),
            Ok(_) => {}
            Err(error) => tracing::warn!(job = job.id, %error, "progress was not recorded"),
        }
        self.events.emit(Event::JobChanged { job: Box::new(job) });
    }

    fn log(&self, level: LogLevel, text: &str) {
        tracing::info!(job = self.id, level = level.as_str(), "{text}");
        let line = LogLine {
            at: Timestamp::now(),
            level,
            text: text.to_owned(),
        };
        if let Err(error) = self.home.jobs().append_log(&self.id, &line) {
            tracing::warn!(job = self.id, %error, "a log line was not recorded");
        }
    }

    fn scratch(&self) -> Result<Utf8PathBuf, Error> {
        let mut state = self.state.lock();
        if let Some(scratch) = &state.scratch {
            return Ok(scratch.clone());
        }
        let folder = self.home.scratch(&self.id)?;
        state.scratch = Some(folder.clone());
        Ok(folder)
    }

    fn reserve(&self, purpose: &str, amount: MicroUsd) -> Result<Reservation, Error> {
        let settings = self.settings.current();
        let job = self.state.lock().job.clone();
        budget::reserve(&self.home, &job, purpose, amount, &settings.budget)
    }

    fn job(&self) -> Option<&str> {
        Some(&self.id)
    }
}
