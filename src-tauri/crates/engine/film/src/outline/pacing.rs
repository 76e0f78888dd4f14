//! How much is told, in which shot, and when: speech must fit its shot and leave air.

use super::dice::Dice;
use super::story::{BEATS, Moment, Speaker, Telling};
use super::words::Words;
use crate::plan::{Line, Span};
use crate::timing;

/// Silence before the first word of a shot.
const LEAD_SECS: f64 = 0.35;
/// Silence after the last word of a shot, at least.
const TAIL_SECS: f64 = 0.25;
/// Silence between two who speak.
const TURN_SECS: f64 = 0.3;
/// Share of a film that may be spoken beyond what must be said.
const SPOKEN_SHARE: f64 = 0.66;
/// Which turn is told before the others where there is little time: what happens, how it turns, how it
/// ends, who it is, what fails, what is tried.
const NEEDED: [usize; BEATS.len()] = [1, 4, 5, 0, 3, 2];

pub(super) type Spoken = (Speaker, String);

/// What is said in each shot.
pub(super) fn tell(
    beats: &[Vec<Moment>; BEATS.len()],
    words: &Words,
    shots: usize,
    duration: f64,
    dice: &mut Dice,
) -> Vec<Vec<Spoken>> {
    let mut moments: Vec<Told> = Vec::new();
    for (beat, list) in beats.iter().enumerate() {
        for moment in list {
            let ways = ways(moment, words);
            if !ways.is_empty() {
                let way = dice.below(ways.len());
                moments.push(Told {
                    beat,
                    weight: moment.weight,
                    ways,
                    way,
                    told: false,
                });
            }
        }
    }
    let air = shots as f64 * (LEAD_SECS + TAIL_SECS);
    let budget = duration - air;
    for moment in &mut moments {
        moment.told = moment.weight == 1;
    }
    let mut used = shortened(&mut moments, budget, dice);
    for weight in [2, 3] {
        for beat in NEEDED {
            for moment in moments
                .iter_mut()
                .filter(|moment| moment.beat == beat && moment.weight == weight)
            {
                if used + moment.secs() <= (duration * SPOKEN_SHARE).min(budget) {
                    used += moment.secs();
                    moment.told = true;
                }
            }
        }
    }
    place(&moments, shots)
}

/// Takes shorter ways to tell what must be told, and then leaves out what is needed least, until it
/// fits. Answers the seconds that are used.
fn shortened(moments: &mut [Told], budget: f64, dice: &mut Dice) -> f64 {
    loop {
        let told = || moments.iter().enumerate().filter(|(_, moment)| moment.told);
        let used: f64 = told().map(|(_, moment)| moment.secs()).sum();
        if used <= budget {
            return used;
        }
        let long: Vec<usize> = told()
            .filter(|(_, moment)| moment.shorter().is_some())
            .map(|(n, _)| n)
            .collect();
        let best = long.get(dice.below(long.len())).copied();
        let rank = |beat: usize| NEEDED.iter().position(|needed| *needed == beat);
        let least = told()
            .max_by_key(|(_, moment)| rank(moment.beat))
            .map(|(n, _)| n);
        match (best, least) {
            (Some(n), _) => moments[n].way = moments[n].shorter().map_or(0, |(way, _)| way),
            (None, Some(n)) => moments[n].told = false,
            (None, None) => return used,
        }
    }
}

/// A moment with the ways in which it can be told.
struct Told {
    beat: usize,
    weight: u8,
    ways: Vec<Vec<Spoken>>,
    way: usize,
    told: bool,
}

impl Told {
    fn secs(&self) -> f64 {
        self.ways.get(self.way).map_or(0.0, |lines| secs(lines))
    }

