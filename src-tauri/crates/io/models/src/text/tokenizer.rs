//! The model's tokenizer, whatever file it comes from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use camino::Utf8Path;
use serde_json::Value;
use studio_llm::grammar::Vocabulary;
use tokenizers::Tokenizer as Inner;

use super::decoder::Decoder;
use super::{TextError, gguf, read, read_json};
use crate::weights::Gguf;

/// Text to tokens and back. Share it by `Arc`.
pub struct Tokenizer {
    inner: Inner,
    /// The same one, but reading special tokens in a text as plain text. Made when first needed.
    plain: OnceLock<Inner>,
    pieces: Pieces,
    /// What each token adds to a text, by id.
    bytes: Vec<Option<Box<[u8]>>>,
    is_special: Vec<bool>,
    special: Special,
    vocabulary: OnceLock<Arc<Vocabulary>>,
}

/// How a token's name spells its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Each byte as a letter (GPT-2).
    ByteLevel,
    /// `▁` is a blank, `<0xAB>` a byte (SentencePiece).
    Marked {
        /// The first word has a blank before it that the text does not have.
        strip: Strip,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strip {
    Nothing,
    OneBlank,
    /// All blanks of the first token, as `Metaspace` does it.
    Blanks,
}

/// Tokens with a meaning of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Special {
    pub(super) bos: Option<u32>,
    pub(super) adds_bos: bool,
    pub(super) ends: Vec<u32>,
}

/// The largest tokenizers in use, of 260,000 tokens, have 35 MB.
const MOST_BYTES: u64 = 256 << 20;
/// More than any model has; ids beyond it would only take memory.
const MOST_TOKENS: usize = 4 << 20;

/// Ends of a turn in known vocabularies. Some models name only one of theirs as their end.
const ENDS_OF_TURN: [&str; 9] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "<end_of_turn>",
    "<|eot|>",
    "<|return|>",
];

impl Tokenizer {
    /// Reads `tokenizer.json` of a folder, and what `tokenizer_config.json`, `generation_config.json`
    /// and `config.json` say about special tokens.
    pub fn open(folder: &Utf8Path) -> Result<Tokenizer, TextError> {
        let path = folder.join("tokenizer.json");
        let json = read(&path, MOST_BYTES)?;
        let json = json.ok_or_else(|| TextError::NoTokenizer(path.to_string()))?;
        let config = read_json(&folder.join("tokenizer_config.json"))?;
        let mut ends = Vec::new();
        for file in ["generation_config.json", "config.json"] {
            ends.extend(ids(&read_json(&folder.join(file))?["eos_token_id"]));
        }
        Tokenizer::from_json(path.as_str(), &json, &config, &ends)
    }

    /// Reads the vocabulary that a GGUF file holds.
    pub fn from_gguf(file: &Gguf) -> Result<Tokenizer, TextError> {
        let read = gguf::read(file.metadata())?;
        Tokenizer::new(read.inner, read.pieces, read.special)
    }

    fn from_json(
        origin: &str,
        json: &[u8],
        config: &Value,
        ends: &[u32],
    ) -> Result<Tokenizer, TextError> {
        // The library trusts its files in places: a table that lies about its length ends in a panic.
        let inner = catch_unwind(AssertUnwindSafe(|| Inner::from_bytes(json)))
            .map_err(|_| TextError::malformed(origin, "the tables contradict each other"))?
            .map_err(|error| TextError::malformed(origin, error))?;
        let pieces = pieces(&inner)?;
        let named = |name: &str| {
            let token = &config[name];
            let token = token.as_str().or_else(|| token["content"].as_str())?;
            inner.token_to_id(token)
        };
        let mut ends = ends.to_vec();
        ends.extend(named("eos_token"));
        let first = inner.encode_fast("", true);
        let first = first
            .ok()
            .and_then(|start| start.get_ids().first().copied());
        let bos = named("bos_token").or(first.filter(|id| Some(*id) != named("eos_token")));
        let adds_bos = config["add_bos_token"].as_bool();
        let special = Special {
            bos,
            adds_bos: adds_bos.unwrap_or(first.is_some() && first == bos),
            ends,
        };
        Tokenizer::new(inner, pieces, special)
    }

