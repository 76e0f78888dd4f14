//! One melodic line: which notes it plays over the chord that sounds.
//!
//! A line thinks in groups of two bars. In a group it rests, invents a motif (rhythm and contour), or remembers the
//! last one and varies it; the contour is then fitted to the harmony. Of the notes, about 70 % are chord tones, 25 %
//! other tones of the mode that do not rub against the chord, and 5 % passing tones, which are reached and left by
//! step in one direction and end on a chord tone. The shares are kept by a running account, not by luck.

use crate::chance::{Chance, Stream};
use crate::form::{Event, STEP_TICKS, Ticks};
use crate::harmony::STEPS_PER_BAR;
use crate::theory::{Chord, Scale};

/// How a note relates to the chord under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Chord = 0,
    Scale = 1,
    Passing = 2,
}

/// Target shares of the roles, in their order.
const SHARES: [f32; 3] = [0.70, 0.25, 0.05];

/// A note within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// After the step's begin, below [`STEP_TICKS`].
    pub at: Ticks,
    pub length: Ticks,
    pub pitch: u8,
    /// 20..=100
    pub velocity: u8,
    pub role: Role,
}

/// What tells one line from another.
#[derive(Clone, Copy, Debug)]
pub struct Character {
    pub(crate) stream: Stream,
    pub low: u8,
    pub high: u8,
    /// Onsets in two bars at intensity 0 and 1.
    pub onsets: (f32, f32),
    /// Probability that a group of two bars rests, at intensity 0 and 1.
    pub rest: (f32, f32),
    /// Velocity at intensity 0 and 1, before accents.
    pub velocity: (f32, f32),
    /// Whether the first group may sound.
    pub opens: bool,
}

/// The harmony around a step.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When the step begins.
    pub begin: Ticks,
    pub chord: Chord,
    /// The chord to come, when it begins within a bar.
    pub next: Option<Chord>,
    /// 0..=1
    pub intensity: f32,
    /// Notes of other lines; semitones and tritones to those that sound at the same time are avoided.
    pub others: &'a [Event],
    /// Where the long arc draws the line, in semitones.
    pub register: f32,
}

/// A melodic line with its memory.
#[derive(Clone)]
pub struct Line {
    character: Character,
    chance: Chance,
    motif: Motif,
    /// Steps into the group, 0..GROUP_STEPS.
    step: u32,
    groups: u32,
    resting: bool,
    rests: u32,
    anchor: f32,
    last: u8,
    /// Where a passing tone leads, and the chord under which that holds.
    resolve: Option<(u8, Chord)>,
    owed: [f32; 3],
}

/// Where a note is to go.
#[derive(Clone, Copy)]
struct Place {
    /// The pitch that the contour asks for.
    wanted: f32,
    strong: bool,
    /// Whether another note of the motif follows within the bar.
    leads_on: bool,
    /// In ticks since the music's begin.
    from: u64,
    until: u64,
}

impl Place {
    fn overlaps(&self, other: &Event) -> bool {
        other.at.0 < self.until && self.from < other.at.0 + other.length.0
    }
}

const GROUP_STEPS: u32 = 2 * STEPS_PER_BAR;
const GROUP_TICKS: u32 = GROUP_STEPS * STEP_TICKS as u32;
const EIGHTH: u32 = STEP_TICKS as u32 / 4;
const SLOTS: usize = (GROUP_TICKS / EIGHTH) as usize;
/// Groups that may rest in a row.
const MAX_RESTS: u32 = 2;
/// The most notes that a group holds.
pub const MAX_NOTES: usize = 10;

#[derive(Clone, Copy, Default)]
struct MotifNote {
    /// Eighths after the group's begin.
    slot: u32,
    /// Semitones around the anchor that the contour asks for.
    offset: f32,
    accent: f32,
}

#[derive(Clone, Copy, Default)]
struct Motif {
    notes: [MotifNote; MAX_NOTES],
    count: usize,
}

impl Line {
    pub fn new(seed: u64, character: Character) -> Line {
        let middle = (character.low + character.high) / 2;
        Line {
            character,
            chance: Chance::new(seed, character.stream),
            motif: Motif::default(),
            step: 0,
            groups: 0,
            resting: true,
            rests: 0,
            anchor: f32::from(middle),
            last: middle,
            resolve: None,
            owed: [0.0; 3],
        }
    }

    /// Begins a new group with the next step, and does not rest in it: who changes something wants to hear it.
    pub fn turn(&mut self) {
        self.step = 0;
        self.rests = MAX_RESTS;
        self.resolve = None;
    }

