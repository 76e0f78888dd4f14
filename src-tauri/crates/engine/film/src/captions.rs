//! Captions from the dialogue timeline, broken into lines that can be read in time; and chapters.
//!
//! Sizes and speeds follow the guides of broadcasters (BBC Subtitle Guidelines, Netflix Timed Text
//! Style Guide): two lines of 42 characters, 17 characters a second, breaks where a speaker breathes.

use crate::graph;
use crate::plan::MoviePlan;
use crate::timing;

/// Characters of one line.
const LINE: usize = 42;
/// Characters that a grown-up reads in a second.
const READ_PER_SEC: u64 = 17;
/// Nothing is shown shorter than this, where there is time.
const SHORTEST_MS: u64 = 1000;
/// Two frames of black at 24 frames a second tell one caption from the next.
const GAP_MS: u64 = 84;
/// Characters of a chapter's name.
const CHAPTER: usize = 60;

/// A caption on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    pub start_ms: u64,
    /// After `start_ms`, and not after the next caption's start.
    pub end_ms: u64,
    /// At most two lines.
    pub text: String,
}

/// A shot as players list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    pub start_ms: u64,
    pub end_ms: u64,
    pub title: String,
}

/// The captions of the film, in order.
///
/// A long line is split at its clauses, and its time with it. A caption that would be too quick to
/// read stays on into the silence after it.
pub fn captions(plan: &MoviePlan) -> Vec<Caption> {
    let mut captions = Vec::new();
    for cue in timing::spoken(plan) {
        let blocks = blocks(cue.text);
        let letters: usize = blocks.iter().map(|block| block.chars().count()).sum();
        let mut start = cue.start_secs;
        for block in blocks {
            let share = block.chars().count() as f64 / letters.max(1) as f64;
            let end = start + cue.duration_secs * share;
            captions.push(Caption {
                start_ms: ms(start),
                end_ms: ms(end),
                text: block,
            });
            start = end;
        }
    }
    let film_end = ms(timing::total_secs(plan));
    for i in 0..captions.len() {
        let next = captions.get(i + 1).map(|next| next.start_ms);
        let caption = &mut captions[i];
        let letters = caption.text.chars().count() as u64;
        let wanted = caption.start_ms + (letters * 1000 / READ_PER_SEC).max(SHORTEST_MS);
        let free = next.map_or(film_end, |next| next.saturating_sub(GAP_MS));
        let end = caption.end_ms.max(wanted.min(free));
        let latest = next.unwrap_or(u64::MAX);
        caption.end_ms = end.min(latest).max(caption.start_ms + 1);
    }
    captions
}

/// The captions as a SubRip file.
pub fn srt(captions: &[Caption]) -> String {
    let time = |ms: u64| {
        format!(
            "{:02}:{:02}:{:02},{:03}",
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1000 % 60,
            ms % 1000
        )
    };
    let mut text = String::new();
    for (n, caption) in captions.iter().enumerate() {
        let (start, end) = (time(caption.start_ms), time(caption.end_ms));
        text.push_str(&format!(
            "{}\n{start} --> {end}\n{}\n\n",
            n + 1,
            caption.text
        ));
    }
    text
}

/// One chapter a shot, at the times of its frames.
pub fn chapters(plan: &MoviePlan) -> Vec<Chapter> {
    let fps = u64::from(timing::fps(plan));
    let frame_ms = |frame: u64| (frame * 1000 + fps / 2) / fps;
    plan.shots
        .iter()
        .zip(timing::shot_frames(plan, fps as u32))
        .map(|(shot, frames)| Chapter {
            start_ms: frame_ms(frames.start),
            end_ms: frame_ms(frames.end),
            title: shortened(graph::chapter(shot)),
        })
        .collect()
}

/// Whole milliseconds; a plan that was not checked may say anything.
fn ms(secs: f64) -> u64 {
    (secs.clamp(0.0, timing::MOST_SECS) * 1000.0).round() as u64
}

/// At most [`CHAPTER`] characters, cut between words.
fn shortened(title: &str) -> String {
    if title.chars().count() <= CHAPTER {
        return title.to_owned();
    }
    let head: String = title.chars().take(CHAPTER - 1).collect();
    let cut = head.rfind(' ').unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end_matches([' ', ',', ';', '.']))
}

/// Captions of at most two lines, broken at the ends of sentences and clauses where that costs no
/// caption more than it must.
fn blocks(text: &str) -> Vec<String> {
    let words: Vec<String> = text.split_whitespace().flat_map(split_long).collect();
    // Shortest path over word boundaries: cost[i] of telling the words from i on.
    let mut cost = vec![f64::INFINITY; words.len() + 1];
    let mut end_of = vec![words.len(); words.len() + 1];
    cost[words.len()] = 0.0;
    for start in (0..words.len()).rev() {
        for end in start + 1..=words.len() {
            let Some((_, uneven)) = two_lines(&words[start..end]) else {
                break;
            };
            let last = end == words.len();
            let breath = if last {
                0.0
            } else {
                break_cost(&words[end - 1])
            };
            // A caption costs more than any break within it, so there are few.
            let total = cost[end] + 4.0 + breath + uneven;
            if total < cost[start] {
                cost[start] = total;
                end_of[start] = end;
            }
        }
    }
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < words.len() {
        let end = end_of[start];
        if let Some((block, _)) = two_lines(&words[start..end]) {
            blocks.push(block);
        }
        start = end;
    }
    blocks
}

