//! A story from one sentence, without a model: deterministic, with an arc, people and speech.
//!
//! It finds who and what the sentence is about, chooses a world, and tells six turns: the way things
//! are, the call, the attempt, the setback, the turn, and an end that rhymes with the beginning. It is
//! a planner from tables, not a writer; a language model takes its place when there is one.

mod sentence;
mod worlds;

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::plan::{
    BaseImage, Character, Line, MoviePlan, RenderProfile, Score, Shot, Span, VideoProfile,
};
use crate::timing;
use crate::validate::{LONGEST_SECS, MOST_SHOTS};
use sentence::{Gender, Premise};
use worlds::{BEATS, Speaker, Table};

/// What the planner is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct OutlineOptions {
    pub seed: u64,
    /// 5 to 600.
    pub duration_secs: f64,
    /// 1 to 20; by length without it.
    pub shots: Option<u32>,
    /// 1 to 60.
    pub fps: u32,
}

/// Silence before the first word of a shot and after its last.
const AIR_SECS: f64 = 0.4;
/// A shot shorter than this is a flash, one longer than that a slide.
const USUAL_SHOT_SECS: f64 = 5.0;

const FEMALE: [&str; 6] = ["Mara", "Ines", "Elin", "Nora", "Asha", "Liv"];
const MALE: [&str; 6] = ["Tomas", "Idris", "Joren", "Mateo", "Soren", "Emil"];
const OTHER: [&str; 6] = ["Wren", "Kit", "Lumo", "Pip", "Ash", "Juno"];

/// A valid plan for `sentence`. Equal arguments give equal plans.
pub fn outline(sentence: &str, options: &OutlineOptions) -> MoviePlan {
    let mut dice = Dice::new(sentence, options.seed);
    let premise = sentence::read(sentence, dice.next());
    let table = premise.world.table();
    let words = Words::new(&premise, table, &mut dice);
    let duration = options.duration_secs.clamp(1.0, LONGEST_SECS);
    let count = options
        .shots
        .map_or((duration / USUAL_SHOT_SECS).round() as usize, |n| {
            n as usize
        });
    let count = count.clamp(1, MOST_SHOTS);
    let told = tell(&premise, table, &words, count, duration, &mut dice);
    let durations = durations(&told, duration);
    let base_images = pictures(&premise, table, &words, count);
    let mut shots = Vec::new();
    let mut timeline = Timeline::default();
    for (i, (line, duration_sec)) in told.iter().zip(&durations).enumerate() {
        let beat = beat_of(i, count);
        let dialogue = line.as_ref().map(|(speaker, text)| Line {
            character_id: id_of(*speaker).to_owned(),
            text: text.clone(),
            extra: Map::new(),
        });
        timeline.shot(*duration_sec, dialogue.as_ref());
        let camera = camera(beat, i, count);
        shots.push(Shot {
            id: format!("shot_{:02}", i + 1),
            duration_sec: *duration_sec,
            visual_description: base_images[i + 1].prompt.clone(),
            start_base_image_id: base_images[i].id.clone(),
            end_base_image_id: base_images[i + 1].id.clone(),
            setting: Some(table.settings[beat].to_owned()),
            motion_prompt: Some(camera.replace('_', " ")),
            is_talking_closeup: beat == 4 && matches!(line, Some((Speaker::Hero, _))),
            dialogue: dialogue.into_iter().collect(),
            camera: Some(camera.to_owned()),
            score: Some(score(table, beat)),
            extra: Map::new(),
        });
    }
    MoviePlan {
        title: words.title.clone(),
        base_images,
        shots,
        characters: characters(&premise, table, &words),
        dialogue_timeline: timeline.spans,
        render_profile: RenderProfile {
            video: VideoProfile {
                model_id: "storyboard-painter".to_owned(),
                max_fps: Some(f64::from(options.fps)),
                notes: None,
                extra: Map::new(),
            },
            metadata: Map::new(),
            extra: Map::new(),
        },
        metadata: Map::from_iter([
            ("seed".to_owned(), json!(options.seed)),
            ("sentence".to_owned(), json!(sentence)),
            ("planner".to_owned(), json!("outline")),
        ]),
        extra: Map::new(),
    }
}

