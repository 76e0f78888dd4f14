//! The rules of a plan, each with a message that says what is wrong, where, and what to do.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{MoviePlan, Score, Span};
use crate::timing;

/// Most shots of one film.
pub const MOST_SHOTS: usize = 20;
/// Longest film in seconds.
pub const LONGEST_SECS: f64 = 600.0;
/// How far times may be off, in seconds.
pub const TOLERANCE_SECS: f64 = 1e-3;

/// How a camera may move.
pub const CAMERAS: [&str; 8] = [
    "hold",
    "push_in",
    "pull_out",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "rise",
];
/// Modes of the score.
pub const MODES: [&str; 6] = [
    "aeolian",
    "dorian",
    "lydian",
    "phrygian",
    "ionian",
    "mixolydian",
];
/// Beats per minute of the score.
const BPM: std::ops::RangeInclusive<f32> = 40.0..=90.0;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Where, such as `shots[2].end_base_image_id`.
    pub path: String,
    pub message: String,
}

/// Every broken rule of the plan; none means that it can be rendered.
pub fn validate(plan: &MoviePlan) -> Vec<Problem> {
    let mut problems = Problems::default();
    if plan.title.trim().is_empty() {
        problems.add("title", "is empty; give the film a name");
    }
    images(plan, &mut problems);
    characters(plan, &mut problems);
    shots(plan, &mut problems);
    timeline(plan, &mut problems);
    dialogue(plan, &mut problems);
    profile(plan, &mut problems);
    problems.0
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            path: path.into(),
            message: message.into(),
        });
    }
}

fn images(plan: &MoviePlan, problems: &mut Problems) {
    let (images, shots) = (plan.base_images.len(), plan.shots.len());
    if images != shots + 1 {
        problems.add(
            "base_images",
            format!(
                "has {images} images for {shots} shots; it needs exactly {}",
                shots + 1
            ),
        );
    }
    let mut ids = HashSet::new();
    let mut prompts = HashMap::new();
    for (i, image) in plan.base_images.iter().enumerate() {
        if image.id.trim().is_empty() {
            problems.add(format!("base_images[{i}].id"), "is empty");
        } else if !ids.insert(image.id.as_str()) {
            problems.add(
                format!("base_images[{i}].id"),
                format!("`{}` is used twice", image.id),
            );
        }
        if image.prompt.trim().is_empty() {
            problems.add(
                format!("base_images[{i}].prompt"),
                "is empty; say what the picture shows",
            );
        } else if let Some(first) = prompts.insert(image.prompt.trim(), i) {
            problems.add(
                format!("base_images[{i}].prompt"),
                format!("is the same as base_images[{first}].prompt; each picture must differ"),
            );
        }
    }
}

fn characters(plan: &MoviePlan, problems: &mut Problems) {
    let mut ids = HashSet::new();
    for (i, character) in plan.characters.iter().enumerate() {
        if character.id.trim().is_empty() {
            problems.add(format!("characters[{i}].id"), "is empty");
        } else if !ids.insert(character.id.as_str()) {
            problems.add(
                format!("characters[{i}].id"),
                format!("`{}` is used twice", character.id),
            );
        }
    }
}

fn shots(plan: &MoviePlan, problems: &mut Problems) {
    if plan.shots.is_empty() {
        problems.add("shots", "is empty; a film needs at least one shot");
    }
    if plan.shots.len() > MOST_SHOTS {
        problems.add(
            "shots",
            format!(
                "has {} shots; at most {MOST_SHOTS} are allowed",
                plan.shots.len()
            ),
        );
    }
    let mut ids = HashSet::new();
    for (i, shot) in plan.shots.iter().enumerate() {
        let at = |field: &str| format!("shots[{i}].{field}");
        if shot.id.trim().is_empty() {
            problems.add(at("id"), "is empty");
        } else if !ids.insert(shot.id.as_str()) {
            problems.add(at("id"), format!("`{}` is used twice", shot.id));
        }
        if !(shot.duration_sec.is_finite() && shot.duration_sec > 0.0) {
            problems.add(
                at("duration_sec"),
                format!("is {}; it must be more than 0", shot.duration_sec),
            );
        }
        if shot.visual_description.trim().is_empty() {
            problems.add(at("visual_description"), "is empty; say what is seen");
        }
        let ends = [
            ("start_base_image_id", &shot.start_base_image_id, i),
            ("end_base_image_id", &shot.end_base_image_id, i + 1),
        ];
        for (field, id, expected) in ends {
            match plan.base_images.get(expected) {
                Some(image) if image.id == *id => {}
                Some(image) => problems.add(
                    at(field),
                    format!(
                        "is `{id}`, but shot {} must use `{}`, base_images[{expected}]",
                        i + 1,
                        image.id
                    ),
                ),
                None => problems.add(
                    at(field),
                    format!("is `{id}`, but there is no base_images[{expected}]"),
                ),
            }
        }
        if shot.start_base_image_id == shot.end_base_image_id {
            problems.add(
                at("end_base_image_id"),
                "is the same as the start; a shot leads to another image",
            );
        }
        if let Some(camera) = &shot.camera
            && !CAMERAS.contains(&camera.as_str())
        {
            problems.add(
                at("camera"),
                format!("is `{camera}`; known moves are {}", CAMERAS.join(", ")),
            );
        }
        if let Some(score) = &shot.score {
            score_of(score, &at("score"), problems);
        }
        for (j, line) in shot.dialogue.iter().enumerate() {
            known_character(
                plan,
                &line.character_id,
                format!("shots[{i}].dialogue[{j}].character_id"),
                problems,
            );
            if line.text.trim().is_empty() {
                problems.add(format!("shots[{i}].dialogue[{j}].text"), "is empty");
            }
        }
    }
    let total = timing::total_secs(plan);
    if total > LONGEST_SECS + TOLERANCE_SECS {
        problems.add(
            "shots",
            format!("last {total:.1} s together; at most {LONGEST_SECS} s are allowed"),
        );
    }
}

