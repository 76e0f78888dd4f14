"""llama.cpp on the file of `benches/local_llm.rs`, for the figures beside ours. Run by hand:

pip install llama-cpp-python numpy
LOCAL_LLM_GGUF=/tmp/half.gguf cargo bench -p studio-benches --bench local_llm   # makes the file
python llama_cpp.py /tmp/half.gguf THREADS
"""

import sys
import time

from llama_cpp import Llama

path, threads = sys.argv[1], int(sys.argv[2])
model = Llama(path, n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)


def tokens(count: int) -> list[int]:
    return [(7 + 31 * i + i * i) % 50_000 for i in range(count)]


def fastest(run, times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def read() -> None:
    model.reset()
    model.eval(tokens(512))


def write() -> None:
    model.n_tokens = 64
    for token in tokens(32):
        model.eval([token])


print(f"reading {512 / fastest(read):.0f} tokens/s")
model.reset()
model.eval(tokens(64))
print(f"writing {32 / fastest(write):.1f} tokens/s")
