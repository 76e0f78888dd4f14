//! The rules of a plan, each with a message that says what is wrong, where, and what to do.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{MoviePlan, Span};
use crate::timing;

/// Most shots of one film.
pub const MOST_SHOTS: usize = 20;
/// Longest film in seconds.
pub const LONGEST_SECS: f64 = 600.0;
/// How far times may be off, in seconds.
pub const TOLERANCE_SECS: f64 = 1e-3;

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
        // Written so that a time that is no number counts as wrong.
        if !((start - end).abs() <= TOLERANCE_SECS) {
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
    } else if !((end - total).abs() <= TOLERANCE_SECS) {
        problems.add(
            "dialogue_timeline",
            format!("ends at {end:.3} s, but the shots last {total:.3} s"),
        );
    }
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