/// The words on one or two lines, and what their break costs; `None` where they do not fit.
fn two_lines(words: &[String]) -> Option<(String, f64)> {
    let length = |words: &[String]| {
        words.iter().map(|word| word.chars().count()).sum::<usize>() + words.len().saturating_sub(1)
    };
    if length(words) <= LINE {
        return Some((words.join(" "), 0.0));
    }
    (1..words.len())
        .filter_map(|at| {
            let (upper, lower) = (length(&words[..at]), length(&words[at..]));
            let uneven = upper.abs_diff(lower) as f64 / LINE as f64;
            let cost = break_cost(&words[at - 1]) * 0.5 + uneven;
            (upper <= LINE && lower <= LINE).then_some((at, cost))
        })
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(at, cost)| {
            (
                format!("{}\n{}", words[..at].join(" "), words[at..].join(" ")),
                cost,
            )
        })
}

/// How badly a break after `word` reads.
fn break_cost(word: &str) -> f64 {
    const CLINGS: [&str; 20] = [
        "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "and", "or", "but", "her",
        "his", "their", "my", "your", "no", "not",
    ];
    if word.ends_with(['.', '!', '?', '…', '。', '！', '？']) {
        0.0
    } else if word.ends_with([',', ';', ':', '—', '、', '，']) {
        0.5
    } else if CLINGS.contains(&word.to_lowercase().as_str()) {
        3.0
    } else {
        1.5
    }
}

/// A word that is longer than a line, in pieces.
fn split_long(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters
        .chunks(LINE)
        .map(|piece| piece.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outline::{OutlineOptions, outline};

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(blocks(text), expected);
    }

    #[test]
    fn lines_break_where_a_speaker_breathes() {
        check("Stay by the lamp.", &["Stay by the lamp."]);
        check(
            "The road was under water before noon, and nobody in the village had seen the boat since dawn.",
            &[
                "The road was under water before noon,",
                "and nobody in the village\nhad seen the boat since dawn.",
            ],
        );
        check(
            "He said he would be back. He did not say when.",
            &["He said he would be back.\nHe did not say when."],
        );
        check(
            &"x".repeat(100),
            &[
                &format!("{}\n{}", "x".repeat(42), "x".repeat(42)),
                &"x".repeat(16),
            ],
        );
        check("  ", &[]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_line_is_short(text in "([a-zäöü€]{1,60}[,.!]? ){0,60}") {
            let blocks = blocks(&text);
            for block in &blocks {
                prop_assert!(block.lines().count() <= 2, "{block:?}");
                for line in block.lines() {
                    prop_assert!(line.chars().count() <= LINE, "{line:?}");
                }
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&blocks.concat()), letters(&text));
        }
    }

    #[test]
    fn captions_follow_each_other_and_can_be_read() {
        for seed in 0..20 {
            let options = OutlineOptions {
                seed,
                duration_secs: 45.0,
                shots: None,
                fps: 24,
            };
            let captions = captions(&outline("A fox finds a lantern in the snow.", &options));
            assert!(!captions.is_empty());
            for pair in captions.windows(2) {
                assert!(pair[0].end_ms <= pair[1].start_ms, "{pair:?}");
            }
            for caption in &captions {
                let letters = caption.text.chars().count() as u64;
                let secs = (caption.end_ms - caption.start_ms) as f64 / 1000.0;
                assert!(
                    letters as f64 / secs < 20.0,
                    "too fast to read: {caption:?}"
                );
            }
        }
    }

    #[test]
    fn chapters_cover_the_film_without_gaps() {
        let options = OutlineOptions {
            seed: 3,
            duration_secs: 31.7,
            shots: Some(7),
            fps: 24,
        };
        let plan = outline("A boy mends a clock.", &options);
        let chapters = chapters(&plan);
        assert_eq!(chapters.len(), 7);
        assert_eq!(chapters[0].start_ms, 0);
        assert!(
            chapters
                .windows(2)
                .all(|pair| pair[0].end_ms == pair[1].start_ms)
        );
        let frames = timing::total_frames(&plan, 24);
        assert_eq!(chapters[6].end_ms, (frames * 1000 + 12) / 24);
    }

    #[test]
    fn subrip_times_are_written_in_full() {
        let caption = Caption {
            start_ms: 3_723_004,
            end_ms: 3_725_000,
            text: "Hello".to_owned(),
        };
        assert_eq!(
            srt(&[caption]),
            "1\n01:02:03,004 --> 01:02:05,000\nHello\n\n"
        );
    }
}