/// What the placeholders of the tables become.
struct Words {
    name: String,
    object: String,
    title: String,
    pairs: Vec<(&'static str, String)>,
}

impl Words {
    fn new(premise: &Premise, table: &Table, dice: &mut Dice) -> Words {
        let names = match premise.gender {
            Gender::Female => FEMALE,
            Gender::Male => MALE,
            Gender::Other => OTHER,
        };
        let name = premise
            .name
            .clone()
            .unwrap_or_else(|| dice.choose(&names).to_string());
        let (they, them, their) = match premise.gender {
            Gender::Female => ("she", "her", "her"),
            Gender::Male => ("he", "him", "his"),
            Gender::Other => ("they", "them", "their"),
        };
        let object = premise
            .object
            .clone()
            .unwrap_or_else(|| table.object.to_owned());
        let pairs = vec![
            ("{name}", name.clone()),
            ("{hero}", format!("the {}", premise.short)),
            ("{they}", they.to_owned()),
            ("{them}", them.to_owned()),
            ("{their}", their.to_owned()),
            ("{object}", object.clone()),
            ("{figure}", premise.figure.to_owned()),
        ];
        let mut words = Words {
            name,
            object,
            title: String::new(),
            pairs,
        };
        words.title = title_case(&words.fill(dice.choose(&table.titles)));
        words
    }

    fn fill(&self, template: &str) -> String {
        let filled = self
            .pairs
            .iter()
            .fold(template.to_owned(), |text, (slot, word)| {
                text.replace(slot, word)
            });
        let mut letters = filled.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => filled,
        }
    }
}

/// The turn of the story that shot `i` of `count` tells.
fn beat_of(i: usize, count: usize) -> usize {
    match count {
        // A single shot is the beginning; two are beginning and end.
        0 | 1 => 0,
        _ if count <= BEATS => i * (BEATS - 1) / (count - 1),
        _ => i * BEATS / count,
    }
}

/// A line for each shot, or silence where none fits in its time.
fn tell(
    premise: &Premise,
    table: &Table,
    words: &Words,
    count: usize,
    duration: f64,
    dice: &mut Dice,
) -> Vec<Option<(Speaker, String)>> {
    let starts: [u64; BEATS] = std::array::from_fn(|_| dice.next());
    let mut used = [0usize; BEATS];
    // Lines may share the time of the whole film: long ones get longer shots.
    let mut left = duration - count as f64 * 2.0 * AIR_SECS;
    let mut told = Vec::new();
    for i in 0..count {
        let beat = beat_of(i, count);
        let lines = table.lines[beat];
        let budget = left / (count - i) as f64 * 1.6;
        let mut line = None;
        if i == 0 && !premise.opening.is_empty() && timing::speech_secs(&premise.opening) <= budget
        {
            line = Some((Speaker::Narrator, premise.opening.clone()));
        }
        let mut tries = 0;
        while line.is_none() && tries < lines.len() && used[beat] < lines.len() {
            let (speaker, template) = lines[(starts[beat] as usize + used[beat]) % lines.len()];
            let text = words.fill(template);
            used[beat] += 1;
            tries += 1;
            if timing::speech_secs(&text) <= budget {
                line = Some((speaker, text));
            }
        }
        left -= line
            .as_ref()
            .map_or(0.0, |(_, text)| timing::speech_secs(text));
        told.push(line);
    }
    told
}

/// Seconds of each shot, in tenths: what is said, air, and an even share of the rest.
fn durations(told: &[Option<(Speaker, String)>], duration: f64) -> Vec<f64> {
    let said = |line: &Option<(Speaker, String)>| {
        line.as_ref()
            .map_or(0.0, |(_, text)| timing::speech_secs(text))
    };
    let spoken: f64 = told.iter().map(said).sum();
    let share = ((duration - spoken) / told.len() as f64).max(0.1);
    let tenths = |secs: f64| (secs * 10.0).round() / 10.0;
    let mut end = 0.0;
    let mut sum = 0.0;
    let mut durations: Vec<f64> = told
        .iter()
        .map(|line| {
            sum += said(line) + share;
            let next = tenths(sum);
            let own = tenths(next - end).max(0.1);
            end = next;
            own
        })
        .collect();
    // Whatever rounding left over belongs to the last shot.
    let rest = duration - durations.iter().sum::<f64>();
    if let Some(last) = durations.last_mut() {
        *last = ((*last + rest) * 1000.0).round() / 1000.0;
    }
    durations
}

