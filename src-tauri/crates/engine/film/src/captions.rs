//! Captions from the dialogue timeline, broken into lines that can be read in time.

use crate::plan::MoviePlan;
use crate::timing;

/// Characters of one line, as broadcasters' guides have it.
const LINE: usize = 42;
/// Lines shown at once.
const LINES: usize = 2;

/// A caption on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    pub start_ms: u64,
    pub end_ms: u64,
    /// At most two lines.
    pub text: String,
}

/// The captions of the film, in order. A long line is split at clauses, and its time with it.
pub fn captions(plan: &MoviePlan) -> Vec<Caption> {
    let mut captions = Vec::new();
    for cue in timing::spoken(plan) {
        let blocks = blocks(cue.text);
        let letters: usize = blocks.iter().map(|block| block.chars().count()).sum();
        let mut start = cue.start_secs;
        for block in blocks {
            let share = block.chars().count() as f64 / letters.max(1) as f64;
            let end = start + cue.duration_secs * share;
            let ms = |secs: f64| (secs * 1000.0).round() as u64;
            captions.push(Caption {
                start_ms: ms(start),
                end_ms: ms(end),
                text: block,
            });
            start = end;
        }
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

/// Pieces of at most two lines.
fn blocks(text: &str) -> Vec<String> {
    let lines = lines(text);
    lines.chunks(LINES).map(|lines| lines.join("\n")).collect()
}

/// Lines of at most [`LINE`] characters, broken after a clause where that leaves a fair line.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace().flat_map(|word| split_long(word)) {
        let length = line.chars().count();
        let fits = length + 1 + word.chars().count() <= LINE;
        let clause_ended = length > LINE / 2 && line.ends_with([',', ';', '.', '!', '?', ':', '—']);
        if length > 0 && (!fits || clause_ended) {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
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
    use super::*;

    #[test]
    fn lines_are_short_enough_to_read() {
        let text = "The road was under water before noon, and nobody in the village had seen the boat since dawn.";
        for line in lines(text) {
            assert!(line.chars().count() <= LINE, "{line:?}");
        }
        assert_eq!(lines(text).join(" "), text);
        assert_eq!(lines(&"x".repeat(100)).len(), 3);
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
