//! A chain that changes while it runs.
//!
//! [`RunningChain::render`] asks for its input ahead of what it gives, so that nothing comes late
//! whatever the latency of the effects, and the chain can be compared with what came in. A [`Change`] is
//! prepared on any thread. Where knobs can take it on, they are turned and the effects keep their state;
//! else the new chain runs beside the old one until it has caught up, having heard the sound of the last
//! [`WARM_UP_SECS`], and the two are cross-faded.
//!
//! Real time: [`RunningChain::render`] and [`RunningChain::bypass`] never allocate, lock or wait. All
//! else is for the thread that feeds the device's.

mod fade;
mod input;

use studio_core::units::SampleRate;

use self::fade::Fade;
use self::input::{CHUNK, Input, with_parts};
use super::chain::Chain;
use super::effect::Impulses;
use super::error::ChainError;
use super::processor::Processor;

/// What a new chain hears before it is heard: levels, noise and rooms have settled by then.
const WARM_UP_SECS: f64 = 0.5;
/// How many times faster than the sound a new chain catches up with it.
const CATCH_UP: usize = 4;

/// What makes another chain of one that runs.
pub struct Change {
    after: Chain,
    /// Missing where knobs do.
    processor: Option<Processor>,
}

impl Change {
    /// From `before`, the chain that runs once all earlier changes are applied, to `after`. The stream
    /// is that of the running chain.
    pub fn prepare(
        before: &Chain,
        after: &Chain,
        rate: SampleRate,
        channels: usize,
        impulses: &Impulses,
    ) -> Result<Change, ChainError> {
        let processor = match before.turns_into(after) {
            true => {
                after.check()?;
                None
            }
            false => Some(after.prepare(rate, channels, impulses)?),
        };
        Ok(Change {
            after: after.clone(),
            processor,
        })
    }

    /// Whether knobs do: the effects go on as they are.
    pub fn keeps_state(&self) -> bool {
        self.processor.is_none()
    }

    /// The latency of the new effects in samples, where they are new.
    pub fn latency(&self) -> Option<usize> {
        self.processor.as_ref().map(Processor::latency)
    }
}

/// A chain at work, which can become another one.
pub struct RunningChain {
    /// As it is when all changes have been heard.
    chain: Chain,
    rate: SampleRate,
    /// The sample that is given next.
    position: u64,
    input: Input,
    now: Runner,
    /// Was heard before `now`, and is until its fade is over.
    leaving: Option<(Runner, Fade)>,
    /// Follows `now` when it has caught up.
    arriving: Option<Runner>,
    /// Faded out. Kept, so that it is freed by [`RunningChain::apply`].
    gone: Option<Runner>,
    /// Share of the chain in what is given; the rest is what came in.
    share: Fade,
    /// One chunk each: what is given, and what it is mixed with.
    main: Vec<Vec<f32>>,
    other: Vec<Vec<f32>>,
}

impl RunningChain {
    /// Runs `chain` from the start of a stream. `impulses` holds the impulse responses that it names.
    pub fn new(
        chain: &Chain,
        rate: SampleRate,
        channels: usize,
        impulses: &Impulses,
    ) -> Result<RunningChain, ChainError> {
        let now = Runner {
            processor: chain.prepare(rate, channels, impulses)?,
            fed: 0,
        };
        let mut running = RunningChain {
            chain: chain.clone(),
            rate,
            position: 0,
            input: Input::new(channels),
            now,
            leaving: None,
            arriving: None,
            gone: None,
            share: Fade::at(1.0, rate),
            main: vec![vec![0.0; CHUNK]; channels],
            other: vec![vec![0.0; CHUNK]; channels],
        };
        running.reserve();
        Ok(running)
    }

    /// Fills `out`, one slice per channel, all of the same length. `input` is called for the samples that
    /// follow those of its call before, one slice per channel; past the end of the sound it leaves them
    /// as they are, silent.
    pub fn render(&mut self, out: &mut [&mut [f32]], mut input: impl FnMut(&mut [&mut [f32]])) {
        let frames = out.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let mut at = 0;
        while at < frames {
            let end = frames.min(at + CHUNK);
            self.fill(end - at, &mut input);
            for (out, main) in out.iter_mut().zip(&self.main) {
                out[at..end].copy_from_slice(&main[..end - at]);
            }
            at = end;
        }
    }

    /// Takes on a change that was prepared from [`chain`](RunningChain::chain).
    pub fn apply(&mut self, change: Change) {
        self.gone = None;
        self.leaving.take_if(|(_, fade)| fade.is_over());
        self.chain = change.after;
        let Some(mut processor) = change.processor else {
            let newest = self.arriving.as_mut().unwrap_or(&mut self.now);
            newest.processor.retune(&self.chain);
            return;
        };
        let fed = self.input.begin;
        processor.seek(fed);
        let runner = Runner { processor, fed };
        if self.input.is_empty() {
            // Nothing has been heard that it could follow.
            self.now = runner;
        } else {
            self.arriving = Some(runner);
        }
        self.reserve();
    }

