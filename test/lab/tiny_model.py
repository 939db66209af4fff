"""Writes tiny models for llama.cpp's server, made from the text below: no weights are downloaded, only the standard library is used.

    tiny_model.py FOLDER     writes chat.gguf and tools.gguf, 1 MB each

A model has one block whose weights are zero, so its next-token logits are the log counts of pairs of bytes in TEXT: it knows
nothing and babbles, but it loads and samples as any model does, closes strings and braces soon, and so answers under a
grammar end. tools.gguf begins every answer with a tool call. Protocol, grammar, tools and errors are the server's own.
Source: the GGUF specification, version 3 (ggml/docs/gguf.md).
"""
import array
import math
import struct
import sys
from pathlib import Path

TEXT = '''{"region":"eu-west-1","repo":"acme/shop","ok":true}
{"stack":"fastapi","path":"apps/api","n":3}
{"tool":"plan","args":{"region":"us-east-1","budget":20}}
Deploy the shop to eu-west-1 from apps/api.
What region shall I use? The plan is ready.
["a","b"] [1,2] {"x":"y"} {"a":1} "ok" "no" "id" true false null 0 1 2 20
'''
# ChatML; the server derives its grammar and parser of tool calls from how the template renders tools and calls.
TEMPLATE = """{%- if tools %}<|im_start|>system
Tools:
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
Call one as <tool_call>
{"name": NAME, "arguments": ARGS}
</tool_call><|im_end|>
{% endif %}
{%- for m in messages %}
{%- if m.role == "assistant" and m.tool_calls %}<|im_start|>assistant
{{ m.content or "" }}
{%- for c in m.tool_calls %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% elif m.role == "tool" %}<|im_start|>user
<tool_response>
{{ m.content }}
</tool_response><|im_end|>
{% else %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
ALIGNMENT, DIM, FEED_FORWARD, CONTEXT = 32, 288, 64, 8192
BEGIN, END, CALL, CALL_END = 257, 258, 260, 261


def byte_names():
    """The printable stand-in of each byte in the tokenizer of GPT-2."""
    keep = {*range(33, 127), *range(161, 173), *range(174, 256)}
    more = iter(range(256, 512))
    return [chr(byte) if byte in keep else chr(next(more)) for byte in range(256)]


def packed(kind, value):
    if kind == STRING:
        data = value.encode()
        return struct.pack("<Q", len(data)) + data
    if kind == ARRAY:
        of, rows = value
        return struct.pack("<IQ", of, len(rows)) + b"".join(packed(of, row) for row in rows)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind], value)


def pad(data):
    return data + bytes(-len(data) % ALIGNMENT)


def write(path, fields, tensors):
    """`tensors`: (name, shape with the fastest dimension first, floats)."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(fields))
    for name, kind, value in fields:
        head += packed(STRING, name) + struct.pack("<I", kind) + packed(kind, value)
    body = b""
    for name, shape, floats in tensors:
        head += packed(STRING, name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(body))
        body += pad(floats.tobytes())
    path.write_bytes(pad(head) + body)


def zeros(n):
    return array.array("f", bytes(4 * n))


def logits(counts):
    """One row a next token: over the tokens before it, scaled as the last norm leaves a one-hot vector."""
    n = len(counts)
    sums = [sum(row) for row in counts]
    rows = zeros(n * DIM)
    for before in range(n):
        for after in range(n):
            rows[after * DIM + before] = math.log(counts[before][after] / sums[before]) / math.sqrt(DIM)
    return rows


def pairs(n, begins_with_call):
    counts = [[0.02] * n for _ in range(n)]
    for line in TEXT.splitlines():
        ids = [10, *line.encode(), END]
        for before, after in zip(ids, ids[1:]):
            counts[before][after] += 1
    for before in (10, END):
        counts[before][END] = 5
    for row in counts:
        row[CALL] = row[CALL_END] = 1e-6
    if begins_with_call:
        counts[10][CALL] = counts[CALL][10] = counts[CALL_END][END] = 1e6
    return counts


def make(path, begins_with_call):
    tokens = byte_names() + ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "th", "<tool_call>", "</tool_call>"]
    n = len(tokens)
    identity = zeros(n * DIM)
    for i in range(n):
        identity[i * DIM + i] = 1
    ones = array.array("f", [1] * DIM)
    square, wide = zeros(DIM * DIM), zeros(DIM * FEED_FORWARD)
    fields = [
        ("general.architecture", STRING, "llama"), ("general.name", STRING, "tiny"), ("general.file_type", U32, 0),
        ("llama.context_length", U32, CONTEXT), ("llama.embedding_length", U32, DIM), ("llama.block_count", U32, 1),
        ("llama.feed_forward_length", U32, FEED_FORWARD), ("llama.attention.head_count", U32, 4),
        ("llama.attention.head_count_kv", U32, 4), ("llama.rope.dimension_count", U32, DIM // 4),
        ("llama.attention.layer_norm_rms_epsilon", F32, 1e-6), ("llama.vocab_size", U32, n),
        ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", ARRAY, (STRING, tokens)),
        ("tokenizer.ggml.token_type", ARRAY, (I32, [1] * 256 + [3, 3, 3, 1, 4, 4])),
        ("tokenizer.ggml.merges", ARRAY, (STRING, ["t h"])), ("tokenizer.ggml.bos_token_id", U32, 256),
        ("tokenizer.ggml.eos_token_id", U32, END), ("tokenizer.ggml.add_bos_token", BOOL, False),
        ("tokenizer.chat_template", STRING, TEMPLATE)]
    tensors = [("token_embd.weight", (DIM, n), identity), ("output.weight", (DIM, n), logits(pairs(n, begins_with_call))),
               ("output_norm.weight", (DIM,), ones), ("blk.0.attn_norm.weight", (DIM,), ones),
               ("blk.0.ffn_norm.weight", (DIM,), ones), ("blk.0.ffn_gate.weight", (DIM, FEED_FORWARD), wide),
               ("blk.0.ffn_up.weight", (DIM, FEED_FORWARD), wide), ("blk.0.ffn_down.weight", (FEED_FORWARD, DIM), wide)]
    tensors += [(f"blk.0.attn_{part}.weight", (DIM, DIM), square) for part in ("q", "k", "v", "output")]
    write(path, fields, tensors)


def main(folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    make(Path(folder) / "chat.gguf", begins_with_call=False)
    make(Path(folder) / "tools.gguf", begins_with_call=True)


if __name__ == "__main__":
    main(sys.argv[1])
