//! What a GGUF file says of itself, from its head alone (version 2 and 3 of the format).
//!
//! Counts and lengths in it are limited before anything is set aside for them: a hostile file costs a
//! few megabytes at most. Not here: the weights (`studio-models` reads those).

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use camino::Utf8Path;

use crate::error::{HubError, Result};

/// Most entries of metadata, tensors, and bytes of a text that is kept.
const MOST_ENTRIES: u64 = 100_000;
const LONGEST_TEXT: u64 = 1 << 20;
/// Longest name of a key or tensor.
const LONGEST_NAME: u64 = 65_535;
/// Tensors begin at multiples of this unless `general.alignment` says otherwise.
const ALIGNMENT: u64 = 32;

/// The facts that a list of models shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `general.architecture`, such as `qwen2`.
    pub architecture: String,
    pub name: Option<String>,
    /// Such as `Q4_K_M`, after `general.file_type`.
    pub quantisation: Option<&'static str>,
    pub licence: Option<String>,
    pub context_tokens: Option<u64>,
    /// As in the registry's `kv_bytes_per_token`.
    pub kv_bytes_per_token: Option<u64>,
    /// How many files the model was split into.
    pub pieces: u64,
    /// A chat template is in it.
    pub has_template: bool,
}

/// Reads the head. What is no GGUF, is cut off or cannot be right is an error.
pub fn read(path: &Utf8Path) -> Result<Facts> {
    let bad = |problem: String| HubError::BadFile {
        path: path.to_owned(),
        problem,
    };
    let file = File::open(path).map_err(HubError::io("open", path))?;
    let bytes = file.metadata().map_err(HubError::io("read", path))?.len();
    parse(&mut Head(BufReader::new(file)), bytes).map_err(bad)
}

/// The parts of a file's head, little-endian.
struct Head<R>(R);

/// A value of the metadata, as far as it is kept.
enum Value {
    Number(u64),
    Text(String),
    Other,
}

impl Value {
    fn number(self) -> Option<u64> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

type Parsed<T> = std::result::Result<T, String>;

fn parse<R: Read + Seek>(head: &mut Head<R>, bytes: u64) -> Parsed<Facts> {
    if head.take::<4>()? != *b"GGUF" {
        return Err("this is no GGUF file".to_owned());
    }
    let version = head.u32()?;
    if !(2..=3).contains(&version) {
        return Err(format!(
            "version {version} of GGUF is not known; 2 and 3 are"
        ));
    }
    let tensors = head.count(MOST_ENTRIES, "tensors")?;
    let entries = head.count(MOST_ENTRIES, "entries")?;
    let mut facts = Facts {
        pieces: 1,
        ..Facts::default()
    };
    let (mut layers, mut heads, mut kv_heads, mut width, mut key_length) =
        (None, None, None, None, None);
    let mut alignment = ALIGNMENT;
    for _ in 0..entries {
        let key = head.text(LONGEST_NAME)?;
        let kind = head.u32()?;
        let value = head.value(kind)?;
        match key.as_str() {
            "general.architecture" => facts.architecture = value.text().unwrap_or_default(),
            "general.name" => facts.name = value.text(),
            "general.license" => facts.licence = value.text(),
            "general.file_type" => facts.quantisation = value.number().and_then(quantisation),
            "general.alignment" => alignment = value.number().unwrap_or(ALIGNMENT).max(1),
            "split.count" => facts.pieces = value.number().unwrap_or(1).max(1),
            "tokenizer.chat_template" => facts.has_template = true,
            key => match key.split_once('.').map_or("", |(_, rest)| rest) {
                "context_length" => facts.context_tokens = value.number(),
                "block_count" => layers = value.number(),
                "embedding_length" => width = value.number(),
                "attention.head_count" => heads = value.number(),
                "attention.head_count_kv" => kv_heads = value.number(),
                "attention.key_length" => key_length = value.number(),
                _ => {}
            },
        }
    }
    // Later pieces of a split model tell of their tensors only.
    if facts.architecture.is_empty() && facts.pieces == 1 {
        return Err("it does not tell its architecture".to_owned());
    }
    let key_length = key_length.or_else(|| width?.checked_div(heads?));
    facts.kv_bytes_per_token =
        layers
            .zip(kv_heads.or(heads))
            .zip(key_length)
            .and_then(|((layers, heads), length)| {
                layers
                    .checked_mul(heads)?
                    .checked_mul(length)?
                    .checked_mul(4)
            });
    let end = head.tensors(tensors)?;
    let data = head.position()?.next_multiple_of(alignment);
    match data.checked_add(end) {
        Some(end) if end <= bytes => Ok(facts),
        Some(end) => Err(format!("it is cut off: {bytes} bytes of {end}")),
        None => Err("its tensors lie at no possible place".to_owned()),
    }
}

impl<R: Read + Seek> Head<R> {
    fn take<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let mut bytes = [0; N];
        let read = self.0.read_exact(&mut bytes);
        read.map_err(|_| "it is cut off in its head".to_owned())?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Parsed<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Parsed<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn count(&mut self, most: u64, of: &str) -> Parsed<u64> {
        let count = self.u64()?;
        if count > most {
            return Err(format!("{count} {of} cannot be right"));
        }
        Ok(count)
    }

