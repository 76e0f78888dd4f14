//! Models of known weights, in the layouts of the hub and of llama.cpp.
#![allow(dead_code)]

use camino::{Utf8Path, Utf8PathBuf};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde_json::Value;
use studio_models::ModelFiles;
use studio_models::arch::{Decoder, Rows};
use studio_models::runtime::machine;
use studio_testkit::TempFolder;
use studio_testkit::checkpoint::{
    GgufValue, StoredKind, StoredTensor, f32_bytes, gguf, safetensors, weights, write_file,
};

/// What the reference implementation says of one configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct Fixture {
    /// Its own `config.json`.
    #[serde(default)]
    pub(crate) config: Value,
    /// Its own tensors, tied ones once.
    #[serde(default)]
    pub(crate) tensors: std::collections::BTreeMap<String, Vec<usize>>,
    pub(crate) tokens: Vec<u32>,
    /// Of the last tokens.
    pub(crate) logits: Vec<Vec<f32>>,
}

pub(crate) fn fixtures() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Fixture {
    pub(crate) fn read(case: &str) -> Fixture {
        let text = std::fs::read(fixtures().join(format!("{case}.json"))).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    pub(crate) fn stored(&self) -> Vec<StoredTensor> {
        let tensors = self.tensors.iter().map(|(name, shape)| StoredTensor {
            name: name.clone(),
            shape: shape.clone(),
            kind: StoredKind::F32,
            bytes: f32_bytes(&weights(name, shape)),
        });
        tensors.collect()
    }

    /// Writes the model as the hub has it.
    pub(crate) fn write_hub(&self, folder: &Utf8Path) -> ModelFiles {
        write_file(
            &folder.join("config.json"),
            self.config.to_string().as_bytes(),
        );
        write_file(
            &folder.join("model.safetensors"),
            &safetensors(&self.stored()),
        );
        ModelFiles::new("test", folder)
    }

    fn number(&self, key: &str) -> usize {
        self.config[key].as_u64().unwrap() as usize
    }

    fn head_dim(&self) -> usize {
        let heads = self.number("num_attention_heads");
        self.config["head_dim"]
            .as_u64()
            .map_or(self.number("hidden_size") / heads, |d| d as usize)
    }

    /// The entries that describe the model in GGUF.
    pub(crate) fn metadata(&self) -> Vec<(String, GgufValue)> {
        let arch = self.config["model_type"].as_str().unwrap();
        let key = |name: &str| format!("{arch}.{name}");
        let number = |value: usize| GgufValue::U32(value as u32);
        let float = |value: &Value| GgufValue::F32(value.as_f64().unwrap() as f32);
        vec![
            (
                "general.architecture".to_owned(),
                GgufValue::Text(arch.to_owned()),
            ),
            (key("block_count"), number(self.number("num_hidden_layers"))),
            (
                key("context_length"),
                number(self.number("max_position_embeddings")),
            ),
            (key("embedding_length"), number(self.number("hidden_size"))),
            (
                key("feed_forward_length"),
                number(self.number("intermediate_size")),
            ),
            (
                key("attention.head_count"),
                number(self.number("num_attention_heads")),
            ),
            (
                key("attention.head_count_kv"),
                number(self.number("num_key_value_heads")),
            ),
            (key("attention.key_length"), number(self.head_dim())),
            (
                key("attention.layer_norm_rms_epsilon"),
                float(&self.config["rms_norm_eps"]),
            ),
            (
                key("rope.freq_base"),
                float(&self.config["rope_parameters"]["rope_theta"]),
            ),
        ]
    }

    /// The tensors as llama.cpp's converter names and orders them, matrices stored as `kind`.
    pub(crate) fn converted(&self, kind: GgmlDType) -> Vec<StoredTensor> {
        let llama = self.config["model_type"] == "llama";
        let (heads, kv) = (
            self.number("num_attention_heads"),
            self.number("num_key_value_heads"),
        );
        let mut tensors = Vec::new();
        for (name, shape) in &self.tensors {
            let mut numbers = weights(name, shape);
            if llama && name.contains("q_proj") {
                numbers = permuted(&numbers, shape, heads);
            }
            if llama && name.contains("k_proj") {
                numbers = permuted(&numbers, shape, kv);
            }
            let matrix = shape.len() == 2;
            tensors.push(StoredTensor {
                name: converted_name(name),
                shape: shape.clone(),
                kind: if matrix {
                    StoredKind::ggml(ggml(kind))
                } else {
                    StoredKind::F32
                },
                bytes: if matrix {
                    quantised(&numbers, shape, kind)
                } else {
                    f32_bytes(&numbers)
                },
            });
        }
        tensors
    }

    pub(crate) fn write_gguf(&self, path: &Utf8Path, kind: GgmlDType) -> ModelFiles {
        write_gguf(path, &self.metadata(), &self.converted(kind));
        ModelFiles::new("test", path)
    }
}

pub(crate) fn write_gguf(
    path: &Utf8Path,
    metadata: &[(String, GgufValue)],
    tensors: &[StoredTensor],
) {
    let metadata: Vec<(&str, GgufValue)> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.clone()))
        .collect();
    write_file(path, &gguf(&metadata, tensors));
}

