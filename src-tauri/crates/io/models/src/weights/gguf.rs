//! GGUF, versions 2 and 3: metadata and tensors of one file (ggml, `docs/gguf.md`).
//!
//! A header can only claim what the file has room for: counts and lengths are checked against the
//! bytes that are left before anything is allocated for them. What it takes in memory, where a byte of
//! a list becomes a [`Value`], has a limit of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use candle_core::quantized::GgmlDType;
use memmap2::Mmap;

use super::{Encoding, Stored};
use crate::error::{ModelError, Result};

/// ggml's `GGML_MAX_DIMS`.
const MAX_DIMENSIONS: u32 = 4;
/// Far above real files: a decoder of 200 layers has about 2,400 tensors and 60 entries.
const MAX_TENSORS: u64 = 1 << 16;
const MAX_ENTRIES: u64 = 1 << 16;
/// Memory for names, texts and lists. A vocabulary of 260,000 tokens and their merges take 60 MB.
const MAX_HEADER_BYTES: u64 = 512 << 20;
/// Lists of lists are legal, but no file needs them; this bounds the recursion.
const MAX_DEPTH: usize = 4;
const DEFAULT_ALIGNMENT: u64 = 32;

/// An open GGUF file.
#[derive(Debug)]
pub struct Gguf {
    path: Utf8PathBuf,
    map: Mmap,
    metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Entry>,
}

/// A value of the metadata; widths are not kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    List(Vec<Value>),
}

#[derive(Debug)]
struct Entry {
    encoding: Encoding,
    /// Row-major: the file has it the other way round.
    shape: Vec<usize>,
    range: Range<usize>,
}

impl Gguf {
    /// Reads and checks the header.
    pub fn open(path: &Utf8Path) -> Result<Gguf> {
        let file = File::open(path).map_err(ModelError::io(path, "open"))?;
        // SAFETY: the map is only read. Whoever truncates the file meanwhile ends this process with
        // SIGBUS, as with every mapped file; downloads replace files by renaming and never do.
        let map = unsafe { Mmap::map(&file) }.map_err(ModelError::io(path, "map"))?;
        let (metadata, tensors) = Header {
            path,
            bytes: &map,
            at: 0,
            taken: 0,
        }
        .read()?;
        Ok(Gguf {
            path: path.to_owned(),
            map,
            metadata,
            tensors,
        })
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub fn metadata(&self) -> &BTreeMap<String, Value> {
        &self.metadata
    }

    /// The value of `key`, `None` when absent.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_text()
    }

    pub fn unsigned(&self, key: &str) -> Option<u64> {
        self.value(key)?.as_unsigned()
    }

    pub fn float(&self, key: &str) -> Option<f64> {
        self.value(key)?.as_float()
    }

    /// Names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of this name in the file's own naming.
    pub fn find(&self, name: &str) -> Option<Stored<'_>> {
        let entry = self.tensors.get(name)?;
        Some(Stored {
            path: &self.path,
            encoding: entry.encoding,
            shape: &entry.shape,
            bytes: self.map.get(entry.range.clone())?,
        })
    }

    pub(super) fn sizes(&self) -> impl Iterator<Item = (Encoding, usize)> + '_ {
        let entries = self.tensors.values();
        entries.map(|entry| (entry.encoding, entry.shape.iter().product()))
    }
}