    fn text(&mut self, most: u64) -> Parsed<String> {
        let length = self.count(most, "bytes of text")?;
        let mut bytes = vec![0; length as usize];
        let read = self.0.read_exact(&mut bytes);
        read.map_err(|_| "it is cut off in its head".to_owned())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip(&mut self, bytes: u64) -> Parsed<()> {
        let wrong = || "its head tells of no possible length".to_owned();
        let bytes = i64::try_from(bytes).map_err(|_| wrong())?;
        self.0.seek_relative(bytes).map_err(|_| wrong())
    }

    fn position(&mut self) -> Parsed<u64> {
        self.0.stream_position().map_err(|error| error.to_string())
    }

    fn value(&mut self, kind: u32) -> Parsed<Value> {
        Ok(match kind {
            0 => Value::Number(u64::from(self.take::<1>()?[0])),
            2 => Value::Number(u64::from(u16::from_le_bytes(self.take()?))),
            4 => Value::Number(u64::from(self.u32()?)),
            10 => Value::Number(self.u64()?),
            8 => {
                let length = self.u64()?;
                if length <= LONGEST_TEXT {
                    let mut bytes = vec![0; length as usize];
                    let read = self.0.read_exact(&mut bytes);
                    read.map_err(|_| "it is cut off in its head".to_owned())?;
                    Value::Text(String::from_utf8_lossy(&bytes).into_owned())
                } else {
                    self.skip(length)?;
                    Value::Other
                }
            }
            9 => {
                self.array()?;
                Value::Other
            }
            kind => {
                let size = fixed_size(kind).ok_or_else(|| format!("kind {kind} is not known"))?;
                self.skip(size)?;
                Value::Other
            }
        })
    }

    /// Skips a list: token tables have hundreds of thousands of entries.
    fn array(&mut self) -> Parsed<()> {
        let kind = self.u32()?;
        let count = self.count(1 << 32, "entries of a list")?;
        match (kind, fixed_size(kind)) {
            (8, _) => {
                for _ in 0..count {
                    let length = self.u64()?;
                    self.skip(length)?;
                }
                Ok(())
            }
            (_, Some(size)) => self.skip(count * size),
            (kind, None) => Err(format!("lists of kind {kind} are not known")),
        }
    }

    /// Reads the table of tensors; answers where the last one ends, from the first one's place.
    fn tensors(&mut self, count: u64) -> Parsed<u64> {
        let mut end = 0;
        for _ in 0..count {
            let name = self.text(LONGEST_NAME)?;
            let dimensions = self.u32()?;
            if dimensions > 8 {
                return Err(format!("`{name}` has {dimensions} dimensions"));
            }
            let mut elements = 1_u64;
            for _ in 0..dimensions {
                let length = self.u64()?;
                elements = elements
                    .checked_mul(length)
                    .ok_or_else(|| format!("`{name}` is too large"))?;
            }
            let kind = self.u32()?;
            let offset = self.u64()?;
            // Of a kind that is not known, at least the place must exist.
            let (block, size) = block(kind).unwrap_or((1, 0));
            let length = elements.div_ceil(block).checked_mul(size);
            let tensor_end = length.and_then(|length| offset.checked_add(length));
            end = tensor_end
                .ok_or_else(|| format!("`{name}` is too large"))?
                .max(end);
        }
        Ok(end)
    }
}

/// Bytes of the kinds of values that have always as many.
fn fixed_size(kind: u32) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}

/// Elements and bytes of a block, by the number of ggml's type.
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // F32
        1 | 30 => (1, 2), // F16, BF16
        2 => (32, 18),    // Q4_0
        3 => (32, 20),    // Q4_1
        6 => (32, 22),    // Q5_0
        7 => (32, 24),    // Q5_1
        8 => (32, 34),    // Q8_0
        10 => (256, 84),  // Q2_K
        11 => (256, 110), // Q3_K
        12 => (256, 144), // Q4_K
        13 => (256, 176), // Q5_K
        14 => (256, 210), // Q6_K
        _ => return None,
    })
}

/// The usual name of `general.file_type`.
fn quantisation(file_type: u64) -> Option<&'static str> {
    Some(match file_type {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        32 => "BF16",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use studio_testkit::tiny_gguf;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Parsed<Facts> {
        parse(&mut Head(Cursor::new(bytes)), bytes.len() as u64)
    }

    #[test]
    fn a_file_tells_what_it_is() {
        let facts = read_bytes(&tiny_gguf("qwen2")).unwrap();
        assert_eq!(facts.architecture, "qwen2");
        assert_eq!(facts.name.as_deref(), Some("Tiny"));
        assert_eq!(facts.quantisation, Some("Q8_0"));
        assert_eq!(facts.context_tokens, Some(4096));
        // As the registry says of Qwen2.5 0.5B, whose shape these numbers are.
        assert_eq!(facts.kv_bytes_per_token, Some(12_288));
        assert_eq!((facts.pieces, facts.has_template), (1, false));
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_told_so() {
        let whole = tiny_gguf("qwen2");
        for length in 0..whole.len() {
            let error = read_bytes(&whole[..length]).expect_err("it is not whole");
            assert!(!error.is_empty(), "at {length}");
        }
    }

    #[test]
    fn a_byte_changed_anywhere_does_no_harm() {
        let whole = tiny_gguf("qwen2");
        for at in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                // Only that it comes back, soon and without a panic.
                let _ = read_bytes(&bytes);
            }
        }
    }
}