    fn new(mut inner: Inner, pieces: Pieces, mut special: Special) -> Result<Tokenizer, TextError> {
        // A file may ask for cuts and padding. A prompt is never cut silently.
        let _ = inner.with_truncation(None);
        inner.with_padding(None);
        let names = inner.get_vocab(true);
        let len = names.values().max().map_or(0, |id| *id as usize + 1);
        if len > MOST_TOKENS {
            let problem = format!("an id of {len}");
            return Err(TextError::malformed("the tokenizer", problem));
        }
        let mut bytes = vec![None; len];
        for (name, id) in &names {
            bytes[*id as usize] = Some(pieces.bytes(name).into_boxed_slice());
        }
        let mut is_special = vec![false; len];
        for (id, token) in inner.get_added_tokens_decoder() {
            if let Some(slot) = bytes.get_mut(id as usize) {
                // Added tokens are spelt as they are.
                *slot = Some(token.content.as_bytes().into());
                is_special[id as usize] = token.special;
            }
        }
        let known = ENDS_OF_TURN
            .iter()
            .filter_map(|name| inner.token_to_id(name));
        special
            .ends
            .extend(known.filter(|id| is_special[*id as usize]));
        special.ends.retain(|id| (*id as usize) < len);
        special.ends.sort_unstable();
        special.ends.dedup();
        Ok(Tokenizer {
            inner,
            plain: OnceLock::new(),
            pieces,
            bytes,
            is_special,
            special,
            vocabulary: OnceLock::new(),
        })
    }

    /// The tokens of `text`. With `special`, special tokens that are written out become those tokens
    /// (a rendered template); without, they are plain text. Nothing is added before or behind.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, TextError> {
        let encode = |inner: &Inner| {
            // A pattern that goes back over a text too often ends in a panic of the library's.
            let encoding = catch_unwind(AssertUnwindSafe(|| inner.encode_fast(text, false)))
                .map_err(|_| TextError::Encode("the tokenizer's pattern gave up".to_owned()))?
                .map_err(|error| TextError::Encode(error.to_string()))?;
            Ok(encoding.get_ids().to_vec())
        };
        let ids = encode(&self.inner)?;
        if special || !ids.iter().any(|id| self.is_special(*id)) {
            return Ok(ids);
        }
        let plain = self.plain.get_or_init(|| {
            let mut plain = self.inner.clone();
            plain.set_encode_special_tokens(true);
            plain
        });
        encode(plain)
    }

    /// The text of `ids`, special tokens left out.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut decoder = self.decoder();
        let mut text = String::new();
        for id in ids {
            text.push_str(decoder.push(*id));
        }
        text.push_str(decoder.end());
        text
    }

    /// Decodes an answer while it is written.
    pub fn decoder(&self) -> Decoder<'_> {
        self.decoder_showing(&[])
    }

    /// Like [`Tokenizer::decoder`], with these special tokens as text: those that tool calls begin
    /// with.
    pub fn decoder_showing(&self, tokens: &[&str]) -> Decoder<'_> {
        Decoder::new(self, tokens)
    }

    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// A token's name in the vocabulary.
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// What `id` adds to a text.
    pub fn bytes(&self, id: u32) -> Option<&[u8]> {
        self.bytes.get(id as usize)?.as_deref()
    }

    pub fn is_special(&self, id: u32) -> bool {
        self.is_special.get(id as usize).copied().unwrap_or(false)
    }

    /// The token that begins a text.
    pub fn bos(&self) -> Option<u32> {
        self.special.bos
    }

    /// Whether a text that no template made begins with [`Tokenizer::bos`].
    pub fn adds_bos(&self) -> bool {
        self.special.adds_bos && self.special.bos.is_some()
    }

    /// Every token that ends an answer, in rising order.
    pub fn ends(&self) -> &[u32] {
        &self.special.ends
    }

    pub fn is_end(&self, id: u32) -> bool {
        self.special.ends.binary_search(&id).is_ok()
    }

    /// The highest id, plus one. A model's logits may be more: their number is rounded up.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The vocabulary for constrained decoding, made at first use.
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        self.vocabulary.get_or_init(|| {
            let ids = 0..self.bytes.len() as u32;
            let bytes = ids.map(|id| {
                let bytes = self.bytes(id).filter(|_| !self.is_special(id));
                bytes.map(<[u8]>::to_vec)
            });
            Arc::new(Vocabulary::new(bytes, self.ends()))
        })
    }

    pub(super) fn without_first_blank<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        match self.pieces {
            Pieces::ByteLevel
            | Pieces::Marked {
                strip: Strip::Nothing,
            } => bytes,
            Pieces::Marked {
                strip: Strip::OneBlank,
            } => bytes.strip_prefix(b" ").unwrap_or(bytes),
            Pieces::Marked {
                strip: Strip::Blanks,
            } => {
                let blanks = bytes.iter().take_while(|byte| **byte == b' ').count();
                &bytes[blanks..]
            }
        }
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("len", &self.len())
            .field("pieces", &self.pieces)
            .field("special", &self.special)
            .finish_non_exhaustive()
    }
}

