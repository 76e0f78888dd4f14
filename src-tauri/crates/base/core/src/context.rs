//! What a running operation may ask of its surroundings: progress, cancel, scratch space, money.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8PathBuf;

use crate::error::Error;
use crate::event::{Event, Events};
use crate::job::LogLevel;
use crate::units::MicroUsd;

/// The surroundings of one run. The job engine implements it for jobs, [`Detached`] for short calls.
pub trait Host: Send + Sync {
    /// `stage` in the user's words; `fraction` of the whole job, 0 to 1.
    fn progress(&self, stage: &str, fraction: f64);
    fn log(&self, level: LogLevel, text: &str);
    /// A private folder for this run, removed when the run ends.
    fn scratch(&self) -> Result<Utf8PathBuf, Error>;
    /// Sets `amount` aside from the budget, or refuses. Nothing may be bought without it.
    fn reserve(&self, purpose: &str, amount: MicroUsd) -> Result<Reservation, Error>;
    /// Identifies the job, if this run is one.
    fn job(&self) -> Option<&str>;
}

/// Money set aside for one purchase. Dropped without [`Reservation::settle`], it is given back.
#[must_use]
pub struct Reservation {
    settle: Option<Box<dyn FnOnce(MicroUsd) + Send>>,
}

impl Reservation {
    /// `settle` is called once with what was really spent.
    pub fn new(settle: impl FnOnce(MicroUsd) + Send + 'static) -> Reservation {
        Reservation {
            settle: Some(Box::new(settle)),
        }
    }

    /// Records what the purchase really cost and frees the rest.
    pub fn settle(mut self, spent: MicroUsd) {
        if let Some(settle) = self.settle.take() {
            settle(spent);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle(MicroUsd(0));
        }
    }
}

/// A flag that many threads can watch and anybody can raise, once.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn new() -> Cancel {
        Cancel::default()
    }

    pub fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Handed to every operation. Cheap to clone; all clones belong to the same run.
#[derive(Clone)]
pub struct JobContext {
    host: Arc<dyn Host>,
    cancel: Cancel,
    events: Events,
    /// The part of the whole job's progress that this context reports on.
    span: (f64, f64),
}

impl JobContext {
    pub fn new(host: Arc<dyn Host>, cancel: Cancel, events: Events) -> JobContext {
        JobContext {
            host,
            cancel,
            events,
            span: (0.0, 1.0),
        }
    }

    /// Reports that `fraction` (0 to 1) of this context's work is done, and what is going on.
    pub fn progress(&self, stage: &str, fraction: f64) {
        let (from, to) = self.span;
        self.host
            .progress(stage, from + (to - from) * fraction.clamp(0.0, 1.0));
    }

    /// A context whose 0…1 fills `from`…`to` of this one: for a step of a longer job.
    #[must_use]
    pub fn part(&self, from: f64, to: f64) -> JobContext {
        let (start, end) = self.span;
        let at = |fraction: f64| start + (end - start) * fraction.clamp(0.0, 1.0);
        JobContext {
            span: (at(from), at(to)),
            ..self.clone()
        }
    }

    /// `Err(cancelled)` once somebody asked this run to stop. Call it in every loop that can last.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancel.is_raised() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    pub fn info(&self, text: impl AsRef<str>) {
        self.host.log(LogLevel::Info, text.as_ref());
    }

    pub fn warn(&self, text: impl AsRef<str>) {
        self.host.log(LogLevel::Warning, text.as_ref());
    }

    pub fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    pub fn events(&self) -> &Events {
        &self.events
    }

    pub fn scratch(&self) -> Result<Utf8PathBuf, Error> {
        self.host.scratch()
    }

    pub fn reserve(&self, purpose: &str, amount: MicroUsd) -> Result<Reservation, Error> {
        self.host.reserve(purpose, amount)
    }

    pub fn job(&self) -> Option<&str> {
        self.host.job()
    }
}

/// A host for calls that are not jobs: progress goes nowhere, and nothing may be spent.
#[derive(Debug, Default)]
pub struct Detached;

impl Host for Detached {
    fn progress(&self, _stage: &str, _fraction: f64) {}

    fn log(&self, level: LogLevel, text: &str) {
        tracing::info!(level = level.as_str(), "{text}");
    }

    fn scratch(&self) -> Result<Utf8PathBuf, Error> {
        Err(Error::internal(
            "a short operation asked for scratch space; it must be a job",
        ))
    }

    fn reserve(&self, purpose: &str, amount: MicroUsd) -> Result<Reservation, Error> {
        Err(Error::internal(format!(
            "{purpose} would cost {amount}, but only jobs may spend"
        )))
    }

    fn job(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicI64;

    use super::*;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<f64>>);

    impl Host for Recorder {
        fn progress(&self, _stage: &str, fraction: f64) {
            self.0.lock().unwrap().push(fraction);
        }
        fn log(&self, _level: LogLevel, _text: &str) {}
        fn scratch(&self) -> Result<Utf8PathBuf, Error> {
            Ok(Utf8PathBuf::new())
        }
        fn reserve(&self, _purpose: &str, _amount: MicroUsd) -> Result<Reservation, Error> {
            Ok(Reservation::new(|_| {}))
        }
        fn job(&self) -> Option<&str> {
            None
        }
    }

    #[test]
    fn a_step_reports_inside_its_part_of_the_whole() {
        let recorder = Arc::new(Recorder::default());
        let cx = JobContext::new(recorder.clone(), Cancel::new(), Events::new());
        let step = cx.part(0.5, 1.0);
        step.progress("half of the second half", 0.5);
        step.part(0.5, 1.0).progress("nested", 1.0);
        step.progress("out of range", 7.0);
        assert_eq!(*recorder.0.lock().unwrap(), [0.75, 1.0, 1.0]);
    }

    #[test]
    fn a_reservation_that_was_not_settled_is_given_back() {
        let spent = Arc::new(AtomicI64::new(-1));
        let seen = spent.clone();
        drop(Reservation::new(move |amount| {
            seen.store(amount.0, Ordering::SeqCst)
        }));
        assert_eq!(spent.load(Ordering::SeqCst), 0);
        let seen = spent.clone();
        Reservation::new(move |amount| seen.store(amount.0, Ordering::SeqCst)).settle(MicroUsd(7));
        assert_eq!(spent.load(Ordering::SeqCst), 7);
    }

    #[test]
    fn a_cancelled_run_is_told_at_its_next_check() {
        let cancel = Cancel::new();
        let cx = JobContext::new(Arc::new(Detached), cancel.clone(), Events::new());
        assert!(cx.check().is_ok());
        cancel.raise();
        assert!(cx.check().is_err_and(|error| error.is_cancelled()));
    }
}
