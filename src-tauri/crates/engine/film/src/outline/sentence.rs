//! What a sentence is about: who, what they do, what stands in their way, where and when.
//!
//! A small reader of English loglines ("A retired astronaut must cross the desert to find her brother
//! before the last train leaves"). It needs no model, and is safe for anything: what it does not find
//! stays `None`, and the story fills it.

use super::clause::{self, Clause, Deed};
use super::dice::Dice;
use super::lexicon::{self, Being, Kind, Pronoun};
use super::noun::{self, Noun};
use super::token::{self, Token};
use super::worlds::{Time, Weather, World};

/// The parts of a story that a sentence names.
#[derive(Clone, Debug)]
pub(super) struct Premise {
    pub(super) hero: Hero,
    /// What the hero does, as the sentence tells it.
    pub(super) event: Option<Deed>,
    /// What the hero does then: "and carries it home".
    pub(super) then: Option<Deed>,
    /// What the hero is like: "could not sleep".
    pub(super) habit: Option<String>,
    /// What comes between, in the past tense: "a storm took the road".
    pub(super) trouble: Option<String>,
    /// What ends a waiting, in the past tense: "a stranger sat down beside him".
    pub(super) until: Option<String>,
    /// What it is about.
    pub(super) thing: Option<Noun>,
    /// The second person of the story.
    pub(super) other: Option<Noun>,
    /// Where: "the lighthouse".
    pub(super) place: Option<String>,
    /// "in", "on", "at" that place.
    pub(super) at: String,
    /// The hero belongs there: it is not where the way leads, or where they are held.
    pub(super) home: bool,
    /// What the hero does goes on for long: waiting, searching.
    pub(super) lasting: bool,
    /// It is about something that cannot be looked for under a chair: a voice, the truth.
    pub(super) about_no_thing: bool,
    /// What comes between is a "but", not a "then".
    pub(super) but: bool,
    /// What joins it: `when`, `before`, `because`; empty where it stands alone.
    pub(super) joint: String,
    /// The place alone, for the painter: `lighthouse`.
    pub(super) site: Option<String>,
    pub(super) world: Option<World>,
    pub(super) time: Option<Time>,
    pub(super) weather: Option<Weather>,
    /// Verbs in their base form and other words, to choose a plot by.
    pub(super) words: Vec<String>,
    /// Whether any of it was understood.
    pub(super) understood: bool,
    /// The sentence up to its first stop, as it was written.
    pub(super) opening: String,
}

/// Whom the story follows.
#[derive(Clone, Debug)]
pub(super) struct Hero {
    /// Without an article: `lighthouse keeper's daughter`; empty where the sentence names nobody.
    pub(super) role: String,
    pub(super) name: Option<String>,
    pub(super) pronoun: Pronoun,
    pub(super) kind: Kind,
    pub(super) plural: bool,
    /// As the painter knows it.
    pub(super) figure: &'static str,
}

