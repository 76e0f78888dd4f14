//! Ways of working with the studio, as prompts that a person picks.
//!
//! A prompt names tools and the order that makes sense; it runs nothing itself.

use std::collections::BTreeMap;

use rmcp::model::{GetPromptResult, Prompt, PromptArgument, PromptMessage, Role};
use studio_core::Error;

/// A platform and what it plays sounds at, in LUFS and dBTP, as it publishes or as is measured there.
const PLATFORMS: [(&str, f64, f64); 9] = [
    ("spotify", -14.0, -1.0),
    ("youtube", -14.0, -1.0),
    ("apple-music", -16.0, -1.0),
    ("apple-podcasts", -16.0, -1.0),
    ("tidal", -14.0, -1.0),
    ("amazon-music", -14.0, -2.0),
    ("deezer", -15.0, -1.0),
    // AES TD1008.
    ("streaming-speech", -18.0, -1.0),
    // EBU R128.
    ("broadcast", -23.0, -1.0),
];
const LENGTHS: [&str; 5] = ["15", "30", "60", "90", "120"];
const PERIODS: [&str; 3] = ["today", "this month", "since the beginning"];
const MOODS: [&str; 6] = ["calm", "bright", "tense", "wistful", "focused", "sleepy"];

/// The longest argument, in characters: a prompt is an instruction, not a document.
const LONGEST_ARGUMENT: usize = 4_000;

/// What an argument can be completed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choices {
    None,
    Platforms,
    Projects,
    Fixed(&'static [&'static str]),
}

impl Choices {
    /// The words to choose from; projects are known elsewhere.
    pub(super) fn words(self) -> Vec<String> {
        match self {
            Choices::Fixed(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Choices::Platforms => PLATFORMS
                .iter()
                .map(|(name, ..)| (*name).to_owned())
                .collect(),
            Choices::None | Choices::Projects => Vec::new(),
        }
    }
}

struct Argument {
    name: &'static str,
    description: &'static str,
    required: bool,
    choices: Choices,
}

struct Written {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    write: fn(&Given<'_>) -> Result<String, Error>,
}

/// The arguments that a client gave, all of them known and within bounds.
struct Given<'a>(&'a BTreeMap<String, String>);

impl Given<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let given = self.0.get(name).map(|text| text.trim());
        given.filter(|text| !text.is_empty())
    }

    /// A required one, of which the presence was checked.
    fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

const PROJECT: Argument = Argument {
    name: "project",
    description: "Name or id of the project to work in; without it, a new one.",
    required: false,
    choices: Choices::Projects,
};

const PROMPTS: [Written; 5] = [
    Written {
        name: "make_film",
        title: "Make a film from a sentence",
        description: "Plans a short film, shows the plan, tells what it takes, and renders it once you agree.",
        arguments: &[
            Argument {
                name: "sentence",
                description: "What the film is about.",
                required: true,
                choices: Choices::None,
            },
            Argument {
                name: "seconds",
                description: "How long it is about to be.",
                required: false,
                choices: Choices::Fixed(&LENGTHS),
            },
            PROJECT,
        ],
        write: film,
    },
    Written {
        name: "prepare_episode",
        title: "Prepare a podcast episode",
        description: "Checks a recording, brings it to the loudness of a platform and writes the file to upload.",
        arguments: &[
            Argument {
                name: "recording",
                description: "Path of the recording.",
                required: true,
                choices: Choices::None,
            },
            Argument {
                name: "platform",
                description: "Where it will be heard; apple-podcasts without it.",
                required: false,
                choices: Choices::Platforms,
            },
            PROJECT,
        ],
        write: episode,
    },
    Written {
        name: "master_track",
        title: "Master a track for a platform",
        description: "Measures a track, brings it to a platform's loudness, measures again and compares.",
        arguments: &[
            Argument {
                name: "track",
                description: "Path of the track.",
                required: true,
                choices: Choices::None,
            },
            Argument {
                name: "platform",
                description: "Where it will be heard.",
                required: true,
                choices: Choices::Platforms,
            },
        ],
        write: master,
    },
    Written {
        name: "compose_background",
        title: "Compose background music",
        description: "Composes ambient music of a mood and length into a file.",
        arguments: &[
            Argument {
                name: "mood",
                description: "How it feels.",
                required: true,
                choices: Choices::Fixed(&MOODS),
            },
            Argument {
                name: "seconds",
                description: "How long it is; 60 without it.",
                required: false,
                choices: Choices::Fixed(&LENGTHS),
            },
            PROJECT,
        ],
        write: background,
    },
    Written {
        name: "explain_costs",
        title: "Explain what models cost",
        description: "Tells in plain words what was spent, on what, and what the budgets still allow.",
        arguments: &[Argument {
            name: "period",
            description: "Which time to explain; this month without it.",
            required: false,
            choices: Choices::Fixed(&PERIODS),
        }],
        write: costs,
    },
];

