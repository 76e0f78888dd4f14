//! Laws of every outline, and what some sentences become.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::{timing, validate};

const SENTENCES: [&str; 12] = [
    "A lighthouse keeper's daughter must light the lamp alone when a storm takes the road.",
    "A fox finds a lantern in the snow and carries it home.",
    "A detective in a flooded city hunts a thief who steals memories.",
    "Two sisters search the mountains for their lost brother",
    "A dog waits at a train station every night until a stranger sits beside him.",
    "A clockmaker who cannot sleep builds a mechanical bird.",
    "Mara, a retired astronaut, returns to the sea to forgive her father.",
    "In a small village, a girl talks to whales, but nobody believes her.",
    "A pianist loses her hearing but refuses to stop playing.",
    "A boy and his dog cross the desert to deliver a letter to his mother.",
    "Ein Bär sucht seinen Honig im Wald.",
    "",
];

fn plan(sentence: &str, seed: u64) -> MoviePlan {
    plan_of(sentence, seed, 30.0, None)
}

fn plan_of(sentence: &str, seed: u64, duration_secs: f64, shots: Option<u32>) -> MoviePlan {
    outline(
        sentence,
        &OutlineOptions {
            seed,
            duration_secs,
            shots,
            fps: 24,
        },
    )
}

fn said(plan: &MoviePlan) -> String {
    let lines: Vec<&str> = timing::spoken(plan).iter().map(|cue| cue.text).collect();
    lines.join(" ")
}

proptest! {
    #[test]
    fn any_sentence_gives_a_valid_plan(
        sentence in ".{0,300}", seed: u64, duration in 5.0f64..600.0,
        shots in proptest::option::of(1u32..=20), fps in 1u32..=60,
    ) {
        let plan = outline(&sentence, &OutlineOptions { seed, duration_secs: duration, shots, fps });
        prop_assert!(validate(&plan).is_empty(), "{:?}", validate(&plan));
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert!(crate::parse(&text).unwrap() == plan);
    }

    #[test]
    fn sentences_of_known_words_in_any_order_are_safe(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "the", "her", "two", "girl", "fox", "keeper's", "who", "must", "cannot", "to",
                "find", "finds", "lost", "lamp", "sea", "in", "when", "storm", "takes", "and", "but",
                "until", "is", "looking", "for", "of", "Mara", "named", "film", "about", ",", ".",
                "I", "my", "it", "wants", "never", "letters", "{name}", "🦊",
            ]), 0..40),
        seed: u64,
    ) {
        let plan = plan(&words.join(" "), seed);
        prop_assert!(validate(&plan).is_empty(), "{:?}", validate(&plan));
    }
}

#[test]
fn odd_sentences_are_safe() {
    let long = "lamp ".repeat(400);
    let unbroken = "x".repeat(2000);
    for sentence in [
        "",
        " ",
        "🦊🌊",
        "...",
        "A",
        "the the the",
        "'s 's",
        &long,
        &unbroken,
    ] {
        for (duration, shots) in [
            (5.0, Some(20)),
            (5.0, Some(1)),
            (600.0, Some(1)),
            (600.0, None),
            (30.0, None),
            (f64::NAN, None),
        ] {
            let plan = plan_of(sentence, 7, duration, shots);
            assert_eq!(validate(&plan), [], "{sentence:?} {duration} {shots:?}");
            assert!(plan.title.chars().count() < 100, "{}", plan.title);
        }
    }
}

#[test]
fn every_slot_is_filled_and_every_sentence_begins_with_a_capital() {
    for sentence in SENTENCES {
        for seed in 0..60 {
            let plan = plan_of(sentence, seed, 200.0, None);
            for cue in timing::spoken(&plan) {
                let first = cue.text.chars().find(|c| c.is_alphanumeric());
                assert!(first.is_some_and(|c| !c.is_lowercase()), "{}", cue.text);
                assert!(
                    !cue.text.contains("  ") && !cue.text.contains(" ."),
                    "{}",
                    cue.text
                );
                assert!(cue.text.ends_with(['.', '!', '?']), "{}", cue.text);
            }
            for odd in [
                " a a", "the the", "the a ", " a old", "{", "they was", "she were",
            ] {
                let said = said(&plan);
                assert!(!said.to_lowercase().contains(odd), "{odd:?} in {said}");
            }
        }
    }
}

/// What the story must say of its sentence, whatever the seed.
fn check(sentence: &str, words: &[&str]) {
    for seed in 0..40 {
        let said = said(&plan(sentence, seed)).to_lowercase();
        for word in words {
            assert!(
                said.contains(word),
                "seed {seed}: {word:?} is not in: {said}"
            );
        }
    }
}

