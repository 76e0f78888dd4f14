//! Keys, modes, scales and chords: what a pitch may be.
//!
//! A pitch is a MIDI note number (60 = middle C), a pitch class is a pitch modulo 12 (0 = C), a degree counts the
//! steps of a mode from its tonic (0 = tonic). Everything here is a value; nothing is random.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The seven letters C D E F G A B as pitch classes.
const NATURALS: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
const LETTERS: [char; 7] = ['C', 'D', 'E', 'F', 'G', 'A', 'B'];

/// The tonic as it is spelt: `C`, `F#`, `Bb`. `C#` and `Db` sound alike but name their chords differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    letter: u8,
    accidental: i8,
}

impl Key {
    pub const C: Key = Key::natural(0);
    pub const D: Key = Key::natural(1);
    pub const E: Key = Key::natural(2);
    pub const F: Key = Key::natural(3);
    pub const G: Key = Key::natural(4);
    pub const A: Key = Key::natural(5);
    pub const B: Key = Key::natural(6);

    const fn natural(letter: u8) -> Key {
        Key {
            letter,
            accidental: 0,
        }
    }

    pub fn pitch_class(self) -> u8 {
        (i16::from(NATURALS[usize::from(self.letter)]) + i16::from(self.accidental)).rem_euclid(12)
            as u8
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a key; write a letter from A to G, with `#` or `b` if needed, as in `F#` or `Bb`"
)]
pub struct KeyError {
    pub found: String,
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Key, KeyError> {
        let wrong = || KeyError {
            found: text.to_owned(),
        };
        let mut chars = text.chars();
        let first = chars.next().ok_or_else(wrong)?.to_ascii_uppercase();
        let letter = LETTERS
            .iter()
            .position(|letter| *letter == first)
            .ok_or_else(wrong)?;
        let accidental = match (chars.next(), chars.next()) {
            (None, _) => 0,
            (Some('#' | '♯'), None) => 1,
            (Some('b' | '♭'), None) => -1,
            _ => return Err(wrong()),
        };
        Ok(Key {
            letter: letter as u8,
            accidental,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_note(f, self.letter, self.accidental)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Key {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Key".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The tonic: a letter from A to G, with # or b if needed.",
            "pattern": "^[A-Ga-g][#b♯♭]?$",
            "examples": ["C", "F#", "Bb"],
        })
    }
}

/// The seven-note modes of the major scale that do not have a diminished tonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Aeolian,
    Dorian,
    Lydian,
    Phrygian,
    Ionian,
    Mixolydian,
}

impl Mode {
    pub const ALL: [Mode; 6] = [
        Mode::Aeolian,
        Mode::Dorian,
        Mode::Lydian,
        Mode::Phrygian,
        Mode::Ionian,
        Mode::Mixolydian,
    ];

    /// Semitones of each degree above the tonic.
    pub fn intervals(self) -> [u8; 7] {
        match self {
            Mode::Aeolian => [0, 2, 3, 5, 7, 8, 10],
            Mode::Dorian => [0, 2, 3, 5, 7, 9, 10],
            Mode::Lydian => [0, 2, 4, 6, 7, 9, 11],
            Mode::Phrygian => [0, 1, 3, 5, 7, 8, 10],
            Mode::Ionian => [0, 2, 4, 5, 7, 9, 11],
            Mode::Mixolydian => [0, 2, 4, 5, 7, 9, 10],
        }
    }
}

/// A key in a mode: seven pitch classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scale {
    pub key: Key,
    pub mode: Mode,
}

impl Scale {
    /// Pitch class of a degree; degrees past 6 wrap into the next octave.
    pub fn pitch_class(self, degree: u8) -> u8 {
        (self.key.pitch_class() + self.mode.intervals()[usize::from(degree % 7)]) % 12
    }

    pub fn contains(self, pitch: u8) -> bool {
        (0..7).any(|degree| self.pitch_class(degree) == pitch % 12)
    }

    /// The nearest pitch of the scale above `pitch`.
    pub fn step_up(self, pitch: u8) -> u8 {
        (1..=12)
            .map(|by| pitch.saturating_add(by))
            .find(|candidate| self.contains(*candidate))
            .unwrap_or(pitch)
    }

