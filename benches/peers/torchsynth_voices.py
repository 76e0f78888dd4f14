"""Seconds of one voice that torchsynth (1.0.2, `pip install torchsynth 'setuptools<80'`) makes in a second of one core."""

import sys
import time

import pytorch_lightning
import torch

# It was written for a Lightning that had this module.
sys.modules["pytorch_lightning.core.lightning"] = pytorch_lightning
from torchsynth.config import SynthConfig  # noqa: E402
from torchsynth.synth import Voice  # noqa: E402

VOICES, SECS, ROUNDS = 4, 4.0, 10

torch.set_num_threads(1)
voice = Voice(
    SynthConfig(batch_size=VOICES, sample_rate=48_000, buffer_size_seconds=SECS, reproducible=False)
)
with torch.no_grad():
    voice(0)
    begun = time.perf_counter()
    for batch in range(ROUNDS):
        voice(batch + 1)
    print(ROUNDS * VOICES * SECS / (time.perf_counter() - begun))
