//! Files of language models for tests: weights made by a formula, and writers for safetensors and GGUF.
//!
//! The formula is also in `io/models/tests/reference/reference.py`, which asks the reference
//! implementation about the same weights.

use std::io::Write;

use camino::Utf8Path;
use serde_json::{Value, json};

/// Numbers in [-1, 1) that depend on `name` alone: splitmix64 from the FNV-1a hash of the name.
pub fn numbers(name: &str) -> impl Iterator<Item = f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (1_u64..).map(move |index| {
        let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 24 bits, exact in f32.
        (z >> 40) as f32 * (-23_f32).exp2() - 1.0
    })
}

/// The weights of a tensor by its name on the hub: norms near 1, small biases, matrices that keep
/// activations near 1.
pub fn weights(name: &str, shape: &[usize]) -> Vec<f32> {
    let count = shape.iter().product();
    let unit = numbers(name).take(count);
    if name.ends_with("norm.weight") {
        return unit.map(|u| 1.0 + 0.1 * u).collect();
    }
    if name.ends_with(".bias") {
        return unit.map(|u| 0.1 * u).collect();
    }
    let scale = (3.0 / shape[1] as f64).sqrt() as f32;
    unit.map(|u| scale * u).collect()
}

/// The little-endian bytes of `numbers`.
pub fn f32_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// A tensor as it is to be stored.
#[derive(Clone, Debug)]
pub struct StoredTensor {
    pub name: String,
    /// Row-major.
    pub shape: Vec<usize>,
    pub kind: StoredKind,
    pub bytes: Vec<u8>,
}

/// How a tensor's numbers are stored: safetensors' word, ggml's number.
#[derive(Clone, Copy, Debug)]
pub struct StoredKind {
    pub safetensors: &'static str,
    pub ggml: u32,
}

impl StoredKind {
    pub const F32: StoredKind = StoredKind {
        safetensors: "F32",
        ggml: 0,
    };
    pub const F16: StoredKind = StoredKind {
        safetensors: "F16",
        ggml: 1,
    };
    pub const BF16: StoredKind = StoredKind {
        safetensors: "BF16",
        ggml: 30,
    };

    /// A layout of ggml alone.
    pub const fn ggml(number: u32) -> StoredKind {
        StoredKind {
            safetensors: "",
            ggml: number,
        }
    }
}

/// A safetensors file of these tensors.
pub fn safetensors(tensors: &[StoredTensor]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut at = 0;
    for tensor in tensors {
        let end = at + tensor.bytes.len();
        header.insert(
            tensor.name.clone(),
            json!({ "dtype": tensor.kind.safetensors, "shape": tensor.shape, "data_offsets": [at, end] }),
        );
        at = end;
    }
    let mut header = Value::from(header).to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    for tensor in tensors {
        file.extend_from_slice(&tensor.bytes);
    }
    file
}

/// A value of GGUF's metadata.
#[derive(Clone, Debug)]
pub enum GgufValue {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
}

/// A GGUF file, version 3, of these entries and tensors.
pub fn gguf(metadata: &[(&str, GgufValue)], tensors: &[StoredTensor]) -> Vec<u8> {
    const ALIGNMENT: usize = 32;
    let mut file = b"GGUF".to_vec();
    file.extend(3_u32.to_le_bytes());
    file.extend((tensors.len() as u64).to_le_bytes());
    file.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in metadata {
        text(&mut file, key);
        match value {
            GgufValue::U32(number) => {
                file.extend(4_u32.to_le_bytes());
                file.extend(number.to_le_bytes());
            }
            GgufValue::F32(number) => {
                file.extend(6_u32.to_le_bytes());
                file.extend(number.to_le_bytes());
            }
            GgufValue::Bool(truth) => {
                file.extend(7_u32.to_le_bytes());
                file.push(u8::from(*truth));
            }
            GgufValue::Text(words) => {
                file.extend(8_u32.to_le_bytes());
                text(&mut file, words);
            }
            GgufValue::Texts(all) => {
                list(&mut file, 8, all.len());
                for words in all {
                    text(&mut file, words);
                }
            }
            GgufValue::I32s(all) => {
                list(&mut file, 5, all.len());
                file.extend(all.iter().flat_map(|number| number.to_le_bytes()));
            }
        }
    }
    let mut offset = 0_usize;
    for tensor in tensors {
        text(&mut file, &tensor.name);
        file.extend((tensor.shape.len() as u32).to_le_bytes());
        for &length in tensor.shape.iter().rev() {
            file.extend((length as u64).to_le_bytes());
        }
        file.extend(tensor.kind.ggml.to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        offset += tensor.bytes.len().next_multiple_of(ALIGNMENT);
    }
    for tensor in tensors {
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        file.extend_from_slice(&tensor.bytes);
    }
    file
}

/// Writes `bytes` to a new file.
pub fn write_file(path: &Utf8Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).expect("the file can be made");
    file.write_all(bytes).expect("the file can be written");
}