    /// The nearest pitch of the scale below `pitch`.
    pub fn step_down(self, pitch: u8) -> u8 {
        (1..=12)
            .map(|by| pitch.saturating_sub(by))
            .find(|candidate| self.contains(*candidate))
            .unwrap_or(pitch)
    }
}

/// What is stacked on a degree. All of it is taken from the scale, so no chord leaves the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// 1 3 5
    Triad,
    /// 1 2 5, where the second is a whole tone
    Sus2,
    /// 1 4 5, where the fourth is perfect
    Sus4,
    /// 1 3 5 9, where the ninth is a whole tone above the octave
    Add9,
    /// 1 3 5 7, as maj7 or min7; never a dominant seventh, whose tritone wants to resolve
    Seventh,
    /// 1 4 7, two perfect fourths on a degree whose fifth is perfect too
    Quartal,
}

impl Colour {
    pub const COUNT: usize = 6;
    pub const ALL: [Colour; Colour::COUNT] = [
        Colour::Triad,
        Colour::Sus2,
        Colour::Sus4,
        Colour::Add9,
        Colour::Seventh,
        Colour::Quartal,
    ];

    /// Scale steps above the root.
    fn steps(self) -> &'static [u8] {
        match self {
            Colour::Triad => &[0, 2, 4],
            Colour::Sus2 => &[0, 1, 4],
            Colour::Sus4 => &[0, 3, 4],
            Colour::Add9 => &[0, 2, 4, 1],
            Colour::Seventh => &[0, 2, 4, 6],
            Colour::Quartal => &[0, 3, 6],
        }
    }
}

/// A chord on a degree of a scale. Displayed as musicians write it: `Dm7`, `Bbmaj7`, `Gsus2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    pub scale: Scale,
    /// 0..=6
    pub degree: u8,
    pub colour: Colour,
}

impl Chord {
    pub fn root(self) -> u8 {
        self.scale.pitch_class(self.degree)
    }

    /// Three or four pitch classes, root first.
    pub fn pitch_classes(self) -> impl ExactSizeIterator<Item = u8> + Clone {
        self.colour
            .steps()
            .iter()
            .map(move |step| self.scale.pitch_class(self.degree + step))
    }

    pub fn contains(self, pitch: u8) -> bool {
        self.pitch_classes().any(|class| class == pitch % 12)
    }

    /// Whether the colour exists on this degree without a semitone or tritone that the style avoids.
    pub fn is_consonant(self) -> bool {
        let above =
            |steps: u8| (self.scale.pitch_class(self.degree + steps) + 12 - self.root()) % 12;
        let (second, third, fourth) = (above(1), above(2), above(3));
        let (fifth, seventh) = (above(4), above(6));
        fifth == 7
            && match self.colour {
                Colour::Triad => true,
                Colour::Sus2 | Colour::Add9 => second == 2,
                Colour::Sus4 => fourth == 5,
                Colour::Seventh => (third, seventh) == (4, 11) || (third, seventh) == (3, 10),
                Colour::Quartal => (fourth, seventh) == (5, 10),
            }
    }

    fn is_minor(self) -> bool {
        (self.scale.pitch_class(self.degree + 2) + 12 - self.root()) % 12 == 3
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = (self.scale.key.letter + self.degree) % 7;
        let natural = i16::from(NATURALS[usize::from(letter)]);
        let accidental = (i16::from(self.root()) - natural + 6).rem_euclid(12) - 6;
        if accidental.abs() <= 1 {
            write_note(f, letter, accidental as i8)?;
        } else {
            // Double accidentals are correct but unreadable: name the key on the piano instead.
            let plain = NATURALS.iter().position(|class| *class == self.root());
            let below = NATURALS.iter().position(|class| *class + 1 == self.root());
            match (plain, below) {
                (Some(letter), _) => write_note(f, letter as u8, 0)?,
                (None, letter) => write_note(f, letter.unwrap_or(0) as u8, 1)?,
            }
        }
        f.write_str(match (self.colour, self.is_minor()) {
            (Colour::Triad, false) => "",
            (Colour::Triad, true) => "m",
            (Colour::Sus2, _) => "sus2",
            (Colour::Sus4, _) => "sus4",
            (Colour::Add9, false) => "add9",
            (Colour::Add9, true) => "m(add9)",
            (Colour::Seventh, false) => "maj7",
            (Colour::Seventh, true) => "m7",
            (Colour::Quartal, _) => "7sus4(no5)",
        })
    }
}

