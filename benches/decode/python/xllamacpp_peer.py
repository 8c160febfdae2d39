"""llama.cpp as a wheel brings it, built for any processor with AVX2: its server, called directly, and the server's own times."""

import xllamacpp as llama
from protocol import CONTEXT, MODEL, THREADS, serve

parameters = llama.CommonParams()
parameters.model.path = MODEL
parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = CONTEXT
parameters.n_parallel = 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
parameters.fit_params = False
parameters.warmup = False
parameters.verbosity = -1
server = llama.Server(parameters)


def generate(prompt, count):
    request = {"prompt": prompt, "n_predict": count, "ignore_eos": True, "cache_prompt": False}
    # The ids come with the probabilities: with those after sampling, which cost nothing.
    greedy = {"samplers": ["temperature"], "temperature": 0, "logprobs": 1, "post_sampling_probs": True}
    answer = server.handle_completions(request | greedy)
    times, ids = answer["timings"], [token["id"] for token in answer["choices"][0]["logprobs"]["content"]]
    return times["prompt_ms"] * 1e6, times["predicted_ms"] * 1e6, ids


serve(generate)
