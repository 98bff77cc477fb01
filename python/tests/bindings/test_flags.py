"""Every parameter that is a flag takes True and False alone: words like "no" would count as true."""

import concurrent.futures
import contextlib
import inspect

import numpy as np
import pytest

import spinnprop as sp

X, Y = sp.datasets.yin_yang(30)
SPIKES = sp.encoding.latency(X, bias=0.0)
WRONG = ["no", "False", "", 0, 1, 2.0, [], ["no"], np.array("no"), np.array([1])]


def gradient(network, **flag):
    return network.gradient(network.forward(SPIKES), sp.losses.TTFSCrossEntropy(), Y, **flag)


def without_files(read, **flag):
    """Up to where it looks for files, or for what reads them, that are not there."""
    with contextlib.suppress(FileNotFoundError, ImportError):
        read("nowhere", **flag)


def back(network, **flag):
    return network.pull_back(network.forward(SPIKES), **flag)


def in_shards(**flag):
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        loss = sp.losses.TTFSCrossEntropy()
        return sp.executors.gradient(sp.Network([5, 6, 3]), SPIKES, loss, Y, executor=executor, shards=2, **flag)


#: How each callable with a flag is called besides.
CALLS = {
    "BioGrad.__init__": lambda **flag: sp.BioGrad([5, 6, 3], **flag),
    "BioGradClassifier.__init__": lambda **flag: sp.BioGradClassifier(hidden=(5,), epochs=1, **flag).fit(X, Y),
    "BioGradClassifier.get_params": lambda **flag: sp.BioGradClassifier().get_params(**flag),
    "Network.__init__": lambda **flag: sp.Network([5, 6, 3], **flag),
    "Network.gradient": lambda **flag: gradient(sp.Network([5, 6, 3]), **flag),
    "Network.pull_back": lambda **flag: back(sp.Network([5, 6, 3]), **flag),
    "SpikingClassifier.__init__": lambda **flag: sp.SpikingClassifier(hidden=(5,), epochs=1, t_end=0.1, **flag).fit(X, Y),
    "SpikingClassifier.get_params": lambda **flag: sp.SpikingClassifier().get_params(**flag),
    "SpikingRegressor.__init__": lambda **flag: sp.SpikingRegressor(hidden=(5,), epochs=1, t_end=0.1, **flag).fit(X, Y.astype(float)),
    "SpikingRegressor.get_params": lambda **flag: sp.SpikingRegressor().get_params(**flag),
    "Trainer.__init__": lambda **flag: sp.Trainer(sp.Network([5, 6, 3]), **flag),
    "brainscales2.Array.__init__": lambda **flag: sp.brainscales2.Array(3, 2, **flag),
    "brainscales2.Array.correlations": lambda **flag: sp.brainscales2.Array(3, 2, sensors=True).correlations(**flag),
    "brainscales2.Chip.__init__": lambda **flag: sp.brainscales2.Chip(**flag),
    "brainscales2.Engine.__init__": lambda **flag: sp.brainscales2.Engine(**flag),
    "brainscales2.fit": lambda **flag: sp.brainscales2.fit([5, 6, 3], **flag),
    "datasets.nmnist": lambda **flag: without_files(sp.datasets.nmnist, **flag),
    "datasets.shd": lambda **flag: without_files(sp.datasets.shd, **flag),
    "datasets.ssc": lambda **flag: without_files(sp.datasets.ssc, **flag),
    "encoding.Bernoulli.__init__": lambda **flag: sp.encoding.Bernoulli(**flag).fit(X),
    "encoding.DeltaModulation.__init__": lambda **flag: sp.encoding.DeltaModulation(**flag).fit(X[:, :, None]),
    "encoding.Latency.__init__": lambda **flag: sp.encoding.Latency(**flag).fit(X),
    "encoding.LatencyGrid.__init__": lambda **flag: sp.encoding.LatencyGrid(**flag).fit(X),
    "encoding.LevelCrossing.__init__": lambda **flag: sp.encoding.LevelCrossing(**flag).fit(X[:, :, None]),
    "encoding.Poisson.__init__": lambda **flag: sp.encoding.Poisson(**flag).fit(X),
    "encoding.Population.__init__": lambda **flag: sp.encoding.Population(**flag).fit(X),
    "losses.StepTTFSCrossEntropy.__init__": lambda **flag: sp.losses.StepTTFSCrossEntropy(**flag),
    "meta.reptile": lambda **flag: sp.meta.reptile(sp.Network([5, 6, 3]), [(SPIKES, Y)], steps=1, **flag),
    "meta.yin_yang_task": lambda **flag: sp.meta.yin_yang_task(0, 5, **flag),
    "plot.membrane": lambda **flag: sp.plot.membrane(sp.Network([5, 6, 3]).forward(SPIKES), **flag),
    "search": lambda **flag: sp.search(X, Y, {"hidden": (5, 6)}, n_trials=1, **flag),
    "sparse.RecurrentNetwork.__init__": lambda **flag: sp.sparse.RecurrentNetwork(20, 4, **flag),
    "sparse.RecurrentNetwork.run": lambda **flag: sp.sparse.RecurrentNetwork(20, 4).run(5, **flag),
    "spinnaker2.fit": lambda **flag: sp.spinnaker2.fit([5, 6, 3], **flag),
    "executors.gradient": in_shards,
}
#: scikit-learn's own parameter of all estimators also takes numbers of lines.
ALSO = {("SpikingClassifier.__init__", "verbose"): (0, 1), ("SpikingRegressor.__init__", "verbose"): (0, 1), ("Network.__init__", "recurrent"): ()}


def public(module, prefix=""):
    """All that can be called by its public name."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from public(value, f"{name}.")
        elif inspect.isclass(value):
            for inner, function in inspect.getmembers(value, inspect.isroutine):
                if (inner == "__init__" or not inner.startswith("_")) and getattr(function, "__module__", "").startswith("spinnprop"):
                    yield f"{prefix}{name}.{inner}", function
        elif callable(value):
            yield f"{prefix}{name}", value


def flags():
    for name, function in public(sp):
        for parameter in inspect.signature(function).parameters.values():
            if isinstance(parameter.default, bool) or "bool" in str(parameter.annotation):
                yield name, parameter.name


FLAGS = sorted(set(flags()))


def test_every_callable_with_a_flag_is_tried():
    assert {name for name, _ in FLAGS} == set(CALLS)
    assert len(FLAGS) >= 15


@pytest.mark.parametrize("name, flag", FLAGS)
def test_flags_take_no_words(name, flag):
    for wrong in WRONG:
        if any(wrong is also or (type(wrong) is int and wrong == also) for also in ALSO.get((name, flag), ())):
            continue
        # scikit-learn's InvalidParameterError is both.
        with pytest.raises((TypeError, ValueError), match=flag):
            CALLS[name](**{flag: wrong})


@pytest.mark.parametrize("name, flag", FLAGS)
def test_flags_take_both_truths(name, flag):
    more = {"checkpoint": "there"} if flag == "resume" else {}
    if name == "Trainer.__init__" or not more:
        for right in (False, True, np.True_, np.False_):
            CALLS[name](**{flag: right}, **more)
