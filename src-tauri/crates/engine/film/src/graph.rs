//! What a film is made of, and what depends on what.
//!
//! Each step has a key: the BLAKE3 digest of everything that decides its result, with the keys of the
//! steps that it needs. Equal keys mean equal bytes, so a result that exists is never made again.

use serde_json::json;

use crate::captions;
use crate::plan::MoviePlan;
use crate::timing;

/// Raised when the same inputs give other bytes than before.
const VERSIONS: Versions = Versions {
    picture: 1,
    clip: 1,
    speech: 1,
    score: 1,
    mix: 1,
    film: 1,
};

struct Versions {
    picture: u32,
    clip: u32,
    speech: u32,
    score: u32,
    mix: u32,
    film: u32,
}

/// What a render decides beside the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderSettings {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Integrated loudness of the mix.
    pub loudness_lufs: f64,
    /// Voice of each spoken line, as [`timing::spoken`] orders them.
    pub voices: Vec<String>,
}

/// One thing to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StepId {
    /// The base image of this index.
    Picture(usize),
    /// The moving picture of the shot of this index.
    Clip(usize),
    /// The spoken line of this index.
    Speech(usize),
    Score,
    Mix,
    Film,
}

impl StepId {
    /// Name of its kind, as reports show it.
    pub fn kind(self) -> &'static str {
        match self {
            StepId::Picture(_) => "picture",
            StepId::Clip(_) => "clip",
            StepId::Speech(_) => "speech",
            StepId::Score => "score",
            StepId::Mix => "mix",
            StepId::Film => "film",
        }
    }
}

/// A step with its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: StepId,
    /// 64 hexadecimal digits.
    pub key: String,
    /// Everything but other steps' keys that decides it; kept as provenance.
    pub input: serde_json::Value,
    pub needs: Vec<StepId>,
}

/// The steps of a film, each after those that it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub steps: Vec<Step>,
}

impl Graph {
    pub fn new(plan: &MoviePlan, settings: &RenderSettings) -> Graph {
        let mut graph = Graph { steps: Vec::new() };
        let fps = timing::fps(plan);
        let (width, height) = (settings.width, settings.height);
        for (i, image) in plan.base_images.iter().enumerate() {
            let input = json!({
                "prompt": image.prompt, "seed": image_seed(plan, i), "width": width, "height": height,
            });
            graph.add(StepId::Picture(i), VERSIONS.picture, input, vec![]);
        }
        for (i, (shot, frames)) in plan
            .shots
            .iter()
            .zip(timing::shot_frames(plan, fps))
            .enumerate()
        {
            let input = json!({
                "camera": shot.camera, "motion": shot.motion_prompt, "fps": fps,
                "frames": frames.end - frames.start,
            });
            graph.add(
                StepId::Clip(i),
                VERSIONS.clip,
                input,
                vec![StepId::Picture(i), StepId::Picture(i + 1)],
            );
        }
        let spoken = timing::spoken(plan);
        for (i, cue) in spoken.iter().enumerate() {
            let voice = settings.voices.get(i).map_or("", String::as_str);
            let input =
                json!({ "text": cue.text, "voice": voice, "longest_secs": cue.duration_secs });
            graph.add(StepId::Speech(i), VERSIONS.speech, input, vec![]);
        }
        let frames = timing::total_frames(plan, fps);
        let scores: Vec<_> = plan
            .shots
            .iter()
            .map(|shot| json!([shot.duration_sec, shot.score]))
            .collect();
        let input =
            json!({ "shots": scores, "frames": frames, "fps": fps, "seed": plan_seed(plan) });
        graph.add(StepId::Score, VERSIONS.score, input, vec![]);
        let starts: Vec<f64> = spoken.iter().map(|cue| cue.start_secs).collect();
        let lines: Vec<StepId> = (0..spoken.len()).map(StepId::Speech).collect();
        let input = json!({ "starts": starts, "loudness_lufs": settings.loudness_lufs });
        graph.add(
            StepId::Mix,
            VERSIONS.mix,
            input,
            [&lines[..], &[StepId::Score]].concat(),
        );
        let clips: Vec<StepId> = (0..plan.shots.len()).map(StepId::Clip).collect();
        let chapters: Vec<&str> = plan.shots.iter().map(chapter).collect();
        let input = json!({
            "title": plan.title, "chapters": chapters, "captions": captions::srt(&captions::captions(plan)),
        });
        graph.add(
            StepId::Film,
            VERSIONS.film,
            input,
            [&clips[..], &[StepId::Mix]].concat(),
        );
        graph
    }

    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    fn add(&mut self, id: StepId, version: u32, input: serde_json::Value, needs: Vec<StepId>) {
        let mut hasher = blake3::Hasher::new();
        // Field names and order are fixed above, so the text is canonical.
        hasher.update(format!("{} {version} {input}", id.kind()).as_bytes());
        for need in &needs {
            hasher.update(
                self.step(*need)
                    .map_or("", |step| step.key.as_str())
                    .as_bytes(),
            );
        }
        self.steps.push(Step {
            id,
            key: hasher.finalize().to_hex().to_string(),
            input,
            needs,
        });
    }
}