    /// Composes one step; hands each note to `play` in order of time.
    pub fn step(&mut self, moment: &Moment<'_>, mut play: impl FnMut(Note)) {
        if self.step == 0 {
            self.begin_group(moment);
        }
        let begin = self.step * STEP_TICKS as u32;
        self.step = (self.step + 1) % GROUP_STEPS;
        if self.resting {
            return;
        }
        let motif = self.motif;
        let notes = &motif.notes[..motif.count];
        let probability = 0.5 + 0.3 * moment.intensity;
        for (index, note) in notes.iter().enumerate() {
            let at = note.slot * EIGHTH;
            if !(begin..begin + STEP_TICKS as u32).contains(&at) {
                continue;
            }
            // The resolution of a passing tone is owed; all else is left to chance.
            let sounds = self.chance.odds(probability);
            if !sounds && self.resolve.is_none() {
                continue;
            }
            let following = notes
                .get(index + 1)
                .map_or(GROUP_TICKS, |next| next.slot * EIGHTH);
            let bar = STEPS_PER_BAR * STEP_TICKS as u32;
            let leads_on = index + 1 < notes.len() && following / bar == at / bar;
            let strong = at.is_multiple_of(STEP_TICKS as u32);
            let late = self.chance.below(12) as u64;
            let from = u64::from(at - begin) + late;
            let length = u64::from((following - at).clamp(EIGHTH, 8 * EIGHTH));
            let place = Place {
                wanted: self.anchor + note.offset,
                strong,
                leads_on,
                from: moment.begin.0 + from,
                until: moment.begin.0 + from + length,
            };
            let (pitch, role) = self.choose(moment, place);
            let accent = note.accent + self.chance.between(-5.0, 5.0)
                - if role == Role::Passing { 8.0 } else { 0.0 };
            let (soft, loud) = self.character.velocity;
            let velocity = soft + (loud - soft) * moment.intensity + accent;
            play(Note {
                at: Ticks(from),
                length: Ticks(length),
                pitch,
                velocity: velocity.clamp(20.0, 100.0) as u8,
                role,
            });
        }
    }

    fn begin_group(&mut self, moment: &Moment<'_>) {
        self.groups += 1;
        let (still, full) = self.character.rest;
        let rest = still + (full - still) * moment.intensity;
        let may_rest = self.rests < MAX_RESTS && (self.groups > 1 || !self.character.opens);
        let must_rest = self.groups == 1 && !self.character.opens;
        self.resting = must_rest || (may_rest && self.chance.odds(rest));
        self.rests = if self.resting { self.rests + 1 } else { 0 };
        if self.resting {
            return;
        }
        if self.motif.count > 0 && self.chance.odds(0.6) {
            self.vary();
        } else {
            self.invent(moment.intensity);
        }
        // The line starts near where it was, drawn back to the middle of its register.
        let middle = f32::from(self.character.low + self.character.high) / 2.0;
        let drift = self.chance.between(-3.0, 3.0);
        let wanted = middle + moment.register;
        self.anchor = f32::from(self.last) * 0.5 + wanted * 0.5 + drift;
    }

    fn invent(&mut self, intensity: f32) {
        let (few, many) = self.character.onsets;
        let count = few + (many - few) * intensity + self.chance.between(-1.0, 1.0);
        let count = (count as usize).clamp(2, MAX_NOTES);
        let mut taken = [false; SLOTS];
        for _ in 0..count {
            let mut weights = [0.0; SLOTS];
            for (slot, weight) in weights.iter_mut().enumerate() {
                let metric = match slot % 4 {
                    0 => 3.0,
                    2 => 2.0,
                    _ => 1.0,
                };
                // A motif speaks early and then leaves air.
                let early = if slot < SLOTS * 5 / 8 { 2.0 } else { 0.7 };
                *weight = if taken[slot] { 0.0 } else { metric * early };
            }
            if let Some(slot) = self.chance.weighted(&weights) {
                taken[slot] = true;
            }
        }
        let mut motif = Motif::default();
        let (mut offset, mut direction) = (0.0_f32, if self.chance.odds(0.5) { 1.0 } else { -1.0 });
        for slot in (0..SLOTS).filter(|slot| taken[*slot]) {
            let accent = if slot % 4 == 0 { 6.0 } else { -3.0 } + self.chance.between(-4.0, 4.0);
            motif.notes[motif.count] = MotifNote {
                slot: slot as u32,
                offset,
                accent,
            };
            motif.count += 1;
            let leap = [2.0, 2.0, 3.0, 3.0, 5.0, 7.0][self.chance.below(6)];
            if self.chance.odds(0.35) || (offset + direction * leap).abs() > 8.0 {
                direction = -direction;
            }
            offset += direction * leap;
        }
        self.motif = motif;
    }

