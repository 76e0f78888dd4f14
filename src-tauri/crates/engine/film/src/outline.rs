//! A story from one sentence, without a model: deterministic, with an arc, people and speech.
//!
//! It reads who does what, where, and what stands in the way (`sentence`); chooses a story that fits
//! (`story`, told in text files) and a world (`worlds`); tells six turns with the sentence's own words
//! (`words`), as many as the time allows (`pacing`); and describes pictures in one progression of light
//! and weather (`pictures`). It is a teller from tables, not a writer; a language model may take its place.

mod clause;
mod dice;
mod lexicon;
mod noun;
mod pacing;
mod pictures;
mod sentence;
mod story;
mod token;
mod words;
mod worlds;

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::plan::{
    BaseImage, Character, Line, MoviePlan, RenderProfile, Score, Shot, VideoProfile,
};
use crate::validate::{LONGEST_SECS, MOST_SHOTS};
use dice::Dice;
use lexicon::{Kind, Pronoun};
use pacing::Timeline;
use sentence::Premise;
use story::{Music, Speaker, Story};
use words::{Words, title_case};
use worlds::World;

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

/// A shot shorter than this is a flash, one much longer a slide.
const USUAL_SHOT_SECS: f64 = 5.0;
/// Shorter films are no films.
const SHORTEST_SECS: f64 = 1.0;

/// A valid plan for `sentence`. Equal arguments give equal plans.
pub fn outline(sentence: &str, options: &OutlineOptions) -> MoviePlan {
    let mut dice = Dice::new(sentence, options.seed);
    let premise = sentence::read(sentence, &mut dice);
    let world = premise
        .world
        .unwrap_or_else(|| World::ALL[dice.below(World::ALL.len())]);
    let scenery = world.scenery();
    let story = choose(&premise, &mut dice);
    let day = pictures::day(&premise, &mut dice);
    let weathers = pictures::weathers(&premise, &mut dice);
    let words = Words::new(&premise, &story, scenery, day[1], &mut dice);
    let title = words.title(&story.titles, &mut dice);

    let duration = if options.duration_secs.is_finite() {
        let secs = options.duration_secs.clamp(SHORTEST_SECS, LONGEST_SECS);
        (secs * 1000.0).round() / 1000.0
    } else {
        30.0
    };
    let count = options
        .shots
        .map_or((duration / USUAL_SHOT_SECS).round() as usize, |n| {
            n as usize
        })
        .clamp(1, MOST_SHOTS);
    let told = pacing::tell(&story.beats, &words, count, duration, &mut dice);
    let durations = pacing::durations(&told, duration);
    let prompts = pictures::prompts(&premise, &words, scenery, &day, &weathers, count + 1);
    let base_images: Vec<BaseImage> = prompts
        .into_iter()
        .enumerate()
        .map(|(i, prompt)| BaseImage {
            id: format!("image_{:02}", i + 1),
            prompt,
            seed: None,
            extra: Map::new(),
        })
        .collect();
    let music = transposed(story.music, &mut dice);
    let cameras = cameras(count, &mut dice);
    let mut timeline = Timeline::default();
    let mut shots = Vec::new();
    for (i, (lines, duration_sec)) in told.iter().zip(durations).enumerate() {
        let beat = pacing::beat_of(i, count);
        let stage = pictures::stage_of(i + 1, count + 1);
        let dialogue: Vec<Line> = lines
            .iter()
            .map(|(speaker, text)| Line {
                character_id: id_of(*speaker).to_owned(),
                text: text.clone(),
                extra: Map::new(),
            })
            .collect();
        timeline.shot(duration_sec, &dialogue);
        let talks = lines.iter().any(|(speaker, _)| *speaker == Speaker::Hero);
        let view = &scenery.views[stage];
        shots.push(Shot {
            id: format!("shot_{:02}", i + 1),
            duration_sec,
            visual_description: base_images[i + 1].prompt.clone(),
            start_base_image_id: base_images[i].id.clone(),
            end_base_image_id: base_images[i + 1].id.clone(),
            setting: Some(view.setting.to_owned()),
            motion_prompt: Some(motion(cameras[i], view.background)),
            is_talking_closeup: stage == 4 && talks,
            dialogue,
            camera: Some(cameras[i].to_owned()),
            score: Some(score(&music, beat)),
            extra: Map::new(),
        });
    }
    let speaks = |speaker| told.iter().flatten().any(|(by, _)| *by == speaker);
    MoviePlan {
        title,
        base_images,
        shots,
        characters: characters(
            &premise,
            &words,
            speaks(Speaker::Narrator),
            premise.other.is_some() || speaks(Speaker::Other),
        ),
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

/// The story that most of the sentence's words call for; chance decides between equals.
fn choose(premise: &Premise, dice: &mut Dice) -> Story {
    let mut stories = story::all();
    if premise.about_no_thing {
        // A voice is not found by looking for it.
        stories.retain(|story| !story.titles.iter().any(|title| title.contains("{sought}")));
    }
    let verb = premise.event.as_ref().map(|deed| deed.verb.as_str());
    let votes = |story: &Story| {
        let called = |word: &str| story.calls.contains(&word);
        let words = premise.words.iter().filter(|word| called(word)).count();
        // What the hero does counts for more than what is around.
        words + 2 * usize::from(verb.is_some_and(called))
    };
    let most = stories.iter().map(&votes).max().unwrap_or(0);
    // Close seconds are other readings of the same sentence.
    let near: Vec<&Story> = stories
        .iter()
        .filter(|story| votes(story) + 1 >= most.max(1) && votes(story) > 0 || most == 0)
        .collect();
    near.get(dice.below(near.len()))
        .map(|story| (*story).clone())
        .unwrap_or_default()
}

fn characters(premise: &Premise, words: &Words, narrated: bool, answered: bool) -> Vec<Character> {
    let voice = |pronoun: Pronoun, style: &str| {
        let gender = match pronoun {
            Pronoun::She => "female",
            Pronoun::He => "male",
            Pronoun::It | Pronoun::They => "neutral",
        };
        BTreeMap::from([
            ("gender".to_owned(), gender.to_owned()),
            ("language".to_owned(), "en".to_owned()),
            ("style".to_owned(), style.to_owned()),
        ])
    };
    let character = |id: &str, name: String, description: String, voice_profile| Character {
        id: id.to_owned(),
        name,
        description: Some(description),
        voice_profile,
        extra: Map::new(),
    };
    let hero = &premise.hero;
    // The narrator's voice is told from the hero's.
    let narrator = if hero.pronoun == Pronoun::He {
        Pronoun::She
    } else {
        Pronoun::He
    };
    let is = match (hero.role.is_empty(), hero.kind) {
        (false, _) => format!("the {}; {}", hero.role, hero.figure),
        (true, Kind::Human) => format!("someone from {}; {}", words.place, hero.figure),
        (true, _) => format!("from {}; {}", words.place, hero.figure),
    };
    let mut characters = Vec::new();
    if narrated {
        let is = "tells the story afterwards, calm and near".to_owned();
        characters.push(character(
            "narrator",
            "Narrator".to_owned(),
            is,
            voice(narrator, "calm, close, unhurried"),
        ));
    }
    characters.push(character(
        "hero",
        words.name.clone(),
        is,
        voice(hero.pronoun, "plain, a little out of breath"),
    ));
    if answered {
        let name = title_case(
            words
                .other
                .trim_start_matches("the ")
                .trim_start_matches("an "),
        );
        let is = format!("{}, who matters to {}", words.other, words.name);
        characters.push(character(
            "other",
            name,
            is,
            voice(words.other_pronoun, "low, careful"),
        ));
    }
    characters
}

fn id_of(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Narrator => "narrator",
        Speaker::Hero => "hero",
        Speaker::Other => "other",
    }
}

/// A camera move for each shot: fitting its turn, never the same twice in a row. The film goes in at
/// the beginning and comes out at the end.
fn cameras(count: usize, dice: &mut Dice) -> Vec<&'static str> {
    const MOVES: [&[&str]; 6] = [
        &["push_in", "pan_right"],
        &["pan_right", "tilt_up", "push_in"],
        &["pan_left", "rise", "pan_right"],
        &["tilt_down", "pan_left", "push_in"],
        &["hold", "push_in", "tilt_up"],
        &["rise", "tilt_up", "pan_left"],
    ];
    let mut cameras: Vec<&'static str> = Vec::new();
    for i in 0..count {
        let last = i + 1 == count && count > 1;
        let mut fitting: Vec<&'static str> = MOVES[pacing::beat_of(i, count)].to_vec();
        fitting.retain(|camera| cameras.last() != Some(camera));
        cameras.push(if last {
            "pull_out"
        } else {
            dice.choose(&fitting)
        });
    }
    cameras
}

