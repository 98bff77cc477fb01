"""Layers in PyTorch, as training uses them: within models, compiled, in several threads and processes, on emulated chips."""

import copy
import gc
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

import spinnprop as sp

torch = pytest.importorskip("torch", minversion="2.4")
from torch import nn  # noqa: E402

from spinnprop.torch import EventProp  # noqa: E402


def made(**options):
    net = sp.Network([3, 8, 2], seed=4)
    for n in range(2):
        net.weights[n] = 2.5 * np.abs(net.weights[n])
    return EventProp(net, **options)


def some_times(n_samples=6, seed=0):
    return torch.from_numpy(1e-3 + 20e-3 * np.random.default_rng(seed).random((n_samples, 3)))


def value(times):
    return torch.exp(-times / 10e-3).sum()


def gradients(function, layer, *inputs):
    layer.zero_grad()
    for each in inputs:
        each.grad = None
    value(function(*inputs)).backward()
    return [own.grad.clone() for own in (*layer.parameters(), *inputs)]


def equal(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others):
        assert torch.equal(one, other)
    return True


class Chain(nn.Module):
    """An encoder that learns, two layers whose spikes are the next one's input, and a head."""

    def __init__(self, **options):
        super().__init__()
        self.encoder = nn.Linear(2, 5)
        self.first = EventProp([5, 20], n_spikes=2, weight_mean=[2.0], weight_std=[1.0], **options)
        self.second = EventProp([20, 3], weight_mean=[0.7], weight_std=[0.4], **options)
        self.head = nn.Linear(3, 3)

    def forward(self, x):
        times = 25e-3 * torch.sigmoid(self.encoder(x))
        times = self.second(self.first(times)).squeeze(-1)
        return self.head(torch.exp((15e-3 - times) / 5e-3))


def trained(model, x, y, steps, rate):
    optimizer = torch.optim.Adam(model.parameters(), rate)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.fixture
def problem():
    x, y = sp.datasets.yin_yang(60)
    return torch.tensor(x[:, :2], dtype=torch.float32), torch.from_numpy(y)


def test_encoders_layers_and_heads_train_together(problem):
    torch.manual_seed(0)
    model = Chain()
    before = copy.deepcopy(model.state_dict())
    losses = trained(model, *problem, steps=40, rate=0.05)
    assert losses[-1] < 0.8 * losses[0]
    for name, now in model.state_dict().items():
        assert torch.isfinite(now).all() and torch.equal(now, before[name]) == name.endswith(("fixed", "_extra_state"))


