//! The tokenizer inside of a GGUF file (ggml, `docs/gguf.md`, "Tokenizer").
//!
//! The file has the vocabulary, but not how text is prepared for it: that is known by name, as in
//! llama.cpp's `llama-vocab.cpp`. Here it is built into the same kind of object as a
//! `tokenizer.json`, so that both give equal tokens.

use std::collections::{BTreeMap, HashMap};

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::unicode::NFC;
use tokenizers::normalizers::{Prepend, Replace, Sequence as Normalizers};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, NormalizerWrapper, SplitDelimiterBehavior, Tokenizer as Inner};

use super::TextError;
use super::tokenizer::{Pieces, Special, Strip, byte_of_name};
use crate::weights::gguf::Value;

type Metadata = BTreeMap<String, Value>;

pub(super) struct Read {
    pub(super) inner: Inner,
    pub(super) pieces: Pieces,
    pub(super) special: Special,
}

const MODEL: &str = "tokenizer.ggml.model";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const SCORES: &str = "tokenizer.ggml.scores";
const MERGES: &str = "tokenizer.ggml.merges";
const PRE: &str = "tokenizer.ggml.pre";

/// Gemma's 256,000 tokens make 580,000 pairs.
const MOST_MERGES: usize = 4 << 20;

/// `llama_token_type`.
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;

/// Reads the tokenizer of a file's metadata.
pub(super) fn read(metadata: &Metadata) -> Result<Read, TextError> {
    let model = text(metadata, MODEL).ok_or_else(|| TextError::NoTokenizer(MODEL.to_owned()))?;
    let tokens = texts(metadata, TOKENS)?;
    let (mut inner, pieces, adds_bos) = match model {
        "gpt2" => (byte_level(metadata, &tokens)?, Pieces::ByteLevel, false),
        "llama" => {
            let strip = if prefixes_blank(metadata) {
                Strip::OneBlank
            } else {
                Strip::Nothing
            };
            let inner = sentence_piece(metadata, &tokens)?;
            (inner, Pieces::Marked { strip }, true)
        }
        other => {
            let what = format!("the GGUF vocabulary `{other}`");
            return Err(TextError::UnsupportedTokenizer(what));
        }
    };
    let types: Vec<u64> = list(metadata, TYPES)
        .iter()
        .filter_map(Value::as_unsigned)
        .collect();
    let added = tokens.iter().zip(&types).filter_map(|(token, kind)| {
        let special = match *kind {
            CONTROL | UNKNOWN => true,
            USER_DEFINED => false,
            _ => return None,
        };
        let token = AddedToken::from((*token).to_owned(), special);
        Some(token.normalized(false))
    });
    inner
        .add_tokens(added)
        .map_err(|error| TextError::malformed(TOKENS, error))?;

    let id = |name: &str| {
        let id = metadata.get(&format!("tokenizer.ggml.{name}"))?;
        u32::try_from(id.as_unsigned()?).ok()
    };
    let ends = ["eos_token_id", "eot_token_id", "eom_token_id"];
    let said = metadata.get("tokenizer.ggml.add_bos_token");
    Ok(Read {
        inner,
        pieces,
        special: Special {
            bos: id("bos_token_id"),
            adds_bos: said.and_then(as_bool).unwrap_or(adds_bos),
            ends: ends.into_iter().filter_map(id).collect(),
        },
    })
}

/// Text of a token by the key of its id, `bos_token_id`.
pub(super) fn token<'m>(metadata: &'m Metadata, key: &str) -> Option<&'m str> {
    let id = metadata.get(&format!("tokenizer.ggml.{key}"))?;
    let tokens = list(metadata, TOKENS);
    tokens
        .get(usize::try_from(id.as_unsigned()?).ok()?)?
        .as_text()
}