    /// [Prepares](Change::prepare) and applies a change in one. Says whether the effects kept their
    /// state.
    pub fn update(&mut self, chain: &Chain, impulses: &Impulses) -> Result<bool, ChainError> {
        let channels = self.input.lines.len();
        let change = Change::prepare(&self.chain, chain, self.rate, channels, impulses)?;
        let keeps_state = change.keeps_state();
        self.apply(change);
        Ok(keeps_state)
    }

    /// The chain as it is, or will be in a moment.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Gives what came in instead, at the same time, or the chain again. The effects go on meanwhile.
    pub fn bypass(&mut self, bypassed: bool) {
        self.share.toward(if bypassed { 0.0 } else { 1.0 });
    }

    /// Goes on at sample `position` of the stream, without any sound from before it.
    pub fn seek(&mut self, position: u64) {
        if let Some(arriving) = self.arriving.take() {
            self.now = arriving;
        }
        (self.leaving, self.gone) = (None, None);
        self.share.jump();
        self.position = position;
        self.input.restart(position);
        self.now.processor.seek(position);
        self.now.fed = position;
    }

    /// Samples of input that are asked for ahead of what is given.
    pub fn latency(&self) -> usize {
        self.newest().processor.latency()
    }

    /// Samples for which it may sound after its input fell silent.
    pub fn tail(&self) -> u64 {
        self.newest().processor.tail()
    }

    fn newest(&self) -> &Runner {
        self.arriving.as_ref().unwrap_or(&self.now)
    }

    /// Makes the next samples, up to a chunk, in `main`.
    fn fill(&mut self, frames: usize, input: &mut dyn FnMut(&mut [&mut [f32]])) {
        self.follow();
        let end = self.position + frames as u64;
        let leaving = self.leaving.iter().map(|(runner, _)| runner);
        let runners = leaving.chain(&self.arriving).chain([&self.now]);
        let ahead = runners.map(|runner| runner.processor.latency()).max();
        self.input.reach(end + ahead.unwrap_or(0) as u64, input);

        self.now.render(&self.input, end, frames, &mut self.main);
        if let Some((leaving, fade)) = self.leaving.as_mut().filter(|(_, fade)| !fade.is_over()) {
            leaving.render(&self.input, end, frames, &mut self.other);
            fade.mix(&mut self.main, &self.other, frames);
        }
        if !self.share.is_whole() {
            self.input.copy(self.position, frames, &mut self.other);
            self.share.mix(&mut self.main, &self.other, frames);
        }
        if let Some(arriving) = &mut self.arriving {
            arriving.catch_up(&self.input, end, CATCH_UP * frames, &mut self.other);
        }
        self.position = end;
        let warm_up = self.rate.samples_from_secs(WARM_UP_SECS);
        self.input.forget(end.saturating_sub(warm_up));
    }

    /// Lets the new chain follow when it has caught up and no fade is under way.
    fn follow(&mut self) {
        let is_fading = self
            .leaving
            .as_ref()
            .is_some_and(|(_, fade)| !fade.is_over());
        let position = self.position;
        let ready = self
            .arriving
            .take_if(|new| !is_fading && new.is_at(position));
        if let Some(new) = ready {
            let old = std::mem::replace(&mut self.now, new);
            let mut fade = Fade::at(0.0, self.rate);
            fade.toward(1.0);
            self.gone = self.leaving.replace((old, fade)).map(|(runner, _)| runner);
        }
    }

    /// Makes room for all that [`render`](RunningChain::render) keeps.
    fn reserve(&mut self) {
        let warm_up = self.rate.samples_from_secs(WARM_UP_SECS) as usize;
        self.input.reserve(warm_up + self.latency() + 2 * CHUNK);
    }
}

/// A processor and how much of the input it was given.
struct Runner {
    processor: Processor,
    /// The sample of the input that it takes next.
    fed: u64,
}

impl Runner {
    /// Puts the `frames` samples before `end` into `out`.
    fn render(&mut self, input: &Input, end: u64, frames: usize, out: &mut [Vec<f32>]) {
        let due = end - frames as u64 + self.processor.latency() as u64;
        // Only at the start: what comes out is silence of before it.
        while self.fed < due {
            let count = (due - self.fed).min(CHUNK as u64) as usize;
            self.run(input, count, out);
        }
        self.run(input, frames, out);
    }

    /// Takes up to `most` samples towards what is needed to go on at `end`.
    fn catch_up(&mut self, input: &Input, end: u64, most: usize, scratch: &mut [Vec<f32>]) {
        let due = end + self.processor.latency() as u64;
        let mut left = due.saturating_sub(self.fed).min(most as u64) as usize;
        while left > 0 {
            let count = left.min(CHUNK);
            self.run(input, count, scratch);
            left -= count;
        }
    }

    /// Whether the sample at `position` is what it gives next.
    fn is_at(&self, position: u64) -> bool {
        self.fed == position + self.processor.latency() as u64
    }

    /// Takes the next `frames` samples, up to a chunk; what comes out is in `out`.
    fn run(&mut self, input: &Input, frames: usize, out: &mut [Vec<f32>]) {
        input.copy(self.fed, frames, out);
        with_parts(out, frames, |parts| self.processor.process(parts));
        self.fed += frames as u64;
    }
}
