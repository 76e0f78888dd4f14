//! The sound of a session.
//!
//! One mixer serves playing and export. Tracks go through their effects, level and place into the mix,
//! the mix through its effects and level; whatever latency effects have, nothing comes late, because a
//! chain asks for its input ahead of time. A sample depends on its position and on where rendering
//! began, never on the size of the blocks. Levels and places that are automated are those of each sample.
//!
//! For the thread that feeds a device, not for its callback: sources are opened and read here.

mod course;
mod effects;
mod lane;
mod level;

use std::collections::VecDeque;
use std::sync::Arc;

use studio_dsp::Audio;
use studio_dsp::effects::{ChainError, RunningChain};

use self::course::Course;
use self::lane::Lane;
use self::level::Level;
pub use self::level::Levels;
use crate::session::Session;

/// Samples that are worked on at once.
const BLOCK: usize = 512;
/// Levels kept for a device that is this many blocks behind; 5 s at 48 kHz.
const KEPT_LEVELS: usize = 512;

/// The samples of one source, in stereo at the session's rate.
pub trait Sound: Send {
    /// Fills both slices with the samples from `from` on; silence where there is none.
    fn read(&mut self, from: u64, left: &mut [f32], right: &mut [f32]);
}

/// Finds the sound of sources by their ids, and impulse responses by the names that effects call them.
pub trait Sources: Send {
    /// Opens another reader of a source. What cannot be opened is silent: the one who gives the sources
    /// knows why and tells.
    fn open(&mut self, source: &str) -> Option<Box<dyn Sound>>;

    /// An impulse response, which was read before it is asked for here. A convolution without its response lets the
    /// sound pass.
    fn impulse(&mut self, _name: &str) -> Option<Arc<Audio>> {
        None
    }
}

/// A session at work.
pub struct Mixer {
    session: Arc<Session>,
    sources: Box<dyn Sources>,
    lanes: Vec<Lane>,
    chain: RunningChain,
    level: Level,
    /// The sample that is given next.
    at: u64,
    /// The sample that the mix's effects are fed next.
    fed: u64,
    /// Samples that were given, wherever they lie.
    given: u64,
    levels: VecDeque<Levels>,
}

impl Mixer {
    /// Renders `session` from its start on.
    pub fn new(session: Arc<Session>, sources: Box<dyn Sources>) -> Result<Mixer, ChainError> {
        let mut sources = sources;
        let mut lanes = Vec::with_capacity(session.tracks.len());
        for track in &session.tracks {
            lanes.push(Lane::new(&session, track, sources.as_mut())?);
        }
        Ok(Mixer {
            lanes,
            chain: effects::begin(&session.effects, session.rate, sources.as_mut())?,
            level: Level::new(Course::of_mix(&session)),
            at: 0,
            fed: 0,
            given: 0,
            levels: VecDeque::new(),
            session,
            sources,
        })
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The sample that [`render`](Mixer::render) gives next.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The sample after the last clip and the echoes of what sounds there.
    pub fn end(&self) -> u64 {
        let tails = self.lanes.iter().map(Lane::tail);
        self.session.end() + tails.max().unwrap_or(0) + self.chain.tail()
    }

    /// Fills both slices, whether or not the session still sounds there.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len().min(right.len());
        let mut done = 0;
        while done < frames {
            let end = frames.min(done + BLOCK);
            self.block(&mut left[done..end], &mut right[done..end]);
            done = end;
        }
    }

    fn block(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut peaks = vec![[0.0f32; 2]; self.lanes.len()];
        let (lanes, sources, fed) = (&mut self.lanes, self.sources.as_mut(), &mut self.fed);
        self.chain.render(&mut [&mut *left, &mut *right], |input| {
            let frames = input.first().map_or(0, |channel| channel.len());
            for (lane, peak) in lanes.iter_mut().zip(&mut peaks) {
                lane.add(*fed, input, sources, peak);
            }
            *fed += frames as u64;
        });
        self.level.apply(self.at, [&mut *left, &mut *right]);
        let tracks = self.lanes.iter().map(Lane::id).zip(peaks).collect();
        let mix = [level::peak(left), level::peak(right)];
        self.levels.push_back(Levels {
            at: self.given,
            tracks,
            mix,
        });
        if self.levels.len() > KEPT_LEVELS {
            self.levels.pop_front();
        }
        self.at += left.len() as u64;
        self.given += left.len() as u64;
    }

    /// Goes on at `at`, as if the session began there: no echo of what lies before is heard.
    pub fn seek(&mut self, at: u64) {
        (self.at, self.fed) = (at, at);
        self.chain.seek(at);
        self.level.jump();
        self.lanes.iter_mut().for_each(|lane| lane.seek(at));
    }

    /// Goes on with a session that was edited. Levels move smoothly, effects that only got other numbers
    /// keep their state, others are cross-faded. Where one fails, the rest goes on as it is now all the same.
    pub fn update(&mut self, session: Arc<Session>) -> Result<(), ChainError> {
        let sources = self.sources.as_mut();
        let mut updated = effects::update(&mut self.chain, &session.effects, sources);
        self.level.turn(Course::of_mix(&session));
        let mut before = std::mem::take(&mut self.lanes);
        for track in &session.tracks {
            let lane = before.iter().position(|lane| lane.id() == track.id);
            let lane = match lane.map(|at| before.swap_remove(at)) {
                Some(mut lane) => {
                    updated = updated.and(lane.update(&session, track, sources));
                    Ok(lane)
                }
                None => Lane::new(&session, track, sources).map(|mut lane| {
                    lane.seek(self.fed);
                    lane
                }),
            };
            match lane {
                Ok(lane) => self.lanes.push(lane),
                Err(error) => updated = updated.and(Err(error)),
            }
        }
        self.session = session;
        updated
    }

    /// Finds sources through another one from now on, such as one that knows more of them. Those that
    /// are open stay so.
    pub fn set_sources(&mut self, sources: Box<dyn Sources>) {
        self.sources = sources;
    }

    /// Samples given so far, over all seeks.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// The highest levels since the last call, in the first `heard` of the samples given.
    pub fn take_levels(&mut self, heard: u64) -> Option<Levels> {
        let mut taken: Option<Levels> = None;
        while let Some(next) = self.levels.pop_front_if(|levels| levels.at <= heard) {
            match &mut taken {
                Some(taken) => taken.raise(next),
                None => taken = Some(next),
            }
        }
        taken
    }
}