impl Pieces {
    fn bytes(self, name: &str) -> Vec<u8> {
        match self {
            Pieces::ByteLevel => {
                let bytes: Option<Vec<u8>> = name.chars().map(byte_of_letter).collect();
                bytes.unwrap_or_else(|| name.as_bytes().to_vec())
            }
            Pieces::Marked { .. } => match byte_of_name(name) {
                Some(byte) => vec![byte],
                None => name.replace('▁', " ").into_bytes(),
            },
        }
    }
}

/// GPT-2's letters for bytes (`bytes_to_unicode` in its `encoder.py`): printable Latin-1 stands for
/// itself, the other 68 bytes follow from U+0100 on.
fn byte_of_letter(letter: char) -> Option<u8> {
    match u32::from(letter) {
        code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => Some(code as u8),
        // 00 to 20, 7F to A0, AD.
        code @ 0x100..=0x120 => Some((code - 0x100) as u8),
        code @ 0x121..=0x142 => Some((code - 0x121) as u8 + 0x7f),
        0x143 => Some(0xad),
        _ => None,
    }
}

/// The byte of a name like `<0x0A>`.
pub(super) fn byte_of_name(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2)
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

/// One id, or a list of ids.
fn ids(value: &Value) -> Vec<u32> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value {
        Value::Array(ids) => ids.iter().filter_map(id).collect(),
        value => id(value).into_iter().collect(),
    }
}

/// How tokens are spelt, from the tokenizer's decoder.
fn pieces(inner: &Inner) -> Result<Pieces, TextError> {
    let decoder = serde_json::to_value(inner.get_decoder())
        .map_err(|error| TextError::malformed("the tokenizer's decoder", error))?;
    let unknown = || {
        let kind = decoder["type"].as_str().unwrap_or("no decoder");
        TextError::UnsupportedTokenizer(format!("the decoder `{kind}`"))
    };
    let steps = match decoder["decoders"].as_array() {
        Some(steps) => steps.as_slice(),
        None => std::slice::from_ref(&decoder),
    };
    let mut pieces = None;
    for step in steps {
        match (step["type"].as_str(), pieces) {
            (Some("ByteLevel"), None) => pieces = Some(Pieces::ByteLevel),
            (Some("Metaspace"), None) if step["replacement"] == "▁" => {
                let strip = if step["prepend_scheme"] == "never" {
                    Strip::Nothing
                } else {
                    Strip::Blanks
                };
                pieces = Some(Pieces::Marked { strip });
            }
            (Some("Replace"), None)
                if step["pattern"]["String"] == "▁" && step["content"] == " " =>
            {
                let strip = Strip::Nothing;
                pieces = Some(Pieces::Marked { strip });
            }
            (Some("ByteFallback" | "Fuse"), _) => {}
            (Some("Strip"), Some(Pieces::Marked { .. }))
                if step["content"] == " " && step["start"] == 1 && step["stop"] == 0 =>
            {
                let strip = Strip::OneBlank;
                pieces = Some(Pieces::Marked { strip });
            }
            _ => return Err(unknown()),
        }
    }
    pieces.ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        let mut bytes: Vec<u8> = (0..0x200)
            .filter_map(char::from_u32)
            .filter_map(byte_of_letter)
            .collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
        // From GPT-2's table: blank and line feed.
        assert_eq!(byte_of_letter('Ġ'), Some(b' '));
        assert_eq!(byte_of_letter('Ċ'), Some(b'\n'));
        assert_eq!(byte_of_letter('Ń'), Some(0xad));
    }

    #[test]
    fn marked_pieces() {
        let pieces = Pieces::Marked {
            strip: Strip::Nothing,
        };
        assert_eq!(pieces.bytes("▁the"), b" the");
        assert_eq!(pieces.bytes("<0xE6>"), [0xe6]);
        assert_eq!(pieces.bytes("<0x1>"), b"<0x1>");
    }
}
