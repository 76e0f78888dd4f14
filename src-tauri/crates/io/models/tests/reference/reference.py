"""Writes the fixtures of `tests/parity.rs`: logits of transformers for weights made by a formula.

Run by hand, never by a build: `pip install torch transformers gguf numpy`, then
`python reference.py` from this folder. The fixtures were made with torch 2.15, transformers 5.24 and
gguf 0.19, in float32 with eager attention on a CPU.

The formula (`numbers`) is also in the testkit's `checkpoint.rs`: both sides make the same float32
values from a tensor's name, so that no weights need to be kept here.
"""

import json
import pathlib

import gguf
import numpy as np
import torch
import transformers

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
MASK = (1 << 64) - 1


def numbers(name: str, shape: list[int]) -> np.ndarray:
    """splitmix64 (Steele et al. 2014), counted from the FNV-1a hash of the name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    # 24 bits, exact in float32: -1 to 1.
    unit = (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1.0)
    if name.endswith("norm.weight"):
        values = np.float32(1.0) + np.float32(0.1) * unit
    elif name.endswith(".bias"):
        values = np.float32(0.1) * unit
    else:
        # Variance 1 / columns keeps activations near 1.
        values = np.float32(np.sqrt(3.0 / shape[1])) * unit
    return values.reshape(shape)


def tokens(count: int, vocab: int) -> list[int]:
    return [(7 + 31 * i + i * i) % vocab for i in range(count)]


def reference(config: transformers.PreTrainedConfig):
    """The model with our weights, and its tensors' shapes without the tied ones."""
    torch.manual_seed(0)
    config._attn_implementation = "eager"
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.eval()
    shapes = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            shapes[name] = list(parameter.shape)
            parameter.copy_(torch.from_numpy(numbers(name, list(parameter.shape))))
    return model, shapes


def logits(model, ids: list[int], last: int) -> list[list[float]]:
    with torch.no_grad():
        rows = model(torch.tensor([ids]), use_cache=False).logits[0, -last:]
    return [[float(np.float32(x)) for x in row] for row in rows]


def write(case: str, config, count: int, last: int) -> None:
    model, shapes = reference(config)
    ids = tokens(count, config.vocab_size)
    fixture = {
        "config": json.loads(config.to_json_string(use_diff=False)),
        "tensors": shapes,
        "tokens": ids,
        "logits": logits(model, ids, last),
    }
    (FIXTURES / f"{case}.json").write_text(json.dumps(fixture))
    print(case, sum(int(np.prod(s)) for s in shapes.values()))


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    # So short that the tokens of the test reach every branch of the formula.
    "original_max_position_embeddings": 16,
}
TINY = dict(vocab_size=96, hidden_size=64, intermediate_size=160, num_hidden_layers=3,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512)


def plain(theta: float) -> dict:
    return {"rope_type": "default", "rope_theta": theta}


def cases() -> None:
    from transformers import LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

    write("qwen2_tiny", Qwen2Config(**TINY, rope_parameters=plain(1e6), tie_word_embeddings=True), 40, 8)
    write("qwen3_tiny", Qwen3Config(**TINY, head_dim=24, rope_parameters=plain(1e6), tie_word_embeddings=False), 40, 8)
    write("llama_tiny", LlamaConfig(**TINY, rope_parameters=plain(1e4), tie_word_embeddings=False,
                                    attention_bias=True, mlp_bias=True), 40, 8)
    write("llama3_tiny", LlamaConfig(**TINY, rope_parameters=LLAMA3, tie_word_embeddings=True), 40, 8)
    write("mistral_tiny", MistralConfig(**TINY, head_dim=32, rope_parameters=plain(1e4), sliding_window=None), 40, 8)
    # Widths of Qwen2.5-0.5B, Qwen3-0.6B and Llama-3.2-1B; fewer layers and words.
    write("qwen2_wide", Qwen2Config(vocab_size=512, hidden_size=896, intermediate_size=4864, num_hidden_layers=3,
                                    num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768,
                                    rope_parameters=plain(1e6), tie_word_embeddings=True), 64, 2)
    write("qwen3_wide", Qwen3Config(vocab_size=512, hidden_size=1024, intermediate_size=3072, num_hidden_layers=2,
                                    num_attention_heads=16, num_key_value_heads=8, head_dim=128,
                                    max_position_embeddings=40960, rope_parameters=plain(1e6),
                                    tie_word_embeddings=True), 64, 2)
    write("llama3_wide", LlamaConfig(vocab_size=512, hidden_size=2048, intermediate_size=8192, num_hidden_layers=1,
                                     num_attention_heads=32, num_key_value_heads=8, head_dim=64,
                                     max_position_embeddings=131072,
                                     rope_parameters={**LLAMA3, "factor": 32.0, "original_max_position_embeddings": 8192},
                                     tie_word_embeddings=True), 64, 2)


def permute(weights: np.ndarray, heads: int) -> np.ndarray:
    """The order that llama.cpp's converter gives query and key rows of `llama` (its `LlamaModel.permute`)."""
    halves = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)


def gguf_case() -> None:
    """A llama in GGUF, written by gguf-py and read back by transformers, which undoes the order."""
    heads, kv, layers, hidden, inner, vocab = 4, 2, 2, 64, 128, 96
    config = transformers.LlamaConfig(
        vocab_size=vocab, hidden_size=hidden, intermediate_size=inner, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=kv, max_position_embeddings=512,
        rope_parameters=plain(1e4), tie_word_embeddings=False)
    _, shapes = reference(config)
    path = FIXTURES / "llama_q8_0.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(1e4)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_vocab_size(vocab)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, layers)
    for name, shape in shapes.items():
        values = numbers(name, shape)
        if "q_proj" in name:
            values = permute(values, heads)
        if "k_proj" in name:
            values = permute(values, kv)
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if len(shape) == 2:
            packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(own, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(own, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        FIXTURES, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    ids = tokens(40, vocab)
    fixture = {"tokens": ids, "logits": logits(model, ids, 8)}
    (FIXTURES / "llama_q8_0.json").write_text(json.dumps(fixture))
    print("llama_q8_0", path.stat().st_size)


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    cases()
    gguf_case()