fn timeline(plan: &MoviePlan, problems: &mut Problems) {
    let mut end = 0.0;
    for (i, span) in plan.dialogue_timeline.iter().enumerate() {
        let at = |field: &str| format!("dialogue_timeline[{i}].{field}");
        let (start, duration) = (span.start_secs(), span.duration_secs());
        if !(duration.is_finite() && duration > 0.0) {
            problems.add(
                at("duration_sec"),
                format!("is {duration}; it must be more than 0"),
            );
        }
        if !same_time(start, end) {
            let what = if start < end {
                "overlaps"
            } else {
                "leaves a gap after"
            };
            problems.add(
                at("start_time_sec"),
                format!("is {start}, which {what} the entry before; it must be {end:.3}"),
            );
        }
        end = start + duration;
        if let Span::Dialogue {
            character_id, text, ..
        } = span
        {
            known_character(plan, character_id, at("character_id"), problems);
            if text.trim().is_empty() {
                problems.add(at("text"), "is empty; use a silence instead");
            }
        }
    }
    let total = timing::total_secs(plan);
    if plan.dialogue_timeline.is_empty() {
        problems.add(
            "dialogue_timeline",
            "is empty; cover the film with at least one silence",
        );
    } else if !same_time(end, total) {
        problems.add(
            "dialogue_timeline",
            format!("ends at {end:.3} s, but the shots last {total:.3} s"),
        );
    }
}

/// The music must be such that the score's composer knows it.
fn score_of(score: &Score, path: &str, problems: &mut Problems) {
    let mut letters = score.key.chars();
    let known_key =
        matches!(letters.next(), Some('A'..='G')) && matches!(letters.as_str(), "" | "#" | "b");
    if !known_key {
        let message = format!(
            "is `{}`; write a letter from A to G, with `#` or `b` if needed",
            score.key
        );
        problems.add(format!("{path}.key"), message);
    }
    if !MODES.contains(&score.mode.as_str()) {
        let message = format!("is `{}`; known modes are {}", score.mode, MODES.join(", "));
        problems.add(format!("{path}.mode"), message);
    }
    if !(BPM.contains(&score.bpm)) {
        let message = format!("is {}; it must be from 40 to 90", score.bpm);
        problems.add(format!("{path}.bpm"), message);
    }
    if !(0.0..=1.0).contains(&score.intensity) {
        let message = format!("is {}; it must be from 0 to 1", score.intensity);
        problems.add(format!("{path}.intensity"), message);
    }
}

/// What the shots say must be in the timeline, in this order and within its shot. The timeline may say
/// more: plans from elsewhere often keep their words there alone.
fn dialogue(plan: &MoviePlan, problems: &mut Problems) {
    let spoken = timing::spoken(plan);
    let mut from = 0;
    let mut start = 0.0;
    for (i, shot) in plan.shots.iter().enumerate() {
        let end = start + shot.duration_sec;
        for (j, line) in shot.dialogue.iter().enumerate() {
            let same = |cue: &timing::Cue<'_>| {
                cue.character_id == line.character_id && cue.text.trim() == line.text.trim()
            };
            let path = format!("shots[{i}].dialogue[{j}]");
            let Some(at) = spoken.iter().skip(from).position(same) else {
                let message = if spoken.iter().any(same) {
                    "stands earlier in dialogue_timeline than the lines before it; use one order"
                } else {
                    "is not in dialogue_timeline; add it there, with the same speaker and text"
                };
                problems.add(path, message);
                continue;
            };
            let cue = &spoken[from + at];
            from += at + 1;
            let begins_outside =
                cue.start_secs < start - TOLERANCE_SECS || cue.start_secs >= end + TOLERANCE_SECS;
            if begins_outside {
                let message = format!(
                    "begins at {:.3} s in dialogue_timeline, but its shot lasts from {start:.3} to {end:.3} s",
                    cue.start_secs
                );
                problems.add(path, message);
            }
        }
        start = end;
    }
}

/// A time that is no number equals none.
fn same_time(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE_SECS
}

