//! Clauses of a sentence, and their verbs in the past tense.

use super::lexicon::{self, Form, Pronoun};
use super::token::Token;

/// A clause: what joins it to the one before, its words, and where its verb stands.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// `when`, `who`, `and`; empty for the first.
    pub(super) connector: String,
    pub(super) tokens: Vec<Token>,
    pub(super) verb: Option<usize>,
}

/// What someone does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    /// The verb itself: `light`; empty where it is only "is" or "can".
    pub(super) verb: String,
    /// "lit the lamp".
    pub(super) past: String,
    /// "light the lamp", where one can want to; what it is done for, where that is said.
    pub(super) base: Option<String>,
    /// It is still to be done: "must", "wants to".
    pub(super) goal: bool,
}

/// Longest deed in words.
const LONGEST: usize = 11;

/// The clauses of a sentence. One without a verb of its own belongs to the one before.
pub(super) fn split(tokens: &[Token]) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut connector = String::new();
    let mut words: Vec<Token> = Vec::new();
    let close = |connector: &mut String, words: &mut Vec<Token>, clauses: &mut Vec<Clause>| {
        if words.is_empty() {
            return;
        }
        let tokens = std::mem::take(words);
        let connector = std::mem::take(connector);
        let elided = !connector.is_empty();
        let verb = finite(&tokens, elided);
        clauses.push(Clause {
            connector,
            tokens,
            verb,
        });
    };
    for (i, token) in tokens.iter().enumerate() {
        let rest = &tokens[i + 1..];
        if joins(token, &words, rest) && !rest.is_empty() {
            close(&mut connector, &mut words, &mut clauses);
            connector = token.low.clone();
            continue;
        }
        words.push(token.clone());
        let has_verb = finite(&words, !connector.is_empty()).is_some();
        let fronted = words.first().is_some_and(Token::is_preposition);
        if token.stop || (token.comma && (has_verb || !connector.is_empty() || fronted)) {
            close(&mut connector, &mut words, &mut clauses);
        }
    }
    close(&mut connector, &mut words, &mut clauses);
    clauses
}

/// Whether `token` begins a clause after `before`.
fn joins(token: &Token, before: &[Token], rest: &[Token]) -> bool {
    if !lexicon::CLAUSES.contains(&token.low.as_str()) {
        return false;
    }
    let end = rest
        .iter()
        .position(Token::ends)
        .map_or(rest.len(), |n| n + 1);
    let rest = &rest[..end];
    match token.low.as_str() {
        // "a boy and his dog cross": the verb belongs to both.
        "and" | "or" => {
            let next_is_verb = rest
                .iter()
                .find(|t| !t.is_adverb())
                .is_some_and(|t| is_verb(t, true));
            let begun = finite(before, true).is_some();
            next_is_verb || begun && finite(rest, false).is_some()
        }
        "that" | "after" | "before" | "as" | "since" | "once" | "so" | "than" | "only" => {
            finite(rest, token.low == "that").is_some()
                && (!before.is_empty() || token.low != "that")
        }
        "then" => before.is_empty() || finite(rest, true).is_some(),
        _ => finite(rest, true).is_some(),
    }
}

fn is_verb(token: &Token, base: bool) -> bool {
    token.is_auxiliary()
        || lexicon::verb(&token.low).is_some_and(|(_, form)| match form {
            Form::Third | Form::Past => true,
            Form::Base => base && lexicon::being(&token.low).is_none(),
            Form::Gerund => false,
        })
}