pub(super) fn read(sentence: &str, dice: &mut Dice) -> Premise {
    let all = token::tokens(sentence);
    // Names and places could be read into any language, and mostly wrongly.
    let all = if token::is_english(&all) {
        all
    } else {
        Vec::new()
    };
    let tokens = token::without_frame(&all);
    let clauses = clause::split(tokens);
    let plot = Plot::of(&clauses);
    let subject = plot.subject.clone().unwrap_or_default();
    let mut hero = hero(&subject, tokens, dice);
    if plot.subject.is_none()
        && let Some(found) = tokens.iter().position(|t| lexicon::being(&t.low).is_some())
    {
        hero = self::hero(&tokens[..=found], tokens, dice);
    }
    let mut deeds: Vec<Deed> = plot
        .events
        .iter()
        .map(|(tokens, at)| clause::deed(tokens, *at, hero.pronoun))
        .collect();
    if let (Some(deed), Some(aside)) = (deeds.first_mut(), &plot.aside) {
        deed.add(aside, hero.pronoun);
    }
    // "is afraid of water but has to save a cat": what must be done is the event.
    let mut habit = plot
        .habit
        .as_ref()
        .map(|(tokens, at)| clause::deed(tokens, *at, hero.pronoun).past);
    if deeds.len() > 1 && deeds[1].goal && !deeds[0].goal {
        let first = deeds.remove(0);
        habit.get_or_insert(first.past);
    }
    let asides = plot
        .aside
        .iter()
        .filter_map(|aside| Some((&aside.tokens, aside.verb?)));
    let mut nouns: Vec<Noun> = Vec::new();
    for (tokens, at) in plot
        .events
        .iter()
        .map(|(tokens, at)| (tokens, *at))
        .chain(asides)
    {
        let mut found = noun::objects(tokens, at, hero.pronoun);
        // What is made is a thing, even in the shape of a bird.
        if clause::makes(tokens, at) {
            found.iter_mut().for_each(|noun| noun.being = None);
        }
        nouns.extend(found);
    }
    let is_other = |noun: &&Noun| noun.being.is_some();
    let is_thing = |noun: &&Noun| noun.being.is_none() && noun.is_thing();
    let place = noun::place(tokens, hero.pronoun);
    let other = companion(&subject, hero.pronoun)
        .or_else(|| nouns.iter().find(is_other).cloned())
        .or_else(|| noun::accompanied(tokens, hero.pronoun))
        .or_else(|| possessor(&subject).filter(|_| hero.role.contains('\'')));
    let thing = nouns.iter().find(is_thing).cloned();
    let lost_for_good = thing
        .as_ref()
        .is_some_and(|thing| lexicon::ABSTRACT.contains(&thing.head.as_str()));
    let thing = thing.filter(|_| !lost_for_good);
    let thing = thing.filter(|thing| {
        place
            .as_ref()
            .is_none_or(|(_, place)| place.the != thing.the)
    });
    let held = tokens.iter().any(|t| HELD.contains(&t.low.as_str()));
    let home = !held
        && place.as_ref().is_some_and(|(at, place)| {
            lexicon::place(&place.head).is_some() && {
                matches!(
                    at.as_str(),
                    "in" | "on" | "at" | "near" | "aboard" | "under" | "above"
                )
            }
        });
    let at = place
        .as_ref()
        .map_or("near", |(at, _)| at.as_str())
        .to_owned();
    let has = |list: &[&str]| tokens.iter().any(|t| list.contains(&t.low.as_str()));
    let known_place = tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| lexicon::place(t.stem()).is_some())
        // "carries it home" is a direction; "a home", "at home" are places.
        .find(|(i, t)| {
            let before = i.checked_sub(1).map(|i| &tokens[i]);
            t.low != "home"
                || before.is_some_and(|t| t.is_article() || t.is_own() || t.is_preposition())
        })
        .map(|(_, t)| t.stem().to_owned());
    let world = known_place
        .as_deref()
        .and_then(lexicon::place)
        .or_else(|| tokens.iter().find_map(|t| lexicon::habitat(t.stem())))
        // Where nothing else tells, snow lies on mountains.
        .or_else(|| has(lexicon::SNOWY).then_some(World::Mountain));
    let weather = if has(lexicon::SNOWY) {
        Some(Weather::Snow)
    } else if has(lexicon::STORMY) {
        Some(Weather::Storm)
    } else if has(lexicon::RAINY) {
        Some(Weather::Rain)
    } else if has(lexicon::FOGGY) {
        Some(Weather::Fog)
    } else {
        None
    };
    let time = if has(lexicon::NIGHTLY) {
        Some(Time::Night)
    } else if has(lexicon::EARLY) {
        Some(Time::Dawn)
    } else {
        None
    };
    let named_place = known_place.as_deref().map(|site| {
        match all
            .iter()
            .find(|t| t.stem() == site && t.is_capital() && t.index > 0)
        {
            Some(proper) => proper.stem_text().to_owned(),
            None => format!("the {site}"),
        }
    });
    let mut words: Vec<String> = tokens.iter().map(|t| t.stem().to_owned()).collect();
    // "her hearing" is no verb.
    let free = |i: usize| i == 0 || !(tokens[i - 1].is_own() || tokens[i - 1].is_article());
    let verbs = tokens.iter().enumerate().filter(|(i, _)| free(*i));
    words.extend(verbs.filter_map(|(_, t)| Some(lexicon::verb(&t.low)?.0)));
    words.sort_unstable();
    words.dedup();
    let but = plot.trouble.as_ref().is_some_and(|clause| {
        matches!(
            clause.connector.as_str(),
            "but" | "yet" | "though" | "although"
        )
    });
    let joint = plot
        .trouble
        .as_ref()
        .map_or_else(String::new, |clause| clause.connector.clone());
    Premise {
        understood: !hero.role.is_empty()
            || hero.name.is_some()
            || world.is_some()
            || !deeds.is_empty(),
        event: deeds.first().cloned(),
        then: deeds.get(1).cloned(),
        habit,
        trouble: plot.trouble.map(|clause| clause.in_past(hero.pronoun)),
        until: plot.until.map(|clause| clause.in_past(hero.pronoun)),
        thing,
        other,
        place: place.map(|(_, place)| place.the).or(named_place),
        at,
        home,
        about_no_thing: lost_for_good,
        lasting: plot
            .events
            .first()
            .is_some_and(|(tokens, at)| clause::lasts(tokens, *at)),
        but,
        joint,
        site: known_place,
        world,
        time,
        weather,
        words,
        opening: token::opening(sentence),
        hero,
    }
}

