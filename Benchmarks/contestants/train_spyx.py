"""Spyx (JAX): surrogate gradient through T steps, one compiled update per batch, as its documentation shows."""

import os
import sys
from importlib.metadata import version

if os.environ.get("BENCH_THREADS", "1") == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import optax
import setting
import spyx
import spyx.nn
import spyx.optimize
from flax import nnx

before = setting.resident_bytes()
x, y = setting.yin_yang(setting.SAMPLES, 42)
inputs, labels = jnp.asarray(setting.spikes_on_grid(x)), jnp.asarray(y)

rngs = nnx.Rngs(0)
model = spyx.nn.Sequential(
    nnx.Linear(setting.INPUTS, setting.HIDDEN, use_bias=False, rngs=rngs),
    spyx.nn.LIF((setting.HIDDEN,), beta=setting.DECAY, activation=spyx.axn.superspike(), rngs=rngs),
    nnx.Linear(setting.HIDDEN, setting.CLASSES, use_bias=False, rngs=rngs),
    spyx.nn.LI((setting.CLASSES,), beta=setting.DECAY, rngs=rngs),
)
optimiser = nnx.Optimizer(model, optax.adam(setting.LEARNING_RATE), wrt=nnx.Param)
cross_entropy = spyx.fn.integral_crossentropy(smoothing=0.0, time_axis=0)


def loss(model, inputs, labels):
    traces, _ = spyx.nn.run(model, inputs)
    return cross_entropy(traces, labels), traces


documented_update = spyx.optimize.make_train_step(lambda model, inputs, labels: loss(model, inputs, labels)[0])


def train_documented(order):
    for chosen in setting.batches(order):
        value = documented_update(model, optimiser, inputs[:, chosen], labels[chosen])
    value.block_until_ready()
    jax.block_until_ready(nnx.state(model))


# What a user who knows JAX well can do: the graph is split from its numbers once, and the batch is chosen inside.
graph, state = nnx.split((model, optimiser))


@jax.jit
def compiled_update(state, inputs, labels, chosen):
    model, optimiser = nnx.merge(graph, state)
    gradient, _ = nnx.grad(loss, has_aux=True)(model, inputs[:, chosen], labels[chosen])
    optimiser.update(model, gradient)
    return nnx.state((model, optimiser))


def train_compiled(order):
    global state
    for chosen in setting.batches(order):
        state = compiled_update(state, inputs, labels, chosen)
    jax.block_until_ready(state)


@jax.jit
def hits(model_state):
    traces, _ = spyx.nn.run(nnx.merge(model_graph, model_state), inputs)
    return (traces.sum(axis=0).argmax(axis=1) == labels).mean()


model_graph, _ = nnx.split(model)
if sys.argv[3:] == ["compiled"]:
    setting.measure(
        "spyx, update split and compiled by hand", version("spyx"), train_compiled, before,
        accuracy=lambda: hits(nnx.state(nnx.merge(graph, state)[0])))
else:
    setting.measure("spyx", version("spyx"), train_documented, before, accuracy=lambda: hits(nnx.state(model)))