@pytest.mark.parametrize("chip", ["clock", "spinnaker2", "brainscales2"])
def test_forward_on_a_chip_and_backward_off_it(chip):
    """The loss falls by the gradients of the chip's own spikes."""
    x, y = sp.datasets.yin_yang(100)
    engine = {
        "clock": lambda: sp.ClockEngine(steps=40),
        "spinnaker2": lambda: sp.spinnaker2.Engine(steps=40, copies=2),
        "brainscales2": lambda: sp.brainscales2.Engine(sp.brainscales2.Chip(seed=5), input_copies=5),
    }[chip]()
    layer = EventProp([5, 30, 3], engine=engine, gradient_engine="event" if chip == "brainscales2" else None, seed=1)
    times = torch.tensor(np.column_stack([25e-3 * x, np.zeros(100)]))
    optimizer = torch.optim.Adam(layer.parameters(), 5e-3)
    losses = []
    # What noise makes of a loss is a fifth of how far it falls.
    for _ in range(30 if chip == "brainscales2" else 15):
        optimizer.zero_grad()
        first = layer(times).squeeze(-1).clamp(max=40e-3)
        loss = nn.functional.cross_entropy(-first / 5e-3, torch.from_numpy(y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    if chip == "spinnaker2":
        assert engine.account().forward_samples == 1500


def test_a_layer_used_twice_and_a_tensor_given_twice():
    layer, times = made(), some_times().requires_grad_()
    once = gradients(layer, layer, times)
    twice = gradients(lambda t: torch.cat([layer(t), layer(t)]), layer, times)
    assert equal(twice, [2 * own for own in once])
    other = made()
    other.weights = layer.weights
    assert equal(gradients(lambda t: torch.cat([layer(t), other(t)]), layer, times), twice)


def test_layouts():
    layer, times = made(), some_times()
    wanted = layer(times)
    assert torch.equal(layer(times.t().contiguous().t()), wanted)
    assert torch.equal(layer(torch.stack([times, times], 1)[:, 1]), wanted)
    row = times[:1].expand(6, 3)
    assert torch.equal(layer(row), layer(row.contiguous()))
    assert torch.equal(layer(torch._neg_view(-times)), wanted)
    layer(times).sum().backward()  # the derivative is one number, expanded
    given = torch.ones(2, 1, 6, dtype=torch.float64).permute(2, 0, 1)
    before = layer.weights[0].grad.clone()
    for each in (given, torch._neg_view(-given)):
        layer.zero_grad()
        layer(times).backward(each)
        assert torch.equal(layer.weights[0].grad, before)


def test_only_what_asks_gets_a_gradient():
    layer, times = made(train=("weights", "tau_mem")), some_times()
    with torch.no_grad():
        assert not layer(times).requires_grad
    with torch.inference_mode():
        inferred = layer(times)
    assert torch.equal(inferred, layer(times).detach())
    layer.requires_grad_(False)
    assert not layer(times).requires_grad
    times.requires_grad_()
    value(layer(times)).backward()
    alone = times.grad.clone()
    assert all(own.grad is None for own in layer.parameters())
    layer.weights[1].requires_grad_()
    assert torch.equal(torch.autograd.grad(value(layer(times)), [times, layer.weights[1]])[0], alone)
    assert not torch.equal(layer.weights[1], torch.zeros_like(layer.weights[1]))
    with pytest.raises(RuntimeError, match="no derivatives with respect to its buffer"):
        torch.func.functional_call(layer, {"fixed": layer.fixed.clone().requires_grad_()}, (times,))


def test_changes_between_forward_and_backward():
    layer, times = made(), some_times().requires_grad_()
    wanted = gradients(layer, layer, times)
    layer.zero_grad()
    output = layer(times)
    with torch.no_grad():
        layer.weights[0].mul_(2.0)
    value(output).backward()  # of the weights that it was computed with
    assert torch.equal(layer.weights[0].grad, wanted[0])
    moved = times * 1.0
    output = layer(moved)
    moved.add_(1e-3)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value(output).backward()
    output = layer(times)
    value(output.mul_(1.0)).backward()
    with pytest.raises(RuntimeError, match="second time"):
        value(output).backward()


def test_saved_tensors_that_are_copies_give_the_same_bits():
    layer, times = made(), some_times().requires_grad_()
    wanted = gradients(layer, layer, times)
    with torch.autograd.graph.saved_tensors_hooks(lambda own: own.clone(), lambda own: own.clone()):
        output = layer(times)
    layer.zero_grad()
    times.grad = None
    value(output).backward()
    assert equal([own.grad for own in (*layer.parameters(), times)], wanted)
    again = gradients(lambda t: torch.utils.checkpoint.checkpoint(layer, t, use_reentrant=False), layer, times)
    assert equal(again, wanted)


def test_recordings_go_with_their_graphs():
    from spinnprop.torch import _operators

    layer, times = made(), some_times().requires_grad_()
    outputs = [layer(times) for _ in range(3)]
    assert len(_operators._runs) == 3
    del outputs[0]
    assert len(_operators._runs) == 2
    value(outputs[0]).backward()
    assert len(_operators._runs) == 1
    del outputs
    assert not _operators._runs
    layer(times.detach())
    output = made()(times)  # whose module is gone
    value(output).backward()


def test_errors_leave_the_layer_in_use():
    layer, times = made(), some_times().requires_grad_()
    wanted = gradients(layer, layer, times)
    with pytest.raises(ValueError, match="nan"):
        (layer(times) * float("nan")).sum().backward()

    def refuse(gradient):
        raise KeyError("hook")

    output = layer(times)
    times.register_hook(refuse)
    with pytest.raises(KeyError, match="hook"):
        value(output).backward()
    times = times.detach().clone().requires_grad_()
    assert equal(gradients(layer, layer, times), wanted)
    with pytest.raises(sp.SpinnpropError, match="max_spikes"):
        made(max_spikes=1)(times)


def test_parametrizations():
    class Positive(nn.Module):
        def forward(self, x):
            return torch.exp(x)

        def right_inverse(self, x):
            return torch.log(x)

    layer, times = made(train=("weights", "tau_mem")), some_times()
    wanted = layer(times)
    nn.utils.parametrize.register_parametrization(layer.tau_mem, "0", Positive())
    torch.testing.assert_close(layer(times), wanted)
    value(layer(times)).backward()
    assert layer.tau_mem.parametrizations["0"].original.grad.abs().max() > 0
    net = layer.to_network()
    net.tau_mem[0] = np.full(8, 30e-3)
    layer.load_network(net)
    torch.testing.assert_close(layer.tau_mem[0], torch.full((8,), 30e-3, dtype=torch.float64))
    layer.constrain_()


def test_transforms():
    layer = made()
    times = torch.stack([some_times(seed=seed) for seed in range(3)])
    wanted = torch.stack([layer(each) for each in times])
    assert torch.equal(torch.func.vmap(layer)(times), wanted)
    one = times[0].clone().requires_grad_()
    plain = torch.autograd.functional.jacobian(lambda t: layer(t).sum(0), one)
    assert torch.equal(torch.autograd.functional.jacobian(lambda t: layer(t).sum(0), one, vectorize=True), plain)
    for transform in (torch.func.grad(lambda t: layer(t).sum()), torch.func.vmap(torch.func.grad(lambda t: layer(t[None]).sum())), torch.func.jacrev(layer)):
        with pytest.raises(RuntimeError, match="no torch.func.grad, vjp or jacrev; take torch.autograd.grad"):
            transform(times[0])


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiled_without_a_break(problem, dynamic):
    torch.manual_seed(1)
    model = Chain(n_hidden_spikes=0)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    x, y = problem
    for n in (60, 50):
        model.zero_grad()
        nn.functional.cross_entropy(model(x[:n]), y[:n]).backward()
        wanted = [own.grad.clone() for own in model.parameters()]
        model.zero_grad()
        nn.functional.cross_entropy(compiled(x[:n]), y[:n]).backward()
        assert equal([own.grad for own in model.parameters()], wanted)
    with torch.no_grad():
        assert torch.equal(compiled(x), model(x))


needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile writes C++: apt-get install g++")


@needs_compiler
def test_compiled_to_machine_code(problem):
    torch.manual_seed(1)
    model = Chain().double()
    x, y = problem[0].double(), problem[1]
    nn.functional.cross_entropy(model(x), y).backward()
    wanted = [own.grad.clone() for own in model.parameters()]
    model.zero_grad()
    nn.functional.cross_entropy(torch.compile(model, fullgraph=True)(x), y).backward()
    for own, other in zip(model.parameters(), wanted):
        torch.testing.assert_close(own.grad, other, rtol=1e-9, atol=1e-12)


COMPILED = """
import sys, torch
from spinnprop.torch import EventProp

times = torch.linspace(0, 20e-3, 12, dtype=torch.float64).reshape(4, 3)
for n_spikes in sys.argv[1]:
    torch._dynamo.reset()
    layer = EventProp([3, 8, 2], seed=1, weight_mean=[3.0, 1.5], n_spikes=int(n_spikes))
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(layer, fullgraph=True)(times), layer(times))
    print(torch._dynamo.utils.counters["inductor"]["fxgraph_cache_hit"])
"""


@needs_compiler
def test_what_the_compiler_keeps_on_disk_is_of_the_same_layer(tmp_path):
    """Two processes with one cache: another layer compiles anew, the same finds what was left."""
    (tmp_path / "compiled.py").write_text(COMPILED)
    environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache"), "SPINNPROP_THREADS": "1"}
    hits = []
    for n_spikes in ("1", "21"):
        command = [sys.executable, str(tmp_path / "compiled.py"), n_spikes]
        hits += subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout.split()
    assert hits == ["0", "0", "1"]


EXPORTED = """
import sys, torch
from spinnprop.torch import EventProp

folder, made = sys.argv[1], []
for more in ([], [30e-3], [20e-3]):
    # Of the same arguments, other weights: an exported program has its own.
    made += [EventProp([3, 8, 2], seed=7, readout="leaky", output="membrane", times=[10e-3, end]) for end in more]
    try:
        found = torch.export.load(folder + "/layer.pt2").module()(torch.load(folder + "/times.pt"))
        print(torch.equal(found, torch.load(folder + "/output.pt")))
    except RuntimeError as error:
        print("refused" if "was never here" in str(error) else error)
"""


def test_exported_programs_find_the_same_layer_or_none(tmp_path):
    layer = EventProp([3, 8, 2], seed=1, readout="leaky", output="membrane", times=[10e-3, 20e-3], weight_mean=[3.0, 1.5])
    times = some_times(4)
    torch.export.save(torch.export.export(layer, (times,)), tmp_path / "layer.pt2")
    torch.save(times, tmp_path / "times.pt")
    torch.save(layer(times).detach(), tmp_path / "output.pt")
    (tmp_path / "exported.py").write_text(EXPORTED)
    command = [sys.executable, str(tmp_path / "exported.py"), str(tmp_path)]
    assert subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split() == ["refused", "refused", "True"]


def test_keys_are_of_what_a_layer_computes():
    masks = [np.ones((8, 3), bool), np.arange(16).reshape(2, 8) % 3 > 0]
    chip = sp.brainscales2.Chip
    others = (
        {"n_spikes": 2}, {"n_hidden_spikes": 1}, {"t_end": 0.1}, {"max_spikes": 99}, {"train": ["delays"], "delays": "axonal"}, {"delays": "synaptic"},
        {"train": ["weights", "tau_mem"]}, {"engine": "clock"}, {"engine": sp.ClockEngine(steps=9)}, {"gradient_engine": "clock", "engine": "clock"},
        {"engine": sp.brainscales2.Engine(chip(seed=1))}, {"engine": sp.brainscales2.Engine(chip(seed=2))}, {"masks": masks},
        {"signs": [np.ones(3, np.int8), None]}, {"weight_bounds": (-9.0, 9.0)}, {"recurrent": True}, {"connections": [(0, 1), (1, 2), (0, 2)]},
        {"readout": "leaky"}, {"readout": "leaky", "output": "integrals", "tau": 1.0}, {"readout": "leaky", "output": "integrals", "tau": 2.0},
    )  # fmt: skip
    layers = [EventProp([3, 8, 2], seed=1, **options)._layer for options in ({}, *others)]
    digests = {layer.key.partition("-")[0] for layer in layers}
    assert len(digests) == len(layers) and all(layer.key.endswith("-0") for layer in layers)
    # Values do not count, and of layers that are alike each goes on without the others.
    alike = [EventProp([3, 8, 2], seed=seed, tau_mem=0.1 * seed)._layer for seed in (2, 3)]
    assert [layer.key for layer in alike] == [layers[0].key[:-1] + number for number in "12"]
    kept = alike.pop()
    del alike[:]
    gc.collect()
    assert type(kept).of(kept.key) is kept
    assert EventProp([3, 8, 2])._layer.key.endswith("-1")


def test_threads():
    layer = made()
    inputs = [some_times(seed=seed).requires_grad_() for seed in range(4)]
    wanted = [gradients(layer, layer, each)[-1] for each in inputs]
    found = [None] * 4

    def work(n):
        for _ in range(20):
            (found[n],) = torch.autograd.grad(value(layer(inputs[n])), inputs[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal(found, wanted)


class Encoded(torch.utils.data.Dataset):
    """Samples that a layer has already seen, in a worker."""

    def __init__(self, layer):
        self.layer = layer

    def __len__(self):
        return 6

    def __getitem__(self, n):
        with torch.no_grad():
            return self.layer(some_times()[n : n + 1])[0]


def test_workers():
    layer = made()
    wanted = layer(some_times())
    for method in ("fork", "spawn"):
        loader = torch.utils.data.DataLoader(Encoded(layer), batch_size=6, num_workers=1, multiprocessing_context=method)
        assert torch.equal(next(iter(loader)), wanted)


DISTRIBUTED = """
import datetime, faulthandler, os, sys
import torch, torch.distributed as dist, torch.multiprocessing as mp
from spinnprop.torch import EventProp
from torch.nn.parallel import DistributedDataParallel

def work(rank, folder, seed):
    faulthandler.dump_traceback_later(200)
    torch.set_num_threads(1)
    patience = datetime.timedelta(days=1)
    dist.init_process_group("gloo", init_method="file://" + folder + "/meeting", rank=rank, world_size=2, timeout=patience)
    torch.manual_seed(seed + rank)
    model = DistributedDataParallel(EventProp([3, 8, 2], weight_mean=[3.0, 1.5], train=("weights", "tau_mem")))
    times = torch.load(folder + "/times.pt")
    torch.exp(-model(times[rank::2]) / 10e-3).sum().backward()
    torch.save({"gradients": [own.grad for own in model.parameters()], "state": model.module.state_dict()}, f"{folder}/{rank}.pt")
    dist.barrier()
    # While the interpreter ends, gloo's threads may still let go of tensors, for which they want the GIL, and wait for ever
    # (github.com/pytorch/pytorch/issues/190489).
    os._exit(0)

if __name__ == "__main__":
    mp.spawn(work, (sys.argv[1], 5), 2)
"""


def test_two_processes_are_one(tmp_path):
    times = some_times(8)
    torch.save(times, tmp_path / "times.pt")
    (tmp_path / "distributed.py").write_text(DISTRIBUTED)
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "SPINNPROP_THREADS": "1"}
    subprocess.run([sys.executable, str(tmp_path / "distributed.py"), str(tmp_path)], check=True, env=environment)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert equal(first["gradients"], second["gradients"])
    assert equal(list(first["state"].values()), list(second["state"].values()))
    alone = EventProp([3, 8, 2], train=("weights", "tau_mem"))
    alone.load_state_dict(first["state"])
    (0.5 * value(alone(times))).backward()
    for own, other in zip(alone.parameters(), first["gradients"]):
        assert own.grad.abs().max() > 0
        torch.testing.assert_close(own.grad, other, rtol=1e-12, atol=1e-18)