/// Byte-level BPE with the file's merges.
fn byte_level(metadata: &Metadata, tokens: &[&str]) -> Result<Inner, TextError> {
    let name = text(metadata, PRE).unwrap_or("default");
    let preparation = Preparation::named(name)
        .ok_or_else(|| TextError::UnsupportedTokenizer(format!("the pre-tokenizer `{name}`")))?;
    let merges = texts(metadata, MERGES)?;
    let pairs = merges.iter().map(|merge| {
        // A blank can be the first letter of a part only in old files, which spell it `Ġ`, too.
        let pair = merge.split_once(' ');
        let pair = pair.map(|(left, right)| (left.to_owned(), right.to_owned()));
        pair.ok_or_else(|| TextError::malformed(MERGES, format!("`{merge}` is no pair")))
    });
    let model = BPE::builder()
        .vocab_and_merges(vocabulary(tokens), pairs.collect::<Result<Vec<_>, _>>()?)
        .ignore_merges(preparation.whole_words)
        .build()
        .map_err(|error| TextError::malformed(MERGES, error))?;
    let mut inner = Inner::new(model);
    if preparation.composes {
        inner
            .with_normalizer(Some(NormalizerWrapper::from(NFC)))
            .map_err(|error| TextError::malformed(PRE, error))?;
    }
    let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
    for pattern in preparation.patterns {
        let pattern = SplitPattern::Regex((*pattern).to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
            .map_err(|error| TextError::malformed(PRE, error))?;
        steps.push(split.into());
    }
    steps.push(ByteLevel::new(false, false, false).into());
    inner.with_pre_tokenizer(Some(PreTokenizers::new(steps)));
    inner.with_decoder(Some(ByteLevel::default()));
    Ok(inner)
}

/// SentencePiece's BPE: the merges follow from the scores, as in `transformers`
/// (`convert_slow_tokenizer.py`): each token from every pair that makes it, the best token first.
fn sentence_piece(metadata: &Metadata, tokens: &[&str]) -> Result<Inner, TextError> {
    let scores: Vec<f64> = list(metadata, SCORES)
        .iter()
        .filter_map(Value::as_float)
        .collect();
    if scores.len() != tokens.len() {
        let problem = format!("{} scores for {} tokens", scores.len(), tokens.len());
        return Err(TextError::malformed(SCORES, problem));
    }
    let ids: HashMap<&str, usize> = tokens
        .iter()
        .zip(0..)
        .map(|(token, id)| (*token, id))
        .collect();
    let mut merges: Vec<(f64, usize, usize, usize, usize, usize)> = Vec::new();
    for (token, score) in tokens.iter().zip(&scores) {
        // The longest in use has 48 bytes; the work grows with the square.
        if byte_of_name(token).is_some() || token.len() > 512 {
            continue;
        }
        let whole = ids[token];
        for (at, _) in token.char_indices().skip(1) {
            if let (Some(left), Some(right)) = (ids.get(&token[..at]), ids.get(&token[at..])) {
                let lengths = [&token[..at], &token[at..]].map(|part| part.chars().count());
                merges.push((*score, lengths[0], lengths[1], whole, *left, *right));
            }
        }
        if merges.len() > MOST_MERGES {
            let problem = format!("its tokens make more than {MOST_MERGES} pairs");
            return Err(TextError::malformed(TOKENS, problem));
        }
    }
    // Best score first, then the longer parts; what is equal stays in the vocabulary's order.
    merges.sort_by(|a, b| {
        let best = b.0.total_cmp(&a.0).then((b.1, b.2).cmp(&(a.1, a.2)));
        best.then((a.3, a.4, a.5).cmp(&(b.3, b.4, b.5)))
    });
    let pair = |(.., left, right): (f64, usize, usize, usize, usize, usize)| {
        (tokens[left].to_owned(), tokens[right].to_owned())
    };
    let types = list(metadata, TYPES);
    let unknown = types
        .iter()
        .position(|kind| kind.as_unsigned() == Some(UNKNOWN));
    let mut model = BPE::builder()
        .vocab_and_merges(vocabulary(tokens), merges.into_iter().map(pair).collect())
        .byte_fallback(true)
        .fuse_unk(true);
    if let Some(unknown) = unknown.and_then(|id| tokens.get(id)) {
        model = model.unk_token((*unknown).to_owned());
    }
    let model = model
        .build()
        .map_err(|error| TextError::malformed(TOKENS, error))?;
    let mut inner = Inner::new(model);
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if prefixes_blank(metadata) {
        steps.push(Prepend::new("▁".to_owned()).into());
    }
    let blanks = Replace::new(" ", "▁").map_err(|error| TextError::malformed(TOKENS, error))?;
    steps.push(blanks.into());
    inner
        .with_normalizer(Some(Normalizers::new(steps)))
        .map_err(|error| TextError::malformed(TOKENS, error))?;
    Ok(inner)
}

/// How text is cut before merging.
struct Preparation {
    patterns: &'static [&'static str],
    /// A word that is a token is one, whatever the merges say.
    whole_words: bool,
    /// Unicode's NFC first, as the model's `tokenizer.json` does it; GGUF does not say so.
    composes: bool,
}

const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT_4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

impl Preparation {
    /// Names as llama.cpp's converter writes them; the patterns are those of the models' own
    /// `tokenizer.json`.
    fn named(name: &str) -> Option<Preparation> {
        let (patterns, whole_words, composes): (&'static [&'static str], bool, bool) = match name {
            // Files from before there were names.
            "default" | "gpt-2" | "gpt2" | "phi-2" | "olmo" | "mpt" => (&[GPT_2], false, false),
            "llama-bpe" | "llama3" | "llama-v3" | "falcon3" | "pixtral" | "dbrx" | "smaug-bpe" => {
                (&[LLAMA_3], true, false)
            }
            "qwen2" | "deepseek-r1-qwen" | "megrez" | "hunyuan" => (&[QWEN_2], false, true),
            "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" => {
                (&[r"\p{N}", GPT_2], false, false)
            }
            "tekken" => (&[TEKKEN], true, false),
            "gpt-4o" | "llama4" => (&[GPT_4O], false, false),
            _ => return None,
        };
        Some(Preparation {
            patterns,
            whole_words,
            composes,
        })
    }
}

/// A token that comes twice keeps its first id.
fn vocabulary(tokens: &[&str]) -> Vocab {
    let mut ids = Vocab::default();
    for (token, id) in tokens.iter().zip(0..) {
        ids.entry((*token).to_owned()).or_insert(id);
    }
    ids
}

fn prefixes_blank(metadata: &Metadata) -> bool {
    let said = metadata.get("tokenizer.ggml.add_space_prefix");
    said.and_then(as_bool).unwrap_or(true)
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

fn text<'m>(metadata: &'m Metadata, key: &str) -> Option<&'m str> {
    metadata.get(key)?.as_text()
}

fn list<'m>(metadata: &'m Metadata, key: &str) -> &'m [Value] {
    match metadata.get(key) {
        Some(Value::List(values)) => values,
        _ => &[],
    }
}

fn texts<'m>(metadata: &'m Metadata, key: &str) -> Result<Vec<&'m str>, TextError> {
    let values = list(metadata, key);
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
    let texts = texts.filter(|texts| !texts.is_empty());
    texts.ok_or_else(|| TextError::malformed(key, "expected a list of texts"))
}
