//! Exact times: which frames and samples a shot or a line takes.

use std::ops::Range;

use crate::plan::{MoviePlan, Score, Span};

/// Frames a second where a plan does not say.
pub const DEFAULT_FPS: u32 = 24;
/// A plan may ask for anything; players and encoders may not.
pub const FPS_RANGE: std::ops::RangeInclusive<u32> = 1..=60;

/// Times are cut here, so that plans which were not checked cannot overflow: 31 years.
pub(crate) const MOST_SECS: f64 = 1e9;

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
            secs = (secs + shot.duration_sec.max(0.0)).min(MOST_SECS);
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

/// The music from a moment on.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreCue {
    pub start_secs: f64,
    pub duration_secs: f64,
    pub score: Score,
}

/// The music of each shot. A shot that does not say goes on as before; a film that never says has the
/// quiet score of [`default_score`].
pub fn score_cues(plan: &MoviePlan) -> Vec<ScoreCue> {
    let first = plan.shots.iter().find_map(|shot| shot.score.clone());
    let mut score = first.unwrap_or_else(default_score);
    let mut start_secs = 0.0;
    plan.shots
        .iter()
        .map(|shot| {
            if let Some(own) = &shot.score {
                score = own.clone();
            }
            let cue = ScoreCue {
                start_secs,
                duration_secs: shot.duration_sec,
                score: score.clone(),
            };
            start_secs += shot.duration_sec;
            cue
        })
        .collect()
}

/// Under a film from elsewhere.
pub fn default_score() -> Score {
    Score {
        key: "D".to_owned(),
        mode: "dorian".to_owned(),
        bpm: 56.0,
        intensity: 0.4,
    }
}

/// Seconds that a calm voice needs: 150 words a minute, and a breath at each stop.
pub fn speech_secs(text: &str) -> f64 {
    const WORDS_PER_SEC: f64 = 2.5;
    const BREATH_SECS: f64 = 0.25;
    let stops = text.matches([',', '.', ';', ':', '?', '!', '—']).count();
    text.split_whitespace().count() as f64 / WORDS_PER_SEC + stops as f64 * BREATH_SECS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outline::{OutlineOptions, outline};

    fn plan(durations: &[f64]) -> MoviePlan {
        let options = OutlineOptions {
            seed: 1,
            duration_secs: 30.0,
            shots: Some(durations.len() as u32),
            fps: 24,
        };
        let mut plan = outline("A dog waits.", &options);
        for (shot, duration) in plan.shots.iter_mut().zip(durations) {
            shot.duration_sec = *duration;
        }
        plan
    }

    proptest! {
        #[test]
        fn frames_add_up_to_the_film(
            durations in proptest::collection::vec(0.1f64..60.0, 1..20), fps in 1u32..=60,
        ) {
            let plan = plan(&durations);
            let frames = shot_frames(&plan, fps);
            prop_assert_eq!(frames[0].start, 0);
            prop_assert!(frames.iter().all(|shot| shot.start < shot.end));
            prop_assert!(frames.windows(2).all(|pair| pair[0].end == pair[1].start));
            if fps >= 10 {
                let exact = (total_secs(&plan) * f64::from(fps)).round() as u64;
                prop_assert_eq!(total_frames(&plan, fps), exact);
            }
        }
    }

    #[test]
    fn a_shot_without_a_score_goes_on_as_before() {
        let mut plan = plan(&[5.0, 4.0, 3.0]);
        let second = plan.shots[1].score.clone().unwrap();
        plan.shots[0].score = None;
        plan.shots[2].score = None;
        let cues = score_cues(&plan);
        assert!(cues.iter().all(|cue| cue.score == second), "{cues:#?}");
        let starts: Vec<f64> = cues.iter().map(|cue| cue.start_secs).collect();
        assert_eq!(starts, [0.0, 5.0, 9.0]);
        plan.shots[1].score = None;
        assert_eq!(score_cues(&plan)[0].score, default_score());
    }

    #[test]
    fn a_wild_frame_rate_is_brought_into_range() {
        let mut plan = plan(&[5.0]);
        for (asked, fps_given) in [(f64::NAN, 1), (-3.0, 1), (f64::INFINITY, 60), (23.976, 24)] {
            plan.render_profile.video.max_fps = Some(asked);
            assert_eq!(fps(&plan), fps_given, "{asked}");
        }
    }
}
