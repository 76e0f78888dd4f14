//! Noun phrases: who, what and where.

use super::lexicon::{self, Being, Pronoun};
use super::token::Token;

/// Someone or something.
#[derive(Clone, Debug)]
pub(super) struct Noun {
    /// Without an article: `old brass key`.
    pub(super) bare: String,
    /// "the old brass key", "her mother's piano", "Paris".
    pub(super) the: String,
    /// The last word, in small letters: `key`.
    pub(super) head: String,
    pub(super) plural: bool,
    pub(super) proper: bool,
    pub(super) being: Option<Being>,
}

/// Longest phrase in words.
const LONGEST: usize = 5;

impl Noun {
    /// Whether it can stand for what the story is about.
    pub(super) fn is_thing(&self) -> bool {
        let head = self.head.as_str();
        head.chars().count() > 2
            && head.chars().all(|c| c.is_alphabetic() || c == '-')
            && !lexicon::NO_THINGS.contains(&head)
            && !lexicon::STORMY.contains(&head)
    }
}

/// The phrase that `tokens` begin with.
pub(super) fn phrase(tokens: &[Token], hero: Pronoun) -> Option<Noun> {
    let first = tokens.first()?;
    let each = matches!(first.low.as_str(), "every" | "each" | "no" | "all");
    if each || first.is_pronoun() || first.is_preposition() {
        return None;
    }
    let determined = first.is_article() || first.is_own();
    let start = usize::from(determined);
    let words = tokens.get(start..)?;
    let mut length = 0;
    for (n, token) in words.iter().take(LONGEST).enumerate() {
        let verb = lexicon::verb(&token.low).is_some_and(|(_, form)| form == lexicon::Form::Third);
        let ends = token.is_preposition()
            || token.is_article()
            || token.is_own()
            || token.is_pronoun()
            || token.is_auxiliary()
            || lexicon::CLAUSES.contains(&token.low.as_str())
            || (token.is_adverb() && !token.is_capital())
            || (n > 0
                && verb
                && !words[n - 1].is_possessive()
                && !lexicon::is_plural_noun(&token.low));
        if ends {
            break;
        }
        length = n + 1;
        if token.ends() {
            break;
        }
    }
    let words = words.get(..length)?;
    let head = words.last()?;
    let proper = !determined && head.is_capital() && head.index > 0;
    let text = |token: &Token| {
        if token.index == 0 && !proper {
            token.low.clone()
        } else {
            token.text.clone()
        }
    };
    let bare: Vec<String> = words.iter().map(text).collect();
    let mut bare = bare.join(" ");
    // "the box of letters".
    let after = tokens.get(start + length..).unwrap_or(&[]);
    if after.first().is_some_and(|t| t.low == "of")
        && !head.ends()
        && let Some(owner) = phrase(&after[1..], hero)
    {
        let with_article = after.get(1).is_some_and(|t| t.is_article() || t.is_own());
        bare = format!(
            "{bare} of {}",
            if with_article {
                &owner.the
            } else {
                &owner.bare
            }
        );
    }
    let being = lexicon::being(head.stem());
    let the = match first.low.as_str() {
        _ if proper => bare.clone(),
        "two" | "three" | "four" | "five" | "seven" => format!("the {} {bare}", first.low),
        _ if first.is_own() => format!("{} {bare}", own(hero)),
        _ => format!("the {bare}"),
    };
    Some(Noun {
        plural: lexicon::is_plural(&head.low),
        head: head.low.clone(),
        bare,
        the,
        proper,
        being,
    })
}