/// llama.cpp's order of a head's rows: those that are rotated together stand together.
fn permuted(numbers: &[f32], shape: &[usize], heads: usize) -> Vec<f32> {
    let columns: usize = shape[1..].iter().product();
    let half = shape[0] / heads / 2;
    let mut rows = Vec::with_capacity(numbers.len());
    for head in 0..heads {
        for pair in 0..half {
            for part in 0..2 {
                let row = (head * 2 + part) * half + pair;
                rows.extend_from_slice(&numbers[row * columns..(row + 1) * columns]);
            }
        }
    }
    rows
}

fn converted_name(name: &str) -> String {
    let (module, kind) = name.rsplit_once('.').unwrap();
    let module = module
        .replace("model.embed_tokens", "token_embd")
        .replace("model.norm", "output_norm")
        .replace("lm_head", "output")
        .replace("model.layers.", "blk.")
        .replace("input_layernorm", "attn_norm")
        .replace("post_attention_layernorm", "ffn_norm")
        .replace("self_attn.o_proj", "attn_output")
        .replace("self_attn.", "attn_")
        .replace("mlp.", "ffn_")
        .replace("_proj", "");
    format!("{module}.{kind}")
}

pub(crate) fn ggml(kind: GgmlDType) -> u32 {
    match kind {
        GgmlDType::F32 => 0,
        GgmlDType::F16 => 1,
        GgmlDType::Q4_0 => 2,
        GgmlDType::Q5_0 => 6,
        GgmlDType::Q8_0 => 8,
        GgmlDType::Q4K => 12,
        GgmlDType::Q5K => 13,
        GgmlDType::Q6K => 14,
        other => panic!("{other:?} is not written by tests"),
    }
}

pub(crate) fn quantised(numbers: &[f32], shape: &[usize], kind: GgmlDType) -> Vec<u8> {
    let tensor = Tensor::from_slice(numbers, shape, &Device::Cpu).unwrap();
    QTensor::quantize(&tensor, kind)
        .unwrap()
        .data()
        .unwrap()
        .into_owned()
}

pub(crate) fn load(files: &ModelFiles) -> Decoder {
    let opened = files.open().unwrap();
    let device = machine::device().unwrap();
    Decoder::load(&opened.weights, opened.config, &device, &mut |_| true).unwrap()
}

pub(crate) fn never() -> bool {
    false
}

/// Logits of the last `last` tokens, read at once.
pub(crate) fn logits(decoder: &Decoder, tokens: &[u32], last: usize) -> Vec<Vec<f32>> {
    let mut cache = decoder.cache().unwrap();
    let all = decoder
        .forward(tokens, &mut cache, Rows::All, &never)
        .unwrap();
    let rows = all.to_vec2::<f32>().unwrap();
    rows[rows.len() - last..].to_vec()
}

/// Largest difference of two sets of logits.
pub(crate) fn distance(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let mut worst = 0.0_f32;
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours.len(), theirs.len());
        for (a, b) in ours.iter().zip(theirs) {
            assert!(a.is_finite());
            worst = worst.max((a - b).abs());
        }
    }
    worst
}

/// A model of the hub in a folder of its own.
pub(crate) fn hub(case: &str) -> (TempFolder, Fixture, Decoder) {
    let (folder, fixture) = (TempFolder::new(), Fixture::read(case));
    let decoder = load(&fixture.write_hub(folder.path()));
    (folder, fixture, decoder)
}
