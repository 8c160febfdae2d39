"""llama.cpp, built for this processor: its C interface, by the bindings of llama-cpp-python."""

import sys
import time

import llama_cpp as llama
import numpy
from protocol import CONTEXT, MODEL, THREADS, serve


llama.llama_backend_init()
model = llama.llama_model_load_from_file(MODEL.encode(), llama.llama_model_default_params())
parameters = llama.llama_context_default_params()
parameters.n_ctx = CONTEXT
# The prompt in one piece, of which the logits of one token are wanted.
parameters.n_batch = parameters.n_ubatch = CONTEXT
parameters.n_outputs_max = 1
parameters.n_threads = parameters.n_threads_batch = THREADS
context = llama.llama_init_from_model(model, parameters)
vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))


def next_token(ids):
    """Reads on, and gives the most likely token after the last one."""
    tokens = (llama.llama_token * len(ids))(*ids)
    if status := llama.llama_decode(context, llama.llama_batch_get_one(tokens, len(ids))):
        raise SystemExit(f"llama_decode: {status}")
    logits = llama.llama_get_logits_ith(context, -1)
    return int(numpy.ctypeslib.as_array(logits, (vocabulary,)).argmax())


def generate(prompt, count):
    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    start = time.perf_counter_ns()
    ids = [next_token(prompt)]
    first = time.perf_counter_ns()
    while len(ids) < count:
        ids.append(next_token(ids[-1:]))
    return first - start, time.perf_counter_ns() - first, ids


serve(generate)
