//! Ends an answer before a stop text, which may be spread over several pieces.
//!
//! What could be the beginning of a stop text is held back until it is known not to be one. The
//! result does not depend on how the text is cut into pieces: the stop text that is complete first
//! counts, and of two that end together the longer.

/// Watches one answer.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    stops: Vec<String>,
    /// What may be the beginning of a stop text.
    held: String,
    hit: bool,
}

/// What may be shown after a piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    pub text: String,
    /// A stop text came: the answer ends here. Nothing is passed afterwards.
    pub hit: bool,
}

impl Stops {
    /// Empty stop texts are passed over.
    pub fn new(stops: &[String]) -> Stops {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned();
        Stops {
            stops: stops.collect(),
            ..Stops::default()
        }
    }

    /// The part of the text so far that is not shown yet and surely may be.
    pub fn push(&mut self, text: &str) -> Passed {
        if self.hit {
            return Passed {
                text: String::new(),
                hit: true,
            };
        }
        self.held.push_str(text);
        if let Some(at) = self.first_stop() {
            self.hit = true;
            let mut text = std::mem::take(&mut self.held);
            text.truncate(at);
            return Passed { text, hit: true };
        }
        let held = self.held.split_off(self.safe());
        Passed {
            text: std::mem::replace(&mut self.held, held),
            hit: false,
        }
    }

    /// What was held back when the answer ended without a stop text.
    pub fn end(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Where the stop text begins that is complete first.
    fn first_stop(&self) -> Option<usize> {
        let found = self.stops.iter().filter_map(|stop| {
            let at = self.held.find(stop.as_str())?;
            Some((at + stop.len(), at))
        });
        found.min().map(|(_, at)| at)
    }

    /// How much of the held text cannot be part of a stop text any more.
    fn safe(&self) -> usize {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        let begins = |at: &usize| {
            let tail = &self.held.as_bytes()[*at..];
            self.stops
                .iter()
                .any(|stop| stop.as_bytes().starts_with(tail))
        };
        (from..self.held.len())
            .filter(|at| self.held.is_char_boundary(*at))
            .find(begins)
            .unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let stops: Vec<String> = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let mut stops = Stops::new(&stops);
        let mut whole = String::new();
        for piece in pieces {
            let passed = stops.push(piece);
            whole += &passed.text;
            if passed.hit {
                return (whole, true);
            }
        }
        (whole + &stops.end(), false)
    }

    #[track_caller]
    fn check(stops: &[&str], pieces: &[&str], expected: &str, hit: bool) {
        assert_eq!(run(stops, pieces), (expected.to_owned(), hit));
    }

    #[test]
    fn a_stop_text_is_found_across_pieces() {
        check(&["User:"], &["Hello", " Us", "er", ": no"], "Hello ", true);
        check(&["</s>"], &["a<", "/", "s", ">b"], "a", true);
        check(&["ende"], &["am en", "ende"], "am en", true);
    }

    #[test]
    fn what_only_looked_like_one_is_shown() {
        check(&["User:"], &["Us", "ers"], "Users", false);
        check(&["User:"], &["so Us"], "so Us", false);
        check(&["aab"], &["a", "a", "a", "c"], "aaac", false);
    }

    #[test]
    fn the_first_complete_one_counts() {
        check(&["abcd", "bc"], &["xabcd"], "xa", true);
        check(&["bc", "abc"], &["xabc"], "x", true);
    }

    #[test]
    fn without_stops_nothing_is_held() {
        let mut stops = Stops::new(&[String::new()]);
        assert_eq!(stops.push("ä").text, "ä");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            text in "[abü]{0,40}",
            stops in prop::collection::vec("[abü]{1,4}", 0..4),
            cuts in prop::collection::vec(1usize..5, 1..20),
        ) {
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let chars: Vec<char> = text.chars().collect();
            let (mut pieces, mut at, mut cuts) = (Vec::new(), 0, cuts.iter().cycle());
            while at < chars.len() {
                let end = (at + cuts.next().unwrap()).min(chars.len());
                pieces.push(chars[at..end].iter().collect::<String>());
                at = end;
            }
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let (shown, hit) = run(&stops, &pieces);
            prop_assert_eq!(hit, stops.iter().any(|stop| text.contains(stop)));
            prop_assert!(text.starts_with(&shown) && (hit || shown == text));
            prop_assert!(!stops.iter().any(|stop| shown.contains(stop)));
            prop_assert_eq!(run(&stops, &[&text]), (shown, hit));
        }
    }
}
