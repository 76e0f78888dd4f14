//! What a provider really counts, where its tokenizer is not public: learnt from its answers.
//!
//! The ratio between two tokenizers depends on what is written: near 1 for English, up to 3 for
//! scripts that one of them was hardly trained on. So a [`Calibration`] remembers texts by their
//! [`Traits`] and takes the ratio of those that were alike (a Nadaraya-Watson mean with a Gaussian
//! kernel). A text unlike all before takes the mean of all.

use crate::chat::{ChatRequest, Message, Part};
use crate::tokens::TokenCount;

/// Answers that are remembered.
const REMEMBERED: usize = 128;
/// Bytes of one message that are looked at, and of all.
const SAMPLE: usize = 1 << 10;
const SAMPLES: usize = 4 << 10;
/// Differences that make texts half unlike, in each trait. Found by trying on ten languages and
/// three kinds of code with four public tokenizers.
const CHARS_PER_TOKEN: f64 = 0.3;
const FOREIGN: f64 = 0.1;
const MARKS: f64 = 0.05;
const BLANKS: f64 = 0.05;
/// Another script is this unlike, as a squared distance.
const OTHER_SCRIPT: f64 = 8.0;
/// The mean of all, where nothing is alike.
const PRIOR: f64 = 1e-6;
/// From this sum of weights on, enough was alike.
const KNOWN: f64 = 0.5;

/// What a text looks like to a tokenizer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traits {
    chars_per_token: f64,
    /// Shares of the characters: not ASCII; neither letter nor blank; blank.
    foreign: f64,
    marks: f64,
    blanks: f64,
    script: Script,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Script {
    #[default]
    Latin,
    Kana,
    Han,
    /// A block of 256 code points, by its number.
    Block(u32),
}

impl Traits {
    /// The traits of `request`, whose words were `counted`. The newest words are looked at first.
    pub fn of(request: &ChatRequest, counted: &TokenCount) -> Traits {
        let (mut bytes, mut seen) = (0, Seen::default());
        for text in request.messages.iter().rev().flat_map(texts) {
            bytes += text.len();
            if seen.bytes < SAMPLES {
                seen.take(text);
            }
        }
        seen.traits(bytes, counted.text)
    }
}

fn texts(message: &Message) -> Vec<&str> {
    match message {
        Message::System { text } | Message::Assistant { text, .. } | Message::Tool { text, .. } => {
            vec![text]
        }
        Message::User { parts } => parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. } => None,
            })
            .collect(),
    }
}

#[derive(Default)]
struct Seen {
    bytes: usize,
    chars: u32,
    letters: u32,
    blanks: u32,
    foreign: u32,
    kana: u32,
    han: u32,
    blocks: Vec<(u32, u32)>,
}

impl Seen {
    fn take(&mut self, text: &str) {
        for c in text.chars() {
            if self.bytes >= SAMPLES || self.chars as usize >= SAMPLE * 4 {
                return;
            }
            self.bytes += c.len_utf8();
            self.chars += 1;
            self.letters += u32::from(c.is_alphabetic());
            self.blanks += u32::from(c.is_whitespace());
            self.foreign += u32::from(!c.is_ascii());
            let code = u32::from(c);
            match code {
                0x3040..=0x30ff => self.kana += 1,
                0x3400..=0x9fff => self.han += 1,
                // Latin with its accents.
                0..=0x24f => {}
                _ if c.is_alphabetic() => {
                    let block = code >> 8;
                    match self.blocks.iter_mut().find(|(known, _)| *known == block) {
                        Some((_, count)) => *count += 1,
                        None => self.blocks.push((block, 1)),
                    }
                }
                _ => {}
            }
        }
    }

    fn traits(&self, bytes: usize, tokens: u64) -> Traits {
        let share = |count: u32| f64::from(count) / f64::from(self.chars.max(1));
        let chars = bytes as f64 * f64::from(self.chars) / self.bytes.max(1) as f64;
        let others: u32 = self.blocks.iter().map(|(_, count)| count).sum();
        let script = if share(self.kana + self.han + others) < 0.2 {
            Script::Latin
        } else if self.kana * 5 > self.han {
            Script::Kana
        } else if self.han > others {
            Script::Han
        } else {
            let most = self.blocks.iter().max_by_key(|(_, count)| count);
            most.map_or(Script::Latin, |(block, _)| Script::Block(*block))
        };
        Traits {
            chars_per_token: chars / tokens.max(1) as f64,
            foreign: share(self.foreign),
            marks: share(self.chars - self.letters - self.blanks),
            blanks: share(self.blanks),
            script,
        }
    }
}

/// What one model was seen to count.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    /// The newest at `next - 1`.
    seen: Vec<(Traits, f64)>,
    next: usize,
}