/// The clauses by their part in the story.
#[derive(Default)]
struct Plot {
    subject: Option<Vec<Token>>,
    /// Tokens and where their verb stands.
    events: Vec<(Vec<Token>, usize)>,
    habit: Option<(Vec<Token>, usize)>,
    /// What the object of the first deed is like: "who steals memories".
    aside: Option<Clause>,
    trouble: Option<Clause>,
    until: Option<Clause>,
}

impl Plot {
    fn of(clauses: &[Clause]) -> Plot {
        let mut plot = Plot::default();
        // The subject of a clause whose verb a relative clause has put off.
        let mut waiting: Option<Vec<Token>> = None;
        for clause in clauses {
            let connector = clause.connector.as_str();
            let Some(at) = clause.verb else {
                let fronted = clause.tokens.first().is_some_and(Token::is_preposition);
                if plot.subject.is_none() && waiting.is_none() && connector.is_empty() && !fronted {
                    waiting = Some(clause.tokens.clone());
                }
                continue;
            };
            let subject = &clause.tokens[..at];
            let elided = subject.is_empty() || subject.iter().all(|t| t.is_personal());
            match connector {
                "who" | "which" | "that" | "whose" => {
                    if plot.events.is_empty()
                        && let Some(subject) = waiting.take()
                    {
                        plot.subject = Some(subject);
                        match clause::second_verb(&clause.tokens, at) {
                            Some(main) => {
                                plot.habit = Some((clause.tokens[..main].to_vec(), at));
                                plot.events.push((clause.tokens.clone(), main));
                            }
                            None => plot.events.push((clause.tokens.clone(), at)),
                        }
                    } else if plot.events.len() == 1 && plot.aside.is_none() {
                        plot.aside = Some(clause.clone());
                    }
                }
                "until" => {
                    plot.until.get_or_insert_with(|| clause.clone());
                }
                "" | "and" | "so" | "then" | "but" | "yet" | "or" => {
                    let named = clause::acts(subject);
                    if plot.events.is_empty()
                        && (named || waiting.is_some())
                        && plot.subject.is_none()
                    {
                        plot.subject = Some(waiting.take().unwrap_or_else(|| subject.to_vec()));
                        plot.events.push((clause.tokens.clone(), at));
                    } else if elided && plot.subject.is_some() {
                        plot.events.push((clause.tokens.clone(), at));
                    } else if plot.trouble.is_none() {
                        plot.trouble = Some(clause.clone());
                    }
                }
                _ => {
                    plot.trouble.get_or_insert_with(|| clause.clone());
                }
            }
        }
        if plot.subject.is_none() {
            plot.subject = waiting.filter(|tokens| clause::acts(tokens));
        }
        plot
    }
}

