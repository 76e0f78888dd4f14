//! Goes on after an answer broke off: another model continues, and no text is said twice.
//!
//! The next model is given what was said so far. Some go on at once, some repeat the last words, some
//! start over. [`Continuation`] takes their text and lets through only what is new.

use crate::chat::Message;

/// What is added to a conversation to ask for the rest of an answer that broke off after `said`.
pub fn rest_of(said: &str) -> [Message; 2] {
    [
        Message::assistant(said),
        Message::user(
            "Your last message was cut off. Go on with exactly the next character. Repeat nothing, explain nothing.",
        ),
    ]
}

/// Text is held back until it is this long, to see whether it repeats.
const HELD_CHARS: usize = 160;
/// Shorter repetitions are taken for chance.
const LEAST_OVERLAP: usize = 8;

/// Removes from a continuing answer what was said already.
#[derive(Debug)]
pub struct Continuation {
    said: Vec<char>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not enough text yet to know how it goes on.
    Undecided(Vec<char>),
    /// It repeats what was said, and has come to this character of it.
    Repeating(usize),
    Passing,
}

/// The continuing model tells something else than what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged;

impl Continuation {
    pub fn after(said: &str) -> Continuation {
        let said: Vec<char> = said.chars().collect();
        let state = if said.is_empty() {
            State::Passing
        } else {
            State::Undecided(Vec::new())
        };
        Continuation { said, state }
    }

    /// The new part of `text`. `Err` if the model started over and then left what was said before it
    /// reached its end: nothing can be joined to it.
    pub fn push(&mut self, text: &str) -> Result<String, Diverged> {
        match &mut self.state {
            State::Passing => Ok(text.to_owned()),
            State::Repeating(_) => self.repeat(text.chars().collect()),
            State::Undecided(held) => {
                held.extend(text.chars());
                if held.len() < HELD_CHARS {
                    return Ok(String::new());
                }
                let held = std::mem::take(held);
                self.settle(held)
            }
        }
    }

    /// What was still held back when the answer ended.
    pub fn end(&mut self) -> Result<String, Diverged> {
        match &mut self.state {
            State::Passing => Ok(String::new()),
            State::Repeating(_) => Ok(String::new()),
            State::Undecided(held) => {
                let held = std::mem::take(held);
                self.settle(held)
            }
        }
    }

    fn settle(&mut self, held: Vec<char>) -> Result<String, Diverged> {
        match self.repeated_from(&held) {
            Some(from) => {
                self.state = State::Repeating(from);
                self.repeat(held)
            }
            None => {
                self.state = State::Passing;
                Ok(held.into_iter().collect())
            }
        }
    }

    /// Where in what was said `held` begins again, if it does: the earliest place from which the two
    /// agree as far as both go, or the start if they agree for long before they part.
    fn repeated_from(&self, held: &[char]) -> Option<usize> {
        let repeats = |from: &usize| {
            let rest = &self.said[*from..];
            let both = rest.len().min(held.len());
            let reaches_the_end = both == rest.len();
            let enough = if reaches_the_end || *from == 0 {
                LEAST_OVERLAP
            } else {
                HELD_CHARS / 2
            };
            both >= enough && rest[..both] == held[..both]
        };
        let starts_over = || {
            let agreeing = self.said.iter().zip(held).take_while(|(a, b)| a == b);
            agreeing.count() >= HELD_CHARS / 2
        };
        (0..self.said.len())
            .find(repeats)
            .or_else(|| starts_over().then_some(0))
    }

    fn repeat(&mut self, text: Vec<char>) -> Result<String, Diverged> {
        let State::Repeating(agreed) = &mut self.state else {
            return Ok(text.into_iter().collect());
        };
        let rest = &self.said[*agreed..];
        let same = text.iter().zip(rest).take_while(|(a, b)| a == b).count();
        *agreed += same;
        if *agreed == self.said.len() {
            self.state = State::Passing;
            return Ok(text[same..].iter().collect());
        }
        if same < text.len() {
            Err(Diverged)
        } else {
            Ok(String::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAID: &str = "The keeper climbed the stairs, lamp in hand, and looked out over the";

    fn join(said: &str, chunks: &[&str]) -> Result<String, Diverged> {
        let mut continuation = Continuation::after(said);
        let mut whole = said.to_owned();
        for chunk in chunks {
            whole += &continuation.push(chunk)?;
        }
        whole += &continuation.end()?;
        Ok(whole)
    }

    #[test]
    fn a_model_that_goes_on_is_passed_through() {
        assert_eq!(
            join(SAID, &[" dark", " sea."]).unwrap(),
            format!("{SAID} dark sea.")
        );
        assert_eq!(join("", &["Hello"]).unwrap(), "Hello");
    }

    #[test]
    fn repeated_last_words_are_dropped() {
        assert_eq!(
            join(SAID, &["looked out", " over the dark sea."]).unwrap(),
            format!("{SAID} dark sea.")
        );
    }

    #[test]
    fn a_model_that_starts_over_is_heard_from_where_it_broke_off() {
        let long = format!("{SAID}{SAID}{SAID}{SAID}");
        let again = format!("{long} dark sea.");
        let (a, b) = again.split_at(90);
        assert_eq!(join(&long, &[a, b]).unwrap(), again);
        assert_eq!(
            join(SAID, &[&format!("{SAID} dark sea.")]).unwrap(),
            format!("{SAID} dark sea.")
        );
    }

    #[test]
    fn another_story_cannot_be_joined() {
        let other = SAID.replace("lamp in hand", "and he sang a song") + &" and on".repeat(30);
        let long = SAID.to_owned() + &" and the waves".repeat(30);
        assert_eq!(
            join(&long, &[&(long[..120].to_owned() + &other)]),
            Err(Diverged)
        );
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(
            words in prop::collection::vec("[a-z]{1,7}", 30..60),
            cut in 0.1..0.9f64,
            back in 0usize..200,
            sizes in prop::collection::vec(1usize..40, 1..60),
        ) {
            let whole: Vec<char> = words.join(" ").chars().collect();
            let cut = (whole.len() as f64 * cut) as usize;
            // It goes on at once, or repeats enough to be noticed.
            let back = if back < LEAST_OVERLAP { 0 } else { back.min(cut) };
            let said: String = whole[..cut].iter().collect();
            let rest = &whole[cut - back..];
            let mut chunks = Vec::new();
            let (mut at, mut sizes) = (0, sizes.iter().cycle());
            while at < rest.len() {
                let end = (at + sizes.next().unwrap()).min(rest.len());
                chunks.push(rest[at..end].iter().collect::<String>());
                at = end;
            }
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            let joined = join(&said, &chunks);
            prop_assert_eq!(joined, Ok(whole.iter().collect::<String>()));
        }
    }
}
