"""llama.cpp as a wheel brings it: the first token of a prompt."""

import os
import sys

import xllamacpp as llama

model, prompt = sys.argv[1:]
threads = int(os.environ["OMP_NUM_THREADS"])
parameters = llama.CommonParams()
parameters.model.path = model
# As many positions as the short prompt needs: the cache of the whole context would be allocated.
parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = 512
parameters.n_parallel = 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
parameters.fit_params = False
parameters.warmup = False
parameters.verbosity = -1
server = llama.Server(parameters)
greedy = {"samplers": ["temperature"], "temperature": 0, "ignore_eos": True}
answer = server.handle_completions({"prompt": prompt, "n_predict": 1} | greedy)
print(answer["choices"][0]["text"], flush=True)
# The threads of the server would be joined first.
os._exit(0)
