//! What the slots of a story become, with articles and pronouns that agree.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::lexicon::{self, Kind, Pronoun};
use super::noun::Noun;
use super::sentence::Premise;
use super::story::{Speaker, Story};
use super::worlds::{Scenery, Time};

const SHE: [&str; 12] = [
    "Mara", "Ines", "Elin", "Nora", "Asha", "Liv", "Odile", "Tamsin", "Yara", "Greta", "Suri",
    "Vera",
];
const HE: [&str; 12] = [
    "Tomas", "Idris", "Joren", "Mateo", "Soren", "Emil", "Anton", "Kofi", "Ravi", "Bruno", "Ivo",
    "Caspar",
];
/// Of two, one each.
const BOTH: [&str; 8] = [
    "Mara", "Emil", "Asha", "Ivo", "Nora", "Tomas", "Liv", "Kofi",
];
const IT: [&str; 10] = [
    "Lumo", "Pip", "Kit", "Bolt", "Wren", "Otto", "Juno", "Moss", "Tock", "Pim",
];

/// The words of one story.
pub(super) struct Words {
    pub(super) name: String,
    pub(super) other: String,
    pub(super) other_pronoun: Pronoun,
    pub(super) thing: String,
    pub(super) place: String,
    slots: BTreeMap<&'static str, String>,
    plural: bool,
    /// The other is an animal beside someone human: it does not speak.
    mute: bool,
    facts: Vec<&'static str>,
}

