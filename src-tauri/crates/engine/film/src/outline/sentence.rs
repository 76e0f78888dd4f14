//! What a sentence is about: who, where, when, and what is at stake. Made for English, safe for anything.

use super::worlds::World;

/// The parts of a story that a sentence names, with fitting guesses for those that it does not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Premise {
    /// As the sentence calls the hero, without an article: `lighthouse keeper's daughter`.
    pub(super) role: String,
    /// The same, short enough to say again: `keeper's daughter`.
    pub(super) short: String,
    /// A name that the sentence gives, such as `Mara`.
    pub(super) name: Option<String>,
    pub(super) gender: Gender,
    /// What the hero looks like from afar, for the painter.
    pub(super) figure: &'static str,
    /// The thing that matters, with its article: `the lamp`.
    pub(super) object: Option<String>,
    pub(super) world: World,
    /// Place words of the sentence for the painter.
    pub(super) places: Vec<String>,
    pub(super) storm: bool,
    pub(super) night: bool,
    /// The first clause of the sentence, as the user wrote it.
    pub(super) opening: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Female,
    Male,
    Other,
}

/// Heads of a hero's noun phrase: word, gender, figure.
const HEROES: &[(&str, Gender, &str)] = &[
    ("daughter", Gender::Female, "young woman"),
    ("girl", Gender::Female, "girl"),
    ("woman", Gender::Female, "woman"),
    ("mother", Gender::Female, "woman"),
    ("grandmother", Gender::Female, "old woman"),
    ("sister", Gender::Female, "young woman"),
    ("queen", Gender::Female, "woman"),
    ("princess", Gender::Female, "young woman"),
    ("witch", Gender::Female, "old woman"),
    ("widow", Gender::Female, "woman"),
    ("son", Gender::Male, "young man"),
    ("boy", Gender::Male, "boy"),
    ("man", Gender::Male, "man"),
    ("father", Gender::Male, "man"),
    ("grandfather", Gender::Male, "old man"),
    ("brother", Gender::Male, "young man"),
    ("king", Gender::Male, "man"),
    ("prince", Gender::Male, "young man"),
    ("fisherman", Gender::Male, "old man"),
    ("monk", Gender::Male, "man"),
    ("wizard", Gender::Male, "old man"),
    ("keeper", Gender::Other, "person"),
    ("child", Gender::Other, "child"),
    ("astronaut", Gender::Other, "astronaut"),
    ("pilot", Gender::Other, "person"),
    ("detective", Gender::Other, "man"),
    ("sailor", Gender::Other, "man"),
    ("captain", Gender::Other, "man"),
    ("painter", Gender::Other, "woman"),
    ("musician", Gender::Other, "man"),
    ("pianist", Gender::Other, "woman"),
    ("dancer", Gender::Other, "woman"),
    ("baker", Gender::Other, "man"),
    ("clockmaker", Gender::Other, "old man"),
    ("librarian", Gender::Other, "woman"),
    ("scientist", Gender::Other, "woman"),
    ("doctor", Gender::Other, "woman"),
    ("teacher", Gender::Other, "woman"),
    ("traveller", Gender::Other, "person"),
    ("traveler", Gender::Other, "person"),
    ("knight", Gender::Other, "man"),
    ("thief", Gender::Other, "person"),
    ("courier", Gender::Other, "person"),
    ("gardener", Gender::Other, "woman"),
    ("shepherd", Gender::Other, "man"),
    ("robot", Gender::Other, "robot"),
    ("android", Gender::Other, "robot"),
    ("machine", Gender::Other, "robot"),
    ("fox", Gender::Other, "fox"),
    ("wolf", Gender::Other, "dog"),
    ("dog", Gender::Other, "dog"),
    ("dogs", Gender::Other, "two dogs"),
    ("cat", Gender::Other, "cat"),
    ("bird", Gender::Other, "bird"),
    ("owl", Gender::Other, "bird"),
    ("bear", Gender::Other, "bear"),
    ("horse", Gender::Other, "horse"),
    ("whale", Gender::Other, "whale"),
    ("dragon", Gender::Other, "dragon"),
    ("friends", Gender::Other, "two people"),
    ("sisters", Gender::Female, "two women"),
    ("brothers", Gender::Male, "two men"),
    ("children", Gender::Other, "two children"),
];