#[test]
fn the_story_is_about_the_sentence() {
    check(
        SENTENCES[0],
        &[
            "keeper's daughter",
            "a storm took the road",
            "light the lamp",
        ],
    );
    check(
        SENTENCES[1],
        &["fox", "found a lantern in the snow", "carried it home"],
    );
    check(
        SENTENCES[2],
        &["detective", "hunted a thief who stole memories"],
    );
    check(SENTENCES[3], &["two sisters", "lost brother"]);
    check(
        SENTENCES[4],
        &[
            "dog",
            "waited at a train station",
            "a stranger sat beside him",
        ],
    );
    check(
        SENTENCES[5],
        &["clockmaker who could not sleep", "built a mechanical bird"],
    );
    check(
        SENTENCES[6],
        &["retired astronaut", "mara", "forgive her father"],
    );
    check(
        SENTENCES[7],
        &["girl", "talked to whales", "but nobody believed her"],
    );
    check(
        SENTENCES[8],
        &["pianist", "lost her hearing", "refused to stop playing"],
    );
    check(
        SENTENCES[9],
        &[
            "boy",
            "crossed the desert to deliver a letter to his mother",
        ],
    );
    check(
        "A mother searches for her son in a city of mirrors, and finds herself.",
        &["mother", "searched for her son", "found herself"],
    );
    check(
        "Three children build a raft to rescue a stranded whale before the tide goes out.",
        &[
            "three children",
            "built a raft to rescue a stranded whale before the tide went out",
        ],
    );
    check(
        "When the power goes out, a boy climbs the tallest tower in Tokyo to see the stars.",
        &[
            "boy",
            "the power went out",
            "climbed the tallest tower in tokyo",
        ],
    );
    check(
        "A little robot is afraid of water but has to save a drowning cat",
        &["robot who was afraid of water", "save a drowning cat"],
    );
    check(SENTENCES[10], &["ein bär sucht seinen honig im wald."]);
}

#[test]
fn the_seed_decides_the_story() {
    for sentence in SENTENCES {
        assert_eq!(plan(sentence, 1), plan(sentence, 1));
        let stories: HashSet<String> = (0..10).map(|seed| said(&plan(sentence, seed))).collect();
        assert!(
            stories.len() >= 9,
            "{sentence}: ten seeds tell only {} stories",
            stories.len()
        );
        let looks: HashSet<String> = (0..10)
            .map(|seed| {
                plan(sentence, seed)
                    .base_images
                    .iter()
                    .map(|image| image.prompt.as_str())
                    .collect()
            })
            .collect();
        assert!(
            looks.len() >= 3,
            "{sentence}: ten seeds look only {} ways",
            looks.len()
        );
    }
}

#[test]
fn a_half_minute_tells_all_six_turns_and_leaves_air() {
    for sentence in SENTENCES {
        for seed in 0..30 {
            let plan = plan(sentence, seed);
            assert_eq!(plan.shots.len(), 6);
            assert!(
                plan.shots.iter().all(|shot| !shot.dialogue.is_empty()),
                "{sentence} {seed}"
            );
            assert!(
                plan.shots.iter().all(|shot| shot.duration_sec > 1.5),
                "{sentence} {seed}"
            );
            let spoken: f64 = timing::spoken(&plan)
                .iter()
                .map(|cue| cue.duration_secs)
                .sum();
            assert!(
                (12.0..27.0).contains(&spoken),
                "{sentence} {seed}: {spoken} s are spoken"
            );
        }
    }
}

#[test]
fn everything_that_is_said_fits_its_shot() {
    for seed in 0..20 {
        for (duration, shots) in [
            (10.0, Some(2)),
            (30.0, None),
            (90.0, None),
            (300.0, Some(20)),
        ] {
            let plan = plan_of(SENTENCES[1], seed, duration, shots);
            for cue in timing::spoken(&plan) {
                assert!(
                    cue.duration_secs + 2e-3 >= timing::speech_secs(cue.text),
                    "{cue:?}"
                );
            }
        }
    }
}

#[test]
fn a_longer_film_says_more() {
    let words = |secs| {
        said(&plan_of(SENTENCES[0], 3, secs, None))
            .split_whitespace()
            .count()
    };
    assert!(words(60.0) > words(30.0) * 5 / 4);
    assert!(words(120.0) > words(60.0));
    assert!(words(10.0) < words(30.0));
}

#[test]
fn light_goes_on_through_the_film_and_the_end_rhymes_with_the_beginning() {
    for sentence in SENTENCES {
        let plan = plan(sentence, 5);
        let (first, last) = (&plan.base_images[0].prompt, &plan.base_images[6].prompt);
        assert!(
            first.contains("nobody in sight yet") && last.contains("framed as in the beginning")
        );
        let cameras: Vec<_> = plan
            .shots
            .iter()
            .map(|shot| shot.camera.as_deref())
            .collect();
        assert!(
            cameras.windows(2).all(|pair| pair[0] != pair[1]),
            "{cameras:?}"
        );
    }
}
