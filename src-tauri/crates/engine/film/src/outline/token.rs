//! Words of a sentence, with what stands around them.

use super::lexicon;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// As it was written, without punctuation around it.
    pub(super) text: String,
    /// In small letters, with straight apostrophes.
    pub(super) low: String,
    /// A comma, a dash or the like follows.
    pub(super) comma: bool,
    /// The end of a sentence follows.
    pub(super) stop: bool,
    pub(super) index: usize,
}

impl Token {
    /// `keeper` of `keeper's`.
    pub(super) fn stem(&self) -> &str {
        self.low
            .strip_suffix("'s")
            .or_else(|| self.low.strip_suffix("s'"))
            .unwrap_or(&self.low)
    }

    /// The same as it was written.
    pub(super) fn stem_text(&self) -> &str {
        ["'s", "’s"]
            .iter()
            .find_map(|ending| self.text.strip_suffix(ending))
            .unwrap_or(&self.text)
    }

    pub(super) fn is_possessive(&self) -> bool {
        self.low.ends_with("'s")
    }

    pub(super) fn is_capital(&self) -> bool {
        let mut letters = self.text.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters
                .next()
                .is_some_and(|c| c.is_lowercase() || c == '\'')
    }

    pub(super) fn is_article(&self) -> bool {
        lexicon::ARTICLES.contains(&self.low.as_str())
    }

    /// "his", "her": they stand before a noun.
    pub(super) fn is_own(&self) -> bool {
        lexicon::POSSESSIVES.contains(&self.low.as_str())
    }

    pub(super) fn is_preposition(&self) -> bool {
        lexicon::PREPOSITIONS.contains(&self.low.as_str())
    }

    pub(super) fn is_pronoun(&self) -> bool {
        lexicon::PRONOUNS.contains(&self.low.as_str())
    }

    /// "she", which stands for the hero.
    pub(super) fn is_personal(&self) -> bool {
        matches!(self.low.as_str(), "he" | "she" | "they" | "it" | "i" | "we")
            || lexicon::ADVERBS.contains(&self.low.as_str())
    }

    pub(super) fn is_adverb(&self) -> bool {
        lexicon::ADVERBS.contains(&self.low.as_str())
            || (self.low.ends_with("ly")
                && self.low.len() > 5
                && lexicon::being(&self.low).is_none())
    }

    pub(super) fn is_auxiliary(&self) -> bool {
        lexicon::AUXILIARIES.contains(&self.low.as_str())
    }

    pub(super) fn ends(&self) -> bool {
        self.comma || self.stop
    }
}

/// Words with a letter or digit in them; the rest is punctuation.
pub(super) fn tokens(sentence: &str) -> Vec<Token> {
    const MOST: usize = 400;
    let spaced = sentence
        .replace(['—', '–', '…'], " , ")
        .replace(" - ", " , ");
    let mut tokens: Vec<Token> = Vec::new();
    for word in spaced.split_whitespace().take(MOST) {
        let text = word.trim_matches(|c: char| !c.is_alphanumeric());
        let tail = word.rsplit(char::is_alphanumeric).next().unwrap_or("");
        let (comma, stop) = (
            tail.contains([',', ';', ':', ')']),
            tail.contains(['.', '!', '?'])
                && !["mr", "mrs", "dr", "st"].contains(&text.to_lowercase().as_str()),
        );
        if text.is_empty() {
            if let Some(last) = tokens.last_mut() {
                last.comma |= word.contains(',');
                last.stop |= word.contains(['.', '!', '?']);
            }
            continue;
        }
        tokens.push(Token {
            text: text.to_owned(),
            low: text.to_lowercase().replace('’', "'"),
            comma,
            stop,
            index: tokens.len(),
        });
    }
    tokens
}

/// Whether enough of the small words are English ones.
pub(super) fn is_english(tokens: &[Token]) -> bool {
    let small = |t: &&Token| {
        t.is_article()
            || t.is_own()
            || t.is_preposition()
            || t.is_pronoun()
            || t.is_auxiliary()
            || lexicon::CLAUSES.contains(&t.low.as_str())
    };
    let known = |t: &&Token| {
        small(t)
            || lexicon::being(t.stem()).is_some()
            || lexicon::verb(&t.low).is_some()
            || lexicon::place(t.stem()).is_some()
    };
    tokens.iter().filter(known).count() * 3 >= tokens.len()
}

/// Without "a film about", "once upon a time", "the story of", "what if".
pub(super) fn without_frame(tokens: &[Token]) -> &[Token] {
    const FRAMES: &[&str] = &[
        "film",
        "movie",
        "story",
        "tale",
        "video",
        "short",
        "animation",
        "fable",
        "scene",
        "clip",
    ];
    let head = &tokens[..tokens.len().min(8)];
    let framed = head.iter().position(|t| FRAMES.contains(&t.low.as_str()));
    if let Some(frame) = framed
        && let Some(link) = head[frame..]
            .iter()
            .position(|t| matches!(t.low.as_str(), "about" | "of" | "where" | "in"))
        && tokens.len() > frame + link + 2
    {
        return &tokens[frame + link + 1..];
    }
    let low: Vec<&str> = head.iter().map(|t| t.low.as_str()).collect();
    for asking in [
        &["what", "if"][..],
        &["imagine", "if"],
        &["imagine", "that"],
        &["imagine"],
    ] {
        if low.starts_with(asking) && tokens.len() > asking.len() + 2 {
            return &tokens[asking.len()..];
        }
    }
    if low.starts_with(&["once", "upon", "a", "time"]) && tokens.len() > 5 {
        let skip = if low.get(4..6) == Some(&["there", "was"]) && tokens.len() > 8 {
            6
        } else {
            4
        };
        return &tokens[skip..];
    }
    tokens
}

/// The sentence up to its first natural stop, as narration; at most 16 words.
pub(super) fn opening(sentence: &str) -> String {
    const LONGEST_WORDS: usize = 16;
    const LONGEST_CHARS: usize = 120;
    let clean: String = sentence
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '{' | '}'))
        .collect();
    let mut text = String::new();
    for (n, word) in clean.split_whitespace().take(LONGEST_WORDS).enumerate() {
        if text.chars().count() + word.chars().count() > LONGEST_CHARS {
            break;
        }
        if n > 0 {
            text.push(' ');
        }
        text.push_str(word);
        if word.ends_with(['.', '!', '?', '。', '！', '？'])
            || (n >= 3 && word.ends_with([',', ';']))
        {
            break;
        }
    }
    if !text.chars().any(char::is_alphanumeric) {
        return String::new();
    }
    let text = text.trim_end_matches([',', ';', ':', '-', '—', ' ']);
    if text.ends_with(['.', '!', '?', '。', '！', '？']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