impl Value {
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Non-negative integers of any width.
    pub fn as_unsigned(&self) -> Option<u64> {
        match *self {
            Value::Unsigned(number) => Some(number),
            Value::Signed(number) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    pub fn as_float(&self) -> Option<f64> {
        match *self {
            Value::Float(number) => Some(number),
            Value::Unsigned(number) => Some(number as f64),
            Value::Signed(number) => Some(number as f64),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(values) => Some(values),
            _ => None,
        }
    }
}

/// Reads a header front to back.
struct Header<'a> {
    path: &'a Utf8Path,
    bytes: &'a [u8],
    at: usize,
    /// Memory so far.
    taken: u64,
}

type Contents = (BTreeMap<String, Value>, BTreeMap<String, Entry>);

impl Header<'_> {
    fn read(mut self) -> Result<Contents> {
        let magic = self.bytes.get(..4).unwrap_or(self.bytes);
        if magic != b"GGUF" {
            return Err(ModelError::WrongFormat {
                path: self.path.to_owned(),
                expected: "GGUF",
                found: format!("{:?}", String::from_utf8_lossy(magic)),
            });
        }
        self.at = 4;
        let version = self.u32("the version")?;
        if !(2..=3).contains(&version) {
            // Version 1 was never published widely; a big-endian file shows a version of 3 << 24.
            return Err(ModelError::unsupported(
                self.path,
                format!("version {version} of GGUF"),
            ));
        }
        // A tensor takes at least 8 + 4 + 4 + 8 bytes of header, an entry 8 + 4 + 1.
        let tensors = self.count("the number of tensors", MAX_TENSORS, 24)?;
        let entries = self.count("the number of entries", MAX_ENTRIES, 13)?;
        let mut metadata = BTreeMap::new();
        for _ in 0..entries {
            let key = self.text("an entry's name")?;
            let kind = self.u32(&key)?;
            let value = self.value(&key, kind, 0)?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(self.malformed(format!("the entry `{key}` stands there twice")));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => DEFAULT_ALIGNMENT,
            Some(value) => match value.as_unsigned() {
                Some(bytes) if bytes.is_multiple_of(8) && (8..=1 << 16).contains(&bytes) => bytes,
                _ => {
                    let problem = "must be a multiple of 8, at most 65536";
                    return Err(ModelError::config(self.path, "general.alignment", problem));
                }
            },
        };
        let mut claimed = Vec::with_capacity(tensors);
        for _ in 0..tensors {
            claimed.push(self.tensor()?);
        }
        let data = (self.at as u64).next_multiple_of(alignment);
        let mut placed = BTreeMap::new();
        for (name, encoding, shape, offset) in claimed {
            if !offset.is_multiple_of(alignment) {
                let problem =
                    format!("tensor `{name}` lies at {offset}, not a multiple of {alignment}");
                return Err(self.malformed(problem));
            }
            let elements = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
            let length = elements.and_then(|n| encoding.bytes(n)).ok_or_else(|| {
                self.malformed(format!(
                    "tensor `{name}` of shape {shape:?} cannot be stored as {encoding:?}"
                ))
            })?;
            let range = self.inside(&name, data.saturating_add(offset), length as u64)?;
            let entry = Entry {
                encoding,
                shape,
                range,
            };
            if placed.insert(name.clone(), entry).is_some() {
                return Err(self.malformed(format!("tensor `{name}` stands there twice")));
            }
        }
        Ok((metadata, placed))
    }

