//! Server-sent events, taken apart as they come in.
//!
//! After the WHATWG HTML standard, 9.2.5 and 9.2.6: lines end in CR, LF or CRLF, a leading byte order
//! mark is dropped, bytes that are not UTF-8 become U+FFFD, and an event that the end of the stream
//! cuts is dropped. Bytes may be split anywhere.
//!
//! Not here: `id` and `retry`, which serve reconnecting, and an answer cannot be resumed.

use super::answer::TooLong;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// The `event` field; empty without one.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

/// Turns bytes into [`Event`]s. Holds at most one line and one event.
#[derive(Debug)]
pub(super) struct Parser {
    /// Most bytes of a line, and of an event.
    cap: usize,
    line: Vec<u8>,
    event: Event,
    /// Whether the event has a `data` line: `data` alone cannot tell, it may be empty.
    has_data: bool,
    /// The last byte was CR: an LF now ends no further line.
    after_cr: bool,
    first_line: bool,
}

impl Parser {
    pub(super) fn new(cap: usize) -> Parser {
        Parser {
            cap,
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            after_cr: false,
            first_line: true,
        }
    }

    /// Takes the next bytes and appends the events that they complete. After an error the parser is
    /// of no more use; events before it stand in `events`.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), TooLong> {
        if self.after_cr && !bytes.is_empty() {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            self.after_cr = false;
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            self.append(&bytes[..end])?;
            self.end_line(events)?;
            let cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if cr {
                self.after_cr = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.append(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.cap {
            return Err(TooLong { cap: self.cap });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<Event>) -> Result<(), TooLong> {
        let line = String::from_utf8_lossy(&self.line);
        let mut line: &str = &line;
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                events.push(event);
            }
        } else {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.name),
                "data" => {
                    if self.event.data.len() + value.len() > self.cap {
                        return Err(TooLong { cap: self.cap });
                    }
                    if self.has_data {
                        self.event.data.push('\n');
                    }
                    self.event.data.push_str(value);
                    self.has_data = true;
                }
                // A comment (no field name), or a field that serves reconnecting.
                _ => {}
            }
        }
        self.line.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = Parser::new(1000);
        let mut events = Vec::new();
        for piece in pieces {
            parser.feed(piece, &mut events).unwrap();
        }
        events.into_iter().map(|e| (e.name, e.data)).collect()
    }

    #[track_caller]
    fn check(wire: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, data)| ((*name).to_owned(), (*data).to_owned()))
            .collect();
        assert_eq!(parse(&[wire.as_bytes()]), expected, "{wire:?} in one piece");
        let bytes: Vec<&[u8]> = wire.as_bytes().chunks(1).collect();
        assert_eq!(parse(&bytes), expected, "{wire:?} byte by byte");
    }

    #[test]
    fn every_line_ending_ends_a_line() {
        check(
            "data: a\n\ndata: b\r\n\r\ndata: c\r\r",
            &[("", "a"), ("", "b"), ("", "c")],
        );
        check(
            "data: a\r\ndata: b\n\rdata: c\n\n",
            &[("", "a\nb"), ("", "c")],
        );
    }

    #[test]
    fn fields_follow_the_standard() {
        check("event: x\ndata:a\ndata:  b\n\n", &[("x", "a\n b")]);
        check("data\n\ndata\ndata\n\n", &[("", ""), ("", "\n")]);
        check("event: lost\n\ndata: a\n\n", &[("", "a")]);
        check(
            "id: 1\nretry: 5\nother: x\ndata: a:b: c\n\n",
            &[("", "a:b: c")],
        );
        check(
            "data: {\"a\":\"\u{1f98a}é\"}\n\n",
            &[("", "{\"a\":\"\u{1f98a}é\"}")],
        );
    }

    #[test]
    fn comments_are_life_signs_and_no_events() {
        check(
            ": ping\n\n:\n\ndata: a\n: in between\ndata: b\n\n",
            &[("", "a\nb")],
        );
    }

    #[test]
    fn one_byte_order_mark_is_dropped() {
        check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[("", "a")]);
    }

    #[test]
    fn a_cut_event_is_dropped() {
        check("data: a\n\ndata: b\n", &[("", "a")]);
    }

    #[test]
    fn bad_bytes_become_replacement_characters() {
        assert_eq!(
            parse(&[b"data: a\xff\xc3", b"\n\n"])[0].1,
            "a\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn long_lines_and_long_events_are_refused() {
        let mut parser = Parser::new(10);
        assert!(parser.feed(b"data: 12345", &mut Vec::new()).is_err());
        let mut parser = Parser::new(10);
        let mut lines = b"data: 1234\n".repeat(2);
        assert!(parser.feed(&lines, &mut Vec::new()).is_ok());
        lines.extend_from_slice(b"data: 1234\n");
        assert!(Parser::new(10).feed(&lines, &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn splits_change_nothing(
            lines in prop::collection::vec("(data|event|:| |é|\u{1f98a}|x|\r|\n|\r\n){0,6}", 0..30),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let wire = lines.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &wire[cut[0]..cut[1]]).collect();
            prop_assert_eq!(parse(&pieces), parse(&[&wire]));
        }
    }
}