/// Places that the painter knows, with the world that they belong to.
const PLACES: &[(&str, World)] = &[
    ("lighthouse", World::Sea),
    ("sea", World::Sea),
    ("ocean", World::Sea),
    ("coast", World::Sea),
    ("harbour", World::Sea),
    ("harbor", World::Sea),
    ("island", World::Sea),
    ("beach", World::Sea),
    ("boat", World::Sea),
    ("ship", World::Sea),
    ("bay", World::Sea),
    ("city", World::City),
    ("street", World::City),
    ("rooftop", World::City),
    ("apartment", World::City),
    ("subway", World::City),
    ("train", World::City),
    ("station", World::City),
    ("bar", World::City),
    ("theatre", World::City),
    ("theater", World::City),
    ("planet", World::Space),
    ("mars", World::Space),
    ("moon", World::Space),
    ("space", World::Space),
    ("spaceship", World::Space),
    ("stars", World::Space),
    ("galaxy", World::Space),
    ("forest", World::Forest),
    ("woods", World::Forest),
    ("tree", World::Forest),
    ("garden", World::Forest),
    ("meadow", World::Forest),
    ("river", World::Forest),
    ("lake", World::Forest),
    ("village", World::Forest),
    ("mountain", World::Mountain),
    ("mountains", World::Mountain),
    ("desert", World::Mountain),
    ("snow", World::Mountain),
    ("glacier", World::Mountain),
    ("cave", World::Mountain),
    ("castle", World::Mountain),
    ("valley", World::Mountain),
    ("house", World::Home),
    ("library", World::Home),
    ("kitchen", World::Home),
    ("workshop", World::Home),
    ("attic", World::Home),
    ("room", World::Home),
    ("piano", World::Home),
    ("shop", World::Home),
];

const STORM: &[&str] = &[
    "storm",
    "rain",
    "thunder",
    "wind",
    "flood",
    "hurricane",
    "blizzard",
];
const NIGHT: &[&str] = &[
    "night",
    "midnight",
    "dark",
    "darkness",
    "moonlight",
    "stars",
    "dusk",
    "evening",
];
const ARTICLES: &[&str] = &[
    "a", "an", "the", "one", "two", "three", "his", "her", "their", "its", "my", "our",
];
/// Words after an article that are no things.
const NO_THINGS: &[&str] = &[
    "storm", "night", "day", "way", "time", "end", "world", "first", "last", "only", "other",
    "same", "next", "one", "morning", "evening", "rain", "snow", "wind", "dark", "moment", "year",
    "years", "story",
];
const ADVERBS: &[&str] = &[
    "alone", "again", "together", "forever", "once", "back", "away", "home", "is", "was", "are",
    "were",
];
const CLAUSE: &[&str] = &[
    "when", "while", "but", "and", "until", "because", "before", "after", "as", "who", "that",
    "so", "with", "in", "on", "at", "by", "for", "from", "under", "over", "through", "across",
    "into", "to", "of",
];

pub(super) fn read(sentence: &str, guess: u64) -> Premise {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let bare: Vec<String> = words.iter().map(|word| bare(word)).collect();
    let hero = find_hero(&words, &bare);
    let has = |list: &[&str]| bare.iter().any(|word| list.contains(&word.as_str()));
    let places: Vec<(String, World)> = bare
        .iter()
        .filter_map(|word| PLACES.iter().find(|(place, _)| place == word))
        .map(|(place, world)| ((*place).to_owned(), *world))
        .collect();
    let world = places
        .first()
        .map_or_else(|| World::guess(guess), |(_, world)| *world);
    let (role, head, gender, figure) = match &hero {
        Some(hero) => (hero.role.clone(), Some(hero.end), hero.gender, hero.figure),
        None => ("traveller".to_owned(), None, Gender::Other, "person"),
    };
    let short: Vec<&str> = role.split_whitespace().rev().take(2).collect();
    let pronoun = if has(&["her", "she", "herself"]) {
        Some(Gender::Female)
    } else if has(&["his", "he", "him", "himself"]) {
        Some(Gender::Male)
    } else {
        None
    };
    let gender = if gender == Gender::Other && figure != "robot" {
        pronoun.unwrap_or(gender)
    } else {
        gender
    };
    Premise {
        short: short.into_iter().rev().collect::<Vec<_>>().join(" "),
        role,
        name: find_name(&words),
        gender,
        figure: fitting(figure, gender),
        object: find_object(&words, &bare, head),
        world,
        places: places.into_iter().map(|(place, _)| place).collect(),
        storm: has(STORM),
        night: has(NIGHT),
        opening: opening(sentence),
    }
}

struct Hero {
    role: String,
    /// Index after the head.
    end: usize,
    gender: Gender,
    figure: &'static str,
}

/// The first known head, with the words between it and the article before it.
fn find_hero(words: &[&str], bare: &[String]) -> Option<Hero> {
    let known = |word: &str| HEROES.iter().find(|(head, _, _)| *head == word);
    let first = bare
        .iter()
        .position(|word| known(word.trim_end_matches("'s")).is_some())?;
    // "the keeper's daughter": the last of a chain of known words is the head.
    let mut head = first;
    while words[head].ends_with("'s") || words[head].ends_with("’s") {
        match bare.get(head + 1) {
            Some(next) if known(next).is_some() => head += 1,
            _ => break,
        }
    }
    let (_, gender, figure) = *known(bare[head].trim_end_matches("'s"))?;
    let start = bare[..head]
        .iter()
        .rposition(|word| ARTICLES.contains(&word.as_str()))
        .map_or(0, |n| n + 1);
    let start = start.max(head.saturating_sub(4));
    let role: Vec<String> = words[start..=head]
        .iter()
        .map(|word| trimmed(word))
        .collect();
    Some(Hero {
        role: role.join(" ").to_lowercase(),
        end: head + 1,
        gender,
        figure,
    })
}

