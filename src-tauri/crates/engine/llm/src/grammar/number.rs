//! Numbers, digit by digit, so that whoever reads them can hold them.
//!
//! A [`Free`] number is any of RFC 8259 §6 that a double can hold: at most [`MOST_DIGITS`] digits
//! before and after the point, exponents below 300. A [`Ranged`] one lies between two bounds and is
//! written without exponent: from the digits so far follows what it can still become.

/// More digits than any double tells apart (17), and few enough that a model that has lost itself in
/// digits comes back.
const MOST_DIGITS: u8 = 32;
/// With more digits than this before the point, an exponent of three digits could pass 1.8e308.
const DIGITS_WITH_LARGE_EXPONENT: u8 = 8;

/// A number without bounds, as far as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Free {
    part: Part,
    /// Digits before the point.
    whole: u8,
    /// Digits of the current part.
    digits: u8,
    /// The first digit of the exponent.
    leading: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Minus,
    /// A single `0`, which no digit may follow.
    Zero,
    Whole,
    Fraction,
    /// After `e`: a sign or a digit.
    E,
    Exponent,
}

impl Free {
    pub(super) fn begin(byte: u8) -> Option<Free> {
        let part = match byte {
            b'-' => Part::Minus,
            b'0' => Part::Zero,
            b'1'..=b'9' => Part::Whole,
            _ => return None,
        };
        let digits = u8::from(part != Part::Minus);
        Some(Free {
            part,
            whole: digits,
            digits,
            leading: 0,
        })
    }

    pub(super) fn after(self, byte: u8) -> Option<Free> {
        let Free { part, digits, .. } = self;
        let digit = byte.is_ascii_digit();
        match part {
            Part::Minus => Free::begin(byte).filter(|_| digit),
            Part::Whole if digit && digits < MOST_DIGITS => Some(Free {
                whole: self.whole + 1,
                digits: digits + 1,
                ..self
            }),
            Part::Fraction if digit && digits < MOST_DIGITS => Some(self.one_more()),
            Part::Zero | Part::Whole if byte == b'.' => Some(self.part(Part::Fraction)),
            Part::Zero | Part::Whole | Part::Fraction
                if matches!(byte, b'e' | b'E') && self.can_end() =>
            {
                Some(self.part(Part::E))
            }
            Part::E if matches!(byte, b'+' | b'-') => Some(self.part(Part::Exponent)),
            Part::E | Part::Exponent if digit && digits == 0 => Some(Free {
                leading: byte - b'0',
                ..self.part(Part::Exponent).one_more()
            }),
            Part::Exponent if digit && digits < self.most_exponent_digits() => {
                Some(self.one_more())
            }
            _ => None,
        }
    }

    pub(super) fn can_end(self) -> bool {
        match self.part {
            Part::Zero | Part::Whole => true,
            Part::Fraction | Part::Exponent => self.digits > 0,
            Part::Minus | Part::E => false,
        }
    }

    fn most_exponent_digits(self) -> u8 {
        let large = self.leading <= 2 && self.whole <= DIGITS_WITH_LARGE_EXPONENT;
        if large { 3 } else { 2 }
    }

    fn part(self, part: Part) -> Free {
        Free {
            part,
            digits: 0,
            ..self
        }
    }

    fn one_more(self) -> Free {
        Free {
            digits: self.digits + 1,
            ..self
        }
    }
}

/// Bounds of a number, both included, in units of 10^-`decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) decimals: u8,
}

impl Bounds {
    /// Whole numbers of up to 18 digits, which fit 64 bits.
    pub(super) const INTEGERS: Bounds = Bounds {
        low: -(TEN_TO_18 - 1),
        high: TEN_TO_18 - 1,
        decimals: 0,
    };
    /// Nine digits before and six after the point: all of them distinct as doubles (15 digits are),
    /// so that what lies below an exclusive bound also does after reading.
    pub(super) const DECIMALS: Bounds = Bounds {
        low: -(TEN_TO_15 - 1),
        high: TEN_TO_15 - 1,
        decimals: 6,
    };

    /// Sizes that a number of this sign may have: of negative ones without the sign. There is no
    /// negative zero: readers take it for a fraction.
    fn sizes(&self, negative: bool) -> (i64, i64) {
        if negative {
            (1.max(-self.high), -self.low)
        } else {
            (self.low.max(0), self.high)
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }
}

const TEN_TO_15: i64 = 1_000_000_000_000_000;
const TEN_TO_18: i64 = 1_000_000_000_000_000_000;

/// A number within [`Bounds`], as far as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ranged {
    negative: bool,
    /// All digits so far, without the point.
    value: i64,
    /// Digits before the point so far.
    whole: u8,
    /// Digits after the point, once it has come.
    fraction: Option<u8>,
}

impl Ranged {
    pub(super) fn begin(byte: u8, bounds: &Bounds) -> Option<Ranged> {
        let nothing = Ranged {
            negative: byte == b'-',
            value: 0,
            whole: 0,
            fraction: None,
        };
        match byte {
            b'-' => {
                let (least, most) = bounds.sizes(true);
                (least <= most).then_some(nothing)
            }
            _ => nothing.after(byte, bounds),
        }
    }