fn pictures(premise: &Premise, table: &Table, words: &Words, count: usize) -> Vec<BaseImage> {
    let stages = table.pictures.len();
    let mut seen = vec![0usize; stages];
    (0..=count)
        .map(|i| {
            let stage = i * (stages - 1) / count.max(1);
            let repeat = seen[stage];
            seen[stage] += 1;
            let mut prompt = words.fill(table.pictures[stage]);
            for place in &premise.places {
                if !prompt.to_lowercase().contains(place.as_str()) {
                    prompt.push_str(&format!(", {place}"));
                }
            }
            // The thing itself is in the picture when the story turns on it.
            if stage == 1 || stage == 4 {
                prompt.push_str(&format!(", with {}", words.object));
            }
            if premise.storm && (2..=3).contains(&stage) && !prompt.contains("storm") {
                prompt.push_str(", storm");
            }
            if premise.night && stage == 0 && !prompt.contains("night") {
                prompt.push_str(", towards night");
            }
            if repeat > 0 {
                let framing = [
                    "seen from above",
                    "seen from a low angle",
                    "in a closer view",
                    "from far away",
                ];
                prompt.push_str(&format!(", {}", framing[(repeat - 1) % framing.len()]));
                if repeat > framing.len() {
                    prompt.push_str(&format!(", moment {repeat}"));
                }
            }
            BaseImage {
                id: format!("image_{:02}", i + 1),
                prompt,
                seed: None,
                extra: Map::new(),
            }
        })
        .collect()
}

fn characters(premise: &Premise, table: &Table, words: &Words) -> Vec<Character> {
    let voice = |gender: &str| BTreeMap::from([("gender".to_owned(), gender.to_owned())]);
    let character = |id: &str, name: String, description: String, voice_profile| Character {
        id: id.to_owned(),
        name,
        description: Some(description),
        voice_profile,
        extra: Map::new(),
    };
    let gender = match premise.gender {
        Gender::Female => "female",
        Gender::Male => "male",
        Gender::Other => "neutral",
    };
    let (other, is, other_gender) = table.other;
    vec![
        character(
            "narrator",
            "Narrator".to_owned(),
            "tells the story, calm and near".to_owned(),
            voice("male"),
        ),
        character(
            "hero",
            words.name.clone(),
            format!("the {}", premise.role),
            voice(gender),
        ),
        character(
            "other",
            title_case(other),
            is.to_owned(),
            voice(other_gender),
        ),
    ]
}

fn id_of(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Narrator => "narrator",
        Speaker::Hero => "hero",
        Speaker::Other => "other",
    }
}

fn camera(beat: usize, i: usize, count: usize) -> &'static str {
    if i + 1 == count && count > 1 {
        return "pull_out";
    }
    let [first, second] = [
        ["push_in", "pan_right"],
        ["pan_right", "push_in"],
        ["rise", "pan_left"],
        ["pan_left", "tilt_down"],
        ["push_in", "hold"],
        ["tilt_up", "rise"],
    ][beat];
    if i.is_multiple_of(2) { first } else { second }
}

/// The music follows the story: it gathers towards the setback and opens at the end.
fn score(table: &Table, beat: usize) -> Score {
    let (key, mode, bpm) = table.music;
    let intensity = [0.3, 0.4, 0.55, 0.65, 0.45, 0.5][beat];
    let dark = beat == 3 && mode != "phrygian";
    Score {
        key: key.to_owned(),
        mode: if dark { "aeolian" } else { mode }.to_owned(),
        bpm: bpm + if beat == 2 || beat == 3 { 6.0 } else { 0.0 },
        intensity,
    }
}

/// Speech and silence without gaps, in whole milliseconds.
#[derive(Default)]
struct Timeline {
    spans: Vec<Span>,
    at_ms: u64,
}

impl Timeline {
    fn shot(&mut self, duration: f64, line: Option<&Line>) {
        let ms = |secs: f64| (secs * 1000.0).round() as u64;
        let end = self.at_ms + ms(duration);
        if let Some(line) = line {
            let needed = timing::speech_secs(&line.text);
            self.silence_until(self.at_ms + ms(((duration - needed) / 2.0).clamp(0.0, AIR_SECS)));
            let spoken = ms(needed).min(end - self.at_ms);
            self.spans.push(Span::Dialogue {
                start_time_sec: self.at_ms as f64 / 1000.0,
                duration_sec: spoken as f64 / 1000.0,
                character_id: line.character_id.clone(),
                text: line.text.clone(),
            });
            self.at_ms += spoken;
        }
        self.silence_until(end);
    }

