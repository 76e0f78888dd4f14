//! safetensors: one file, or shards that an index names (Hugging Face, `safetensors` README, "Format").

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use memmap2::Mmap;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Encoding, Stored};
use crate::error::{ModelError, Result};
use crate::files::read_description;

/// The reference implementation's own limit of a header.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// One or more open files, whose tensors have different names.
#[derive(Debug)]
pub struct Safetensors {
    path: Utf8PathBuf,
    files: Vec<Mapped>,
    tensors: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Mapped {
    path: Utf8PathBuf,
    map: Mmap,
}

#[derive(Debug)]
struct Entry {
    file: usize,
    encoding: Encoding,
    shape: Vec<usize>,
    range: Range<usize>,
}

/// One tensor in a header.
#[derive(Deserialize)]
struct Described {
    dtype: String,
    shape: Vec<usize>,
    /// From the end of the header.
    data_offsets: (u64, u64),
}

/// The tensors of a header. What else it says is passed over without being kept: numbers as values
/// would take many times the memory of their text.
struct Tensors(Vec<(String, Described)>);

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Tensors, D::Error> {
        deserializer.deserialize_map(TensorsVisitor)
    }
}

struct TensorsVisitor;

impl<'de> Visitor<'de> for TensorsVisitor {
    type Value = Tensors;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Tensors, A::Error> {
        let mut tensors = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match map.next_value() {
                Ok(tensor) => tensors.push((name, tensor)),
                Err(error) => return Err(A::Error::custom(format!("tensor `{name}`: {error}"))),
            }
        }
        Ok(Tensors(tensors))
    }
}

/// `model.safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Safetensors {
    /// Opens a `.safetensors` file.
    pub fn open(path: &Utf8Path) -> Result<Safetensors> {
        let mut all = Safetensors {
            path: path.to_owned(),
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        all.add(path)?;
        Ok(all)
    }

    /// Opens all shards that an index (`model.safetensors.index.json`) names, which lie beside it.
    pub fn open_index(path: &Utf8Path) -> Result<Safetensors> {
        let text = read_description(path)?;
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| ModelError::malformed(path, error.to_string()))?;
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let mut all = Safetensors {
            path: path.to_owned(),
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        for name in index.weight_map.values().collect::<BTreeSet<_>>() {
            if name.contains(['/', '\\']) || name == ".." {
                let problem = format!("the shard `{name}` is not a file beside the index");
                return Err(ModelError::malformed(path, problem));
            }
            all.add(&folder.join(name))?;
        }
        for (tensor, shard) in &index.weight_map {
            if !all.tensors.contains_key(tensor) {
                return Err(ModelError::MissingTensor {
                    path: folder.join(shard),
                    tensor: tensor.clone(),
                });
            }
        }
        Ok(all)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub fn find(&self, name: &str) -> Option<Stored<'_>> {
        let entry = self.tensors.get(name)?;
        let file = self.files.get(entry.file)?;
        Some(Stored {
            path: &file.path,
            encoding: entry.encoding,
            shape: &entry.shape,
            bytes: file.map.get(entry.range.clone())?,
        })
    }

    pub(super) fn sizes(&self) -> impl Iterator<Item = (Encoding, usize)> + '_ {
        let entries = self.tensors.values();
        entries.map(|entry| (entry.encoding, entry.shape.iter().product()))
    }

    fn add(&mut self, path: &Utf8Path) -> Result<()> {
        let file = File::open(path).map_err(ModelError::io(path, "open"))?;
        // SAFETY: as for GGUF files: only read, and never truncated by this program.
        let map = unsafe { Mmap::map(&file) }.map_err(ModelError::io(path, "map"))?;
        let file = self.files.len();
        for (name, entry) in header(path, &map, file)? {
            if self.tensors.insert(name.clone(), entry).is_some() {
                let problem = format!("tensor `{name}` stands there, or in another shard, as well");
                return Err(ModelError::malformed(path, problem));
            }
        }
        self.files.push(Mapped {
            path: path.to_owned(),
            map,
        });
        Ok(())
    }
}

fn header(path: &Utf8Path, bytes: &[u8], file: usize) -> Result<Vec<(String, Entry)>> {
    let truncated = |what: &str, needs: u64| ModelError::Truncated {
        path: path.to_owned(),
        what: what.to_owned(),
        needs,
        has: bytes.len() as u64,
    };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(truncated("the header's length", 8));
    };
    let length = u64::from_le_bytes(*length);
    if rest.first().is_some_and(|&first| first != b'{') {
        return Err(ModelError::WrongFormat {
            path: path.to_owned(),
            expected: "safetensors",
            found: format!(
                "{:?}",
                String::from_utf8_lossy(bytes.get(..8).unwrap_or_default())
            ),
        });
    }
    if length > MAX_HEADER_BYTES {
        return Err(ModelError::Limit {
            path: path.to_owned(),
            what: "the header's length".to_owned(),
            found: length,
            limit: MAX_HEADER_BYTES,
        });
    }
    let text = rest
        .get(..length as usize)
        .ok_or_else(|| truncated("the header", 8 + length))?;
    let Tensors(described) = serde_json::from_slice(text)
        .map_err(|error| ModelError::malformed(path, format!("header: {error}")))?;
    let data = 8 + length;
    let mut entries = Vec::new();
    for (name, tensor) in described {
        let encoding = match tensor.dtype.as_str() {
            "F32" => Encoding::F32,
            "F16" => Encoding::F16,
            "BF16" => Encoding::Bf16,
            // Rotary tables and step counters of old checkpoints, which no decoder asks for.
            "I64" | "I32" | "U8" | "BOOL" | "F64" => continue,
            other => {
                return Err(ModelError::Encoding {
                    path: path.to_owned(),
                    tensor: name,
                    found: other.to_owned(),
                });
            }
        };
        let (from, to) = tensor.data_offsets;
        let elements = tensor
            .shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d));
        let needs = elements.and_then(|n| encoding.bytes(n)).map(|n| n as u64);
        if needs.is_none() || to.checked_sub(from) != needs {
            let problem = format!(
                "tensor `{name}` of shape {:?} and type {} cannot lie in bytes {from} to {to}",
                tensor.shape, tensor.dtype
            );
            return Err(ModelError::malformed(path, problem));
        }
        let end = data.saturating_add(to);
        if end > bytes.len() as u64 {
            return Err(truncated(&format!("tensor `{name}`"), end));
        }
        let entry = Entry {
            file,
            encoding,
            shape: tensor.shape,
            range: (data + from) as usize..end as usize,
        };
        entries.push((name, entry));
    }
    Ok(entries)
}
