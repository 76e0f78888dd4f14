/// The head and one small tensor of a GGUF file of that architecture: whole and right, but no model.
///
/// Its numbers are those of Qwen2.5 0.5B, with a context of 4096.
pub fn tiny_gguf(architecture: &str) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    let texts = [
        ("general.architecture", architecture),
        ("general.name", "Tiny"),
    ];
    let numbers = [
        ("general.file_type".to_owned(), 7_u32),
        (format!("{architecture}.context_length"), 4096),
        (format!("{architecture}.block_count"), 24),
        (format!("{architecture}.embedding_length"), 896),
        (format!("{architecture}.attention.head_count"), 14),
        (format!("{architecture}.attention.head_count_kv"), 2),
    ];
    bytes.extend((texts.len() as u64 + numbers.len() as u64 + 1).to_le_bytes());
    for (key, value) in texts {
        text(&mut bytes, key);
        bytes.extend(8_u32.to_le_bytes());
        text(&mut bytes, value);
    }
    text(&mut bytes, "tokenizer.ggml.tokens");
    bytes.extend(9_u32.to_le_bytes());
    bytes.extend(8_u32.to_le_bytes());
    bytes.extend(3_u64.to_le_bytes());
    for token in ["a", "bc", ""] {
        text(&mut bytes, token);
    }
    for (key, value) in numbers {
        text(&mut bytes, &key);
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    // One tensor of 64 elements in Q8_0: two blocks of 34 bytes.
    text(&mut bytes, "w");
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(64_u64.to_le_bytes());
    bytes.extend(8_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.resize(bytes.len().next_multiple_of(32) + 68, 7);
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