    /// Remembers the motif with one thing changed, or turned upside down, or as it was.
    fn vary(&mut self) {
        let count = self.motif.count;
        match self.chance.below(4) {
            0 => {
                let which = self.chance.below(count);
                let by = self.chance.between(-4.0, 4.0);
                self.motif.notes[which].offset += by;
            }
            1 => {
                for note in &mut self.motif.notes[..count] {
                    note.offset = -note.offset;
                }
            }
            2 => {
                let last = self.motif.notes[count - 1].slot;
                if (last as usize) + 1 < SLOTS {
                    for note in &mut self.motif.notes[..count] {
                        note.slot += 1;
                    }
                } else {
                    let first = self.motif.notes[0].slot;
                    for note in &mut self.motif.notes[..count] {
                        note.slot -= first;
                    }
                }
            }
            _ => {}
        }
    }

    fn choose(&mut self, moment: &Moment<'_>, place: Place) -> (u8, Role) {
        for (owed, share) in self.owed.iter_mut().zip(SHARES) {
            *owed += share;
        }
        let resolved = self
            .resolve
            .take()
            .filter(|(_, chord)| *chord == moment.chord)
            .map(|(pitch, _)| (pitch, Role::Chord));
        let (pitch, role) = match resolved {
            Some(note) => note,
            None => self.choose_freely(moment, place),
        };
        let account = &mut self.owed[role as usize];
        *account = (*account - 1.0).clamp(-3.0, 3.0);
        self.last = pitch;
        (pitch, role)
    }

    fn choose_freely(&mut self, moment: &Moment<'_>, place: Place) -> (u8, Role) {
        let weights = [
            self.owed[0].max(0.0) + 0.05,
            self.owed[1].max(0.0) * if place.strong { 0.5 } else { 1.0 },
            if place.leads_on && !place.strong {
                self.owed[2].max(0.0) * 4.0
            } else {
                0.0
            },
        ];
        let drawn = self.chance.weighted(&weights).unwrap_or(0);
        if drawn == Role::Passing as usize
            && let Some((through, to)) = self.passing(moment, place.wanted)
        {
            self.resolve = Some((to, moment.chord));
            return (through, Role::Passing);
        }
        if drawn == Role::Scale as usize
            && let Some(pitch) =
                self.nearest(moment, place, |pitch| is_soft_tone(moment.chord, pitch))
        {
            return (pitch, Role::Scale);
        }
        let chord_tone = self.nearest(moment, place, |pitch| moment.chord.contains(pitch));
        (chord_tone.unwrap_or(self.last), Role::Chord)
    }

    /// A step through a tone outside the chord to a chord tone, from the chord tone played last.
    fn passing(&self, moment: &Moment<'_>, wanted: f32) -> Option<(u8, u8)> {
        if !moment.chord.contains(self.last) {
            return None;
        }
        let scale = moment.chord.scale;
        let up = f32::from(self.last) <= wanted;
        let walk = |up: bool| {
            let step = |from| {
                if up {
                    Scale::step_up(scale, from)
                } else {
                    Scale::step_down(scale, from)
                }
            };
            let (through, to) = (step(self.last), step(step(self.last)));
            let fits = !moment.chord.contains(through)
                && moment.chord.contains(to)
                && (self.character.low..=self.character.high).contains(&to);
            fits.then_some((through, to))
        };
        walk(up).or_else(|| walk(!up))
    }

    /// The cheapest pitch of the register that is `allowed`: near what the contour wants, not repeated, no wide
    /// leap, no semitone to what rings, and at home in the chord to come.
    fn nearest(
        &mut self,
        moment: &Moment<'_>,
        place: Place,
        allowed: impl Fn(u8) -> bool,
    ) -> Option<u8> {
        let mut best: Option<(f32, u8)> = None;
        for pitch in self.character.low..=self.character.high {
            if !allowed(pitch) {
                continue;
            }
            let leap = f32::from(pitch.abs_diff(self.last));
            let mut cost = (f32::from(pitch) - place.wanted).abs() + self.chance.between(0.0, 1.5);
            if leap == 0.0 {
                cost += 2.0;
            }
            cost += (leap - 7.0).max(0.0);
            for other in moment.others.iter().filter(|other| place.overlaps(other)) {
                if rubs(pitch, other.pitch) {
                    cost += 12.0;
                } else if pitch.abs_diff(other.pitch) % 12 == 6 {
                    cost += 3.0;
                }
            }
            if moment
                .next
                .is_some_and(|next| !next.scale.contains(pitch) || rubs_any(next, pitch))
            {
                cost += 3.0;
            }
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, pitch));
            }
        }
        best.map(|(_, pitch)| pitch)
    }
}