/// A capitalised word after the first one.
fn find_name(words: &[&str]) -> Option<String> {
    let is_name = |word: &&&str| {
        let word = trimmed(word);
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase)
            && word.chars().count() > 1
            && letters.all(char::is_lowercase)
            && !PLACES
                .iter()
                .any(|(place, _)| *place == word.to_lowercase())
    };
    words.iter().skip(1).find(is_name).map(|word| trimmed(word))
}

/// The first thing with an article after the hero.
fn find_object(words: &[&str], bare: &[String], after: Option<usize>) -> Option<String> {
    let start = after.unwrap_or(1);
    for at in start..bare.len().saturating_sub(1) {
        if !ARTICLES.contains(&bare[at].as_str()) {
            continue;
        }
        let rest = &bare[at + 1..];
        let ends_thing =
            |word: &&String| CLAUSE.contains(&word.as_str()) || ADVERBS.contains(&word.as_str());
        let length = rest
            .iter()
            .take(3)
            .take_while(|word| !ends_thing(word))
            .count();
        // "the old brass key": an adjective or two, and the thing is the last word of the run that
        // ends at a clause; a verb may have slipped in, so short runs are safer.
        let ends_here = |n: usize| words[at + n].ends_with([',', '.', '!', '?', ';']);
        let length = (1..=length)
            .find(|n| ends_here(*n))
            .unwrap_or(length.min(if length == 3 { 1 } else { length }));
        let Some(thing) = rest.get(length.wrapping_sub(1)) else {
            continue;
        };
        let usable = thing.chars().count() > 2
            && thing.chars().all(|c| c.is_alphabetic() || c == '-')
            && !NO_THINGS.contains(&thing.as_str())
            && !STORM.contains(&thing.as_str())
            && !HEROES.iter().any(|(head, _, _)| head == thing)
            && !ARTICLES.contains(&thing.as_str());
        if usable {
            return Some(format!("the {}", rest[..length].join(" ")));
        }
    }
    None
}

/// The sentence up to its first natural stop, as narration.
fn opening(sentence: &str) -> String {
    const LONGEST_WORDS: usize = 16;
    let clean: String = sentence.chars().filter(|c| !c.is_control()).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    let stop = |(n, word): (usize, &&str)| {
        let next = words.get(n + 1).map(|next| bare(next));
        let clause = next.is_some_and(|next| {
            matches!(
                next.as_str(),
                "when" | "while" | "but" | "until" | "because" | "before" | "after"
            )
        });
        (n >= 3 && (word.ends_with([',', ';']) || clause) || word.ends_with(['.', '!', '?']))
            .then_some(n + 1)
    };
    let end = words
        .iter()
        .enumerate()
        .find_map(stop)
        .unwrap_or(words.len());
    if end > LONGEST_WORDS || end == 0 {
        return String::new();
    }
    let text = words[..end].join(" ");
    let text = text.trim_end_matches([',', ';', '.', ' ']);
    match text.ends_with(['!', '?']) {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

fn fitting(figure: &'static str, gender: Gender) -> &'static str {
    match (figure, gender) {
        ("person" | "man", Gender::Female) => "woman",
        ("person" | "woman", Gender::Male) => "man",
        _ => figure,
    }
}

/// Lower case without punctuation at the ends.
fn bare(word: &str) -> String {
    trimmed(word).to_lowercase().replace('’', "'")
}

fn trimmed(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sentence: &str, role: &str, object: Option<&str>, world: World) {
        let premise = read(sentence, 0);
        assert_eq!(premise.role, role, "{sentence}");
        assert_eq!(premise.object.as_deref(), object, "{sentence}");
        assert_eq!(premise.world, world, "{sentence}");
    }

    #[test]
    fn a_sentence_tells_who_what_and_where() {
        check(
            "A lighthouse keeper's daughter must light the lamp alone when a storm takes the road.",
            "lighthouse keeper's daughter",
            Some("the lamp"),
            World::Sea,
        );
        check(
            "A fox finds a lantern in the snow.",
            "fox",
            Some("the lantern"),
            World::Mountain,
        );
        check(
            "The old clockmaker repairs the moon.",
            "old clockmaker",
            Some("the moon"),
            World::Space,
        );
        check("A robot learns to dance.", "robot", None, World::guess(0));
        check("🎬", "traveller", None, World::guess(0));
        check("", "traveller", None, World::guess(0));
    }
}
