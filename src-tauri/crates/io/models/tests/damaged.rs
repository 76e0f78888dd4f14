//! Files that are cut, wrong or hostile: an error that says where, never a panic, never much memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use camino::Utf8Path;
use candle_core::Device;
use candle_core::quantized::GgmlDType;
use common::Fixture;
use proptest::prelude::*;
use serde_json::{Value, json};
use studio_models::arch::Decoder;
use studio_models::weights::{Gguf, Safetensors};
use studio_models::{ModelError, ModelFiles};
use studio_testkit::TempFolder;
use studio_testkit::checkpoint::{GgufValue, StoredKind, StoredTensor, gguf, safetensors};

const CASE: &str = "llama_tiny";

fn load(files: &ModelFiles) -> Result<Decoder, ModelError> {
    let opened = files.open()?;
    Decoder::load(&opened.weights, opened.config, &Device::Cpu, &mut |_| true)
}

/// The error of a GGUF file with these bytes; it must name the file.
#[track_caller]
fn gguf_error(bytes: &[u8]) -> ModelError {
    let folder = TempFolder::new();
    let path = folder.file("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    let error = load(&ModelFiles::new("test", path)).expect_err("the file is not whole");
    assert!(
        error.to_string().contains("model.gguf"),
        "{error}: which file is it?"
    );
    error
}

fn good_gguf() -> Vec<u8> {
    let folder = TempFolder::new();
    let files = Fixture::read(CASE).write_gguf(&folder.file("model.gguf"), GgmlDType::Q8_0);
    std::fs::read(files.path).unwrap()
}

/// A header that claims `tensors` and `entries`, followed by `rest`.
fn header(tensors: u64, entries: u64, rest: &[u8]) -> Vec<u8> {
    let mut file = b"GGUF".to_vec();
    file.extend(3_u32.to_le_bytes());
    file.extend(tensors.to_le_bytes());
    file.extend(entries.to_le_bytes());
    file.extend_from_slice(rest);
    file
}

fn text(words: &str) -> Vec<u8> {
    let mut bytes = (words.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(words.as_bytes());
    bytes
}

#[test]
fn a_gguf_that_ends_anywhere_is_truncated() {
    let whole = good_gguf();
    for end in (0..whole.len())
        .step_by(997)
        .chain([3, 5, 23, 24, whole.len() - 33])
    {
        match gguf_error(&whole[..end]) {
            ModelError::Truncated { needs, has, .. } => assert!(needs > has && has == end as u64),
            ModelError::WrongFormat { .. } if end < 4 => {}
            other => panic!("cut at {end}: {other}"),
        }
    }
}

#[test]
fn another_file_is_told_by_its_first_bytes() {
    for bytes in [
        b"GGML\0\0\0\0".as_slice(),
        b"<!DOCTYPE html>",
        b"PK\x03\x04",
        b"",
    ] {
        assert!(matches!(
            gguf_error(bytes),
            ModelError::WrongFormat {
                expected: "GGUF",
                ..
            }
        ));
    }
}

#[test]
fn versions_that_are_not_read_are_named() {
    let mut bytes = good_gguf();
    bytes[4..8].copy_from_slice(&4_u32.to_le_bytes());
    let error = gguf_error(&bytes);
    assert!(error.to_string().contains("version 4"), "{error}");
    // A file of a big-endian machine.
    bytes[4..8].copy_from_slice(&3_u32.to_be_bytes());
    assert!(matches!(gguf_error(&bytes), ModelError::Unsupported { .. }));
}

#[test]
fn huge_counts_are_refused_before_memory_is_taken() {
    assert!(matches!(
        gguf_error(&header(u64::MAX, 0, &[])),
        ModelError::Limit { .. }
    ));
    assert!(matches!(
        gguf_error(&header(0, u64::MAX, &[])),
        ModelError::Limit { .. }
    ));
    assert!(matches!(
        gguf_error(&header(60_000, 0, &[0; 64])),
        ModelError::Truncated { .. }
    ));
    assert!(matches!(
        gguf_error(&header(0, 60_000, &[0; 64])),
        ModelError::Truncated { .. }
    ));
    // A key, a text and a list that claim to be longer than the file.
    let long = u64::MAX.to_le_bytes();
    assert!(matches!(
        gguf_error(&header(0, 1, &[&long[..], &[0; 16]].concat())),
        ModelError::Truncated { .. }
    ));
    let list = [
        text("k"),
        9_u32.to_le_bytes().to_vec(),
        0_u32.to_le_bytes().to_vec(),
        long.to_vec(),
    ];
    assert!(matches!(
        gguf_error(&header(0, 1, &list.concat())),
        ModelError::Truncated { .. }
    ));
}

#[test]
fn a_header_takes_no_more_memory_than_any_real_one() {
    // A byte of the list would be a value of many bytes.
    let count = 33_u64 << 20;
    let list = [
        text("k"),
        9_u32.to_le_bytes().to_vec(),
        0_u32.to_le_bytes().to_vec(),
        count.to_le_bytes().to_vec(),
        vec![0; count as usize],
    ];
    assert!(matches!(
        gguf_error(&header(0, 1, &list.concat())),
        ModelError::Limit { .. }
    ));
}

#[test]
fn lists_of_lists_without_end_are_refused() {
    let mut nested = [text("k"), 9_u32.to_le_bytes().to_vec()].concat();
    for _ in 0..10_000 {
        nested.extend(9_u32.to_le_bytes());
        nested.extend(1_u64.to_le_bytes());
    }
    assert!(matches!(
        gguf_error(&header(0, 1, &nested)),
        ModelError::Malformed { .. }
    ));
}

/// A header with one tensor.
fn one_tensor(dimensions: &[u64], kind: u32, offset: u64) -> Vec<u8> {
    let mut tensor = text("token_embd.weight");
    tensor.extend((dimensions.len() as u32).to_le_bytes());
    tensor.extend(dimensions.iter().flat_map(|d| d.to_le_bytes()));
    tensor.extend(kind.to_le_bytes());
    tensor.extend(offset.to_le_bytes());
    header(1, 0, &[tensor, vec![0; 256]].concat())
}

#[test]
fn tensors_that_cannot_be_are_refused() {
    let overflowing = [1 << 40, 1 << 40];
    assert!(matches!(
        gguf_error(&one_tensor(&overflowing, 0, 0)),
        ModelError::Malformed { .. }
    ));
    assert!(matches!(
        gguf_error(&one_tensor(&[1 << 50], 0, 0)),
        ModelError::Truncated { .. }
    ));
    assert!(matches!(
        gguf_error(&one_tensor(&[8; 5], 0, 0)),
        ModelError::Malformed { .. }
    ));
    assert!(matches!(
        gguf_error(&one_tensor(&[], 0, 0)),
        ModelError::Malformed { .. }
    ));
    assert!(matches!(
        gguf_error(&one_tensor(&[0, 4], 0, 0)),
        ModelError::Malformed { .. }
    ));
    assert!(matches!(
        gguf_error(&one_tensor(&[8], 0, u64::MAX - 31)),
        ModelError::Truncated { .. }
    ));
    let beside = gguf_error(&one_tensor(&[8], 0, 7));
    assert!(
        beside.to_string().contains("multiple of 32"),
        "{beside}: kernels read aligned blocks"
    );
    let part = gguf_error(&one_tensor(&[8], 2, 0));
    assert!(
        part.to_string().contains("Q4_0"),
        "{part}: 8 numbers are no block"
    );
    assert!(matches!(
        gguf_error(&one_tensor(&[8], 999, 0)),
        ModelError::Encoding { .. }
    ));
}

#[test]
fn a_missing_tensor_and_a_wrong_shape_are_named() {
    let fixture = Fixture::read(CASE);
    let folder = TempFolder::new();
    let path = folder.file("model.gguf");
    let files = ModelFiles::new("test", &path);
    for (index, tensor) in fixture.converted(GgmlDType::F32).iter().enumerate() {
        let mut fewer = fixture.converted(GgmlDType::F32);
        fewer.remove(index);
        common::write_gguf(&path, &fixture.metadata(), &fewer);
        let Err(error) = load(&files) else {
            // Without an output matrix the embedding is one; without biases there are none.
            assert!(
                tensor.name == "output.weight"
                    || tensor.name.contains("blk.0") && tensor.name.ends_with("bias")
            );
            continue;
        };
        let ModelError::MissingTensor {
            tensor: missing, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(*missing, tensor.name);
    }
    let mut bent = fixture.converted(GgmlDType::F32);
    let tensor = bent
        .iter_mut()
        .find(|tensor| tensor.name == "blk.1.ffn_up.weight")
        .unwrap();
    tensor.shape.reverse();
    common::write_gguf(&path, &fixture.metadata(), &bent);
    let error = load(&files).err().unwrap().to_string();
    for fact in [
        "model.gguf",
        "blk.1.ffn_up.weight",
        "[64, 160]",
        "[160, 64]",
    ] {
        assert!(error.contains(fact), "`{error}` must say {fact}");
    }
}

#[test]
fn numbers_of_a_configuration_are_bounded() {
    let fixture = Fixture::read(CASE);
    let folder = TempFolder::new();
    let path = folder.file("model.gguf");
    let wrong = [
        ("llama.block_count", GgufValue::U32(u32::MAX)),
        ("llama.attention.head_count", GgufValue::U32(0)),
        ("llama.attention.head_count_kv", GgufValue::U32(3)),
        ("llama.attention.key_length", GgufValue::U32(u32::MAX)),
        (
            "llama.feed_forward_length",
            GgufValue::Text("many".to_owned()),
        ),
        ("llama.rope.freq_base", GgufValue::F32(f32::NAN)),
        (
            "llama.attention.layer_norm_rms_epsilon",
            GgufValue::F32(-1.0),
        ),
        ("general.architecture", GgufValue::Text("gpt9".to_owned())),
        ("general.architecture", GgufValue::U32(1)),
    ];
    for (key, value) in wrong {
        let mut metadata = fixture.metadata();
        for (name, there) in &mut metadata {
            if name == key {
                *there = value.clone();
            }
        }
        common::write_gguf(&path, &metadata, &fixture.converted(GgmlDType::F32));
        let error = load(&ModelFiles::new("test", &path)).err();
        let error = error.unwrap_or_else(|| panic!("{key} of {value:?} was taken"));
        assert!(
            matches!(
                error,
                ModelError::Config { .. } | ModelError::Unsupported { .. }
            ),
            "{key}: {error}"
        );
    }
    let alignment = ("general.alignment".to_owned(), GgufValue::U32(3));
    common::write_gguf(&path, &[alignment], &[]);
    assert!(matches!(Gguf::open(&path), Err(ModelError::Config { .. })));
}

#[test]
fn one_wrong_tensor_name_twice_is_told() {
    let tensor = |name: &str| StoredTensor {
        name: name.to_owned(),
        shape: vec![2],
        kind: StoredKind::F32,
        bytes: vec![0; 8],
    };
    let error = gguf_error(&gguf(&[], &[tensor("a"), tensor("a")]));
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn mixtures_and_parts_are_refused_by_name() {
    let fixture = Fixture::read(CASE);
    let folder = TempFolder::new();
    let path = folder.file("model.gguf");
    for (key, found) in [
        ("llama.expert_count", "experts"),
        ("split.count", "several"),
    ] {
        let mut metadata = fixture.metadata();
        metadata.push((key.to_owned(), GgufValue::U32(8)));
        common::write_gguf(&path, &metadata, &fixture.converted(GgmlDType::F32));
        let error = load(&ModelFiles::new("test", &path))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(found), "{error}");
    }
}

// ---- safetensors

#[track_caller]
fn safetensors_error(bytes: &[u8]) -> ModelError {
    let folder = TempFolder::new();
    let path = folder.file("model.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let error = Safetensors::open(&path).expect_err("the file is not whole");
    assert!(
        error.to_string().contains("model.safetensors"),
        "{error}: which file is it?"
    );
    error
}

fn with_header(header: &Value, data: usize) -> Vec<u8> {
    let text = header.to_string();
    let mut file = (text.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(text.as_bytes());
    file.extend(vec![0; data]);
    file
}

#[test]
fn safetensors_that_end_anywhere_are_truncated() {
    let whole = safetensors(&Fixture::read(CASE).stored());
    for end in (0..whole.len())
        .step_by(9_973)
        .chain([7, 8, 9, whole.len() - 1])
    {
        let error = safetensors_error(&whole[..end]);
        assert!(
            matches!(error, ModelError::Truncated { .. }),
            "cut at {end}: {error}"
        );
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let one = |dtype: &str, shape: Value, from: u64, to: u64| json!({ "t": { "dtype": dtype, "shape": shape, "data_offsets": [from, to] } });
    let huge = u64::MAX / 4;
    for (header, what) in [
        (one("F32", json!([2]), 0, 4), "too few bytes"),
        (one("F32", json!([2]), 8, 0), "an end before the start"),
        (
            one("F32", json!([huge, huge]), 0, 8),
            "a product that overflows",
        ),
        (one("F32", json!("two"), 0, 8), "a shape of words"),
        (json!({ "t": 1 }), "a number for a tensor"),
        (json!([1, 2]), "a list for a header"),
    ] {
        let error = safetensors_error(&with_header(&header, 8));
        let told = matches!(
            error,
            ModelError::Malformed { .. } | ModelError::WrongFormat { .. }
        );
        assert!(told, "{what}: {error}");
    }
    let beyond = one("F32", json!([4]), 0, 16);
    assert!(matches!(
        safetensors_error(&with_header(&beyond, 8)),
        ModelError::Truncated { .. }
    ));
    let unknown = one("F4", json!([4]), 0, 2);
    assert!(matches!(
        safetensors_error(&with_header(&unknown, 8)),
        ModelError::Encoding { .. }
    ));
    let long = [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat();
    assert!(matches!(safetensors_error(&long), ModelError::Limit { .. }));
}

#[test]
fn a_tensor_that_stands_there_twice_is_told() {
    let tensor = r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let text = format!(r#"{{"t":{tensor},"t":{tensor}}}"#);
    let length = (text.len() as u64).to_le_bytes();
    let error = safetensors_error(&[&length[..], text.as_bytes(), &[0; 4]].concat());
    assert!(error.to_string().contains("`t`"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_no_tensor_needs_takes_no_memory() {
    let noise = format!("[0{}]", ",0".repeat(10_000_000));
    let tensor = r#""dtype":"F32","shape":[1],"data_offsets":[0,4]"#;
    let text = format!(r#"{{"t":{{{tensor},"noise":{noise}}}}}"#);
    let folder = TempFolder::new();
    let path = folder.file("model.safetensors");
    let length = (text.len() as u64).to_le_bytes();
    std::fs::write(&path, [&length[..], text.as_bytes(), &[0; 4]].concat()).unwrap();
    drop((noise, text));
    // The most that was ever resident.
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kib << 10
    };
    let before = peak();
    Safetensors::open(&path).unwrap();
    let taken = peak() - before;
    assert!(taken < 150 << 20, "{taken} bytes for a header of 20 MB");
}

fn shards(folder: &Utf8Path) -> Vec<StoredTensor> {
    let fixture = Fixture::read(CASE);
    fixture.write_hub(folder);
    std::fs::remove_file(folder.join("model.safetensors")).unwrap();
    fixture.stored()
}

fn write_shards(folder: &Utf8Path, tensors: &[StoredTensor], index: Value) {
    let (first, second) = tensors.split_at(tensors.len() / 2);
    std::fs::write(folder.join("one.safetensors"), safetensors(first)).unwrap();
    std::fs::write(folder.join("two.safetensors"), safetensors(second)).unwrap();
    std::fs::write(
        folder.join("model.safetensors.index.json"),
        index.to_string(),
    )
    .unwrap();
}

fn index(tensors: &[StoredTensor]) -> serde_json::Map<String, Value> {
    let half = tensors.len() / 2;
    let place = |at: usize| {
        if at < half {
            "one.safetensors"
        } else {
            "two.safetensors"
        }
    };
    tensors
        .iter()
        .enumerate()
        .map(|(at, t)| (t.name.clone(), place(at).into()))
        .collect()
}

#[test]
fn shards_are_one_model() {
    let folder = TempFolder::new();
    let tensors = shards(folder.path());
    write_shards(
        folder.path(),
        &tensors,
        json!({ "weight_map": index(&tensors) }),
    );
    let decoder = load(&ModelFiles::new("test", folder.path())).unwrap();
    let fixture = Fixture::read(CASE);
    let ours = common::logits(&decoder, &fixture.tokens, fixture.logits.len());
    assert!(common::distance(&ours, &fixture.logits) < 1e-4);
}

#[test]
fn an_index_names_only_what_is_beside_it() {
    let folder = TempFolder::new();
    let tensors = shards(folder.path());
    let files = ModelFiles::new("test", folder.path());
    let mut map = index(&tensors);
    map.insert("extra.weight".to_owned(), "two.safetensors".into());
    write_shards(folder.path(), &tensors, json!({ "weight_map": map }));
    let error = load(&files).err().unwrap();
    assert!(
        matches!(&error, ModelError::MissingTensor { tensor, .. } if tensor == "extra.weight"),
        "{error}"
    );
    for outside in ["../two.safetensors", "/etc/passwd", ".."] {
        map.insert("extra.weight".to_owned(), outside.into());
        write_shards(folder.path(), &tensors, json!({ "weight_map": map }));
        assert!(
            matches!(load(&files), Err(ModelError::Malformed { .. })),
            "{outside}"
        );
    }
    map.insert("extra.weight".to_owned(), "three.safetensors".into());
    write_shards(folder.path(), &tensors, json!({ "weight_map": map }));
    let error = load(&files).err().unwrap();
    assert!(
        matches!(&error, ModelError::Io { path, .. } if path.as_str().ends_with("three.safetensors"))
    );
}

#[test]
fn a_folder_without_weights_or_configuration_says_what_it_wants() {
    let folder = TempFolder::new();
    let files = ModelFiles::new("test", folder.path());
    assert!(
        load(&files)
            .err()
            .unwrap()
            .to_string()
            .contains("model.safetensors")
    );
    std::fs::write(folder.file("model.safetensors"), safetensors(&[])).unwrap();
    assert!(
        load(&files)
            .err()
            .unwrap()
            .to_string()
            .contains("config.json")
    );
    std::fs::write(folder.file("config.json"), "{}").unwrap();
    assert!(
        load(&files)
            .err()
            .unwrap()
            .to_string()
            .contains("model_type")
    );
    let missing = ModelFiles::new("test", folder.file("nothing.gguf"));
    assert!(matches!(load(&missing), Err(ModelError::Io { .. })));
}

#[test]
fn a_description_without_end_is_not_read() {
    let folder = TempFolder::new();
    let fixture = Fixture::read("qwen2_tiny");
    let files = fixture.write_hub(folder.path());
    for name in ["config.json", "model.safetensors.index.json"] {
        let endless = std::fs::File::create(folder.file(name)).unwrap();
        endless.set_len(64 << 20).unwrap();
        let error = load(&files).err().unwrap();
        assert!(matches!(error, ModelError::Limit { .. }), "{error}");
    }
}

#[test]
fn a_configuration_that_is_not_run_here_is_named() {
    let fixture = Fixture::read("qwen2_tiny");
    let folder = TempFolder::new();
    for (key, value, word) in [
        ("model_type", json!("mamba"), "mamba"),
        ("hidden_act", json!("gelu"), "gelu"),
        (
            "rope_parameters",
            json!({ "rope_type": "yarn", "factor": 4.0 }),
            "yarn",
        ),
        (
            "rope_parameters",
            json!({ "rope_type": "linear", "factor": -1.0 }),
            "factor",
        ),
        ("num_key_value_heads", json!(3), "num_key_value_heads"),
        ("hidden_size", json!(0), "hidden_size"),
        ("head_dim", json!(15), "head_dim"),
        ("num_hidden_layers", json!(u32::MAX), "num_hidden_layers"),
    ] {
        let files = fixture.write_hub(folder.path());
        let mut config = fixture.config.clone();
        config[key] = value;
        std::fs::write(folder.file("config.json"), config.to_string()).unwrap();
        let error = load(&files)
            .err()
            .unwrap_or_else(|| panic!("{key} was taken"))
            .to_string();
        assert!(
            error.contains(word) && error.contains("config.json"),
            "{error}: {word}?"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever bytes are turned over, reading a header ends in a value or an error.
    #[test]
    fn flipped_bytes_never_break_the_reader(
        flips in prop::collection::vec((0_usize..6_000, any::<u8>()), 1..8),
        hub in any::<bool>(),
    ) {
        static FILES: std::sync::OnceLock<(Vec<u8>, Vec<u8>)> = std::sync::OnceLock::new();
        let files = FILES.get_or_init(|| (good_gguf(), safetensors(&Fixture::read(CASE).stored())));
        let mut bytes = if hub { files.1.clone() } else { files.0.clone() };
        for (at, with) in flips {
            bytes[at] ^= with;
        }
        let folder = TempFolder::new();
        let path = folder.file("model");
        std::fs::write(&path, bytes).unwrap();
        if hub {
            let _ = Safetensors::open(&path);
        } else {
            let _ = load(&ModelFiles::new("test", &path));
        }
    }
}