/// A tone of the mode outside the chord that lies no semitone from any of its tones' upper side.
fn is_soft_tone(chord: Chord, pitch: u8) -> bool {
    chord.scale.contains(pitch) && !chord.contains(pitch) && !chord.contains(pitch + 11)
}

fn rubs(a: u8, b: u8) -> bool {
    matches!(a.abs_diff(b) % 12, 1 | 11)
}

fn rubs_any(chord: Chord, pitch: u8) -> bool {
    !chord.contains(pitch) && chord.pitch_classes().any(|class| rubs(class, pitch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{BELL, PLUCK};
    use crate::harmony::Harmony;
    use crate::params::Params;
    use crate::theory::{Key, Mode};

    /// Every note of an hour at 60 BPM with the chord under it.
    fn hour(seed: u64, character: Character, mode: Mode, intensity: f32) -> Vec<(Note, Chord)> {
        let params = Params::new(Key::A, mode, 60.0, intensity).unwrap();
        let mut harmony = Harmony::new(seed, &params);
        let mut line = Line::new(seed, character);
        let mut notes = Vec::new();
        for _ in 0..1800 {
            harmony.advance(&params, false, 0.0);
            let moment = Moment {
                begin: Ticks(0),
                chord: harmony.chord(),
                next: (harmony.steps_left() < STEPS_PER_BAR).then(|| harmony.next_chord()),
                intensity,
                others: &[],
                register: 0.0,
            };
            line.step(&moment, |note| notes.push((note, moment.chord)));
        }
        notes
    }

    fn each_hour(mut check: impl FnMut(&[(Note, Chord)])) {
        for (seed, mode) in Mode::ALL.into_iter().enumerate() {
            for (character, intensity) in [(BELL, 0.2), (BELL, 0.8), (PLUCK, 0.5)] {
                check(&hour(seed as u64, character, mode, intensity));
            }
        }
    }

    #[test]
    fn roles_tell_the_truth() {
        each_hour(|notes| {
            for (index, (note, chord)) in notes.iter().enumerate() {
                assert!(chord.scale.contains(note.pitch));
                assert!((20..=100).contains(&note.velocity));
                let in_chord = chord.contains(note.pitch);
                match note.role {
                    Role::Chord => assert!(in_chord),
                    Role::Scale => {
                        assert!(
                            !in_chord && !chord.contains(note.pitch - 1),
                            "{note:?} rubs against {chord}"
                        );
                    }
                    Role::Passing => {
                        let (before, after) = (notes[index - 1].0.pitch, notes[index + 1].0.pitch);
                        let scale = chord.scale;
                        let rises = (scale.step_up(before), scale.step_down(after))
                            == (note.pitch, note.pitch);
                        let falls = (scale.step_down(before), scale.step_up(after))
                            == (note.pitch, note.pitch);
                        assert!(
                            !in_chord && chord.contains(after) && (rises != falls),
                            "{before} {note:?} {after}"
                        );
                    }
                }
            }
        });
    }

    #[test]
    fn shares_of_chord_scale_and_passing_tones_are_kept_within_an_hour() {
        each_hour(|notes| {
            assert!(notes.len() > 100);
            for (role, share) in [Role::Chord, Role::Scale, Role::Passing]
                .into_iter()
                .zip(SHARES)
            {
                let found = notes.iter().filter(|(note, _)| note.role == role).count();
                let found = found as f32 / notes.len() as f32;
                assert!(
                    (found - share).abs() <= 0.05,
                    "{role:?}: {found:.3} of the notes, not {share}"
                );
            }
        });
    }

    #[test]
    fn a_motif_comes_back() {
        // Rhythms of groups of two bars: without memory almost none would repeat the one before.
        let params = Params::new(Key::A, Mode::Dorian, 60.0, 1.0).unwrap();
        let mut line = Line::new(3, BELL);
        let mut harmony = Harmony::new(3, &params);
        let mut rhythms = Vec::new();
        for _ in 0..400 {
            for _ in 0..GROUP_STEPS {
                harmony.advance(&params, false, 0.0);
                let moment = Moment {
                    begin: Ticks(0),
                    chord: harmony.chord(),
                    next: None,
                    intensity: 1.0,
                    others: &[],
                    register: 0.0,
                };
                line.step(&moment, |_| ());
            }
            let notes = &line.motif.notes[..line.motif.count];
            rhythms.push(notes.iter().map(|note| note.slot).collect::<Vec<_>>());
        }
        let repeats = rhythms.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(
            (100..300).contains(&repeats),
            "{repeats} of 400 groups remember"
        );
    }
}
