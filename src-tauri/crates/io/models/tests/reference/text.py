"""Makes `text/`: small tokenizers and templates, and what the reference implementations make of them.

Run once, by hand, with `tokenizers`, `transformers`, `sentencepiece`, `gguf` and `jinja2` installed:

    python text.py

Tokenizers are trained here on made-up text, templates are written here in the style of the families'
own. The strings and conversations are drawn by a generator that `tests/text.rs` has, too, so that only
digests need to be kept.
"""

import datetime
import io
import json
import pathlib
import shutil
import unicodedata

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent / "text"
COUNT = 1000

FRAGMENTS = [
    "the", " the", "The ", " keeper", " of", " lamp", "light", "house", " and", "ing ", " sea", "sail", "storm",
    " it's", "we'll", "I'D", " they've", "don't ", "12", "345", " 7", "2026", "3.14", "1,000,000", "½", "Ⅷ", "٣",
    " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", "\u00a0", "\u3000", ".", ",", "!", "?!", "...", " - ", "—",
    "(", ")", "[", "]", "{", "}", "\"", "'", "`", "\\", "/", "//", "#", "@", "&&", "==", "=>", "+= ", "<", ">", "_", "__init__",
    "fn main() {\n    println!(\"{}\", x);\n}\n", "def f(x):\n\treturn x ** 2\n", "https://example.com/a?b=c#d", "user@example.com",
    "ä", "é", "e\u0301", "a\u0308o\u0323\u0302", "ñ", "ß", "Ångström", "naïve ", "СЛОВО", " море", "маяк ", "φως", "שלום", "سلام ",
    "日本", "語", "灯台", "守", "한국어", "ไทย", "हिन्दी", "🙂", "👩‍👩‍👧‍👦", "🇩🇪", "𝔘", "\u200b", "\ufeff", "\ufffd", "▁", "▁a", "Ġ", "<0x0A>",
    "\x00", "\x07", "\x7f", "A", "B", "zz", "QWERTY", "camelCase", "snake_case", "ALLCAPS ", "x" * 20, "-" * 12,
    "<|im_start|>", "<|im_end|>", "<tool_call>", "</s>", "<s>", "<|eot_id|>", "<unk>", "<|im_",
]


class Draw:
    """Knuth's MMIX generator; the upper bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % count


def digest(data):
    """FNV-1a, 64 bits, of which the lower 32 are kept."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value & 0xFFFFFFFF:08x}"


def digest_ids(ids):
    return digest(b"".join(number.to_bytes(4, "little") for number in ids))


def strings():
    draw = Draw(1)
    return ["".join(FRAGMENTS[draw.below(len(FRAGMENTS))] for _ in range(1 + draw.below(12))) for _ in range(COUNT)]


def corpus():
    """Text to train on: words of the fragments in Zipf-like numbers."""
    draw = Draw(2)
    words = [fragment for fragment in FRAGMENTS if not fragment.startswith("<") and "\x00" not in fragment]
    lines = []
    for _ in range(4000):
        line = []
        for _ in range(12):
            line.append(words[min(draw.below(len(words)), draw.below(len(words)))])
        lines.append(unicodedata.normalize("NFC", " ".join(line)))
    return lines


CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(pattern, nfc, ignore_merges, special, others):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    if pattern:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=520, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in others])
    return tokenizer