impl Words {
    pub(super) fn new(
        premise: &Premise,
        story: &Story,
        scenery: &Scenery,
        call: Time,
        dice: &mut Dice,
    ) -> Words {
        let hero = &premise.hero;
        let pool: &[&str] = match (hero.kind, hero.pronoun, hero.figure) {
            (Kind::Human, Pronoun::She, _) | (_, _, "two women") => &SHE,
            (Kind::Human, Pronoun::He, _) | (_, _, "two men") => &HE,
            (Kind::Human, _, _) if hero.plural => &BOTH,
            _ => &IT,
        };
        let first = dice.below(pool.len());
        let pick = |n: usize| {
            pool.get((first + n) % pool.len())
                .copied()
                .unwrap_or_default()
        };
        let three = premise.words.iter().any(|word| word == "three");
        let invented = if hero.plural && three {
            format!("{}, {} and {}", pick(0), pick(3), pick(5))
        } else if hero.plural {
            format!("{} and {}", pick(0), pick(5))
        } else {
            pick(0).to_owned()
        };
        let name = short(hero.name.clone(), 30).unwrap_or(invented);
        let (they, them, their) = forms(hero.pronoun);
        let fits = |noun: &&Noun| noun.the.chars().count() <= 60;
        let thing = premise.thing.as_ref().filter(fits);
        let found = premise.other.as_ref().filter(fits);
        // One may love the sun.
        let meets = premise.event.as_ref().is_some_and(|deed| {
            matches!(
                deed.verb.as_str(),
                "love" | "befriend" | "meet" | "marry" | "adopt" | "visit"
            ) || deed.past.contains(" love with ")
        });
        let found = found.or(thing.filter(|_| meets));
        let sought = found.filter(|_| premise.thing.is_none());
        let is_thing = story.about_other && sought.is_some();
        let thing = if is_thing { sought } else { thing };
        // Who is looked for does not answer.
        let seeks = story.titles.iter().any(|title| title.contains("{sought}"));
        let guests = if story.others.is_empty() {
            scenery.others
        } else {
            &story.others
        };
        let guest = guests
            .get(dice.below(guests.len()))
            .copied()
            .unwrap_or(("a friend", Pronoun::She));
        let (other, other_pronoun) =
            match found.filter(|_| !(is_thing || seeks && sought.is_some())) {
                Some(noun) => {
                    let pronoun = noun.being.and_then(|being| being.pronoun);
                    let dealt = if dice.below(2) == 0 {
                        Pronoun::She
                    } else {
                        Pronoun::He
                    };
                    (noun.the.clone(), pronoun.unwrap_or(dealt))
                }
                None => (guest.0.replace("{their}", their), guest.1),
            };
        let mute = hero.kind == Kind::Human
            && found.is_some_and(|noun| {
                other == noun.the && noun.being.is_some_and(|being| being.kind == Kind::Animal)
            });
        let plural_thing = thing.is_some_and(|thing| thing.plural);
        let trade = hero.role.split_whitespace().rev().find_map(lexicon::trade);
        let has_thing = thing.is_some() || trade.is_some() || premise.event.is_none();
        let thing = thing.map_or_else(
            || trade.unwrap_or(scenery.thing).to_owned(),
            |thing| thing.the.clone(),
        );
        let plural_sought = sought.map_or(plural_thing, |sought| sought.plural);
        let sought = sought.map_or_else(|| thing.clone(), |sought| sought.the.clone());
        let place = short(premise.place.clone(), 50).unwrap_or_else(|| scenery.place.to_owned());
        let hour = match call {
            Time::Dawn | Time::Morning => "morning",
            Time::Noon => "afternoon",
            Time::Golden | Time::Dusk => "evening",
            Time::Night => "night",
        };
        let mut words = Words {
            slots: BTreeMap::new(),
            plural: hero.plural,
            mute,
            facts: facts(premise, plural_thing, has_thing),
            name,
            other,
            other_pronoun,
            thing,
            place,
        };
        let were = |plural: bool| if plural { "were" } else { "was" }.to_owned();
        let role = short(Some(hero.role.clone()), 60).unwrap_or_default();
        let a_role = match premise
            .words
            .iter()
            .find(|word| matches!(word.as_str(), "two" | "three"))
        {
            Some(number) if hero.plural => format!("{number} {role}"),
            _ if hero.plural => role.clone(),
            _ if is_unique(&role) => format!("the {role}"),
            _ => with_article(&role),
        };
        let event = premise.event.as_ref();
        let told = |text: Option<&String>| short(text.cloned(), 100).unwrap_or_default();
        let mut set = |slot: &'static str, text: String| {
            words.slots.insert(slot, text);
        };
        set("name", words.name.clone());
        set("name_s", possessive(&words.name));
        set("was", were(hero.plural));
        set("they", they.to_owned());
        set("them", them.to_owned());
        set("their", their.to_owned());
        set("pwas", were(hero.pronoun == Pronoun::They));
        set("a_role", a_role);
        set("role", format!("the {role}"));
        set("thing", words.thing.clone());
        set("thing_title", words.thing.clone());
        set("it", if plural_thing { "they" } else { "it" }.to_owned());
        set("ito", if plural_thing { "them" } else { "it" }.to_owned());
        set("twas", were(plural_thing));
        set("sought", sought);
        set("swas", were(plural_sought));
        set("place", words.place.clone());
        set("at_place", format!("{} {}", premise.at, words.place));
        set("other", words.other.clone());
        set("other_s", possessive(&words.other));
        set("other_title", words.other.clone());
        set("their_other", forms(words.other_pronoun).2.to_owned());
        set("danger", dice.choose(scenery.danger).to_owned());
        set("way", dice.choose(scenery.way).to_owned());
        set("edge", dice.choose(scenery.edge).to_owned());
        set("far", dice.choose(scenery.far).to_owned());
        set("witness", dice.choose(scenery.witness).to_owned());
        set("hour", hour.to_owned());
        set("joint", premise.joint.clone());
        set("did", told(event.map(|deed| &deed.past)));
        set(
            "then_did",
            told(premise.then.as_ref().map(|deed| &deed.past)),
        );
        set("habit", told(premise.habit.as_ref()));
        set("trouble", told(premise.trouble.as_ref()));
        set("until", told(premise.until.as_ref()));
        set("opening", premise.opening.clone());
        let deed = event.and_then(|deed| deed.base.as_ref());
        let deed = if deed.is_some() {
            told(deed)
        } else {
            words.fill(story.deed)
        };
        words.slots.insert("my_deed", mine(&deed, hero.pronoun));
        words.slots.insert("deed", deed);
        words
    }

    /// Whether what a telling needs is known.
    pub(super) fn holds(&self, condition: &str) -> bool {
        match condition.strip_prefix('!') {
            Some(fact) => !self.facts.contains(&fact),
            None => self.facts.contains(&condition.trim_start_matches('~')),
        }
    }

    /// Whether this one can be heard in the film.
    pub(super) fn speaks(&self, speaker: Speaker) -> bool {
        !(self.mute && speaker == Speaker::Other)
    }

    /// A line as it is spoken.
    pub(super) fn say(&self, speaker: Speaker, template: &str) -> String {
        let said = self.fill(template);
        let several = speaker == Speaker::Hero && self.plural;
        sentences(&if several { we(&said) } else { said })
    }

    /// Fills the slots; what they are filled with is never read as a slot itself.
    pub(super) fn fill(&self, template: &str) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(self.slots.get(slot).map_or("", String::as_str));
            rest = after;
        }
        text.push_str(rest);
        text
    }

    /// One of the titles, such as say something of this story.
    pub(super) fn title(&self, templates: &[&str], dice: &mut Dice) -> String {
        let fits = |title: &&&str| self.holds("thing") || !title.contains("{thing");
        let fitting: Vec<&str> = templates.iter().filter(fits).copied().collect();
        title_case(&self.fill(dice.choose(&fitting)))
    }
}

