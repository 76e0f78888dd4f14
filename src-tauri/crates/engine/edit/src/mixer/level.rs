//! Levels: those that are set, and those that are met.

use super::course::Course;
use crate::session::TrackId;

/// A change of gain is taken in this many samples, about 10 ms, so that no step is heard.
const MOVE: u16 = 480;
/// A curve that goes further than this from one sample to the next is a step, which would click. Lines of
/// more than about a millisecond are followed as they are.
const STEP: f32 = 0.02;

/// The gains of both sides on their way through time.
///
/// They are those of the course at each sample; after a change of it, or a step in it, what was given
/// before fades into them.
pub(super) struct Level {
    course: Course,
    /// The course was changed since the last sample.
    turned: bool,
    /// What was given last, and what the course said there; nothing after a seek.
    last: Option<Given>,
    /// What is still added to the course, at `left` of [`MOVE`] samples before its end.
    offset: [f32; 2],
    left: u16,
}

#[derive(Clone, Copy)]
struct Given {
    gains: [f32; 2],
    course: [f32; 2],
}

impl Level {
    pub(super) fn new(course: Course) -> Level {
        Level {
            course,
            turned: false,
            last: None,
            offset: [0.0; 2],
            left: 0,
        }
    }

    pub(super) fn turn(&mut self, course: Course) {
        self.course = course;
        self.turned = true;
    }

    /// What comes next follows on nothing.
    pub(super) fn jump(&mut self) {
        (self.last, self.turned, self.left) = (None, false, 0);
    }

    /// Whether nothing is heard now.
    pub(super) fn is_silent(&self) -> bool {
        let is_fading = self.left > 0 || self.turned && self.last.is_some();
        !self.course.is_heard() && !is_fading
    }

    /// Nothing was given: what comes next rises from silence.
    pub(super) fn rest(&mut self) {
        let (gains, course) = ([0.0; 2], [0.0; 2]);
        (self.last, self.turned) = (Some(Given { gains, course }), false);
    }

    /// Multiplies both sides, from sample `at` on.
    pub(super) fn apply(&mut self, at: u64, [left, right]: [&mut [f32]; 2]) {
        let frames = left.len().min(right.len());
        let steady = self.course.steady(at, frames);
        for n in 0..frames {
            let course = steady.unwrap_or_else(|| self.course.at(at + n as u64));
            let gains = self.next(course);
            if steady.is_some() && self.left == 0 {
                left[n..].iter_mut().for_each(|x| *x *= gains[0]);
                right[n..].iter_mut().for_each(|x| *x *= gains[1]);
                return;
            }
            left[n] *= gains[0];
            right[n] *= gains[1];
        }
    }

    fn next(&mut self, course: [f32; 2]) -> [f32; 2] {
        if let Some(last) = self.last {
            let steps = |side: usize| (course[side] - last.course[side]).abs() > STEP;
            if self.turned || steps(0) || steps(1) {
                self.offset = [0, 1].map(|side| last.gains[side] - course[side]);
                self.left = MOVE;
            }
        }
        self.turned = false;
        self.left = self.left.saturating_sub(1);
        let part = f32::from(self.left) / f32::from(MOVE);
        let gains = [0, 1].map(|side| course[side] + self.offset[side] * part);
        self.last = Some(Given { gains, course });
        gains
    }
}

/// The highest levels of a stretch of time, as ratios to full scale, left and right.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// How many samples were given before the stretch.
    pub at: u64,
    /// After effects, level and place.
    pub tracks: Vec<(TrackId, [f32; 2])>,
    pub mix: [f32; 2],
}

impl Levels {
    /// Takes in what follows.
    pub(super) fn raise(&mut self, next: Levels) {
        raise(&mut self.mix, next.mix);
        for (track, peaks) in next.tracks {
            match self.tracks.iter_mut().find(|(id, _)| *id == track) {
                Some((_, highest)) => raise(highest, peaks),
                None => self.tracks.push((track, peaks)),
            }
        }
    }
}

pub(super) fn raise(highest: &mut [f32; 2], with: [f32; 2]) {
    for (highest, with) in highest.iter_mut().zip(with) {
        *highest = highest.max(with);
    }
}

pub(super) fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}
