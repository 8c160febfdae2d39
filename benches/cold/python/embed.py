"""ONNX Runtime: embeds texts and writes how similar they are, as examples/minilm writes it."""

import os
import sys

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

tokens, model, *texts = sys.argv[1:]
tokenizer = Tokenizer.from_file(tokens)
tokenizer.no_padding()
tokenizer.enable_truncation(256)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = int(os.environ["OMP_NUM_THREADS"]), 1
# Packed weights would be of use to the second text.
options.add_session_config_entry("session.disable_prepacking", "1")
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
vectors = [session.run(["y"], {"ids": np.array([tokenizer.encode(text).ids])})[0][0] for text in texts]
for text, vector in zip(texts, vectors):
    print(" ".join(f"{vector @ other:6.3f}" for other in vectors), "", text, flush=True)
# As in llama.py.
os._exit(0)