impl Serialize for Chord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Chord {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Chord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A chord's name.", "examples": ["Dm7", "Bbmaj7"] })
    }
}

/// Frequency of a pitch in Hz, equal temperament with A4 (69) at 440 Hz.
pub fn hz(pitch: u8) -> f32 {
    440.0 * crate::math::exp2((f32::from(pitch) - 69.0) / 12.0)
}

fn write_note(f: &mut fmt::Formatter<'_>, letter: u8, accidental: i8) -> fmt::Result {
    let sign = match accidental {
        1 => "#",
        -1 => "b",
        _ => "",
    };
    write!(f, "{}{sign}", LETTERS[usize::from(letter % 7)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(key: &str, mode: Mode, degree: u8, colour: Colour) -> Chord {
        Chord {
            scale: Scale {
                key: key.parse().unwrap(),
                mode,
            },
            degree,
            colour,
        }
    }

    #[test]
    fn keys_are_read_and_written_as_they_are_spelt() {
        for (text, class) in [
            ("C", 0),
            ("C#", 1),
            ("Db", 1),
            ("Cb", 11),
            ("B#", 0),
            ("F#", 6),
            ("Bb", 10),
        ] {
            let key: Key = text.parse().unwrap();
            assert_eq!((key.to_string().as_str(), key.pitch_class()), (text, class));
        }
        assert_eq!("bb".parse::<Key>().unwrap().to_string(), "Bb");
        for wrong in ["", "H", "C##", "60", " C", "Cm"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong:?} names no key");
        }
    }

    #[test]
    fn chords_are_named_by_the_letters_of_their_key() {
        for (chord, name) in [
            (chord("D", Mode::Dorian, 0, Colour::Seventh), "Dm7"),
            (chord("Eb", Mode::Lydian, 1, Colour::Triad), "F"),
            (chord("F", Mode::Ionian, 3, Colour::Seventh), "Bbmaj7"),
            (chord("C", Mode::Phrygian, 1, Colour::Seventh), "Dbmaj7"),
            (chord("A", Mode::Aeolian, 0, Colour::Add9), "Am(add9)"),
            (chord("G", Mode::Mixolydian, 6, Colour::Sus2), "Fsus2"),
            (chord("E", Mode::Dorian, 0, Colour::Sus4), "Esus4"),
            (chord("E", Mode::Dorian, 0, Colour::Quartal), "E7sus4(no5)"),
            (chord("D#", Mode::Lydian, 1, Colour::Triad), "E#"),
            // F double sharp
            (chord("D#", Mode::Lydian, 2, Colour::Triad), "Gm"),
        ] {
            assert_eq!(chord.to_string(), name);
        }
    }

    #[test]
    fn a_chord_never_leaves_its_mode_and_stands_on_a_fifth_or_fourths() {
        for mode in Mode::ALL {
            for degree in 0..7 {
                for colour in Colour::ALL {
                    let chord = chord("C", mode, degree, colour);
                    if chord.is_consonant() {
                        assert!(
                            chord
                                .pitch_classes()
                                .all(|class| chord.scale.contains(class))
                        );
                        let fifth = chord.contains(chord.root() + 7);
                        assert_ne!(fifth, colour == Colour::Quartal, "{chord}");
                    }
                }
            }
        }
    }

    #[test]
    fn concert_pitch_is_440_hz() {
        assert!((hz(69) - 440.0).abs() < 1e-3);
        assert!((hz(57) - 220.0).abs() < 1e-3);
        assert!((hz(60) - 261.625_58).abs() < 1e-3);
    }
}