/// Where the verb of a clause stands. `elided`: it may begin with its verb ("and carries it home").
pub(super) fn finite(tokens: &[Token], elided: bool) -> Option<usize> {
    let usable = |i: usize| {
        i == 0 && elided
            || i > 0 && {
                let before = &tokens[i - 1];
                !before.is_article()
                    && !before.is_own()
                    && !before.is_preposition()
                    && !before.is_possessive()
            }
    };
    let several = |before: &[Token]| {
        before
            .iter()
            .any(|t| t.low == "and" || matches!(t.low.as_str(), "i" | "they" | "we" | "you"))
            || before.last().is_some_and(|t| lexicon::is_plural(&t.low))
    };
    let strong = |t: &Token| {
        t.is_auxiliary() || lexicon::verb(&t.low).is_some_and(|(_, form)| form == Form::Third)
    };
    for (i, token) in tokens.iter().enumerate() {
        if !usable(i) {
            continue;
        }
        if token.is_auxiliary() {
            return Some(i);
        }
        let Some((_, form)) = lexicon::verb(&token.low) else {
            continue;
        };
        let found = match form {
            Form::Third => true,
            Form::Base => i == 0 && lexicon::being(&token.low).is_none() || several(&tokens[..i]),
            // "a robot stranded on Mars finds": the later verb is the verb.
            Form::Past => {
                let later = (i + 1..tokens.len()).any(|n| usable(n) && strong(&tokens[n]));
                let adjective = tokens.get(i + 1).is_some_and(|next| {
                    i + 1 < tokens.len() && lexicon::being(&next.low).is_some() && i == 0
                });
                !later && !adjective
            }
            Form::Gerund => false,
        };
        if found {
            return Some(i);
        }
    }
    // A verb that we do not know: "a barista frobs the machine".
    (1..tokens.len()).find(|&i| {
        let low = &tokens[i].low;
        let follows = tokens.get(i + 1).is_none_or(|next| {
            next.is_article()
                || next.is_own()
                || next.is_pronoun()
                || next.is_preposition()
                || next.is_adverb()
        });
        usable(i)
            && follows
            && low.len() > 3
            && low.ends_with('s')
            && !low.ends_with("ss")
            && !low.ends_with("'s")
            && !tokens[i - 1].is_adverb()
            && lexicon::being(low).is_none()
            && lexicon::place(low).is_none()
            && acts(&tokens[..i])
            && !tokens[..i].iter().any(|t| t.low == "and")
    })
}

/// "who cannot sleep builds a bird": the second verb.
pub(super) fn second_verb(tokens: &[Token], first: usize) -> Option<usize> {
    (first + 2..tokens.len()).find(|&i| {
        let before = &tokens[i - 1];
        let free = !before.is_article()
            && !before.is_own()
            && !before.is_preposition()
            && !before.is_auxiliary()
            && before.low != "and";
        let verb = lexicon::verb(&tokens[i].low).is_some_and(|(_, form)| form == Form::Third);
        free && (verb || tokens[i].is_auxiliary())
    })
}

/// Whether these words can be someone who acts: not a storm, not a place.
pub(super) fn acts(subject: &[Token]) -> bool {
    let end = subject
        .iter()
        .position(|t| t.is_preposition() || t.comma)
        .map_or(subject.len(), |n| n + usize::from(subject[n].comma));
    let end = if end == 0 { subject.len() } else { end };
    let subject = &subject[..end];
    if subject.iter().any(|t| lexicon::being(t.stem()).is_some()) {
        return true;
    }
    let Some(head) = subject.last() else {
        return false;
    };
    let low = head.stem();
    if matches!(low, "i" | "we") {
        return true;
    }
    !head.is_pronoun()
        && !lexicon::NO_THINGS.contains(&low)
        && !lexicon::STORMY.contains(&low)
        && !lexicon::RAINY.contains(&low)
        && !lexicon::SNOWY.contains(&low)
        && (lexicon::place(low).is_none() || head.is_capital() && head.index > 0)
        && low
            .chars()
            .all(|c| c.is_alphabetic() || c == '-' || c == '\'')
}

