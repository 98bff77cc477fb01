"""Pictures of membranes and parameters: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import spinnprop as sp


def axes():
    return Figure().add_subplot()


def lines(ax):
    """Lines that have points, by what they are called; without a name, by their number."""
    return {line.get_label(): line for line in ax.get_lines() if len(line.get_xdata())}


def said(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_membrane_is_the_recordings(net, data):
    rec = net.forward(data[0])
    times = [3e-3, 1e-3, 2e-2]
    ax = sp.plot.membrane(rec, 0, 2, [7, 3], times, current=True, ax=axes())
    drawn = ax.get_lines()
    for place, neuron in enumerate((7, 3)):
        potential, current = drawn[2 * place : 2 * place + 2]
        assert potential.get_label() == f"neuron {neuron}"
        assert np.array_equal(potential.get_xdata(), 1e3 * np.array(times))
        assert np.array_equal(potential.get_ydata(), rec.membrane(0, 2, times)[:, neuron])
        assert np.array_equal(current.get_ydata(), rec.current(0, 2, times)[:, neuron])
    assert ax.get_xlabel() == "time (ms)" and ax.get_ylabel() == "membrane V, current I"
    assert "current I" in said(ax) and "current I" not in said(sp.plot.membrane(rec, ax=axes()))


def test_spikes_thresholds_and_resets_are_where_they_belong(net, data):
    net.threshold[0] = np.linspace(0.5, 1.0, 30)
    rec = net.forward(data[0])
    times, units = rec.spikes[0][4]
    neurons = np.unique(units)[:3]
    ax = sp.plot.membrane(rec, 0, 4, neurons, ax=axes())
    marks = [line for line in ax.get_lines() if line.get_marker() == "^" and len(line.get_xdata())]
    levels = [line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert len(marks) == 3 and levels == pytest.approx(net.threshold[0][neurons])
    for place, neuron in enumerate(neurons):
        own = times[units == neuron]
        assert np.array_equal(marks[place].get_xdata(), 1e3 * own) and np.allclose(marks[place].get_ydata(), net.threshold[0][neuron])
        trace = lines(ax)[f"neuron {neuron}"]
        # It reaches the threshold, and is at the reset right after.
        at = np.searchsorted(trace.get_xdata(), 1e3 * own[0])
        assert trace.get_ydata()[at] == pytest.approx(net.threshold[0][neuron]) and abs(trace.get_ydata()[at + 1]) < 1e-9
    assert {"threshold", "spike", "arrival"} <= set(said(ax))


def test_arrivals_have_delays_signs_and_masks():
    net = sp.Network([3, 2, 1], delays=["synaptic", None], masks=[[[True, True, True], [True, False, True]], None], connections=None)
    net.weights[0] = [[0.5, -0.5, 0.25], [0.5, 0.0, 0.25]]
    net.delays[0] = [[1e-3, 2e-3, 3e-3], [4e-3, 0.0, 6e-3]]
    rec = net.forward(sp.SpikeTrains([1e-3, 2e-3, 5e-3], [0, 1, 2], [0, 3], 3))
    first = lines(sp.plot.membrane(rec, 0, 0, [0], ax=axes()))
    assert first["excitatory arrival"].get_xdata() == pytest.approx([2.0, 8.0]) and first["inhibitory arrival"].get_xdata() == pytest.approx([4.0])
    second = lines(sp.plot.membrane(rec, 0, 0, [1], ax=axes()))
    assert second["excitatory arrival"].get_xdata() == pytest.approx([5.0, 11.0]) and "inhibitory arrival" not in second
    both = lines(sp.plot.membrane(rec, 0, 0, [0, 1], ax=axes()))
    assert both["arrival"].get_xdata() == pytest.approx([2.0, 4.0, 5.0, 8.0, 11.0])
    # Those that a trace does not reach are not drawn.
    assert lines(sp.plot.membrane(rec, 0, 0, [0], [0.0, 3e-3], ax=axes()))["excitatory arrival"].get_xdata() == pytest.approx([2.0])


@pytest.mark.parametrize("kind, times", [("axonal", [2.0, 5.0]), ("dendritic", [5.0, 6.0])])
def test_arrivals_of_other_delays(kind, times):
    net = sp.Network([2, 3], delays=kind)
    net.weights[0] = np.ones((3, 2))
    net.delays[0] = [1e-3, 3e-3] if kind == "axonal" else [0.0, 4e-3, 0.0]
    rec = net.forward(sp.SpikeTrains([1e-3, 2e-3], [0, 1], [0, 2], 2))
    assert lines(sp.plot.membrane(rec, 0, 0, [1], ax=axes()))["excitatory arrival"].get_xdata() == pytest.approx(times)


def test_recurrent_and_skipping_connections_arrive_too():
    net = sp.Network([1, 2, 1], connections=[(0, 1), (0, 2), (1, 2), (1, 1)])
    net.weights[0] = [[20.0], [20.0]]
    rec = net.forward(sp.SpikeTrains([1e-3], [0], [0, 1], 1), t_end=5e-3)
    spikes = 1e3 * rec.spikes[0][0][0]
    assert len(spikes) >= 2
    hidden = [line.get_xdata() for name, line in lines(sp.plot.membrane(rec, 0, ax=axes())).items() if "arrival" in name]
    assert np.concatenate(hidden) == pytest.approx(np.unique([1.0, *spikes]))
    output = [line.get_xdata() for name, line in lines(sp.plot.membrane(rec, 1, ax=axes())).items() if "arrival" in name]
    assert np.sort(np.concatenate(output)) == pytest.approx(np.sort([1.0, *spikes]))
    # The run ended there.
    end = max(line.get_xdata().max() for name, line in lines(sp.plot.membrane(rec, 0, ax=axes())).items() if "neuron" in name)
    assert 4.98 <= end <= 5.0
    # Or before anything happened.
    nothing = sp.plot.membrane(net.forward(sp.SpikeTrains([1e-3], [0], [0, 1], 1), t_end=0.0), 0, ax=axes())
    nothing.figure.canvas.draw()
    assert list(lines(nothing)["neuron 0"].get_xdata()) == [0.0]


def test_what_is_drawn_unless_it_is_said(net, data):
    rec = net.forward(data[0])
    times, units = rec.spikes[0][4]
    ax = sp.plot.membrane(rec, 0, 4, ax=axes())
    drawn = {int(name.split()[1]) for name in lines(ax) if name.startswith("neuron")}
    first = {int(unit) for unit in units[np.sort(np.unique(units, return_index=True)[1])][:4]}
    assert drawn == first
    # Of a leaky read-out those that rise highest; it has no threshold.
    leaky = sp.Network([5, 30, 6], readout="leaky").forward(data[0])
    highest = np.sort(np.argsort(leaky.maxima[2])[2:])
    leaky = sp.plot.membrane(leaky, sample=2, ax=axes())
    assert [name for name in lines(leaky) if "neuron" in name] == [f"neuron {neuron}" for neuron in highest]
    assert "threshold" not in said(leaky)
    # Of a layer that is silent the first neurons.
    nothing = sp.plot.membrane(sp.Network([5, 6]).forward(sp.SpikeTrains([], [], [0, 0], 5)), ax=axes())
    nothing.figure.canvas.draw()
    assert [name for name in lines(nothing) if "neuron" in name] == [f"neuron {neuron}" for neuron in range(4)]
    assert not np.any(lines(nothing)["neuron 0"].get_ydata())


def test_membranes_that_are_none(net, data):
    rec = net.forward(data[0])
    for error, arguments in (
        (TypeError, {"recording": data[0]}),
        (IndexError, {"layer": 2}),
        (IndexError, {"sample": 60}),
        (IndexError, {"neurons": [3]}),
        (IndexError, {"neurons": [-1]}),
        (ValueError, {"neurons": []}),
        (ValueError, {"neurons": [0.5]}),
        (TypeError, {"neurons": [True, False, True]}),
        (ValueError, {"times": [np.nan]}),
        (ValueError, {"times": [-1.0]}),
        (TypeError, {"current": "no"}),
        (TypeError, {"ax": "a"}),
    ):
        with pytest.raises(error):
            sp.plot.membrane(**{"recording": rec, "ax": axes(), **arguments})
    sp.plot.membrane(rec, times=[], ax=axes()).figure.canvas.draw()
    grid = net.forward(sp.encoding.latency_grid(sp.datasets.yin_yang(3)[0]), engine="clock")
    with pytest.raises(sp.SpinnpropError):
        sp.plot.membrane(grid, ax=axes())


def heights(ax):
    """The steps of each outline: (name, heights)."""
    for patch in ax.patches:
        xy = patch.get_xy()
        # Each step's upper edge, from left to right.
        yield patch.get_label(), xy


def test_histograms_hold_all_that_exists():
    mask = np.ones((4, 3), bool)
    mask[0] = False
    net = sp.Network([3, 4, 2], recurrent=True, delays=["synaptic", None], masks=[mask, None], recurrent_masks=None, seed=3)
    net.delays[0] = 1e-3 * np.arange(12.0).reshape(4, 3)
    ax = sp.plot.weight_histogram(net, ax=axes(), bins=7)
    assert said(ax) == ["input to hidden layer 1 (9)", "hidden layer 1 to output (8)", "hidden layer 1 to hidden layer 1 (16)"]
    assert ax.get_xlabel() == "weight" and ax.get_ylabel() == "share of synapses (%)"
    alone = sp.plot.weight_histogram(net, (1, 2), ax=axes(), bins=5)
    counts = np.histogram(net.weights[1, 2], 5)[0]
    top = max(xy[:, 1].max() for _, xy in heights(alone))
    assert top == pytest.approx(100 * counts.max() / 8) and said(alone) == ["hidden layer 1 to output (8)"]
    delays = sp.plot.delay_histogram(net, ax=axes(), bins=3)
    assert said(delays)[0] == "input to hidden layer 1 (9)" and delays.get_xlabel() == "delay (ms)"
    left, right = min(xy[:, 0].min() for _, xy in heights(delays)), max(xy[:, 0].max() for _, xy in heights(delays))
    assert right == pytest.approx(11.0) and left == pytest.approx(0.0 if len(said(delays)) > 1 else 3.0)
    axonal = sp.Network([3, 4], delays="axonal")
    axonal.delays[0] = [1e-3, 2e-3, 5e-3]
    assert said(sp.plot.delay_histogram(axonal, ax=axes())) == ["input to output (3)"]


def test_networks_of_others_have_histograms(net, data):
    trainer = sp.Trainer(net, epochs=1)
    X, y = sp.datasets.yin_yang(60)
    fitted = sp.SpikingClassifier(hidden=(5,), epochs=1).fit(X, y)
    for has_one in (trainer, fitted):
        sp.plot.weight_histogram(has_one, ax=axes()).figure.canvas.draw()
    none = sp.Network([2, 3], masks=[np.zeros((3, 2), bool)])
    assert said(sp.plot.weight_histogram(none, ax=axes())) == ["input to output (0)"]
    for error, arguments in (
        (TypeError, {"network": sp.SpikingClassifier()}),
        (TypeError, {"network": None}),
        (TypeError, {"connection": 0}),
        (IndexError, {"connection": (0, 2)}),
        (ValueError, {"bins": 0}),
    ):
        with pytest.raises(error):
            sp.plot.weight_histogram(**{"network": net, **arguments}, ax=axes())
    with pytest.raises(ValueError, match="no delays; give Network"):
        sp.plot.delay_histogram(net, ax=axes())


def test_an_adjoint_is_the_gradients(net, data):
    rec = net.forward(data[0])
    value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), data[1])
    times = [3e-3, 1e-3, 2e-2]
    ax = sp.plot.adjoint(grad, rec, 0, 2, [7, 3], times, axes())
    of_membranes, of_currents = grad.adjoint(0, 2, times)
    drawn = ax.get_lines()
    for place, neuron in enumerate((7, 3)):
        assert np.array_equal(lines(ax)[f"neuron {neuron}"].get_ydata(), of_membranes[:, neuron])
        assert any(np.array_equal(line.get_ydata(), of_currents[:, neuron]) and line.get_linestyle() == "--" for line in drawn), place
    assert ax.get_xlabel() == "time (ms)" and "(1/s)" in ax.get_ylabel() and {"spike", r"$\lambda_I$"} <= set(said(ax))
    ax.figure.canvas.draw()
    # Unless they are said, those that spike first; it jumps at their spikes.
    sample = 4
    whole = sp.plot.adjoint(grad, rec, sample=sample, ax=axes())
    times, units = rec.spikes[-1][sample]
    trace = lines(whole)[f"neuron {units[0]}"]
    at = np.searchsorted(trace.get_xdata(), 1e3 * times[0])
    assert trace.get_xdata()[at] == pytest.approx(1e3 * times[0]) and trace.get_ydata()[at] != trace.get_ydata()[at + 1]
    strokes = [line.get_xdata() for line in whole.get_lines() if line.get_marker() == "|"]
    assert np.sort(np.concatenate(strokes)) == pytest.approx(np.sort(1e3 * times))


def test_adjoints_that_are_none(net, data):
    import copy

    rec = net.forward(data[0])
    value, grad = net.gradient(rec, sp.losses.TTFSCrossEntropy(), data[1])
    other = sp.Network([5, 6, 3]).forward(data[0])
    for error, arguments in (
        (TypeError, {"gradients": None}),
        (TypeError, {"recording": data[0]}),
        (ValueError, {"recording": other, "layer": 0}),
        (ValueError, {"recording": net.forward(data[0])}),
        (ValueError, {"gradients": copy.copy(grad)}),
        (IndexError, {"layer": -3}),
        (IndexError, {"sample": 60}),
        (IndexError, {"neurons": [3]}),
        (ValueError, {"times": [np.inf]}),
    ):
        with pytest.raises(error):
            sp.plot.adjoint(**{"gradients": grad, "recording": rec, "ax": axes(), **arguments})
    grid = sp.encoding.latency_grid(sp.datasets.yin_yang(3)[0])
    rec = net.forward(grid, engine="clock")
    value, grad = net.gradient(rec, sp.losses.StepTTFSCrossEntropy(), np.zeros(3, np.int64))
    with pytest.raises(sp.SpinnpropError):
        sp.plot.adjoint(grad, rec, ax=axes())