/// The objects of the verb at `at`, nearest first: "the lamp" of "must light the lamp".
pub(super) fn objects(tokens: &[Token], at: usize, hero: Pronoun) -> Vec<Noun> {
    let mut i = at + 1;
    let next = tokens.get(i);
    let is_state = matches!(
        tokens[at].low.as_str(),
        "is" | "are" | "was" | "were" | "has" | "have" | "had"
    );
    if is_state
        && next.is_some_and(|t| {
            !t.is_article() && !t.is_own() && t.low != "to" && lexicon::verb(&t.low).is_none()
        })
    {
        return Vec::new();
    }
    // The verb itself may come after "must", "wants to", "is".
    while tokens.get(i).is_some_and(|t| {
        t.is_adverb()
            || t.low == "to"
            || lexicon::verb(&t.low).is_some_and(|_| {
                let before = &tokens[i - 1];
                before.is_auxiliary() || before.low == "to" || before.is_adverb()
            })
            || t.low.ends_with("ing") && lexicon::verb(&t.low).is_some()
    }) {
        i += 1;
    }
    let leads = ["for", "after", "about", "with", "of", "into"];
    if tokens
        .get(i)
        .is_some_and(|t| leads.contains(&t.low.as_str()))
    {
        i += 1;
    }
    let own = tokens
        .get(i)
        .filter(|t| !t.is_preposition())
        .and_then(|_| phrase(&tokens[i..], hero));
    // "climbs a mountain to find her brother": what is sought counts for more than the way.
    let purpose = (i..tokens.len().saturating_sub(1)).find(|&n| {
        tokens[n].low == "to"
            && lexicon::verb(&tokens[n + 1].low)
                .is_some_and(|(_, form)| form == lexicon::Form::Base)
    });
    let mut objects = purpose.map_or_else(Vec::new, |n| objects(tokens, n + 1, hero));
    objects.extend(own);
    // "search the mountains for their brother", "deliver a letter to his mother".
    let more = (i..tokens.len().saturating_sub(1))
        .filter(|&n| matches!(tokens[n].low.as_str(), "for" | "to" | "with" | "from"))
        .filter(|&n| Some(n) != purpose)
        .filter_map(|n| phrase(&tokens[n + 1..], hero));
    objects.extend(more);
    // One crosses a desert, but grows a garden.
    const MOVING: &str = "cross climb search explore walk leave reach enter wander visit sail travel return go come run escape flee";
    let moves = tokens[at..i]
        .iter()
        .filter_map(|t| lexicon::verb(&t.low))
        .any(|(base, _)| MOVING.split_whitespace().any(|verb| verb == base));
    objects.retain(|noun| noun.being.is_some() || !moves || lexicon::place(&noun.head).is_none());
    objects
}

/// "with her sister".
pub(super) fn accompanied(tokens: &[Token], hero: Pronoun) -> Option<Noun> {
    tokens
        .iter()
        .enumerate()
        .filter(|(_, t)| {
            matches!(
                t.low.as_str(),
                "with" | "from" | "for" | "her" | "his" | "their" | "by"
            )
        })
        .filter_map(|(i, t)| phrase(&tokens[if t.is_own() { i } else { i + 1 }..], hero))
        .find(|noun| noun.being.is_some())
}

/// Where it happens: the first place after a preposition, with the preposition.
pub(super) fn place(tokens: &[Token], hero: Pronoun) -> Option<(String, Noun)> {
    const AT: &[&str] = &[
        "in", "on", "at", "through", "across", "into", "under", "over", "near", "inside",
        "beneath", "along", "above", "aboard", "to", "from", "beyond",
    ];
    let places = |known: bool| {
        tokens
            .iter()
            .enumerate()
            .filter(|(_, t)| AT.contains(&t.low.as_str()))
            .find_map(|(i, t)| {
                let noun = phrase(&tokens[i + 1..], hero)?;
                let fits = if known {
                    lexicon::place(&noun.head).is_some()
                } else {
                    matches!(t.low.as_str(), "in" | "at" | "inside")
                        && noun.is_thing()
                        && noun.being.is_none()
                        && noun.the != noun.bare
                        && tokens[i + 1].is_article()
                };
                fits.then(|| (t.low.clone(), noun))
            })
    };
    let (at, mut place) = places(true).or_else(|| places(false))?;
    if place.head == place.the.to_lowercase()
        || tokens
            .iter()
            .any(|t| t.low == place.head && t.is_capital() && t.index > 0)
    {
        place.the = place.the.trim_start_matches("the ").to_owned();
    }
    Some((at, place))
}

