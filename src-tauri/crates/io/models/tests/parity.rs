//! Logits equal to those of transformers (`reference/reference.py`), and to themselves however the
//! tokens are cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Device};
use common::{Fixture, distance, fixtures, hub, load, logits, never};
use studio_models::ModelFiles;
use studio_models::arch::{Decoder, Rows};
use studio_models::runtime::machine;
use studio_testkit::TempFolder;
use studio_testkit::checkpoint::{GgufValue, StoredKind, StoredTensor, f32_bytes};

/// Logits of these weights lie within about ±4.
const TOLERANCE: f32 = 1e-4;
/// Kernels for blocks round activations to 8 bits: about 0.7 % of noise at each of the products that
/// follow each other, so 3 % at the logits, and four times that at the worst of a thousand. Those of a card
/// keep the scales of the activations in half precision besides: 0.164 was seen on CUDA.
fn rounded() -> f32 {
    match machine::device().unwrap() {
        Device::Cpu => 0.15,
        _ => 0.2,
    }
}

#[track_caller]
fn check(case: &str) {
    let (_folder, fixture, decoder) = hub(case);
    let ours = logits(&decoder, &fixture.tokens, fixture.logits.len());
    let off = distance(&ours, &fixture.logits);
    assert!(
        off < TOLERANCE,
        "{case}: {off:e} off the reference implementation"
    );
}

#[test]
fn qwen2_is_the_references() {
    check("qwen2_tiny");
}

#[test]
fn qwen3_is_the_references() {
    check("qwen3_tiny");
}

#[test]
fn llama_with_biases_and_its_own_output_is_the_references() {
    check("llama_tiny");
}

#[test]
fn llama_3_with_scaled_frequencies_is_the_references() {
    check("llama3_tiny");
}

#[test]
fn mistral_with_wide_heads_is_the_references() {
    check("mistral_tiny");
}

#[test]
fn the_width_of_qwen_25_half_a_billion_is_the_references() {
    check("qwen2_wide");
}

#[test]
fn the_width_of_qwen_3_0_6_billion_is_the_references() {
    check("qwen3_wide");
}

#[test]
fn the_width_of_llama_32_1_billion_is_the_references() {
    check("llama3_wide");
}

#[test]
fn a_gguf_llama_of_another_writer_is_the_references() {
    // Quantised by gguf-py in llama.cpp's order of rows; the reference reads it by undoing that order.
    let fixture = Fixture::read("llama_q8_0");
    let files = ModelFiles::new("test", fixtures().join("llama_q8_0.gguf"));
    let exact = dequantised(&files);
    let off = distance(
        &logits(&exact, &fixture.tokens, fixture.logits.len()),
        &fixture.logits,
    );
    assert!(
        off < TOLERANCE,
        "dequantised it must be exact, and is {off:e} off"
    );
    let off = distance(
        &logits(&load(&files), &fixture.tokens, fixture.logits.len()),
        &fixture.logits,
    );
    assert!(
        off < rounded(),
        "kernels round activations to 8 bits: {off:e} off"
    );
}

/// The same model with every block made `f32` first.
fn dequantised(files: &ModelFiles) -> Decoder {
    let opened = files.open().unwrap();
    let studio_models::weights::Weights::Gguf(file) = &opened.weights else {
        panic!("a GGUF file")
    };
    let metadata = file.metadata().clone();
    let names: Vec<String> = file.names().map(str::to_owned).collect();
    let tensors: Vec<StoredTensor> = names
        .iter()
        .map(|name| {
            let stored = file.find(name).unwrap();
            let numbers = stored.dense(&Device::Cpu).unwrap().flatten_all().unwrap();
            StoredTensor {
                name: name.clone(),
                shape: stored.shape.to_vec(),
                kind: StoredKind::F32,
                bytes: f32_bytes(&numbers.to_vec1::<f32>().unwrap()),
            }
        })
        .collect();
    let entries: Vec<(String, GgufValue)> = metadata
        .into_iter()
        .filter_map(|(key, value)| {
            use studio_models::weights::gguf::Value;
            let value = match value {
                Value::Unsigned(number) => GgufValue::U32(number as u32),
                Value::Float(number) => GgufValue::F32(number as f32),
                Value::Text(text) => GgufValue::Text(text),
                _ => return None,
            };
            Some((key, value))
        })
        .collect();
    let folder = TempFolder::new();
    let path = folder.file("dense.gguf");
    common::write_gguf(&path, &entries, &tensors);
    load(&ModelFiles::new("dense", path))
}