/// Name of a shot's chapter.
pub fn chapter(shot: &crate::plan::Shot) -> &str {
    shot.setting
        .as_deref()
        .filter(|setting| !setting.is_empty())
        .unwrap_or(&shot.visual_description)
}

/// The seed that the plan was made with; 0 for plans from elsewhere.
pub fn plan_seed(plan: &MoviePlan) -> u64 {
    let seed = plan.metadata.get("seed");
    // Others write it as text.
    seed.and_then(|seed| seed.as_u64().or_else(|| seed.as_str()?.trim().parse().ok()))
        .unwrap_or(0)
}

/// The seed of a base image: its own, or the plan's.
pub fn image_seed(plan: &MoviePlan, image: usize) -> u64 {
    plan.base_images
        .get(image)
        .and_then(|image| image.seed)
        .unwrap_or_else(|| plan_seed(plan))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::outline::{OutlineOptions, outline};

    fn plan() -> MoviePlan {
        let options = OutlineOptions {
            seed: 1,
            duration_secs: 30.0,
            shots: Some(6),
            fps: 24,
        };
        outline("A robot finds a seed in the desert.", &options)
    }

    fn graph(plan: &MoviePlan) -> Graph {
        let voices = timing::spoken(plan)
            .iter()
            .map(|cue| cue.character_id.to_owned())
            .collect();
        Graph::new(
            plan,
            &RenderSettings {
                width: 1280,
                height: 720,
                loudness_lufs: -16.0,
                voices,
            },
        )
    }

    /// The steps whose keys differ after `change`.
    fn changed(change: impl FnOnce(&mut MoviePlan)) -> BTreeSet<StepId> {
        let (before, mut after) = (plan(), plan());
        change(&mut after);
        let (before, after) = (graph(&before), graph(&after));
        after
            .steps
            .iter()
            .filter(|step| before.step(step.id).is_none_or(|old| old.key != step.key))
            .map(|step| step.id)
            .collect()
    }

    #[test]
    fn a_change_reaches_what_depends_on_it_and_nothing_else() {
        use StepId::{Clip, Film, Mix, Picture, Score, Speech};
        assert_eq!(changed(|_| {}), BTreeSet::new());
        assert_eq!(
            changed(|plan| plan.base_images[2].prompt.push_str(", snow")),
            BTreeSet::from([Picture(2), Clip(1), Clip(2), Film]),
        );
        assert_eq!(
            changed(|plan| plan.shots[3].camera = Some("hold".to_owned())),
            BTreeSet::from([Clip(3), Film])
        );
        assert_eq!(changed(|plan| plan.title.push('!')), BTreeSet::from([Film]));
        assert_eq!(
            changed(|plan| plan.shots[0].score = None),
            BTreeSet::from([Score, Mix, Film]),
        );
        let respoken = changed(|plan| {
            for span in &mut plan.dialogue_timeline {
                if let crate::plan::Span::Dialogue { text, .. } = span {
                    text.push_str(" Now.");
                    break;
                }
            }
        });
        assert_eq!(respoken, BTreeSet::from([Speech(0), Mix, Film]));
    }

    #[test]
    fn every_step_comes_after_what_it_needs() {
        let graph = graph(&plan());
        for (n, step) in graph.steps.iter().enumerate() {
            for need in &step.needs {
                assert!(
                    graph.steps[..n].iter().any(|earlier| earlier.id == *need),
                    "{need:?} before {:?}",
                    step.id
                );
            }
        }
    }
}