pub(super) fn list() -> Vec<Prompt> {
    let argument = |argument: &Argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.required)
    };
    PROMPTS
        .iter()
        .map(|prompt| {
            let arguments = prompt.arguments.iter().map(argument).collect();
            Prompt::new(prompt.name, Some(prompt.description), Some(arguments))
                .with_title(prompt.title)
        })
        .collect()
}

/// The prompt `name`, written with the given arguments.
pub(super) fn get(name: &str, given: &BTreeMap<String, String>) -> Result<GetPromptResult, Error> {
    let prompt = find(name)?;
    for (name, value) in given {
        if prompt
            .arguments
            .iter()
            .all(|argument| argument.name != name)
        {
            let message = format!("the prompt `{}` has no argument `{name}`", prompt.name);
            return Err(Error::bad_input(message).field(format!("/{name}")));
        }
        if value.chars().count() > LONGEST_ARGUMENT {
            let message = format!("`{name}` is longer than {LONGEST_ARGUMENT} characters");
            return Err(Error::bad_input(message).field(format!("/{name}")));
        }
    }
    let given = Given(given);
    let missing = |argument: &&Argument| argument.required && given.get(argument.name).is_none();
    if let Some(argument) = prompt.arguments.iter().find(missing) {
        let message = format!("the prompt `{}` needs `{}`", prompt.name, argument.name);
        return Err(Error::bad_input(message).field(format!("/{}", argument.name)));
    }
    let text = (prompt.write)(&given)?;
    Ok(
        GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)])
            .with_description(prompt.description),
    )
}

/// What an argument of a prompt can be completed with.
pub(super) fn choices(name: &str, argument: &str) -> Result<Choices, Error> {
    let prompt = find(name)?;
    let found = prompt.arguments.iter().find(|known| known.name == argument);
    found.map(|argument| argument.choices).ok_or_else(|| {
        Error::bad_input(format!("the prompt `{name}` has no argument `{argument}`"))
    })
}

fn find(name: &str) -> Result<&'static Written, Error> {
    PROMPTS
        .iter()
        .find(|prompt| prompt.name == name)
        .ok_or_else(|| {
            let shown: String = name.chars().take(60).collect();
            Error::bad_input(format!("there is no prompt `{shown}`"))
        })
}

fn project(given: &Given<'_>) -> String {
    match given.get("project") {
        Some(project) => format!("Work in the project “{project}” (`project_info` shows it)."),
        None => {
            "Create a project with a fitting name (`project_create`) and work in it.".to_owned()
        }
    }
}

fn platform(given: &Given<'_>, fallback: &str) -> Result<(&'static str, f64, f64), Error> {
    let name = given.get("platform").unwrap_or(fallback);
    PLATFORMS
        .iter()
        .find(|(known, ..)| *known == name)
        .copied()
        .ok_or_else(|| {
            let known: Vec<&str> = PLATFORMS.iter().map(|(name, ..)| *name).collect();
            Error::bad_input(format!("`{name}` is none of {}", known.join(", "))).field("/platform")
        })
}

fn film(given: &Given<'_>) -> Result<String, Error> {
    let length = match given.get("seconds") {
        Some(secs) => format!(" with `duration_secs` {secs}"),
        None => String::new(),
    };
    Ok(format!(
        "Make a short film with AV Studio about this:\n\n{}\n\n\
         1. {}\n\
         2. Plan it with `movie_plan`{length}. Tell me the story shot by shot in a few lines, with who says what.\n\
         3. Ask me what to change. Change single shots with `movie_update_shot`; `movie_undo` takes a change back.\n\
         4. Tell me with `movie_estimate` how long it takes and what it costs.\n\
         5. Only when I agree, render it with `movie_render`, and tell me where the film lies.\n\
         Do not render before I have seen plan and estimate.",
        given.text("sentence"),
        project(given),
    ))
}