impl Calibration {
    /// Learns that `counted` was reported where `estimated` was expected. Short texts say little, and
    /// absurd reports nothing.
    pub fn learn(&mut self, estimated: u64, counted: u64, traits: Traits) {
        let ratio = counted as f64 / estimated.max(1) as f64;
        if estimated < 32 || counted == 0 || !(0.25..=4.0).contains(&ratio) {
            return;
        }
        if self.seen.len() < REMEMBERED {
            self.seen.push((traits, ratio));
        } else {
            self.seen[self.next] = (traits, ratio);
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// The estimate as the provider will probably count it, rounded up.
    pub fn apply(&self, estimated: u64, traits: Traits) -> u64 {
        let (ratio, _) = self.ratio(traits);
        (estimated as f64 * ratio).ceil() as u64
    }

    /// The most that it will hardly pass, for setting money aside. Where nothing alike was seen, the
    /// margin is as wide as tokenizers are apart.
    pub fn most(&self, estimated: u64, traits: Traits) -> u64 {
        let (ratio, weight) = self.ratio(traits);
        let ratio = if weight >= KNOWN {
            ratio * 1.125
        } else {
            ratio.max(1.0) * (1.5 + 2.0 * traits.foreign)
        };
        (estimated as f64 * ratio).ceil() as u64 + 16
    }

    /// The ratio, and how much that is alike it comes from.
    fn ratio(&self, traits: Traits) -> (f64, f64) {
        if self.seen.is_empty() {
            return (1.0, 0.0);
        }
        let mean = self.seen.iter().map(|(_, ratio)| ratio).sum::<f64>() / self.seen.len() as f64;
        let (mut sum, mut weights) = (PRIOR * mean, PRIOR);
        for (known, ratio) in &self.seen {
            let weight = (-2.0 * distance(traits, *known)).exp();
            sum += weight * ratio;
            weights += weight;
        }
        (sum / weights, weights)
    }
}

/// The squared distance between two texts.
fn distance(a: Traits, b: Traits) -> f64 {
    let apart = |a: f64, b: f64, unit: f64| ((a - b) / unit).powi(2);
    let script = if a.script == b.script {
        0.0
    } else {
        OTHER_SCRIPT
    };
    apart(a.chars_per_token, b.chars_per_token, CHARS_PER_TOKEN)
        + apart(a.foreign, b.foreign, FOREIGN)
        + apart(a.marks, b.marks, MARKS)
        + apart(a.blanks, b.blanks, BLANKS)
        + script
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Encoding, count};

    fn request(text: &str) -> (ChatRequest, TokenCount) {
        let request = ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        };
        let counted = count(Encoding::Estimated, &request);
        (request, counted)
    }

    fn traits(text: &str) -> Traits {
        let (request, counted) = request(text);
        Traits::of(&request, &counted)
    }

    #[test]
    fn texts_alike_share_their_ratio_and_others_do_not() {
        let english = traits("The keeper climbs the stairs and looks out over the sea. ");
        let russian = traits("Смотрительница поднимается по лестнице и смотрит на море. ");
        let mut calibration = Calibration::default();
        for _ in 0..4 {
            calibration.learn(100, 110, english);
            calibration.learn(100, 180, russian);
        }
        // The mean of all still weighs a millionth.
        assert!((1_100..=1_101).contains(&calibration.apply(1_000, english)));
        assert!((1_799..=1_801).contains(&calibration.apply(1_000, russian)));
    }

    #[test]
    fn a_lie_teaches_nothing() {
        let mut calibration = Calibration::default();
        let traits = Traits::default();
        calibration.learn(10, 1_000_000, traits);
        calibration.learn(1_000, 1_000_000, traits);
        calibration.learn(1_000, 0, traits);
        assert_eq!(calibration.apply(10_000, traits), 10_000);
    }

    #[test]
    fn what_is_set_aside_is_wider_where_nothing_alike_was_seen() {
        let hindi = traits("नई रखवाली हर सुबह सीढ़ियाँ गिनती थी और समुद्र देखती थी। ");
        let english = traits("Every morning the keeper counted the stairs. ");
        let mut calibration = Calibration::default();
        assert!(calibration.most(1_000, english) >= 1_500);
        assert!(calibration.most(1_000, hindi) >= 3_000);
        calibration.learn(1_000, 1_050, english);
        assert!(calibration.most(1_000, english) < 1_250);
        assert!(
            calibration.most(1_000, hindi) >= 3_000,
            "English tells nothing of Hindi"
        );
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut calibration = Calibration::default();
        for counted in [200; REMEMBERED].into_iter().chain([120; REMEMBERED]) {
            calibration.learn(100, counted, Traits::default());
        }
        assert_eq!(calibration.apply(100, Traits::default()), 120);
    }
}