/// Words of those who are where they do not want to be.
const HELD: &[&str] = &[
    "stranded",
    "trapped",
    "lost",
    "stuck",
    "imprisoned",
    "locked",
    "shipwrecked",
    "exiled",
    "crash",
    "crashes",
    "crashed",
    "marooned",
    "sinking",
    "alone",
    "prisoner",
];

/// Who the subject is.
fn hero(subject: &[Token], sentence: &[Token], dice: &mut Dice) -> Hero {
    let noun = noun::subject(subject);
    let being = noun.as_ref().and_then(|noun| noun.being);
    let coordinated = companion(subject, Pronoun::They).is_some();
    let name = noun::name(subject).or_else(|| noun::called(sentence));
    let kind = being.map_or(Kind::Human, |being| being.kind);
    let plural = being.is_some_and(|being| being.plural);
    let said = said_pronoun(sentence, coordinated || plural);
    let pronoun = being
        .and_then(|being| being.pronoun)
        .or(said)
        .unwrap_or_else(|| match kind {
            Kind::Machine => Pronoun::It,
            _ if dice.below(2) == 0 => Pronoun::She,
            _ => Pronoun::He,
        });
    let role = noun.map(|noun| noun.bare).unwrap_or_default();
    Hero {
        figure: figure(being, pronoun, plural, &role),
        role,
        name,
        pronoun,
        kind,
        plural,
    }
}

/// The pronoun that the sentence uses first. Of someone single, "their" is taken for them only where
/// there is no other.
fn said_pronoun(sentence: &[Token], several: bool) -> Option<Pronoun> {
    let one = sentence.iter().find_map(|t| match t.low.as_str() {
        "she" | "her" | "herself" | "hers" => Some(Pronoun::She),
        "he" | "his" | "him" | "himself" => Some(Pronoun::He),
        "its" | "itself" => Some(Pronoun::It),
        _ => None,
    });
    let their = |t: &Token| matches!(t.low.as_str(), "their" | "themselves" | "themself");
    one.or_else(|| (!several && sentence.iter().any(their)).then_some(Pronoun::They))
}

fn figure(being: Option<Being>, pronoun: Pronoun, plural: bool, role: &str) -> &'static str {
    let old = [
        "old ", "elderly ", "retired ", "aging ", "ageing ", "dying ",
    ]
    .iter()
    .any(|word| format!("{role} ").contains(word));
    let figure = being.map_or("person", |being| being.figure);
    match (figure, pronoun) {
        ("person", Pronoun::She) if plural => "two women",
        ("person", _) if plural => "two people",
        ("woman", _) if plural => "two women",
        ("man", _) if plural => "two men",
        ("girl" | "boy" | "child", _) if plural => "two children",
        ("dog", _) if plural => "two dogs",
        ("person" | "woman", Pronoun::She) if old => "old woman",
        ("person" | "man", Pronoun::He) if old => "old man",
        ("person", Pronoun::She) => "woman",
        ("person", Pronoun::He) => "man",
        ("child", Pronoun::She) => "girl",
        ("child", Pronoun::He) => "boy",
        (figure, _) => figure,
    }
}

/// "a boy and his dog": the dog.
fn companion(subject: &[Token], pronoun: Pronoun) -> Option<Noun> {
    let at = subject.iter().position(|t| t.low == "and")?;
    noun::phrase(&subject[at + 1..], pronoun).filter(|noun| noun.being.is_some() || noun.proper)
}

/// "a keeper's daughter": the keeper.
fn possessor(subject: &[Token]) -> Option<Noun> {
    let at = subject
        .iter()
        .position(|t| t.is_possessive() && lexicon::being(t.stem()).is_some())?;
    let mut tokens = subject[..=at].to_vec();
    let owner = tokens.last_mut()?;
    owner.low = owner.stem().to_owned();
    owner.text = owner.stem_text().to_owned();
    noun::phrase(&tokens, Pronoun::They)
}