/// A camera move in words.
fn motion(camera: &str, background: &str) -> String {
    match camera {
        "push_in" => format!("slow push in, towards {background}"),
        "pull_out" => format!("slow pull out, until {background} can be seen"),
        "pan_left" => "steady pan to the left, the near things passing faster".to_owned(),
        "pan_right" => "steady pan to the right, the near things passing faster".to_owned(),
        "tilt_up" => format!("tilt up, to {background}"),
        "tilt_down" => "tilt down, to the ground in front".to_owned(),
        "rise" => format!("the camera rises and looks over {background}"),
        _ => "the camera holds still".to_owned(),
    }
}

/// The same music from another key: other seeds sound different.
fn transposed(music: Music, dice: &mut Dice) -> Music {
    const KEYS: [&str; 12] = [
        "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    ];
    let from = KEYS.iter().position(|key| *key == music.key).unwrap_or(0);
    let by = [0, 2, 5, 7, 10][dice.below(5)];
    let faster = dice.below(5) as f32 * 2.0 - 4.0;
    Music {
        key: KEYS[(from + by) % KEYS.len()],
        bpm: (music.bpm + faster).clamp(44.0, 80.0),
        ..music
    }
}

/// The music follows the story: it gathers towards the setback, holds its breath, and opens at the end.
fn score(music: &Music, beat: usize) -> Score {
    let mode = match beat {
        3 => music.danger,
        5 => music.end,
        _ => music.calm,
    };
    let faster = [0.0, 2.0, 6.0, 8.0, 0.0, 2.0][beat];
    Score {
        key: music.key.to_owned(),
        mode: mode.to_owned(),
        bpm: music.bpm + faster,
        intensity: [0.3, 0.4, 0.55, 0.75, 0.35, 0.6][beat],
    }
}

#[cfg(test)]
mod tests;