    fn tensor(&mut self) -> Result<(String, Encoding, Vec<usize>, u64)> {
        let name = self.text("a tensor's name")?;
        let dimensions = self.u32(&name)?;
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(self.malformed(format!("tensor `{name}` has {dimensions} dimensions")));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let length = self.u64(&name)?;
            let length = usize::try_from(length).ok().filter(|&length| length > 0);
            shape.push(length.ok_or_else(|| {
                self.malformed(format!("tensor `{name}` has a dimension that cannot be"))
            })?);
        }
        shape.reverse();
        let encoding = self.u32(&name)?;
        let encoding = known(encoding).ok_or_else(|| ModelError::Encoding {
            path: self.path.to_owned(),
            tensor: name.clone(),
            found: format!("ggml type {encoding}"),
        })?;
        let offset = self.u64(&name)?;
        Ok((name, encoding, shape, offset))
    }

    fn value(&mut self, key: &str, kind: u32, depth: usize) -> Result<Value> {
        Ok(match kind {
            0 => Value::Unsigned(self.take::<1>(key)?[0].into()),
            1 => Value::Signed(i8::from_le_bytes(self.take(key)?).into()),
            2 => Value::Unsigned(u16::from_le_bytes(self.take(key)?).into()),
            3 => Value::Signed(i16::from_le_bytes(self.take(key)?).into()),
            4 => Value::Unsigned(self.u32(key)?.into()),
            5 => Value::Signed(i32::from_le_bytes(self.take(key)?).into()),
            6 => Value::Float(f32::from_le_bytes(self.take(key)?).into()),
            7 => Value::Bool(self.take::<1>(key)?[0] != 0),
            8 => Value::Text(self.text(key)?),
            9 if depth < MAX_DEPTH => {
                let kind = self.u32(key)?;
                let least = match kind {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    4..=6 => 4,
                    8 | 10..=12 => 8,
                    _ => 12,
                };
                let length = self.count(key, u64::MAX, least)?;
                self.take_memory(length.saturating_mul(size_of::<Value>()))?;
                let mut values = Vec::with_capacity(length);
                for _ in 0..length {
                    values.push(self.value(key, kind, depth + 1)?);
                }
                Value::List(values)
            }
            10 => Value::Unsigned(self.u64(key)?),
            11 => Value::Signed(i64::from_le_bytes(self.take(key)?)),
            12 => Value::Float(f64::from_le_bytes(self.take(key)?)),
            _ => return Err(self.malformed(format!("the entry `{key}` is of unknown kind {kind}"))),
        })
    }

    /// A number of things of at least `least` bytes each, which must fit into the rest of the file.
    fn count(&mut self, what: &str, limit: u64, least: u64) -> Result<usize> {
        let found = self.u64(what)?;
        if found > limit {
            return Err(ModelError::Limit {
                path: self.path.to_owned(),
                what: what.to_owned(),
                found,
                limit,
            });
        }
        self.inside(what, self.at as u64, found.saturating_mul(least))?;
        usize::try_from(found).map_err(|_| self.malformed(format!("{what} is too large")))
    }

    /// Texts should be UTF-8; what is not is replaced, since some converters cut tokens apart.
    fn text(&mut self, what: &str) -> Result<String> {
        let length = self.u64(what)?;
        let range = self.inside(what, self.at as u64, length)?;
        self.take_memory(range.len())?;
        self.at = range.end;
        let bytes = self.bytes.get(range).unwrap_or_default();
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn take_memory(&mut self, bytes: usize) -> Result<()> {
        self.taken = self.taken.saturating_add(bytes as u64);
        if self.taken > MAX_HEADER_BYTES {
            return Err(ModelError::Limit {
                path: self.path.to_owned(),
                what: "the memory for its header".to_owned(),
                found: self.taken,
                limit: MAX_HEADER_BYTES,
            });
        }
        Ok(())
    }

    fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(what)?))
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take(what)?))
    }

    fn take<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(&taken) = rest.first_chunk::<N>() else {
            return Err(self.truncated(what, (self.at + N) as u64));
        };
        self.at += N;
        Ok(taken)
    }

    fn inside(&self, what: &str, from: u64, length: u64) -> Result<Range<usize>> {
        let end = from.saturating_add(length);
        if end > self.bytes.len() as u64 {
            return Err(self.truncated(what, end));
        }
        // Both are at most the length of a map, which is a usize.
        Ok(from as usize..end as usize)
    }

    fn truncated(&self, what: &str, needs: u64) -> ModelError {
        ModelError::Truncated {
            path: self.path.to_owned(),
            what: what.to_owned(),
            needs,
            has: self.bytes.len() as u64,
        }
    }

    fn malformed(&self, problem: impl Into<String>) -> ModelError {
        ModelError::malformed(self.path, problem)
    }
}

/// ggml's `enum ggml_type`, those for which there are kernels.
fn known(encoding: u32) -> Option<Encoding> {
    Some(match encoding {
        0 => Encoding::F32,
        1 => Encoding::F16,
        2 => Encoding::Blocks(GgmlDType::Q4_0),
        3 => Encoding::Blocks(GgmlDType::Q4_1),
        6 => Encoding::Blocks(GgmlDType::Q5_0),
        7 => Encoding::Blocks(GgmlDType::Q5_1),
        8 => Encoding::Blocks(GgmlDType::Q8_0),
        10 => Encoding::Blocks(GgmlDType::Q2K),
        11 => Encoding::Blocks(GgmlDType::Q3K),
        12 => Encoding::Blocks(GgmlDType::Q4K),
        13 => Encoding::Blocks(GgmlDType::Q5K),
        14 => Encoding::Blocks(GgmlDType::Q6K),
        30 => Encoding::Bf16,
        _ => return None,
    })
}
