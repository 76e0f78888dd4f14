//! What may stand between the quotes of a JSON string, byte by byte.
//!
//! RFC 8259 §7 for escapes and RFC 3629 §4 for UTF-8. A surrogate escape is allowed only as a pair:
//! half of one is no character, and readers of JSON refuse it.

/// A place inside of a string. [`Place::BETWEEN`] is between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place(u8);

const BETWEEN: u8 = 0;
/// One, two or three bytes `80..BF` to come.
const TAIL_1: u8 = 1;
const TAIL_2: u8 = 2;
const TAIL_3: u8 = 3;
/// After `E0`, `ED`, `F0` and `F4`, whose next byte is narrower: no overlong form, no surrogate,
/// nothing beyond U+10FFFF.
const AFTER_E0: u8 = 4;
const AFTER_ED: u8 = 5;
const AFTER_F0: u8 = 6;
const AFTER_F4: u8 = 7;
const BACKSLASH: u8 = 8;
/// After `\u`, with four to one hexadecimal digits to come.
const HEX_4: u8 = 9;
const HEX_3: u8 = 10;
const HEX_2: u8 = 11;
const HEX_1: u8 = 12;
/// After `\uD`.
const HEX_D: u8 = 13;
/// After `\uD8` to `\uDB`: a high surrogate, and then `\uDC00` to `\uDFFF`.
const HIGH_2: u8 = 14;
const HIGH_1: u8 = 15;
const LOW_BACKSLASH: u8 = 16;
const LOW_U: u8 = 17;
const LOW_D: u8 = 18;
const LOW_C: u8 = 19;

impl Place {
    pub(super) const BETWEEN: Place = Place(BETWEEN);

    pub(super) fn is_between(self) -> bool {
        self.0 == BETWEEN
    }

    /// The place after `byte`; `None` if it may not come here. The closing quote is not ours.
    pub(super) fn after(self, byte: u8) -> Option<Place> {
        let place = match (self.0, byte) {
            (BETWEEN, b'\\') => BACKSLASH,
            (BETWEEN, b'"') => return None,
            (BETWEEN, 0x20..=0x7f) => BETWEEN,
            (BETWEEN, 0xc2..=0xdf) => TAIL_1,
            (BETWEEN, 0xe0) => AFTER_E0,
            (BETWEEN, 0xed) => AFTER_ED,
            (BETWEEN, 0xe1..=0xef) => TAIL_2,
            (BETWEEN, 0xf0) => AFTER_F0,
            (BETWEEN, 0xf1..=0xf3) => TAIL_3,
            (BETWEEN, 0xf4) => AFTER_F4,
            (TAIL_1, 0x80..=0xbf) => BETWEEN,
            (TAIL_2, 0x80..=0xbf) | (AFTER_E0, 0xa0..=0xbf) | (AFTER_ED, 0x80..=0x9f) => TAIL_1,
            (TAIL_3, 0x80..=0xbf) | (AFTER_F0, 0x90..=0xbf) | (AFTER_F4, 0x80..=0x8f) => TAIL_2,
            (BACKSLASH, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => BETWEEN,
            (BACKSLASH, b'u') => HEX_4,
            (HEX_4, b'd' | b'D') => HEX_D,
            (HEX_4, b) if b.is_ascii_hexdigit() => HEX_3,
            (HEX_3, b) if b.is_ascii_hexdigit() => HEX_2,
            (HEX_2, b) if b.is_ascii_hexdigit() => HEX_1,
            (HEX_1, b) if b.is_ascii_hexdigit() => BETWEEN,
            (HEX_D, b'0'..=b'7') => HEX_2,
            (HEX_D, b'8' | b'9' | b'a' | b'b' | b'A' | b'B') => HIGH_2,
            (HIGH_2, b) if b.is_ascii_hexdigit() => HIGH_1,
            (HIGH_1, b) if b.is_ascii_hexdigit() => LOW_BACKSLASH,
            (LOW_BACKSLASH, b'\\') => LOW_U,
            (LOW_U, b'u') => LOW_D,
            (LOW_D, b'd' | b'D') => LOW_C,
            (LOW_C, b'c'..=b'f' | b'C'..=b'F') => HEX_2,
            _ => return None,
        };
        Some(Place(place))
    }
}

/// How many whole characters `bytes` is, if it may stand in a string as it is, without escapes.
pub(super) fn plain_chars(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_plain = |c: char| c >= ' ' && c != '"' && c != '\\';
    text.chars().all(is_plain).then(|| text.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_content(bytes: &[u8]) -> bool {
        let place = bytes
            .iter()
            .try_fold(Place::BETWEEN, |place, byte| place.after(*byte));
        place == Some(Place::BETWEEN)
    }

    proptest! {
        #[test]
        fn it_accepts_what_a_reader_of_json_accepts(bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), Just(b'c'),
                0x80u8..0xc0, 0xe0u8..0xf5],
            0..14,
        )) {
            let quoted = [b"\"", bytes.as_slice(), b"\""].concat();
            let read = serde_json::from_slice::<String>(&quoted).is_ok();
            prop_assert_eq!(is_content(&bytes), read);
        }
    }

    #[test]
    fn surrogates_come_in_pairs() {
        assert!(is_content(br"\ud83d\ude00"));
        assert!(!is_content(br"\ud83d"));
        assert!(!is_content(br"\ude00"));
        assert!(!is_content(br"\ud83d\u0041"));
    }
}