/// Who the subject of a clause is: "a lighthouse keeper's daughter".
pub(super) fn subject(tokens: &[Token]) -> Option<Noun> {
    let first = tokens
        .iter()
        .position(|t| lexicon::being(t.stem()).is_some());
    let Some(mut head) = first else {
        let start = usize::from(tokens.first().is_some_and(Token::is_preposition));
        let noun = phrase(tokens.get(start..)?, Pronoun::They)?;
        let is_name = tokens.len() == 1
            || tokens
                .first()
                .is_some_and(|t| t.is_capital() && !t.is_article() && !t.is_own());
        return (!noun.proper && !is_name && noun.is_thing()).then_some(noun);
    };
    // "the keeper's daughter", "the robot dog": the last of a chain is the head.
    while let Some(next) = tokens.get(head + 1)
        && !tokens[head].ends()
        && lexicon::being(next.stem()).is_some()
    {
        head += 1;
    }
    let is_start = |t: &Token| {
        t.is_article()
            || t.is_own()
            || t.ends()
            || lexicon::CLAUSES.contains(&t.low.as_str())
            || t.is_preposition()
    };
    let start = tokens[..head]
        .iter()
        .rposition(is_start)
        .map_or(0, |n| n + 1);
    // "a keeper's daughter" begins before the keeper, not after.
    let start = start.max(head.saturating_sub(LONGEST));
    let being = lexicon::being(tokens[head].stem());
    let words: Vec<String> = tokens[start..=head]
        .iter()
        .filter(|t| !(t.is_capital() && t.index > 0))
        .map(|t| {
            if t.index == 0 {
                t.low.clone()
            } else {
                t.text.clone()
            }
        })
        .collect();
    let bare = words.join(" ");
    let bare = bare.strip_suffix("'s").unwrap_or(&bare).to_owned();
    Some(Noun {
        the: format!("the {bare}"),
        head: tokens[head].stem().to_owned(),
        plural: being.is_some_and(|being| being.plural),
        proper: false,
        being,
        bare,
    })
}

/// The name in a subject: "Mara", "detective Rosa Lund", "a boy named Tomas".
pub(super) fn name(subject: &[Token]) -> Option<String> {
    let is_name = |t: &&Token| {
        t.is_capital()
            && !t.is_article()
            && !t.is_own()
            && !t.is_preposition()
            && !t.is_pronoun()
            && t.low != "i"
            && lexicon::place(t.stem()).is_none()
            && lexicon::being(t.stem()).is_none()
            && !lexicon::CLAUSES.contains(&t.low.as_str())
            && !t.is_possessive()
    };
    let at = (0..subject.len())
        .find(|&i| is_name(&&subject[i]) && (i == 0 || !subject[i - 1].is_preposition()))?;
    // The first word of a sentence is a name only where nothing else follows that could be one.
    let alone = subject.len() == 1
        || subject[at].comma
        || subject
            .get(at + 1)
            .is_some_and(|t| t.low == "and" || t.is_preposition() || t.is_capital());
    if subject[at].index == 0 && !alone {
        return None;
    }
    let words: Vec<&str> = subject[at..]
        .iter()
        .take(2)
        .take_while(is_name)
        .map(|t| t.text.as_str())
        .collect();
    Some(words.join(" "))
}

/// "a robot called Lumo", anywhere.
pub(super) fn called(tokens: &[Token]) -> Option<String> {
    let at = tokens
        .iter()
        .position(|t| matches!(t.low.as_str(), "named" | "called"))?;
    tokens
        .get(at + 1)
        .filter(|t| t.is_capital())
        .map(|t| t.stem_text().to_owned())
}

fn own(hero: Pronoun) -> &'static str {
    match hero {
        Pronoun::She => "her",
        Pronoun::He => "his",
        Pronoun::It => "its",
        Pronoun::They => "their",
    }
}
