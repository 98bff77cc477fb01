"""The recurrent network of temporal.py in time steps, float32, in JAX: value and surrogate gradient, compiled, as fast as one would write it.

    temporal_jax.py HIDDEN KIND REPEATS      KIND: plain or recurrent

Prints a line of JSON: seconds per sample of each repeat, forward and gradient together, and hidden spikes per sample."""

import json
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import temporal_load as load

hidden, is_recurrent, repeats = int(sys.argv[1]), sys.argv[2] == "recurrent", int(sys.argv[3])
STEP = 1e-3
STEPS = int(load.DURATION / STEP)
MEMBRANE, CURRENT = np.exp(-STEP / load.TAU_MEM), np.exp(-STEP / load.TAU_SYN)
GAIN = load.TAU_SYN / (load.TAU_SYN - load.TAU_MEM) * (CURRENT - MEMBRANE)
times, units, labels = load.samples()
grid = np.zeros((STEPS, load.SAMPLES, load.INPUTS), dtype=np.float32)
np.add.at(grid, (np.minimum((times / STEP).astype(int), STEPS - 1), np.arange(load.SAMPLES)[:, None], units), 1)
parameters = tuple(jnp.asarray(own.T, dtype=jnp.float32) for own in load.weights(hidden))
inputs, labels = jnp.asarray(grid), jnp.asarray(labels)


@jax.custom_vjp
def spike(distance):
    return (distance > 0).astype(jnp.float32)


spike.defvjp(lambda distance: (spike(distance), distance), lambda distance, error: (error / (1 + 10 * jnp.abs(distance)) ** 2,))


def loss(parameters, inputs, labels):
    into, within, out = parameters
    # All steps' input at once, outside of the loop.
    driven = (inputs.reshape(-1, load.INPUTS) @ into).reshape(STEPS, load.SAMPLES, hidden)

    def step(state, drive):
        v, i, spikes, read_v, read_i, highest, count = state
        i = CURRENT * i + drive + (spikes @ within if is_recurrent else 0)
        v = (MEMBRANE * v + GAIN * i) * (1 - spikes)
        spikes = spike(v - 1)
        read_i = CURRENT * read_i + spikes @ out
        read_v = MEMBRANE * read_v + GAIN * read_i
        return (v, i, spikes, read_v, read_i, jnp.maximum(highest, read_v), count + spikes.sum()), None

    zero, none = jnp.zeros((load.SAMPLES, hidden)), jnp.zeros((load.SAMPLES, load.CLASSES))
    state, _ = jax.lax.scan(step, (zero, zero, zero, none, none, none, 0.0), driven)
    chosen = jax.nn.log_softmax(state[5])[jnp.arange(load.SAMPLES), labels]
    return -chosen.mean(), state[6]


compiled = jax.jit(jax.value_and_grad(loss, has_aux=True))
seconds = []
for _ in range(repeats + 1):
    start = time.perf_counter()
    (value, count), gradient = compiled(parameters, inputs, labels)
    jax.block_until_ready(gradient)
    seconds.append((time.perf_counter() - start) / load.SAMPLES)
# The first repeat compiles.
print(json.dumps({"seconds": seconds[1:], "hidden_spikes": float(count) / load.SAMPLES}))