/// The entries of a tokenizer that knows every byte (in GPT-2's alphabet, at the byte's own number),
/// then `special` tokens, one merge, then unused tokens up to `vocabulary`. The first special token
/// ends answers.
pub fn byte_tokenizer(special: &[&str], vocabulary: usize) -> Vec<(&'static str, GgufValue)> {
    let mut tokens: Vec<String> = byte_alphabet().map(String::from).collect();
    let mut kinds = vec![1; tokens.len()];
    for token in special {
        tokens.push((*token).to_owned());
        // 3: control; 4: user defined, which thoughts and calls are.
        kinds.push(if token.starts_with("<|") { 3 } else { 4 });
    }
    // No tokenizer is without merges; people do not write this one.
    tokens.push("~~".to_owned());
    kinds.push(1);
    for unused in tokens.len()..vocabulary {
        tokens.push(format!("[UNUSED{unused}]"));
        kinds.push(5);
    }
    vec![
        ("tokenizer.ggml.model", GgufValue::Text("gpt2".to_owned())),
        ("tokenizer.ggml.pre", GgufValue::Text("qwen2".to_owned())),
        ("tokenizer.ggml.tokens", GgufValue::Texts(tokens)),
        ("tokenizer.ggml.token_type", GgufValue::I32s(kinds)),
        (
            "tokenizer.ggml.merges",
            GgufValue::Texts(vec!["~ ~".to_owned()]),
        ),
        ("tokenizer.ggml.eos_token_id", GgufValue::U32(256)),
        ("tokenizer.ggml.add_bos_token", GgufValue::Bool(false)),
    ]
}

/// GPT-2's letter for each byte (its `encoder.py`): printable ones are themselves, others follow 255.
fn byte_alphabet() -> impl Iterator<Item = char> {
    let mut next = 256;
    (0_u32..256).map(move |byte| {
        let printable = matches!(byte, 33..=126 | 161..=172 | 174..=255);
        let letter = if printable { byte } else { next };
        next += u32::from(!printable);
        char::from_u32(letter).expect("all are letters")
    })
}

/// A decoder of Qwen 2's shape.
#[derive(Clone, Copy, Debug)]
pub struct ChatShape {
    pub vocabulary: usize,
    pub hidden: usize,
    pub inner: usize,
    pub layers: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub context: usize,
    /// Matrices as Q4_0 blocks of random numbers, else as `f32`.
    pub quantised: bool,
}

impl ChatShape {
    /// Answers at once, and talks nonsense.
    pub const TINY: ChatShape = ChatShape {
        vocabulary: 320,
        hidden: 64,
        inner: 128,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        context: 2_048,
        quantised: false,
    };
    /// As large as Qwen2.5-0.5B in every respect.
    pub const HALF_A_BILLION: ChatShape = ChatShape {
        vocabulary: 151_936,
        hidden: 896,
        inner: 4_864,
        layers: 24,
        heads: 14,
        kv_heads: 2,
        context: 32_768,
        quantised: true,
    };
}

