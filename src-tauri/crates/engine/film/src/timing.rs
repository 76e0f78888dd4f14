//! Exact times: which frames and samples a shot or a line takes.

use std::ops::Range;

use crate::plan::{MoviePlan, Span};

/// Frames a second where a plan does not say.
pub const DEFAULT_FPS: u32 = 24;
/// A plan may ask for anything; players and encoders may not.
pub const FPS_RANGE: std::ops::RangeInclusive<u32> = 1..=60;

/// Whole frames a second of the plan.
pub fn fps(plan: &MoviePlan) -> u32 {
    let asked = plan
        .render_profile
        .video
        .max_fps
        .unwrap_or(f64::from(DEFAULT_FPS));
    (asked.round() as u32).clamp(*FPS_RANGE.start(), *FPS_RANGE.end())
}

/// Frames of each shot. Boundaries are rounded from the sum of the durations, so that errors do not
/// add up; each shot has at least one frame.
pub fn shot_frames(plan: &MoviePlan, fps: u32) -> Vec<Range<u64>> {
    let mut secs = 0.0;
    let mut start = 0;
    plan.shots
        .iter()
        .map(|shot| {
            secs += shot.duration_sec.max(0.0);
            let end = ((secs * f64::from(fps)).round() as u64).max(start + 1);
            let frames = start..end;
            start = end;
            frames
        })
        .collect()
}

/// Frames of the whole film.
pub fn total_frames(plan: &MoviePlan, fps: u32) -> u64 {
    shot_frames(plan, fps).last().map_or(0, |frames| frames.end)
}

/// Seconds of the whole film as planned.
pub fn total_secs(plan: &MoviePlan) -> f64 {
    plan.shots.iter().map(|shot| shot.duration_sec).sum()
}

/// A spoken line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue<'a> {
    pub start_secs: f64,
    pub duration_secs: f64,
    pub character_id: &'a str,
    pub text: &'a str,
}

/// What is said, in order.
pub fn spoken(plan: &MoviePlan) -> Vec<Cue<'_>> {
    let cue = |span| match span {
        &Span::Dialogue {
            start_time_sec,
            duration_sec,
            ref character_id,
            ref text,
        } => Some(Cue {
            start_secs: start_time_sec,
            duration_secs: duration_sec,
            character_id,
            text,
        }),
        Span::Silence { .. } => None,
    };
    plan.dialogue_timeline.iter().filter_map(cue).collect()
}

/// Seconds that a calm voice needs: 150 words a minute, and a breath at each stop.
pub fn speech_secs(text: &str) -> f64 {
    const WORDS_PER_SEC: f64 = 2.5;
    const BREATH_SECS: f64 = 0.25;
    let stops = text.matches([',', '.', ';', ':', '?', '!', '—']).count();
    text.split_whitespace().count() as f64 / WORDS_PER_SEC + stops as f64 * BREATH_SECS
}
