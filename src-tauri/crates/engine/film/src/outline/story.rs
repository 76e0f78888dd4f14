//! Stories as text files: what is said at each turn, in other words each time.
//!
//! A file has a head (`for:` the words that call for it, `title:`, `music:` key, the modes of calm, of
//! danger and of the end, and beats a minute, `deed:`, `other:`) and six beats of moments.

use super::lexicon::Pronoun;

/// The turns of a story, in order: what was, the call, the attempt, the setback, the turn, the end.
pub(super) const BEATS: [&str; 6] = ["setup", "call", "attempt", "setback", "turn", "end"];

const FILES: [&str; 9] = [
    include_str!("stories/keeper.txt"),
    include_str!("stories/finder.txt"),
    include_str!("stories/seeker.txt"),
    include_str!("stories/carrier.txt"),
    include_str!("stories/reunion.txt"),
    include_str!("stories/maker.txt"),
    include_str!("stories/case.txt"),
    include_str!("stories/stranger.txt"),
    include_str!("stories/stranded.txt"),
];
const SHARED: &str = include_str!("stories/shared.txt");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    Narrator,
    Hero,
    Other,
}

/// One way to tell a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Telling {
    /// What must be known of the sentence; `!` turns it around.
    pub(super) conditions: Vec<&'static str>,
    /// Who says what, in turn, with slots in braces.
    pub(super) lines: Vec<(Speaker, &'static str)>,
}

/// Something that happens, told in one of several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// 1 is always told, 3 only where there is much time.
    pub(super) weight: u8,
    pub(super) tellings: Vec<Telling>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// Words that call for it.
    pub(super) calls: Vec<&'static str>,
    pub(super) titles: Vec<&'static str>,
    pub(super) music: Music,
    /// What the hero is to do where the sentence does not say.
    pub(super) deed: &'static str,
    /// Someone whom the hero finds is what it is about.
    pub(super) about_other: bool,
    pub(super) others: Vec<(&'static str, Pronoun)>,
    pub(super) beats: [Vec<Moment>; BEATS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Music {
    pub(super) key: &'static str,
    pub(super) calm: &'static str,
    pub(super) danger: &'static str,
    pub(super) end: &'static str,
    pub(super) bpm: f32,
}

/// Every story that can be told.
pub(super) fn all() -> Vec<Story> {
    FILES.iter().map(|text| read(text)).collect()
}

fn read(text: &'static str) -> Story {
    let mut story = Story::default();
    let mut beat = None;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(n) = BEATS.iter().position(|name| *name == line) {
            beat = Some(n);
        } else if let Some(n) = beat {
            add(&mut story.beats[n], line);
        } else if let Some((field, value)) = line.split_once(": ") {
            head(&mut story, field, value);
        }
    }
    story
}

fn head(story: &mut Story, field: &str, value: &'static str) {
    match field {
        "for" => story.calls = value.split_whitespace().collect(),
        "title" => story.titles.push(value),
        "deed" => story.deed = value,
        "about" => story.about_other = value == "other",
        "other" => {
            if let Some((noun, pronoun)) = value.split_once('/') {
                let pronoun = if pronoun == "she" {
                    Pronoun::She
                } else {
                    Pronoun::He
                };
                story.others.push((noun, pronoun));
            }
        }
        "music" => {
            if let [key, calm, danger, end, bpm] = value.split_whitespace().collect::<Vec<_>>()[..]
            {
                let bpm = bpm.parse().unwrap_or(56.0);
                story.music = Music {
                    key,
                    calm,
                    danger,
                    end,
                    bpm,
                };
            }
        }
        _ => {}
    }
}

/// Adds a line of a beat: a moment, another telling of the last one, or `1 @part` of the shared file.
fn add(moments: &mut Vec<Moment>, line: &'static str) {
    let Some((mark, rest)) = line.split_once(' ') else {
        return;
    };
    if let Some(part) = rest.strip_prefix('@') {
        moments.append(&mut shared(part));
        return;
    }
    let Some(telling) = telling(rest) else {
        return;
    };
    match (mark.parse(), moments.last_mut()) {
        (Ok(weight), _) => moments.push(Moment {
            weight,
            tellings: vec![telling],
        }),
        (Err(_), Some(moment)) => moment.tellings.push(telling),
        (Err(_), None) => {}
    }
}

fn shared(part: &str) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut inside = false;
    for line in SHARED
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if !line.contains(' ') {
            inside = line == part;
        } else if inside {
            add(&mut moments, line);
        }
    }
    moments
}

fn telling(text: &'static str) -> Option<Telling> {
    let (mut conditions, mut lines) = (Vec::new(), Vec::new());
    for turn in text.split(" > ") {
        let (speaker, mut words) = turn.trim().split_once(' ')?;
        if let Some((inner, rest)) = words
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
        {
            conditions = inner.split(',').collect();
            words = rest;
        }
        let speaker = match speaker {
            "N" => Speaker::Narrator,
            "H" => Speaker::Hero,
            "O" => Speaker::Other,
            _ => return None,
        };
        lines.push((speaker, words));
    }
    Some(Telling { conditions, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_story_is_read() {
        for text in FILES {
            let story = read(text);
            let name = text.lines().next().unwrap_or("");
            assert!(
                !story.calls.is_empty() && story.titles.len() >= 3 && story.music.bpm > 40.0,
                "{name}"
            );
            assert!(!story.deed.is_empty(), "{name}");
            for (beat, moments) in BEATS.iter().zip(&story.beats) {
                let core = moments.iter().filter(|moment| moment.weight == 1).count();
                assert!(
                    (1..=2).contains(&core),
                    "{name} {beat}: {core} moments are always told"
                );
                assert!(moments.len() >= 3, "{name} {beat}");
            }
            let written = text
                .lines()
                .filter(|line| line.starts_with(['1', '2', '3', '/']) && !line.contains('@'))
                .count();
            let shared: usize = ["who", "event", "after", "until"]
                .iter()
                .map(|part| {
                    shared(part)
                        .iter()
                        .map(|moment| moment.tellings.len())
                        .sum::<usize>()
                })
                .sum();
            let read: usize = story
                .beats
                .iter()
                .flatten()
                .map(|moment| moment.tellings.len())
                .sum();
            // A telling that begins with `/` after `@event` joins the shared moment.
            assert_eq!(read, written + shared, "{name}");
        }
    }

    #[test]
    fn a_turn_of_speech_passes_between_speakers() {
        let telling = telling("H [one,!goal] This is it. > O And what for?").unwrap();
        assert_eq!(telling.conditions, ["one", "!goal"]);
        assert_eq!(
            telling.lines,
            [
                (Speaker::Hero, "This is it."),
                (Speaker::Other, "And what for?")
            ]
        );
    }
}
