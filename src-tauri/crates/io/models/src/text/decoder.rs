//! Tokens back to text, as they come.

use super::tokenizer::Tokenizer;

/// Turns the tokens of one answer into text.
///
/// Emits nothing but whole characters: bytes that may be the beginning of one are held. Where a
/// tokenizer marks words by a blank before them, the first blank of an answer is left out.
#[derive(Debug)]
pub struct Decoder<'a> {
    tokenizer: &'a Tokenizer,
    /// Special tokens that become text all the same.
    shown: Vec<u32>,
    held: Vec<u8>,
    text: String,
    is_first: bool,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(tokenizer: &'a Tokenizer, shown: &[&str]) -> Decoder<'a> {
        let ids = shown.iter().filter_map(|token| tokenizer.id(token));
        Decoder {
            tokenizer,
            shown: ids.collect(),
            held: Vec::new(),
            text: String::new(),
            is_first: true,
        }
    }

    /// The text that `id` completes; empty inside of a character and for special tokens.
    pub fn push(&mut self, id: u32) -> &str {
        self.text.clear();
        let tokenizer = self.tokenizer;
        let is_hidden = tokenizer.is_special(id) && !self.shown.contains(&id);
        let mut bytes = if is_hidden {
            &[]
        } else {
            tokenizer.bytes(id).unwrap_or_default()
        };
        if self.is_first && !bytes.is_empty() {
            self.is_first = false;
            bytes = tokenizer.without_first_blank(bytes);
        }
        self.held.extend_from_slice(bytes);
        let whole = whole_chars(&self.held);
        let rest = self.held.split_off(whole);
        self.text.push_str(&String::from_utf8_lossy(&self.held));
        self.held = rest;
        &self.text
    }

    /// What was held when the answer ended: half a character, shown as U+FFFD.
    pub fn end(&mut self) -> &str {
        self.text.clear();
        self.text.push_str(&String::from_utf8_lossy(&self.held));
        self.held.clear();
        &self.text
    }
}

/// How many bytes are whole characters, or can never become one.
fn whole_chars(bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Err(error) = std::str::from_utf8(&bytes[whole..]) {
        whole += error.valid_up_to();
        match error.error_len() {
            Some(broken) => whole += broken,
            // Ends within a character.
            None => return whole,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_text_can_be_half_a_character() {
        for (bytes, whole) in [
            (b"ab".as_slice(), 2),
            (b"a\xc3", 1),
            (b"a\xc3\xa4", 3),
            (b"\xe6\x97", 0),
            (b"\xff\xe6\x97", 1),
            (b"\xe6\x97\xff\xf0\x9f\x98", 3),
        ] {
            assert_eq!(whole_chars(bytes), whole, "{bytes:?}");
        }
    }
}