def sentence_piece():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_writer=model, model_type="bpe", vocab_size=640, byte_fallback=True,
        character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=True, split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2,
        num_threads=1)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def from_sentence_piece(processor):
    """As `transformers` converts Llama's first tokenizers."""
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    scores = [processor.get_score(number) for number in range(len(pieces))]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    merges = []
    for piece, score in zip(pieces, scores):
        pairs = [(piece[:at], piece[at:], score) for at in range(1, len(piece))]
        pairs = [pair for pair in pairs if pair[0] in vocabulary and pair[1] in vocabulary]
        merges.extend(sorted(pairs, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]])))
    merges.sort(key=lambda pair: (pair[2], len(pair[0]), len(pair[1])), reverse=True)
    tokenizer = Tokenizer(models.BPE(
        vocabulary, [pair[:2] for pair in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ("<unk>", "<s>", "</s>")])
    return tokenizer


def write_folder(name, tokenizer, config, generation):
    folder = HERE / name
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(compact(json.loads(tokenizer.to_str())))
    (folder / "tokenizer_config.json").write_text(compact(config))
    if generation:
        (folder / "generation_config.json").write_text(compact(generation))


def write_gguf(name, model, pre, tokenizer, ids, scores=None, types=None, extra=lambda writer: None):
    writer = gguf.GGUFWriter(HERE / f"{name}.gguf", "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    size = tokenizer.get_vocab_size()
    added = {number: token for number, token in tokenizer.get_added_tokens_decoder().items()}
    tokens = [tokenizer.id_to_token(number) for number in range(size)]

    def kind(number):
        if number not in added:
            return gguf.TokenType.NORMAL
        return gguf.TokenType.CONTROL if added[number].special else gguf.TokenType.USER_DEFINED

    writer.add_token_list(tokens)
    writer.add_token_types(types or [kind(number) for number in range(size)])
    if scores:
        writer.add_token_scores(scores)
    else:
        merges = json.loads(tokenizer.to_str())["model"]["merges"]
        writer.add_token_merges([" ".join(pair) for pair in merges])
    for key, number in ids.items():
        getattr(writer, f"add_{key}_token_id")(number)
    extra(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def reference(tokenizer, with_special=True):
    """Digests of ids with and without special tokens, and of the text that comes back."""
    ids, plain, texts, shown = [], [], [], []
    literal = Tokenizer.from_str(tokenizer.to_str())
    literal.encode_special_tokens = True
    for index, string in enumerate(strings()):
        encoded = tokenizer.encode(string, add_special_tokens=False).ids
        ids.append(digest_ids(encoded))
        plain.append(digest_ids(literal.encode(string, add_special_tokens=False).ids))
        text = tokenizer.decode(encoded, skip_special_tokens=True)
        texts.append(digest(text.encode()))
        if index < 3:
            shown.append({"string": string, "ids": encoded, "text": text})
    return {"ids": "".join(ids), "plain": "".join(plain), "texts": "".join(texts), "shown": shown}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


# Templates, each in the style of a family.

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

QWEN_TOOLS = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\nFunctions are declared within <tools></tools>:\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n\\nCall as <tool_call>\\n{\\"name\\": <name>, \\"arguments\\": <object>}\\n</tool_call><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or reasoning_content) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""

LLAMA_TOOLS = """\
{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message first, so that it can be put where it belongs. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- "Functions:\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

MISTRAL_TOOLS = """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- else %}
                {{- "]" + eos_token }}
            {%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}
            {%- set content = message.content.content %}
        {%- else %}
            {%- set content = message.content %}
        {%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content|string + ", " }}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
"""

GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\n"
    "{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}\n"
    "{% if message['content'] is none %}{% continue %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}\n"
)

# What Python shows through: macros, booleans, dictionaries and numbers printed as they are.
PYTHON = """\
{%- macro show(value, label='value') -%}
    {{ label }}={{ value }};
{%- endmacro -%}
{% set options = {'stream': true, 'stop': none, 'scale': 1.0, 'small': 0.00001, 'words': ["it's", 'a "b"', 'tab\\t']} %}
{{ show(options) }} {{ show(add_generation_prompt, label='answer') }} {{ show(tools, label="tools") }}
{% for key, value in options | dictsort %}
  {{ key.upper() }}: {{ value | tojson }}{% if not loop.last %},{% endif %}

