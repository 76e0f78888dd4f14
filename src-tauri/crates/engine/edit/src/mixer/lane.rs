//! A track at work.

use std::collections::HashMap;

use studio_dsp::effects::{ChainError, RunningChain};

use super::course::Course;
use super::level::{Level, peak, raise};
use super::{BLOCK, Sound, Sources, effects};
use crate::gain::{Crossfades, clip_gain};
use crate::session::{Clip, ClipId, Session, Track, TrackId};

/// The source of a clip is opened so many samples before it is needed, one in each block.
const AHEAD: u64 = 48_000;

pub(super) struct Lane {
    track: Track,
    fades: Crossfades,
    chain: RunningChain,
    level: Level,
    /// The sample that the effects are fed next.
    fed: u64,
    /// The sample that comes out of them next.
    at: u64,
    /// Open sources, by clip; `None` for one that cannot be opened.
    sounds: HashMap<ClipId, Option<Box<dyn Sound>>>,
    out: [Vec<f32>; 2],
    read: [Vec<f32>; 2],
}

impl Lane {
    pub(super) fn new(
        session: &Session,
        track: &Track,
        sources: &mut dyn Sources,
    ) -> Result<Lane, ChainError> {
        Ok(Lane {
            track: track.clone(),
            fades: Crossfades::of(track),
            chain: effects::begin(&track.effects, session.rate, sources)?,
            level: Level::new(Course::of_track(session, track)),
            fed: 0,
            at: 0,
            sounds: HashMap::new(),
            out: [vec![0.0; BLOCK], vec![0.0; BLOCK]],
            read: [vec![0.0; BLOCK], vec![0.0; BLOCK]],
        })
    }

    pub(super) fn id(&self) -> TrackId {
        self.track.id
    }

    pub(super) fn tail(&self) -> u64 {
        self.chain.tail()
    }

    pub(super) fn update(
        &mut self,
        session: &Session,
        track: &Track,
        sources: &mut dyn Sources,
    ) -> Result<(), ChainError> {
        let updated = effects::update(&mut self.chain, &track.effects, sources);
        self.level.turn(Course::of_track(session, track));
        // A clip keeps its id whatever is done to it, but for its source: that is another clip's.
        self.sounds
            .retain(|id, _| track.clips.iter().any(|clip| clip.id == *id));
        self.fades = Crossfades::of(track);
        self.track = track.clone();
        updated
    }

    pub(super) fn seek(&mut self, at: u64) {
        self.chain.seek(at);
        (self.fed, self.at) = (at, at);
        self.level.jump();
    }

    /// Adds what the track sounds like from sample `at` on to `mix`.
    pub(super) fn add(
        &mut self,
        at: u64,
        mix: &mut [&mut [f32]],
        sources: &mut dyn Sources,
        highest: &mut [f32; 2],
    ) {
        if self.level.is_silent() {
            self.level.rest();
            return;
        }
        // After silence it begins anew where the mix is.
        if self.at != at {
            self.chain.seek(at);
            (self.fed, self.at) = (at, at);
        }
        let frames = mix.first().map_or(0, |channel| channel.len());
        let mut done = 0;
        while done < frames {
            let end = frames.min(done + BLOCK);
            let [mut left, mut right] = std::mem::take(&mut self.out);
            let (track, fades, sounds) = (&self.track, &self.fades, &mut self.sounds);
            let (read, fed) = (&mut self.read, &mut self.fed);
            let out = &mut [&mut left[..end - done], &mut right[..end - done]];
            self.chain.render(out, |input| {
                let frames = input.first().map_or(0, |channel| channel.len());
                let mut clips = Clips {
                    track,
                    fades,
                    sounds,
                    read,
                };
                clips.add(*fed, input, sources);
                *fed += frames as u64;
            });
            let [one, other] = &mut *out;
            self.level.apply(at + done as u64, [one, other]);
            raise(highest, [peak(out[0]), peak(out[1])]);
            for (mix, out) in mix.iter_mut().zip(out.iter()) {
                let mix = mix[done..end].iter_mut();
                mix.zip(out.iter()).for_each(|(mix, x)| *mix += x);
            }
            self.out = [left, right];
            done = end;
        }
        self.at += frames as u64;
    }
}

/// What the clips of a track sound like before its effects.
struct Clips<'a> {
    track: &'a Track,
    fades: &'a Crossfades,
    sounds: &'a mut HashMap<ClipId, Option<Box<dyn Sound>>>,
    read: &'a mut [Vec<f32>; 2],
}

impl Clips<'_> {
    fn add(&mut self, at: u64, input: &mut [&mut [f32]], sources: &mut dyn Sources) {
        let frames = input.first().map_or(0, |channel| channel.len());
        let mut done = 0;
        while done < frames {
            let count = (frames - done).min(BLOCK);
            let from = at + done as u64;
            let soon = self
                .track
                .clips
                .partition_point(|clip| clip.start < from + AHEAD);
            let mut opened = false;
            for (index, clip) in self.track.clips[..soon].iter().enumerate() {
                if clip.end() <= from || clip.muted {
                    self.sounds.remove(&clip.id);
                } else if clip.start < from + count as u64 {
                    self.add_clip(index, clip, from, done..done + count, input, sources);
                } else if !opened && !self.sounds.contains_key(&clip.id) {
                    self.sounds.insert(clip.id, sources.open(&clip.source));
                    opened = true;
                }
            }
            done += count;
        }
    }

    /// Adds what of a clip sounds in `span` of the input, which begins at sample `at`.
    fn add_clip(
        &mut self,
        index: usize,
        clip: &Clip,
        at: u64,
        span: std::ops::Range<usize>,
        input: &mut [&mut [f32]],
        sources: &mut dyn Sources,
    ) {
        let sound = self.sounds.entry(clip.id);
        let sound = sound.or_insert_with(|| sources.open(&clip.source));
        let Some(sound) = sound else {
            return;
        };
        let first = clip.start.max(at);
        let last = clip.end().min(at + span.len() as u64);
        let count = (last - first) as usize;
        let [left, right] = &mut *self.read;
        let (left, right) = (&mut left[..count], &mut right[..count]);
        sound.read(clip.from + (first - clip.start), left, right);
        let samples = &mut [left, right];
        clip_gain(clip, self.fades.get(index), first - clip.start, samples);
        let begin = span.start + (first - at) as usize;
        for (input, samples) in input.iter_mut().zip(samples.iter()) {
            let input = input[begin..begin + count].iter_mut();
            input
                .zip(samples.iter())
                .for_each(|(x, sample)| *x += sample);
        }
    }
}