/// A layout against its own dequantised numbers: only the kernels' rounding is between them.
#[track_caller]
fn check_quantised(case: &str, kind: GgmlDType, tolerance: f32) {
    let (folder, fixture) = (TempFolder::new(), Fixture::read(case));
    let files = fixture.write_gguf(&folder.file("model.gguf"), kind);
    let last = fixture.logits.len();
    let exact = logits(&dequantised(&files), &fixture.tokens, last);
    let decoder = load(&files);
    let at_once = logits(&decoder, &fixture.tokens, last);
    let off = distance(&at_once, &exact);
    assert!(
        off < tolerance,
        "{case} as {kind:?}: {off} off its own numbers"
    );
    // One token at a time goes through other kernels.
    let mut cache = decoder.cache().unwrap();
    let (head, tail) = fixture.tokens.split_at(fixture.tokens.len() - last);
    decoder
        .forward(head, &mut cache, Rows::None, &never)
        .unwrap();
    let stepped: Vec<Vec<f32>> = tail
        .iter()
        .map(|&token| {
            let row = decoder
                .forward(&[token], &mut cache, Rows::Last, &never)
                .unwrap();
            row.to_vec2::<f32>().unwrap().remove(0)
        })
        .collect();
    let off = distance(&stepped, &exact);
    assert!(
        off < tolerance,
        "{case} as {kind:?}, token by token: {off} off its own numbers"
    );
}

#[test]
fn blocks_of_32_are_their_own_numbers() {
    for kind in [GgmlDType::Q4_0, GgmlDType::Q5_0, GgmlDType::Q8_0] {
        check_quantised("qwen2_tiny", kind, rounded());
    }
}

#[test]
fn blocks_of_256_are_their_own_numbers() {
    // Rows of this width are whole superblocks.
    for kind in [GgmlDType::Q4K, GgmlDType::Q5K, GgmlDType::Q6K] {
        check_quantised("qwen3_wide", kind, rounded());
    }
}

#[test]
fn halves_are_their_own_numbers() {
    check_quantised("llama_tiny", GgmlDType::F16, 1e-5);
}

#[test]
fn llama_in_gguf_is_llama_on_the_hub() {
    // In `f32` nothing is lost, so that only names, rows' order and rotation are compared.
    let (folder, fixture) = (TempFolder::new(), Fixture::read("llama_tiny"));
    let decoder = load(&fixture.write_gguf(&folder.file("model.gguf"), GgmlDType::F32));
    let off = distance(
        &logits(&decoder, &fixture.tokens, fixture.logits.len()),
        &fixture.logits,
    );
    assert!(off < TOLERANCE, "{off:e} off");
}

#[test]
fn divisors_of_frequencies_in_gguf_are_llama_3s_scaling() {
    let (folder, fixture) = (TempFolder::new(), Fixture::read("llama3_tiny"));
    // What llama.cpp's converter writes for "llama3" (`Llama3Model`, rope_freqs): one divisor each.
    let divisors: Vec<f32> = (0..8)
        .map(|i| {
            let wavelength = 2.0 * std::f64::consts::PI * 500_000_f64.powf(f64::from(2 * i) / 16.0);
            let smooth = ((16.0 / wavelength - 1.0) / 3.0).clamp(0.0, 1.0);
            (1.0 / ((1.0 - smooth) / 8.0 + smooth)) as f32
        })
        .collect();
    let mut tensors = fixture.converted(GgmlDType::F32);
    tensors.push(StoredTensor {
        name: "rope_freqs.weight".to_owned(),
        shape: vec![8],
        kind: StoredKind::F32,
        bytes: f32_bytes(&divisors),
    });
    let path = folder.file("model.gguf");
    common::write_gguf(&path, &fixture.metadata(), &tensors);
    let decoder = load(&ModelFiles::new("test", path));
    let off = distance(
        &logits(&decoder, &fixture.tokens, fixture.logits.len()),
        &fixture.logits,
    );
    assert!(off < TOLERANCE, "{off:e} off");
}

#[test]
fn half_precision_checkpoints_are_widened() {
    let (folder, fixture) = (TempFolder::new(), Fixture::read("qwen2_tiny"));
    let mut stored = fixture.stored();
    let rounded = |bytes: &[u8]| -> (Vec<u8>, Vec<u8>) {
        let (numbers, _) = bytes.as_chunks::<4>();
        let halves = numbers
            .iter()
            .map(|&b| half::bf16::from_f32(f32::from_le_bytes(b)));
        halves
            .map(|h| (h.to_le_bytes(), h.to_f32().to_le_bytes()))
            .fold((Vec::new(), Vec::new()), |(mut short, mut long), (s, l)| {
                short.extend(s);
                long.extend(l);
                (short, long)
            })
    };
    let mut wide = stored.clone();
    for (short, long) in stored.iter_mut().zip(&mut wide) {
        (short.bytes, long.bytes) = rounded(&short.bytes);
        short.kind = StoredKind::BF16;
    }
    let mut answers = Vec::new();
    for tensors in [stored, wide] {
        let files = fixture.write_hub(folder.path());
        let bytes = studio_testkit::checkpoint::safetensors(&tensors);
        std::fs::write(folder.file("model.safetensors"), bytes).unwrap();
        answers.push(logits(&load(&files), &fixture.tokens, 8));
    }
    assert_eq!(distance(&answers[0], &answers[1]), 0.0);
}