/// A plan without characters names voices freely; one with characters must use those.
fn known_character(plan: &MoviePlan, id: &str, path: String, problems: &mut Problems) {
    if id.trim().is_empty() {
        problems.add(path, "is empty; say who speaks");
    } else if !plan.characters.is_empty() && !plan.characters.iter().any(|known| known.id == id) {
        let known: Vec<&str> = plan
            .characters
            .iter()
            .map(|known| known.id.as_str())
            .collect();
        problems.add(
            path,
            format!(
                "is `{id}`, who is not among the characters ({})",
                known.join(", ")
            ),
        );
    }
}

fn profile(plan: &MoviePlan, problems: &mut Problems) {
    let video = &plan.render_profile.video;
    if video.model_id.trim().is_empty() {
        problems.add("render_profile.video.model_id", "is empty");
    }
    if let Some(fps) = video.max_fps
        && !(fps.is_finite() && fps >= 1.0 && fps <= f64::from(*timing::FPS_RANGE.end()))
    {
        problems.add(
            "render_profile.video.max_fps",
            format!("is {fps}; it must be from 1 to 60"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::{OutlineOptions, outline};

    fn check(break_it: impl FnOnce(&mut MoviePlan), path: &str, words: &str) {
        let options = OutlineOptions {
            seed: 1,
            duration_secs: 20.0,
            shots: Some(3),
            fps: 24,
        };
        let mut plan = outline("A cat waits for a train.", &options);
        assert_eq!(validate(&plan), []);
        break_it(&mut plan);
        let problems = validate(&plan);
        let found = problems
            .iter()
            .any(|problem| problem.path == path && problem.message.contains(words));
        assert!(found, "{path} should say {words:?}: {problems:#?}");
    }

    #[test]
    fn each_rule_names_the_place_and_the_mend() {
        check(|plan| plan.title.clear(), "title", "empty");
        check(
            |plan| drop(plan.base_images.pop()),
            "base_images",
            "exactly 4",
        );
        check(
            |plan| plan.base_images[1].id = "image_01".to_owned(),
            "base_images[1].id",
            "twice",
        );
        check(
            |plan| plan.base_images[0].prompt = " ".to_owned(),
            "base_images[0].prompt",
            "empty",
        );
        check(|plan| plan.shots.clear(), "shots", "at least one");
        check(
            |plan| plan.shots[1].id = "shot_01".to_owned(),
            "shots[1].id",
            "twice",
        );
        check(
            |plan| plan.shots[2].duration_sec = f64::NAN,
            "shots[2].duration_sec",
            "more than 0",
        );
        check(
            |plan| plan.shots[2].duration_sec = 1e9,
            "shots",
            "at most 600",
        );
        check(
            |plan| plan.shots[1].end_base_image_id = "image_01".to_owned(),
            "shots[1].end_base_image_id",
            "must use `image_03`",
        );
        check(
            |plan| plan.shots[0].dialogue[0].character_id = "ghost".to_owned(),
            "shots[0].dialogue[0].character_id",
            "not among",
        );
        check(
            |plan| drop(plan.dialogue_timeline.pop()),
            "dialogue_timeline",
            "but the shots last",
        );
        check(
            |plan| plan.dialogue_timeline.clear(),
            "dialogue_timeline",
            "empty",
        );
        check(
            |plan| drop(plan.dialogue_timeline.remove(1)),
            "dialogue_timeline[1].start_time_sec",
            "gap",
        );
        check(
            |plan| plan.base_images[2].prompt = plan.base_images[0].prompt.clone(),
            "base_images[2].prompt",
            "same as base_images[0]",
        );
        check(
            |plan| plan.shots[1].camera = Some("spin".to_owned()),
            "shots[1].camera",
            "push_in",
        );
        check(
            |plan| plan.shots[1].score.as_mut().unwrap().key = "H".to_owned(),
            "shots[1].score.key",
            "A to G",
        );
        check(
            |plan| plan.shots[1].score.as_mut().unwrap().bpm = f32::NAN,
            "shots[1].score.bpm",
            "40 to 90",
        );
        check(
            |plan| plan.shots[0].dialogue[0].text.push('!'),
            "shots[0].dialogue[0]",
            "not in dialogue_timeline",
        );
        check(
            |plan| {
                plan.shots[1].dialogue = std::mem::take(&mut plan.shots[0].dialogue);
            },
            "shots[1].dialogue[0]",
            "begins at",
        );
        check(
            |plan| {
                let line = plan.shots[0].dialogue.remove(0);
                plan.shots[2].dialogue.insert(0, line);
            },
            "shots[2].dialogue[0]",
            "use one order",
        );
        check(
            |plan| plan.shots[2].duration_sec = f64::INFINITY,
            "shots[2].duration_sec",
            "inf",
        );
        check(
            |plan| plan.render_profile.video.max_fps = Some(1e6),
            "render_profile.video.max_fps",
            "1 to 60",
        );
        check(
            |plan| plan.render_profile.video.model_id.clear(),
            "render_profile.video.model_id",
            "empty",
        );
    }
}