/// What is known of the sentence, by the names that conditions have.
fn facts(premise: &Premise, plural_thing: bool, has_thing: bool) -> Vec<&'static str> {
    let hero = &premise.hero;
    let event = premise.event.as_ref();
    let is_state = |past: &str| {
        ["was ", "were ", "had ", "could ", "did not", "would "]
            .iter()
            .any(|start| past.starts_with(start))
    };
    let usable = |text: Option<&String>| {
        text.is_some_and(|text| !text.is_empty() && text.chars().count() <= 100)
    };
    [
        ("understood", premise.understood),
        ("opened", !premise.opening.is_empty()),
        ("habit", usable(premise.habit.as_ref())),
        ("named", hero.name.is_some()),
        (
            "role",
            !hero.role.is_empty() && hero.role.chars().count() <= 60,
        ),
        ("plural", hero.plural),
        ("placed", premise.place.is_some()),
        ("event", usable(event.map(|deed| &deed.past))),
        (
            "goal",
            event.is_some_and(|deed| deed.goal && usable(deed.base.as_ref())),
        ),
        ("state", event.is_some_and(|deed| is_state(&deed.past))),
        ("then", usable(premise.then.as_ref().map(|deed| &deed.past))),
        ("trouble", usable(premise.trouble.as_ref())),
        ("until", usable(premise.until.as_ref())),
        ("other", premise.other.is_some()),
        ("one", !plural_thing),
        ("home", premise.home),
        ("human", hero.kind == Kind::Human),
        ("long", premise.lasting),
        ("but", premise.but),
        (
            "when",
            matches!(
                premise.joint.as_str(),
                "when" | "after" | "once" | "since" | "if"
            ),
        ),
        (
            "joined",
            matches!(
                premise.joint.as_str(),
                "before" | "because" | "while" | "as" | "where"
            ),
        ),
        ("thing", has_thing),
        ("bare", premise.joint.is_empty()),
        ("unique", is_unique(&hero.role)),
        (
            "someone",
            premise.thing.is_none() && premise.other.is_some(),
        ),
    ]
    .into_iter()
    .filter_map(|(fact, holds)| holds.then_some(fact))
    .collect()
}