impl Clause {
    /// The whole clause in the past tense: "a storm took the road".
    pub(super) fn in_past(&self, hero: Pronoun) -> String {
        let Some(at) = self.verb else {
            return words_of(&self.tokens, hero);
        };
        let subject = words_of(&self.tokens[..at], hero);
        let deed = deed(&self.tokens, at, hero);
        let several = self.tokens[..at].iter().any(|t| t.low == "and")
            || self.tokens[..at]
                .last()
                .is_some_and(|t| lexicon::is_plural(&t.low));
        let past = match deed.past.strip_prefix("was ") {
            Some(rest) if several => format!("were {rest}"),
            _ => deed.past,
        };
        // A sentence may begin here; names keep their capitals.
        let subject = match self.tokens.first() {
            Some(first) if first.index == 0 || first.is_article() || first.is_own() => {
                lower_first(&subject)
            }
            _ => subject,
        };
        format!("{subject} {past}").trim().to_owned()
    }
}

/// What the verb at `at` and the words after it say, of a hero with this pronoun.
pub(super) fn deed(tokens: &[Token], at: usize, hero: Pronoun) -> Deed {
    let verb = &tokens[at];
    let rest = |from: usize| words_of(limit(tokens.get(from..).unwrap_or(&[])), hero);
    // "climbs a mountain to find her brother": to find her brother is what is wanted.
    let event = |base: &str, from: usize| Deed {
        verb: base.to_owned(),
        past: join(&lexicon::past(base), &rest(from)),
        goal: false,
        base: purpose(tokens, from, hero).or_else(|| Some(join(base, &rest(from)))),
    };
    let said = |past: String| Deed {
        verb: String::new(),
        past,
        base: None,
        goal: false,
    };
    let verb_at = |i: usize| {
        let verb = tokens.get(i).and_then(|t| lexicon::verb(&t.low));
        verb.map_or_else(String::new, |(base, _)| base)
    };
    let next = tokens.get(at + 1).map_or("", |t| t.low.as_str());
    let next_verb = lexicon::verb(next);
    let were = if hero == Pronoun::They { "were" } else { "was" };
    let not = |word: &str| said(format!("{word} not {}", rest(at + 1)));
    match verb.low.as_str() {
        "must" | "should" | "will" | "would" | "may" | "might" | "can" | "could" => {
            if next == "not" || next == "never" {
                return said(format!("could {}", rest(at + 1)));
            }
            let past = match verb.low.as_str() {
                "can" | "could" => "could",
                "must" | "should" => "had to",
                _ => "would",
            };
            Deed {
                verb: verb_at(at + 1),
                past: format!("{past} {}", rest(at + 1)),
                base: Some(rest(at + 1)),
                goal: past != "could",
            }
        }
        "cannot" | "can't" | "couldn't" => not("could"),
        "won't" => not("would"),
        "doesn't" | "don't" | "didn't" => not("did"),
        "isn't" => not(were),
        "does" | "do" | "did" if next == "not" => said(format!("did {}", rest(at + 1))),
        "has" | "have" | "had" if next == "to" => Deed {
            verb: verb_at(at + 2),
            past: format!("had {}", rest(at + 1)),
            base: Some(rest(at + 2)),
            goal: true,
        },
        "has" | "have" | "had" => match next_verb {
            Some((base, Form::Past)) => event(&base, at + 2),
            _ => said(format!("had {}", rest(at + 1))),
        },
        "is" | "are" | "was" | "were" => match next_verb {
            Some((base, Form::Gerund)) => event(&base, at + 2),
            _ => said(format!("{were} {}", rest(at + 1))),
        },
        low => {
            let (base, _) =
                lexicon::verb(low).unwrap_or_else(|| (lexicon::guessed_base(low), Form::Third));
            let wills = lexicon::WILLING.contains(&base.as_str());
            let to = tokens
                .iter()
                .skip(at + 1)
                .take(3)
                .position(|t| t.low == "to")
                .map(|n| at + 1 + n);
            match to {
                Some(to)
                    if wills
                        && tokens
                            .get(to + 1)
                            .is_some_and(|t| !t.is_article() && !t.is_own()) =>
                {
                    Deed {
                        verb: verb_at(to + 1),
                        past: join(&lexicon::past(&base), &rest(at + 1)),
                        base: Some(rest(to + 1)),
                        goal: true,
                    }
                }
                _ => event(&base, at + 1),
            }
        }
    }
}