/// Every cut of the same tokens must give the same last logits.
#[track_caller]
fn check_cuts(case: &str, cuts: &[usize]) {
    let (_folder, fixture, decoder) = hub(case);
    let tokens = &fixture.tokens;
    let whole = logits(&decoder, tokens, 1);
    let mut cache = decoder.cache().unwrap();
    let mut at = 0;
    for &count in cuts {
        let end = (at + count).min(tokens.len());
        decoder
            .forward(&tokens[at..end], &mut cache, Rows::None, &never)
            .unwrap();
        at = end;
    }
    let rest = decoder
        .forward(&tokens[at..], &mut cache, Rows::Last, &never)
        .unwrap();
    assert_eq!(rest.dims(), [1, 96]);
    let off = distance(&rest.to_vec2().unwrap(), &whole);
    assert!(off < 2e-5, "{case} cut at {cuts:?}: {off:e} off the whole");
}

#[test]
fn chunks_are_the_whole() {
    check_cuts("qwen2_tiny", &[16, 16]);
    check_cuts("qwen3_tiny", &[1, 30, 7]);
    check_cuts("llama3_tiny", &[39]);
}

#[test]
fn token_by_token_is_the_whole() {
    check_cuts("qwen2_tiny", &[1; 39]);
    check_cuts("llama_tiny", &[1; 39]);
}

#[test]
fn a_cut_back_cache_goes_on_as_if_nothing_had_followed() {
    let (_folder, fixture, decoder) = hub("qwen3_tiny");
    let tokens = &fixture.tokens;
    let mut cache = decoder.cache().unwrap();
    decoder
        .forward(tokens, &mut cache, Rows::None, &never)
        .unwrap();
    for kept in [25, 1, 10] {
        // Other tokens were read there, and are forgotten.
        decoder
            .forward(&[5, 6, 7], &mut cache, Rows::None, &never)
            .unwrap();
        cache.truncate(kept);
        let rest = decoder
            .forward(&tokens[kept..], &mut cache, Rows::Last, &never)
            .unwrap();
        let off = distance(&rest.to_vec2().unwrap(), &logits(&decoder, tokens, 1));
        assert!(off < 2e-5, "cut back to {kept}: {off:e} off");
    }
}

#[test]
fn a_cache_that_grew_has_lost_nothing() {
    let (_folder, fixture, decoder) = hub("qwen2_tiny");
    // Past the first 512 tokens there is no room; the context ends there, too.
    let tokens: Vec<u32> = (0..512).map(|i| fixture.tokens[i % 40]).collect();
    let mut cache = decoder.cache().unwrap();
    cache.reserve(1).unwrap();
    assert_eq!(cache.capacity(), 512);
    decoder
        .forward(&tokens[..500], &mut cache, Rows::None, &never)
        .unwrap();
    cache.reserve(513).unwrap();
    assert_eq!((cache.capacity(), cache.len()), (1024, 500));
    let rest = decoder
        .forward(&tokens[500..], &mut cache, Rows::Last, &never)
        .unwrap();
    let off = distance(&rest.to_vec2().unwrap(), &logits(&decoder, &tokens, 1));
    assert!(off < 2e-5, "{off:e} off");
}

#[test]
fn a_pass_that_was_stopped_leaves_no_trace() {
    let (_folder, fixture, decoder) = hub("qwen2_tiny");
    let tokens = &fixture.tokens;
    let mut cache = decoder.cache().unwrap();
    decoder
        .forward(&tokens[..20], &mut cache, Rows::None, &never)
        .unwrap();
    let asked = std::cell::Cell::new(0);
    let second_layer = || {
        asked.set(asked.get() + 1);
        asked.get() > 1
    };
    let stopped = decoder.forward(&tokens[20..30], &mut cache, Rows::Last, &second_layer);
    assert!(matches!(stopped, Err(studio_models::ModelError::Cancelled)));
    assert_eq!(cache.len(), 20);
    let rest = decoder
        .forward(&tokens[20..], &mut cache, Rows::Last, &never)
        .unwrap();
    assert_eq!(rest.dtype(), DType::F32);
    let off = distance(&rest.to_vec2().unwrap(), &logits(&decoder, tokens, 1));
    assert!(off < 2e-5, "{off:e} off");
}

#[test]
fn too_many_tokens_and_unknown_ones_are_refused() {
    use studio_models::ModelError;
    let (_folder, _fixture, decoder) = hub("qwen2_tiny");
    let mut cache = decoder.cache().unwrap();
    let many = vec![1; 513];
    let refused = decoder.forward(&many, &mut cache, Rows::Last, &never);
    assert!(matches!(
        refused,
        Err(ModelError::ContextLength {
            tokens: 513,
            limit: 512
        })
    ));
    let refused = decoder.forward(&[96], &mut cache, Rows::Last, &never);
    assert!(matches!(
        refused,
        Err(ModelError::Token {
            token: 96,
            vocabulary: 96
        })
    ));
}