/// "last librarian", "tallest man": there is only one.
fn is_unique(role: &str) -> bool {
    let first = role.split_whitespace().next().unwrap_or("");
    matches!(
        first,
        "last" | "first" | "only" | "same" | "youngest" | "oldest"
    ) || first.ends_with("est") && first.len() > 5
}

fn short(text: Option<String>, most: usize) -> Option<String> {
    text.filter(|text| !text.is_empty() && text.chars().count() <= most)
}

/// "they", "them", "their" of a pronoun.
fn forms(pronoun: Pronoun) -> (&'static str, &'static str, &'static str) {
    match pronoun {
        Pronoun::She => ("she", "her", "her"),
        Pronoun::He => ("he", "him", "his"),
        Pronoun::It => ("it", "it", "its"),
        Pronoun::They => ("they", "them", "their"),
    }
}

/// "a fox", "an old fox", "an hour", "a unicorn".
pub(super) fn with_article(noun: &str) -> String {
    let low = noun.to_lowercase();
    let starts = |list: &[&str]| list.iter().any(|start| low.starts_with(start));
    let vowel = low.starts_with(['a', 'e', 'i', 'o', 'u']);
    let an = starts(&["hour", "honest", "heir"])
        || vowel && !starts(&["uni", "use", "usu", "eu", "one-", "once", "ukulele"])
        || starts(&["unin", "unim"]);
    format!("{} {noun}", if an { "an" } else { "a" })
}

fn possessive(name: &str) -> String {
    if name.ends_with('s') && lexicon::is_plural(&name.to_lowercase()) {
        format!("{name}'")
    } else {
        format!("{name}'s")
    }
}

/// What heroes say of their own: "my brother".
fn mine(deed: &str, pronoun: Pronoun) -> String {
    let own = forms(pronoun).2;
    let words: Vec<&str> = deed.split(' ').collect();
    let word = |(n, word): (usize, &&str)| {
        if *word == own && n + 1 < words.len() {
            "my".to_owned()
        } else {
            (*word).to_owned()
        }
    };
    words
        .iter()
        .enumerate()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What several say of themselves.
fn we(text: &str) -> String {
    const CHANGED: &[(&str, &str)] = &[
        ("I", "we"),
        ("I'm", "we're"),
        ("I'll", "we'll"),
        ("I've", "we've"),
        ("I'd", "we'd"),
        ("me", "us"),
        ("my", "our"),
        ("am", "are"),
        ("myself", "ourselves"),
    ];
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'');
        match CHANGED.iter().find(|(one, _)| *one == bare) {
            Some((one, several)) => word.replacen(one, several, 1),
            None => word.to_owned(),
        }
    };
    text.split(' ')
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
        .replace("we was", "we were")
}

/// A capital at each beginning, one space between words.
fn sentences(text: &str) -> String {
    let mut out = String::new();
    let mut begins = true;
    for c in text.chars() {
        if begins && c.is_alphanumeric() {
            out.extend(c.to_uppercase());
            begins = false;
        } else {
            out.push(c);
        }
        if matches!(c, '.' | '!' | '?') {
            begins = true;
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn title_case(text: &str) -> String {
    const SMALL: &[&str] = &[
        "a", "an", "and", "the", "of", "in", "on", "to", "for", "with", "but", "from", "at", "as",
        "by",
    ];
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
    use super::*;

    #[test]
    fn articles_follow_the_sound() {
        for (noun, expected) in [
            ("fox", "a fox"),
            ("old fox", "an old fox"),
            ("unicorn", "a unicorn"),
            ("uninvited guest", "an uninvited guest"),
            ("honest thief", "an honest thief"),
            ("European", "a European"),
        ] {
            assert_eq!(with_article(noun), expected);
        }
    }

    #[test]
    fn several_speak_of_themselves_as_we() {
        assert_eq!(
            we("I'm here. Look at me! I was late with my coat."),
            "we're here. Look at us! we were late with our coat."
        );
        assert_eq!(
            sentences("we're here. look at us!  it's me"),
            "We're here. Look at us! It's me"
        );
    }
}