/// ChatML, as Qwen's template has it, without its default system message.
pub const CHAT_TEMPLATE: &str = "{%- if tools %}<|im_start|>system
# Tools
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools>
Answer <tool_call>{\"name\": …, \"arguments\": …}</tool_call> to call one.<|im_end|>
{% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}";

/// Special tokens of [`chat_gguf`], from 256 on; the first ends answers.
pub const CHAT_TOKENS: [&str; 6] = [
    "<|im_end|>",
    "<|im_start|>",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
];

/// Writes a whole model that can be talked to: random weights that depend on `name`, a tokenizer of
/// bytes, and `template`.
pub fn chat_gguf(path: &Utf8Path, name: &str, shape: &ChatShape, template: &str) {
    let number = |value: usize| GgufValue::U32(value as u32);
    let mut metadata = vec![
        ("general.architecture", GgufValue::Text("qwen2".to_owned())),
        ("general.name", GgufValue::Text(name.to_owned())),
        ("qwen2.block_count", number(shape.layers)),
        ("qwen2.context_length", number(shape.context)),
        ("qwen2.embedding_length", number(shape.hidden)),
        ("qwen2.feed_forward_length", number(shape.inner)),
        ("qwen2.attention.head_count", number(shape.heads)),
        ("qwen2.attention.head_count_kv", number(shape.kv_heads)),
        (
            "qwen2.attention.layer_norm_rms_epsilon",
            GgufValue::F32(1e-6),
        ),
        ("qwen2.rope.freq_base", GgufValue::F32(1e6)),
        (
            "tokenizer.chat_template",
            GgufValue::Text(template.to_owned()),
        ),
    ];
    metadata.extend(byte_tokenizer(&CHAT_TOKENS, shape.vocabulary));
    let (hidden, kv) = (shape.hidden, shape.hidden / shape.heads * shape.kv_heads);
    let mut shapes = vec![
        (
            "token_embd.weight".to_owned(),
            vec![shape.vocabulary, hidden],
        ),
        ("output_norm.weight".to_owned(), vec![hidden]),
    ];
    for layer in 0..shape.layers {
        let parts: [(&str, Vec<usize>); 12] = [
            ("attn_norm.weight", vec![hidden]),
            ("attn_q.weight", vec![hidden, hidden]),
            ("attn_q.bias", vec![hidden]),
            ("attn_k.weight", vec![kv, hidden]),
            ("attn_k.bias", vec![kv]),
            ("attn_v.weight", vec![kv, hidden]),
            ("attn_v.bias", vec![kv]),
            ("attn_output.weight", vec![hidden, hidden]),
            ("ffn_norm.weight", vec![hidden]),
            ("ffn_gate.weight", vec![shape.inner, hidden]),
            ("ffn_up.weight", vec![shape.inner, hidden]),
            ("ffn_down.weight", vec![hidden, shape.inner]),
        ];
        shapes.extend(parts.map(|(part, shape)| (format!("blk.{layer}.{part}"), shape)));
    }
    let tensors: Vec<StoredTensor> = shapes
        .into_iter()
        .map(|(own, dimensions)| {
            let seed = format!("{name}/{own}");
            let blocks = shape.quantised && dimensions.len() == 2;
            StoredTensor {
                bytes: if blocks {
                    q4_0(&seed, &dimensions)
                } else {
                    f32_bytes(&weights(&seed, &dimensions))
                },
                kind: if blocks {
                    StoredKind::ggml(2)
                } else {
                    StoredKind::F32
                },
                name: own,
                shape: dimensions,
            }
        })
        .collect();
    write_file(path, &gguf(&metadata, &tensors));
}

/// Blocks of 32 random numbers: a scale and 16 bytes of two halves.
fn q4_0(seed: &str, shape: &[usize]) -> Vec<u8> {
    // Halves minus 8 have a deviation of 4.6.
    let scale = half(1.0 / (4.6 * (shape[1] as f32).sqrt()));
    let blocks = shape.iter().product::<usize>() / 32;
    let mut bytes = Vec::with_capacity(blocks * 18);
    let mut random = numbers(seed).map(|u| ((u + 1.0) * (1 << 23) as f32) as u32);
    for _ in 0..blocks {
        bytes.extend(scale.to_le_bytes());
        for word in random.by_ref().take(6).enumerate() {
            let (index, word) = word;
            // 24 random bits each; the last word gives one byte.
            let count = if index == 5 { 1 } else { 3 };
            bytes.extend(&word.to_le_bytes()[..count]);
        }
    }
    bytes
}

/// The bits of a positive normal half-precision number, rounded towards 0.
fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let exponent = (bits >> 23) as i32 - 127 + 15;
    assert!((1..31).contains(&exponent), "{number} is no normal half");
    (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16
}

fn text(file: &mut Vec<u8>, words: &str) {
    file.extend((words.len() as u64).to_le_bytes());
    file.extend_from_slice(words.as_bytes());
}

fn list(file: &mut Vec<u8>, kind: u32, length: usize) {
    file.extend(9_u32.to_le_bytes());
    file.extend(kind.to_le_bytes());
    file.extend((length as u64).to_le_bytes());
}
