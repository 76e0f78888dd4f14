//! Finding the end of a JSON container in text that is still arriving.

/// Reads each byte once, however often more text comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    from: usize,
    at: usize,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

pub(super) enum Scanned {
    /// Not at its end yet.
    Open,
    Whole {
        from: usize,
        to: usize,
    },
    /// More was closed than opened, or too much opened.
    Broken,
}

/// As deep as serde_json reads.
const MOST_DEPTH: u32 = 127;

impl Scan {
    /// Begins at byte `from`, where a bracket or brace must be.
    pub(super) fn from(from: usize) -> Scan {
        Scan {
            from,
            at: from,
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// Goes on in `text`, which is what it was before or longer. Kinds of brackets are left to the
    /// reader of what is found.
    pub(super) fn run(&mut self, text: &str) -> Scanned {
        while let Some(byte) = text.as_bytes().get(self.at) {
            self.at += 1;
            if self.escaped {
                self.escaped = false;
                continue;
            }
            match byte {
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Scanned::Whole {
                            from: self.from,
                            to: self.at,
                        };
                    }
                }
                _ => {}
            }
            if self.depth > MOST_DEPTH {
                return Scanned::Broken;
            }
        }
        Scanned::Open
    }
}

/// How many bytes at the end of `text` may be the beginning of `marker`.
pub(super) fn begun(text: &str, marker: &str) -> usize {
    let most = text.len().min(marker.len() - 1);
    let begins = |count: &usize| text.as_bytes().ends_with(&marker.as_bytes()[..*count]);
    (1..=most).rev().find(begins).unwrap_or(0)
}