    pub(super) fn after(self, byte: u8, bounds: &Bounds) -> Option<Ranged> {
        let next = match (byte, self.fraction) {
            (b'0'..=b'9', None) => {
                let leading_zero = self.value == 0 && self.whole > 0;
                let full = self.whole >= most_whole_digits(bounds);
                (!leading_zero && !full).then(|| Ranged {
                    value: self.value * 10 + i64::from(byte - b'0'),
                    whole: self.whole + 1,
                    ..self
                })?
            }
            (b'0'..=b'9', Some(digits)) if digits < bounds.decimals => Ranged {
                value: self.value * 10 + i64::from(byte - b'0'),
                fraction: Some(digits + 1),
                ..self
            },
            (b'.', None) if self.whole > 0 && bounds.decimals > 0 => Ranged {
                fraction: Some(0),
                ..self
            },
            _ => return None,
        };
        next.can_become(bounds).then_some(next)
    }

    pub(super) fn can_end(self, bounds: &Bounds) -> bool {
        let digits = self.fraction.unwrap_or(0);
        let written = self.whole > 0 && self.fraction != Some(0);
        let unit = power(bounds.decimals - digits);
        let (least, most) = bounds.sizes(self.negative);
        let size = i128::from(self.value) * unit;
        written && i128::from(least) <= size && size <= i128::from(most)
    }

    /// Whether some number within the bounds begins like this.
    fn can_become(self, bounds: &Bounds) -> bool {
        let (least, most) = bounds.sizes(self.negative);
        let (least, most) = (i128::from(least), i128::from(most));
        let value = i128::from(self.value);
        // Every further digit leaves a range ten times as fine.
        let within = |power_of_unit: u8| {
            let unit = power(power_of_unit);
            value * unit <= most && (value + 1) * unit > least
        };
        match self.fraction {
            Some(digits) => within(bounds.decimals - digits),
            // Nothing follows a leading zero but a fraction.
            None if value == 0 => within(bounds.decimals),
            None => (0..=most_whole_digits(bounds) - self.whole)
                .any(|more| within(bounds.decimals + more)),
        }
    }
}

fn most_whole_digits(bounds: &Bounds) -> u8 {
    if bounds.decimals == 0 { 18 } else { 9 }
}

fn power(of_ten: u8) -> i128 {
    10i128.pow(u32::from(of_ten))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn free(text: &str) -> bool {
        let mut bytes = text.bytes();
        let begin = bytes.next().and_then(Free::begin);
        begin
            .and_then(|number| bytes.try_fold(number, Free::after))
            .is_some_and(Free::can_end)
    }

    fn ranged(text: &str, bounds: Bounds) -> bool {
        let mut bytes = text.bytes();
        let begin = bytes.next().and_then(|byte| Ranged::begin(byte, &bounds));
        begin
            .and_then(|number| bytes.try_fold(number, |number, byte| number.after(byte, &bounds)))
            .is_some_and(|number| number.can_end(&bounds))
    }

    #[test]
    fn numbers_are_json_numbers() {
        for good in [
            "0",
            "-0",
            "10",
            "1.5",
            "-0.25",
            "1e5",
            "2E+07",
            "9e-299",
            "12345678e299",
        ] {
            assert!(free(good), "{good}");
            assert!(serde_json::from_str::<f64>(good).unwrap().is_finite());
        }
        for bad in [
            "",
            "-",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "1.e5",
            "1e300",
            "123456789e299",
        ] {
            assert!(!free(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_can_be_read(text in "-?[0-9]{1,12}(\\.[0-9]{0,12})?([eE][+-]?[0-9]{0,4})?") {
            if free(&text) {
                prop_assert!(serde_json::from_str::<f64>(&text).unwrap().is_finite());
            }
        }

        #[test]
        fn integers_within_bounds_and_no_others(low in -2000i64..2000, size in 0i64..3000, number in -6000i64..6000) {
            let bounds = Bounds { low, high: low + size, decimals: 0 };
            let inside = (low..=low + size).contains(&number);
            prop_assert_eq!(ranged(&number.to_string(), bounds), inside);
        }

        #[test]
        fn decimals_within_bounds_and_no_others(low in -2000i64..2000, size in 0i64..3000, number in -6000i64..6000) {
            let bounds = Bounds { low, high: low + size, decimals: 2 };
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", number.abs() / 100, number.abs() % 100);
            prop_assert_eq!(ranged(&text, bounds), (low..=low + size).contains(&number));
        }

        #[test]
        fn a_range_has_no_dead_end(low in -2000i64..2000, size in 0i64..300, decimals in 0u8..3, picks in prop::collection::vec(any::<u8>(), 40)) {
            let bounds = Bounds { low, high: low + size, decimals };
            let bytes = b"-.0123456789";
            let next = |number: Option<Ranged>| -> Vec<Ranged> {
                let after = |byte: &u8| match number {
                    None => Ranged::begin(*byte, &bounds),
                    Some(number) => number.after(*byte, &bounds),
                };
                bytes.iter().filter_map(after).collect()
            };
            let mut number = None;
            for pick in picks {
                let ways = next(number);
                if ways.is_empty() {
                    break;
                }
                number = Some(ways[pick as usize % ways.len()]);
            }
            // Whoever walks at random until nothing can follow stands on a number within the bounds.
            prop_assert!(number.is_some_and(|number| number.can_end(&bounds)));
        }
    }

    #[test]
    fn there_is_no_negative_zero_among_integers() {
        assert!(!ranged("-0", Bounds::INTEGERS));
        assert!(ranged("0", Bounds::INTEGERS));
        assert!(ranged("-999999999999999999", Bounds::INTEGERS));
    }
}