fn episode(given: &Given<'_>) -> Result<String, Error> {
    let (platform, lufs, dbtp) = platform(given, "apple-podcasts")?;
    Ok(format!(
        "Prepare this recording as a podcast episode for {platform}: {}\n\n\
         1. {}\n\
         2. Look at it with `audio_probe` and measure it with `audio_loudness`. Tell me what could be wrong: \
            clipping (true peak above 0 dBTP), a very wide loudness range (above 15 LU), a low sample rate, one silent channel.\n\
         3. Import it with `asset_import`.\n\
         4. Bring it to {lufs} LUFS with a ceiling of {dbtp} dBTP with `audio_normalize`.\n\
         5. Write the file to upload with `audio_convert`: MP3 in high quality.\n\
         6. Show loudness and true peak before and after in a small table, and where the file lies.",
        given.text("recording"),
        project(given),
    ))
}

fn master(given: &Given<'_>) -> Result<String, Error> {
    let (platform, lufs, dbtp) = platform(given, "")?;
    Ok(format!(
        "Master this track for {platform}: {}\n\n\
         1. Measure it with `audio_loudness`.\n\
         2. {platform} plays at {lufs} LUFS. If the track is louder, say that the platform turns it down and that \
            its dynamics are gone for nothing; if it is quieter, say how much limiting the target costs.\n\
         3. Bring it to {lufs} LUFS with a ceiling of {dbtp} dBTP with `audio_normalize`, into a new FLAC file beside the \
            original.\n\
         4. Compare before and after: integrated loudness, loudness range, true peak, gain and how much was limited.\n\
         If more than 3 dB were limited, propose a lower target and ask me before you write another file.",
        given.text("track"),
    ))
}

fn background(given: &Given<'_>) -> Result<String, Error> {
    Ok(format!(
        "Compose {} seconds of background music that feels {}.\n\n\
         1. {}\n\
         2. Choose key, mode, tempo (40 to 90 BPM) and intensity (0 to 1) for the mood and say in one sentence why. \
            Aeolian and Phrygian are dark, Dorian is wistful, Lydian and Ionian are bright.\n\
         3. Compose it with `ambient_render`. Keep the seed and tell it to me: the same seed gives the same music.\n\
         4. Measure it with `audio_loudness` and tell me where the file lies.",
        given.get("seconds").unwrap_or("60"),
        given.text("mood"),
        project(given),
    ))
}

fn costs(given: &Given<'_>) -> Result<String, Error> {
    Ok(format!(
        "Explain what language models cost me, for this period: {}.\n\n\
         1. Ask `gateway_cost`. Amounts are micro-dollars: 1,000,000 are one US dollar.\n\
         2. Tell the sum first, then the dearest models and projects with their share in per cent.\n\
         3. Tell which budgets are set, how much of each is used, and when it will be used up at this pace.\n\
         4. If a local or cheaper model would have done, say which and what it would have saved: `gateway_replay` \
            plays the same decisions under another policy.\n\
         An unknown price is unknown, never nothing: say how many calls have none.",
        given.get("period").unwrap_or("this month"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn every_prompt_is_written_with_what_it_needs_and_not_without() {
        for prompt in &PROMPTS {
            let needed: Vec<(&str, &str)> = prompt
                .arguments
                .iter()
                .filter(|argument| argument.required)
                .map(|argument| match argument.choices {
                    Choices::Platforms => (argument.name, "spotify"),
                    _ => (argument.name, "GIVEN"),
                })
                .collect();
            let written = get(prompt.name, &given(&needed)).unwrap();
            let text = serde_json::to_string(&written).unwrap();
            for (_, value) in &needed {
                assert!(text.contains(value), "{}: {text}", prompt.name);
            }
            for left_out in 0..needed.len() {
                let mut fewer = needed.clone();
                let (name, _) = fewer.remove(left_out);
                let error = get(prompt.name, &given(&fewer)).unwrap_err();
                assert_eq!(error.field.as_deref(), Some(format!("/{name}").as_str()));
            }
        }
    }

    #[test]
    fn wrong_names_and_values_are_told() {
        assert!(get("nothing", &given(&[])).is_err());
        let wrong = |pairs: &[(&str, &str)]| get("master_track", &given(pairs)).unwrap_err();
        let track = ("track", "/a.wav");
        assert!(
            wrong(&[track, ("platform", "radio")])
                .message
                .contains("spotify")
        );
        assert!(
            wrong(&[track, ("platform", "spotify"), ("x", "1")])
                .message
                .contains("no argument `x`")
        );
        assert!(
            wrong(&[("track", " "), ("platform", "spotify")])
                .message
                .contains("needs `track`")
        );
        let long = "x".repeat(LONGEST_ARGUMENT + 1);
        assert!(
            wrong(&[("track", &long), ("platform", "spotify")])
                .message
                .contains("longer")
        );
    }
}
