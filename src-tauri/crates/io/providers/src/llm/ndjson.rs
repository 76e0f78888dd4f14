//! Newline-delimited JSON, taken apart as it comes in: one value per line, blank lines between.

use super::answer::TooLong;

/// Turns bytes into lines. Holds at most one line.
#[derive(Debug)]
pub(super) struct Parser {
    /// Most bytes of a line.
    cap: usize,
    line: Vec<u8>,
}

impl Parser {
    pub(super) fn new(cap: usize) -> Parser {
        Parser {
            cap,
            line: Vec::new(),
        }
    }

    /// Takes the next bytes and appends the lines that they complete. After an error the parser is of
    /// no more use; lines before it stand in `lines`.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        lines: &mut Vec<String>,
    ) -> Result<(), TooLong> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.append(&bytes[..end])?;
            lines.extend(self.finish());
            bytes = &bytes[end + 1..];
        }
        self.append(bytes)
    }

    /// The last line, where the stream ended without a line feed.
    pub(super) fn finish(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&self.line).trim().to_owned();
        self.line.clear();
        (!line.is_empty()).then_some(line)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.cap {
            return Err(TooLong { cap: self.cap });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_split() {
        let wire = "{\"a\":\"é\"}\r\n\n \n{\"b\":2}\n{\"c\":3}".as_bytes();
        for cut in 0..=wire.len() {
            let mut parser = Parser::new(100);
            let mut lines = Vec::new();
            parser.feed(&wire[..cut], &mut lines).unwrap();
            parser.feed(&wire[cut..], &mut lines).unwrap();
            assert_eq!(lines, ["{\"a\":\"é\"}", "{\"b\":2}"], "cut at {cut}");
            assert_eq!(parser.finish().as_deref(), Some("{\"c\":3}"));
            assert_eq!(parser.finish(), None);
        }
    }

    #[test]
    fn a_giant_line_is_refused() {
        let mut parser = Parser::new(4);
        let mut lines = Vec::new();
        assert!(parser.feed(b"1234\n1234", &mut lines).is_ok());
        assert_eq!(parser.feed(b"5", &mut lines), Err(TooLong { cap: 4 }));
    }
}