{% endfor %}
{% for message in messages if message.role != 'system' -%}
    {% generation %}{{ loop.index }}/{{ loop.length }} {{ message.role | capitalize }} {{ message.content | length }} {{ message.content[:7] | tojson(ensure_ascii=True) }}{% endgeneration %}

    {%- if loop.index > 5 %}{% break %}{% endif %}
{% endfor %}
{{ messages | map(attribute='role') | join(' ') }}{{ messages[-1].content.split()[:2] }}{{ ('a' ~ 1 ~ '-') * 2 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ [1, 2] + [3] }}
{{ {'z': 1, 'a': [true, none]} | tojson(indent=2, sort_keys=True) }} {{ messages | tojson | length }}
"""

TEMPLATES = {
    "chatml": CHATML, "qwen": QWEN_TOOLS, "llama": LLAMA_TOOLS, "mistral": MISTRAL_TOOLS, "gemma": GEMMA, "python": PYTHON,
}

PARAMETERS = {
    "type": "object",
    "properties": {"place": {"type": "string", "description": "Größe & <name>"}, "days": {"type": "integer", "minimum": 1}, "scale": {"type": "number", "default": 1.5}},
    "required": ["place"],
}
TOOLS = [
    {"type": "function", "function": {"name": "look", "description": "Looks \"around\"", "parameters": PARAMETERS}},
    {"type": "function", "function": {"name": "wait", "description": "", "parameters": {"type": "object", "properties": {}}}},
]


def conversation(index, template):
    """Conversation `index` in the shape of `apply_chat_template`; `tests/text.rs` draws the same."""
    draw = Draw(1000 + index)

    def words():
        return "".join(FRAGMENTS[draw.below(len(FRAGMENTS))] for _ in range(1 + draw.below(6)))

    messages = []
    if draw.below(2) == 0 and template != "gemma":
        messages.append({"role": "system", "content": words()})
    tools = draw.below(3) == 0 and template != "gemma"
    for turn in range(1 + draw.below(4)):
        messages.append({"role": "user", "content": words()})
        if tools and draw.below(2) == 0:
            call = f"call{index % 1000:03}{turn:02}"
            arguments = {"place": words(), "days": draw.below(9), "scale": draw.below(100) / 8}
            messages.append({"role": "assistant", "content": "", "tool_calls": [
                {"type": "function", "id": call, "function": {"name": "look", "arguments": arguments}}]})
            messages.append({"role": "tool", "tool_call_id": call, "content": words(), "name": "look"})
        messages.append({"role": "assistant", "content": words()})
    if draw.below(4) != 0:
        messages.pop()
    answer = draw.below(4) != 0
    thinking = [None, True, False][draw.below(3)]
    return messages, TOOLS[: 1 + draw.below(2)] if tools else None, answer, thinking


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 9, 14, 5, 6)


def conversations(tokenizer):
    chat_template_utils.datetime = Fixed
    names = list(TEMPLATES)
    digests, shown = [], []
    for index in range(COUNT):
        name = names[index % len(names)]
        messages, tools, answer, thinking = conversation(index, name)
        options = {} if thinking is None else {"enable_thinking": thinking}
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
        try:
            text = fast.apply_chat_template(
                messages, tools=tools, chat_template=TEMPLATES[name], add_generation_prompt=answer, tokenize=False,
                **options)
        except Exception as error:  # The template refuses it: that has to be the same, too.
            print(index, name, error)
            text = "refused"
        digests.append(digest(text.encode()))
        if index < 2 * len(names):
            shown.append(text)
    return {"templates": TEMPLATES, "tools": TOOLS, "digests": "".join(digests), "shown": shown}


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    out = {}

    qwen = byte_level(QWEN, True, False, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], ["<tool_call>"])
    write_folder("qwen", qwen,
                 {"eos_token": "<|im_end|>", "bos_token": None, "chat_template": QWEN_TOOLS, "add_bos_token": False},
                 {"eos_token_id": [qwen.token_to_id("<|im_end|>"), qwen.token_to_id("<|endoftext|>")]})
    write_gguf("qwen", "gpt2", "qwen2", qwen, {"eos": qwen.token_to_id("<|im_end|>")},
               extra=lambda writer: writer.add_chat_template(QWEN_TOOLS))
    out["qwen"] = reference(qwen)

    llama = byte_level(LLAMA, False, True, ["<s>", "</s>", "<|eot_id|>"], [])
    write_folder("llama", llama, {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "add_bos_token": True}, None)
    write_gguf("llama", "gpt2", "llama-bpe", llama, {"bos": llama.token_to_id("<s>"), "eos": llama.token_to_id("</s>")})
    out["llama"] = reference(llama)

    processor = sentence_piece()
    spm = from_sentence_piece(processor)
    write_folder("spm", spm, {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True}, None)
    size = processor.get_piece_size()

    def kind(number):
        if processor.is_unknown(number):
            return gguf.TokenType.UNKNOWN
        if processor.is_control(number):
            return gguf.TokenType.CONTROL
        return gguf.TokenType.BYTE if processor.is_byte(number) else gguf.TokenType.NORMAL

    write_gguf("spm", "llama", None, spm, {"bos": 1, "eos": 2}, [processor.get_score(n) for n in range(size)],
               [kind(n) for n in range(size)])
    out["spm"] = reference(spm)
    # What SentencePiece itself makes of them; it knows no special tokens in text.
    out["spm"]["sentencepiece"] = "".join(digest_ids(processor.encode(string)) for string in strings())

    (HERE / "strings.json").write_text(compact(FRAGMENTS))
    (HERE / "tokenizers.json").write_text(compact(out))
    (HERE / "conversations.json").write_text(compact(conversations(qwen)))


if __name__ == "__main__":
    main()