/// Whether what the verb at `at` says goes on for long.
pub(super) fn lasts(tokens: &[Token], at: usize) -> bool {
    const LASTING: &str = "wait search look hunt live work wander chase dream love talk speak walk travel seek watch guard \
        want need hope listen collect keep long mourn drift play sing teach believe haunt follow serve care yearn";
    const TIMES: &[&str] = &[
        "night", "day", "morning", "evening", "year", "week", "summer", "winter", "time",
    ];
    let base = lexicon::verb(&tokens[at].low).map(|(base, _)| base);
    base.is_some_and(|base| LASTING.split_whitespace().any(|verb| verb == base))
        || tokens.windows(2).any(|pair| {
            matches!(pair[0].low.as_str(), "every" | "each")
                && TIMES.contains(&pair[1].low.as_str())
        })
        || tokens.iter().any(|t| t.low == "always")
}

/// Whether it brings something into the world.
pub(super) fn makes(tokens: &[Token], at: usize) -> bool {
    const MAKING: &str = "build make invent create paint draw sew knit forge compose write bake carve sketch mend repair fix \
        photograph restore";
    tokens[at..]
        .iter()
        .take(4)
        .filter_map(|t| lexicon::verb(&t.low))
        .any(|(base, _)| MAKING.split_whitespace().any(|verb| verb == base))
}

impl Deed {
    /// Adds what its object is like: "hunted a thief" becomes "hunted a thief who stole memories".
    pub(super) fn add(&mut self, aside: &Clause, hero: Pronoun) {
        let Some(at) = aside.verb else {
            return;
        };
        let words = |text: &str| text.split_whitespace().count();
        let told = deed(&aside.tokens, at, hero);
        let subject = words_of(&aside.tokens[..at], hero);
        let aside = join(&format!("{} {subject}", aside.connector), &told.past).replace("  ", " ");
        if words(&self.past) + words(&aside) <= LONGEST {
            self.past = join(&self.past, &aside);
            self.base = self.base.as_deref().map(|base| join(base, &aside));
        }
    }
}

/// "to find her brother".
fn purpose(tokens: &[Token], from: usize, hero: Pronoun) -> Option<String> {
    let at = (from..tokens.len().saturating_sub(1)).find(|&i| {
        let next = &tokens[i + 1];
        tokens[i].low == "to"
            && lexicon::verb(&next.low).is_some_and(|(_, form)| form == Form::Base)
            && lexicon::place(&next.low).is_none()
    })?;
    Some(words_of(limit(&tokens[at + 1..]), hero))
}

/// Cut before a preposition where it is too long.
fn limit(tokens: &[Token]) -> &[Token] {
    if tokens.len() <= LONGEST {
        return tokens;
    }
    let cut = (2..LONGEST)
        .rev()
        .find(|&i| tokens[i].is_preposition() || tokens[i - 1].comma);
    &tokens[..cut.unwrap_or(LONGEST)]
}

/// The words as text, told by someone else: "my" is the hero's.
fn words_of(tokens: &[Token], hero: Pronoun) -> String {
    let (him, his) = match hero {
        Pronoun::She => ("her", "her"),
        Pronoun::He => ("him", "his"),
        Pronoun::It => ("it", "its"),
        Pronoun::They => ("them", "their"),
    };
    let word = |token: &Token| match token.low.as_str() {
        "my" | "our" => his.to_owned(),
        "me" | "us" => him.to_owned(),
        "is" => "was".to_owned(),
        "are" => "were".to_owned(),
        "has" | "have" => "had".to_owned(),
        _ if token.index == 0
            && !token.is_possessive()
            && lexicon::ARTICLES.contains(&token.low.as_str()) =>
        {
            token.low.clone()
        }
        _ => token.text.clone(),
    };
    tokens.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn join(verb: &str, rest: &str) -> String {
    if rest.is_empty() {
        verb.to_owned()
    } else {
        format!("{verb} {rest}")
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