    /// The longest of the shorter ways, with its seconds.
    fn shorter(&self) -> Option<(usize, f64)> {
        let now = self.secs();
        (0..self.ways.len())
            .map(|way| (way, secs(&self.ways[way])))
            .filter(|(_, secs)| *secs < now)
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}

/// Seconds from the first word to the last.
fn secs(lines: &[Spoken]) -> f64 {
    let speech: f64 = lines
        .iter()
        .map(|(_, text)| timing::speech_secs(text))
        .sum();
    speech + lines.len().saturating_sub(1) as f64 * TURN_SECS
}

/// The tellings that say most of what the sentence said.
fn ways(moment: &Moment, words: &Words) -> Vec<Vec<Spoken>> {
    let fits = |telling: &&Telling| {
        telling
            .conditions
            .iter()
            .all(|condition| words.holds(condition))
            && telling
                .lines
                .iter()
                .all(|(speaker, _)| words.speaks(*speaker))
    };
    let known = |telling: &Telling| {
        telling
            .conditions
            .iter()
            .filter(|condition| !condition.starts_with(['!', '~']))
            .count()
    };
    let most = moment
        .tellings
        .iter()
        .filter(fits)
        .map(known)
        .max()
        .unwrap_or(0);
    moment
        .tellings
        .iter()
        .filter(fits)
        .filter(|telling| known(telling) == most)
        .map(|telling| {
            telling
                .lines
                .iter()
                .map(|(speaker, text)| (*speaker, words.say(*speaker, text)))
                .collect()
        })
        .collect()
}

/// The turn of the story that shot `i` of `count` tells first.
pub(super) fn beat_of(i: usize, count: usize) -> usize {
    if count < BEATS.len() {
        i * BEATS.len() / count.max(1)
    } else {
        // The extra shots go to the middle, where most happens.
        let extra = count - BEATS.len();
        let order = [2, 3, 4, 1, 0, 5];
        let size = |beat: usize| {
            let rank = order.iter().position(|known| *known == beat).unwrap_or(0);
            1 + extra / BEATS.len() + usize::from(rank < extra % BEATS.len())
        };
        let mut end = 0;
        (0..BEATS.len())
            .find(|beat| {
                end += size(*beat);
                i < end
            })
            .unwrap_or(BEATS.len() - 1)
    }
}

/// Puts what is told into the shots of its turn, evenly.
fn place(moments: &[Told], shots: usize) -> Vec<Vec<Spoken>> {
    let mut said = vec![Vec::new(); shots];
    for beat in 0..BEATS.len() {
        let own: Vec<usize> = (0..shots).filter(|&i| beat_of(i, shots) == beat).collect();
        // With few shots, one tells several turns.
        let own = if own.is_empty() {
            vec![
                (0..shots)
                    .rev()
                    .find(|&i| beat_of(i, shots) <= beat)
                    .unwrap_or(0),
            ]
        } else {
            own
        };
        let told: Vec<&Told> = moments
            .iter()
            .filter(|moment| moment.told && moment.beat == beat)
            .collect();
        for (n, moment) in told.iter().enumerate() {
            let shot = own.get(n * own.len() / told.len()).copied().unwrap_or(0);
            if let (Some(said), Some(lines)) = (said.get_mut(shot), moment.ways.get(moment.way)) {
                said.extend(lines.iter().cloned());
            }
        }
    }
    said
}

/// Seconds of each shot, in tenths: what is said, air, and a share of the rest that is larger for the
/// first and the last.
pub(super) fn durations(told: &[Vec<Spoken>], duration: f64) -> Vec<f64> {
    let spoken: Vec<f64> = told.iter().map(|lines| secs(lines)).collect();
    let rest = (duration - spoken.iter().sum::<f64>()).max(0.0);
    let last = told.len().saturating_sub(1);
    // A shot without words is looked at longer, the end longest.
    let weight = |i: usize| {
        let place = match i {
            0 => 1.2,
            _ if i == last => 1.5,
            _ => 1.0,
        };
        place + if told[i].is_empty() { 1.5 } else { 0.0 }
    };
    let weights: f64 = (0..told.len()).map(weight).sum();
    let tenths = |secs: f64| (secs * 10.0).round() / 10.0;
    let (mut end, mut sum) = (0.0, 0.0);
    let mut durations: Vec<f64> = spoken
        .iter()
        .enumerate()
        .map(|(i, said)| {
            sum += said + rest * weight(i) / weights;
            let next = tenths(sum);
            let own = tenths(next - end).max(0.1);
            end = next;
            own
        })
        .collect();
    // Whatever rounding left over belongs to the longest shot.
    let left = duration - durations.iter().sum::<f64>();
    if let Some(longest) = durations.iter_mut().max_by(|a, b| a.total_cmp(b)) {
        *longest = ((*longest + left) * 1000.0).round() / 1000.0;
    }
    durations
}

/// Speech and silence without gaps, in whole milliseconds.
#[derive(Default)]
pub(super) struct Timeline {
    pub(super) spans: Vec<Span>,
    at_ms: u64,
}

impl Timeline {
    /// Adds a shot with its lines, spread over its time.
    pub(super) fn shot(&mut self, duration: f64, lines: &[Line]) {
        let ms = |secs: f64| (secs * 1000.0).round() as u64;
        let end = self.at_ms + ms(duration);
        let needed: Vec<u64> = lines
            .iter()
            .map(|line| ms(timing::speech_secs(&line.text)))
            .collect();
        let mut free = (end - self.at_ms).saturating_sub(needed.iter().sum());
        let turns = lines.len().saturating_sub(1) as u64;
        let lead = ms(LEAD_SECS).min(free / 2);
        free -= lead;
        // Lines take turns quickly where they answer each other, and use long shots whole.
        let slack = free.saturating_sub(ms(TAIL_SECS)) / (turns + 2).max(1);
        let pause = slack.clamp(ms(TURN_SECS).min(free / (turns + 1).max(1)), ms(4.0));
        self.silence_until(self.at_ms + if lines.is_empty() { 0 } else { lead });
        for (n, (line, needed)) in lines.iter().zip(needed).enumerate() {
            if n > 0 {
                self.silence_until((self.at_ms + pause).min(end));
            }
            let spoken = needed.min(end - self.at_ms);
            if spoken == 0 {
                continue;
            }
            self.spans.push(Span::Dialogue {
                start_time_sec: self.at_ms as f64 / 1000.0,
                duration_sec: spoken as f64 / 1000.0,
                character_id: line.character_id.clone(),
                text: line.text.clone(),
            });
            self.at_ms += spoken;
        }
        self.silence_until(end);
    }

    fn silence_until(&mut self, end_ms: u64) {
        if end_ms <= self.at_ms {
            return;
        }
        match self.spans.last_mut() {
            Some(Span::Silence {
                start_time_sec,
                duration_sec,
            }) => {
                *duration_sec = (end_ms as f64 - *start_time_sec * 1000.0).round() / 1000.0;
            }
            _ => self.spans.push(Span::Silence {
                start_time_sec: self.at_ms as f64 / 1000.0,
                duration_sec: (end_ms - self.at_ms) as f64 / 1000.0,
            }),
        }
        self.at_ms = end_ms;
    }
}