    fn silence_until(&mut self, end_ms: u64) {
        let secs = (end_ms - self.at_ms) as f64 / 1000.0;
        match self.spans.last_mut() {
            _ if end_ms == self.at_ms => {}
            Some(Span::Silence {
                start_time_sec,
                duration_sec,
            }) => {
                *duration_sec = (end_ms as f64 - *start_time_sec * 1000.0).round() / 1000.0;
            }
            _ => self.spans.push(Span::Silence {
                start_time_sec: self.at_ms as f64 / 1000.0,
                duration_sec: secs,
            }),
        }
        self.at_ms = end_ms;
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014), seeded from the sentence and the seed.
struct Dice(u64);

impl Dice {
    fn new(sentence: &str, seed: u64) -> Dice {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(sentence.as_bytes())
            .update(&seed.to_le_bytes());
        let digest = hasher.finalize();
        let bytes = digest.as_bytes();
        Dice(
            bytes[..8]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn choose<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[(self.next() % from.len() as u64) as usize]
    }
}

fn title_case(text: &str) -> String {
    const SMALL: [&str; 9] = ["a", "an", "and", "the", "of", "in", "on", "to", "for"];
    let word = |(n, word): (usize, &str)| {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if n == 0 || !SMALL.contains(&word) => {
                first.to_uppercase().chain(letters).collect()
            }
            _ => word.to_owned(),
        }
    };
    text.split_whitespace()
        .enumerate()
        .map(word)
        .collect::<Vec<String>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::validate;

    const SENTENCE: &str =
        "A lighthouse keeper's daughter must light the lamp alone when a storm takes the road.";

    fn plan(sentence: &str, seed: u64) -> MoviePlan {
        outline(
            sentence,
            &OutlineOptions {
                seed,
                duration_secs: 30.0,
                shots: None,
                fps: 24,
            },
        )
    }

    proptest! {
        #[test]
        fn any_sentence_gives_a_valid_plan(
            sentence in ".{0,300}", seed: u64, duration in 5.0f64..600.0,
            shots in proptest::option::of(1u32..20), fps in 1u32..60,
        ) {
            let plan = outline(&sentence, &OutlineOptions { seed, duration_secs: duration, shots, fps });
            prop_assert!(validate(&plan).is_empty(), "{:?}", validate(&plan));
            let text = serde_json::to_string(&plan).unwrap();
            prop_assert!(!text.contains("{name}") && !text.contains("{object}"), "{}", text);
            prop_assert!(crate::parse(&text).unwrap() == plan);
        }
    }

    #[test]
    fn the_story_is_about_the_sentence() {
        let plan = plan(SENTENCE, 1);
        let said: Vec<&str> = timing::spoken(&plan).iter().map(|cue| cue.text).collect();
        assert_eq!(
            said[0],
            "A lighthouse keeper's daughter must light the lamp alone."
        );
        assert!(said.len() >= 5, "{said:#?}");
        assert!(
            plan.shots.len() >= 5
                && plan.characters[1].description.as_deref()
                    == Some("the lighthouse keeper's daughter")
        );
        let pictures: Vec<&str> = plan
            .base_images
            .iter()
            .map(|image| image.prompt.as_str())
            .collect();
        assert!(
            pictures
                .iter()
                .all(|prompt| prompt.contains("sea") || prompt.contains("lighthouse")),
            "{pictures:#?}"
        );
    }

    #[test]
    fn the_seed_decides_the_story() {
        assert_eq!(plan(SENTENCE, 1), plan(SENTENCE, 1));
        let stories: std::collections::HashSet<String> = (0..10)
            .map(|seed| {
                timing::spoken(&plan(SENTENCE, seed))
                    .iter()
                    .map(|cue| cue.text)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert!(
            stories.len() >= 8,
            "ten seeds tell only {} stories",
            stories.len()
        );
    }

    #[test]
    fn everything_that_is_said_fits_its_shot() {
        for seed in 0..20 {
            let plan = plan(
                "A fox finds a lantern in the snow and carries it home.",
                seed,
            );
            for cue in timing::spoken(&plan) {
                assert!(
                    cue.duration_secs + 1e-9 >= timing::speech_secs(cue.text),
                    "{cue:?}"
                );
            }
        }
    }
}
