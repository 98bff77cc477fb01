"""A 50-digit reference for exact event-driven simulation and its gradients.

Independent of the library on purpose. Nothing here propagates a state from event to event: a neuron is the sum of the
kernels of everything that reached it,

    I(t) = sum_i w_i e^{-(t - t_i)/tau_s}
    V(t) = sum_i w_i PSP(t - t_i) - sum_own (theta - reset) e^{-(t - t_own)/tau_m} + drive (1 - e^{-t/tau_m})
    PSP(s) = k (e^{-s/tau_s} - e^{-s/tau_m}), k = tau_s/(tau_s - tau_m); s/tau e^{-s/tau} if both are equal

A refractory period is a constant term in place of all that: the kernels begin anew at its end, with what is left of the current as one
arrival and the reset as the membrane.

The exponentials of the t_i are gathered in sums, which 60 digits and unbounded exponents allow. Gradients are
differences of losses, not an adjoint.
"""
import copy
import heapq

import mpmath
from mpmath import mp, mpf

mp.dps = 60
STEP = mpf(10) ** -20  # of the differences: truncation about 1e-34, rounding about 1e-38
INFINITY = mpf("inf")
#: The parameters of neurons; a layer has one value for all, which moves for all at once, or one each.
NEURON = ("tau_mem", "tau_syn", "threshold", "reset", "drive", "refractory")


class Neuron:
    """The sums over all that has reached one neuron."""

    def __init__(self, tau_mem, tau_syn, threshold, reset, drive=0, refractory=0):
        self.tau_mem, self.tau_syn, self.threshold, self.reset = tau_mem, tau_syn, threshold, reset
        self.drive, self.refractory = drive, refractory
        self.is_equal = tau_mem == tau_syn
        self.current = mpf(0)     # sum w e^{t_i/tau_s}
        self.membrane = mpf(0) - drive  # sum of what decays with tau_mem
        self.now = mpf(0)
        self.release = None       # while the membrane is held: until when

    def arrive(self, time, weight):
        if self.release is not None:
            if time < self.release:  # at the release itself it comes after
                self.current += weight * mpmath.exp(time / self.tau_syn)
                self.now = time
                return
            self.let_go()
        self.now = time
        syn = mpmath.exp(time / self.tau_syn)
        self.current += weight * syn
        if self.is_equal:
            self.membrane -= weight * time / self.tau_mem * syn
        else:
            k = self.tau_syn / (self.tau_syn - self.tau_mem)
            self.membrane -= weight * k * mpmath.exp(time / self.tau_mem)

    def spike(self, time):
        self.now = time
        if self.refractory > 0:
            self.release = time + self.refractory
        else:
            self.membrane -= (self.threshold - self.reset) * mpmath.exp(time / self.tau_mem)

    def let_go(self):
        """Begins anew at the release."""
        time, self.release = self.release, None
        left = self.i(time)
        self.current, self.membrane = mpf(0), (self.reset - self.drive) * mpmath.exp(time / self.tau_mem)
        self.arrive(time, left)

    def kick(self, time, membrane=0, current=0):
        """Moves both at once; a membrane that is held stays where it is."""
        self.arrive(time, mpf(current))
        if self.release is None:
            self.membrane += membrane * mpmath.exp(time / self.tau_mem)

    def state(self, time):
        """Membrane and current at a time before which nothing more happens."""
        if self.release is not None and time > self.release:
            self = copy.copy(self)
            self.let_go()
        return (self.v(time) if self.release is None else self.reset), self.i(time)

    def i(self, time):
        return self.current * mpmath.exp(-time / self.tau_syn)

    def v(self, time):
        if self.is_equal:
            return self.drive + (self.current * time / self.tau_mem + self.membrane) * mpmath.exp(-time / self.tau_mem)
        k = self.tau_syn / (self.tau_syn - self.tau_mem)
        return self.drive + k * self.i(time) + self.membrane * mpmath.exp(-time / self.tau_mem)

    def peak(self):
        """Where V turns from rising to falling, without further arrivals; None if that does not come after now.

        With I <= 0 a membrane below the threshold stays below max(V, 0); with I > 0, (I - V) e^{t/tau_m} falls
        strictly, so V rises to at most one peak, and is concave until there. A V that rises from below 0 and never
        reaches it has none.
        """
        if self.current <= 0 or self.i(self.now) <= self.v(self.now) - self.drive:
            return None
        if self.is_equal:
            return self.tau_mem * (1 - self.membrane / self.current)
        k = self.tau_syn / (self.tau_syn - self.tau_mem)
        if self.membrane == 0 or (k * self.current > 0) == (self.membrane > 0):
            return None
        argument = -(k * self.current / self.tau_syn) / (self.membrane / self.tau_mem)
        return mpmath.log(argument) / (1 / self.tau_syn - 1 / self.tau_mem)

    def crossing(self):
        """The time at which V reaches the threshold, without further arrivals; +inf if it does not."""
        if self.release is not None:
            self = copy.copy(self)
            self.let_go()
        if self.drive > self.threshold:
            return self.crossing_of_itself()
        peak = self.peak()
        if peak is None or self.v(peak) <= self.threshold:
            return INFINITY
        # From the left on a concave rise Newton never oversteps.
        return self.newton(self.now)

    def crossing_of_itself(self):
        """Where a drive above the threshold takes V: it changes from below to above once. Bisection, then Newton."""
        low, high = self.now, self.now + self.tau_mem
        while self.v(high) < self.threshold:
            low, high = high, high + 2 * (high - self.now)
        for _ in range(6):
            middle = (low + high) / 2
            low, high = (middle, high) if self.v(middle) < self.threshold else (low, middle)
        return self.newton(high)

    def newton(self, time):
        """The crossing that Newton's method finds from a time on."""
        for _ in range(200):
            v = self.v(time)
            step = (self.threshold - v) * self.tau_mem / (self.i(time) + self.drive - v)
            time += step
            if abs(step) < mpf(10) ** -52 * self.tau_mem:
                break
        gap = mpf(10) ** -48 * self.tau_mem
        assert self.v(time - gap) < self.threshold < self.v(time + gap)
        return time


def delay_of(case, values, index, j, i, n_pre):
    """The delay from i to j of a connection whose delays are `values[index]`."""
    kind = case["delays"]
    if kind == "none":
        return mpf(0)
    return values[index][{"synaptic": j * n_pre + i, "axonal": i, "dendritic": j}[kind]]


def run_layer(case, p, layer, arriving, visits=()):
    """Spikes (time, unit, current) of a layer, sorted; or (maxima, times) of a leaky read-out.

    arriving: (time, unit) of the layer before. A spike acts on its own layer after itself, never on its own crossing.
    visits: (time, unit, function); the function is given the neuron and the time just before whatever else happens then.
    """
    n_pre, n = case["sizes"][layer], case["sizes"][layer + 1]
    t_end = INFINITY if case["t_end"] is None else mpf(case["t_end"])
    pick = lambda name, j: p[name][layer][j if len(p[name][layer]) > 1 else 0]
    neurons = [Neuron(*(pick(name, j) for name in NEURON)) for j in range(n)]
    queue, order = [], 0
    for time, i in arriving:
        for j in range(n):
            queue.append((time + delay_of(case, p["delays"], layer, j, i, n_pre), order, j,
                          p["weights"][layer][j * n_pre + i]))
            order += 1
    queue += [(time, index - len(visits), j, visit) for index, (time, j, visit) in enumerate(visits)]
    heapq.heapify(queue)

    def receive(neuron, time, what):
        if callable(what):
            what(neuron, time)
        else:
            neuron.arrive(time, what)

    if case["leaky"] and layer == len(case["sizes"]) - 2:
        best = [(mpf(0), mpf(0))] * n
        arrivals = [[] for _ in range(n)]
        while queue:
            time, _, j, weight = heapq.heappop(queue)
            if time <= t_end:
                arrivals[j].append((time, weight))
        for j, neuron in enumerate(neurons):
            # Until the first arrival the drive alone moves it, up or down throughout.
            first = arrivals[j][0][0] if arrivals[j] else t_end
            if first < INFINITY and neuron.v(first) > best[j][0]:
                best[j] = (neuron.v(first), first)
            for index, (time, weight) in enumerate(arrivals[j]):
                receive(neuron, time, weight)
                until = arrivals[j][index + 1][0] if index + 1 < len(arrivals[j]) else t_end
                peak = neuron.peak()
                for at in [until] + ([peak] if peak is not None and peak < until else []):
                    if at < INFINITY and neuron.v(at) > best[j][0]:
                        best[j] = (neuron.v(at), at)
        return [b[0] for b in best], [b[1] for b in best]

    recurrent = layer < len(case["recurrent"]) and case["recurrent"][layer]
    spikes = []
    next_crossing = [neuron.crossing() for neuron in neurons]
    while True:
        j = min(range(n), key=lambda unit: next_crossing[unit])
        if queue and queue[0][0] <= next_crossing[j]:
            time, _, target, weight = heapq.heappop(queue)
            if time > t_end:
                break
            receive(neurons[target], time, weight)
            next_crossing[target] = neurons[target].crossing()
            continue
        time = next_crossing[j]
        if time > t_end or time == INFINITY:
            break
        spikes.append((time, j, neurons[j].i(time)))
        assert len(spikes) < 1000
        neurons[j].spike(time)
        next_crossing[j] = neurons[j].crossing()
        if recurrent:
            for k in range(n):
                delay = delay_of(case, p["recurrent_delays"], layer, k, j, n)
                heapq.heappush(queue, (time + delay, order, k, p["recurrent_weights"][layer][k * n + j]))
                order += 1
    return sorted(spikes, key=lambda s: (s[0], s[1]))


def run_sample(case, p, sample, visits=None):
    """The layers' results for one sample, in order. visits: layer -> what `run_layer` takes."""
    first, last = case["offsets"][sample], case["offsets"][sample + 1]
    arriving = [(p["input_times"][k], case["units"][k]) for k in range(first, last)]
    results = []
    for layer in range(len(case["sizes"]) - 1):
        results.append(run_layer(case, p, layer, arriving, (visits or {}).get(layer, ())))
        if not (case["leaky"] and layer == len(case["sizes"]) - 2):
            arriving = [(time, unit) for time, unit, _ in results[-1]]
    return results


# ---- losses, as include/spinnprop.h states them ----------------------------------------------------------------------

def log_softmax(values, label):
    """-log softmax(values)[label]; values: output -> number."""
    return mpmath.log(sum(mpmath.exp(v) for v in values.values())) - values[label]


def sample_loss(case, objective, results, sample):
    """(value, whether the sample was skipped)."""
    kind, label = objective["kind"], objective["labels"][sample] if objective["labels"] else -1
    n_out = case["sizes"][-1]
    number = lambda name: mpf(objective[name])
    if kind == "vmax":
        return log_softmax(dict(enumerate(results[-1][0])), label), False
    times = {}
    for time, unit, _ in results[-1]:
        times.setdefault(unit, []).append(time)
    first = {unit: own[0] for unit, own in times.items()}
    if not objective["targets"] and label not in first:  # promised of every sample whose label neuron is silent
        return mpf(0), True
    if kind == "ttfs":
        value = log_softmax({unit: -time / number("tau0") for unit, time in first.items()}, label)
        return value + number("alpha") * (mpmath.exp(first[label] / number("tau1")) - 1), False
    if kind == "mse":
        value = mpf(0)
        if objective["targets"]:
            given = [unit for unit in range(n_out) if objective["targets"][sample * n_out + unit] is not None]
            if given and not any(unit in first for unit in given):  # nobody has answered of whom a time was asked
                return value, True
        for unit, time in first.items():
            if objective["targets"]:
                target = objective["targets"][sample * n_out + unit]
                if target is None:  # no target
                    continue
                target = mpf(target)
            else:
                target = number("t_label") if unit == label else number("t_other")
            value += ((time - target) / number("tau0")) ** 2 / 2
        return value, False
    assert kind == "count"
    count = {unit: sum(mpmath.exp(-t / number("tau0")) for t in times.get(unit, [])) for unit in range(n_out)}
    return log_softmax({unit: number("scale") * n for unit, n in count.items()}, label), False


def value_of(case, objective, runs):
    """(batch mean of the loss with regularisation, number of skipped samples)."""
    parts = [sample_loss(case, objective, run, sample) for sample, run in enumerate(runs)]
    value = sum(part[0] for part in parts) / len(runs)
    if objective["rate"]:
        rate = {name: mpf(number) for name, number in objective["rate"].items()}
        for layer in range(len(case["sizes"]) - 2):
            mean = [mpf(0)] * case["sizes"][layer + 1]
            for run in runs:
                for time, unit, _ in run[layer]:
                    mean[unit] += mpmath.exp(-time / rate["tau"]) / len(runs)
            value += rate["strength"] / 2 * sum((m - rate["target"]) ** 2 for m in mean)
    return value, sum(part[1] for part in parts)


# ---- differences -----------------------------------------------------------------------------------------------------

def parameters_of(case):
    """Everything that is differentiated, as mpf; the doubles of the case are taken exactly."""
    exact = lambda lists: [[mpf(x) for x in values] for values in lists]
    return {name: exact(case[name]) for name in ("weights", "recurrent_weights", "delays_values",
                                                 "recurrent_delays_values", *NEURON)} | {
        "input_times": [mpf(x) for x in case["times"]]}


def named(p):
    """What run_sample reads."""
    return {"weights": p["weights"], "recurrent_weights": p["recurrent_weights"], "delays": p["delays_values"],
            "recurrent_delays": p["recurrent_delays_values"], "input_times": p["input_times"],
            **{name: p[name] for name in NEURON}}


def structure(case, runs):
    """What must not change over a difference: the units that spike, in their order."""
    return [[[s[1] for s in layer] for layer in run if not isinstance(layer, tuple)] for run in runs]


def differentiate(case):
    """(runs, per objective: value, skipped, gradients)."""
    p = parameters_of(case)
    n_samples = len(case["offsets"]) - 1
    base = [run_sample(case, named(p), s) for s in range(n_samples)]
    reports = []
    for objective in case["objectives"]:
        value, skipped = value_of(case, objective, base)
        reports.append({"value": value, "skipped": skipped, "gradients": {}})

    def slopes(array, index, samples, non_negative, from_below=False):
        """The derivative of every objective with respect to array[index]."""
        original = array[index]

        def shifted(amount):
            array[index] = original + amount
            runs = [run_sample(case, named(p), s) if s in samples else base[s] for s in range(n_samples)]
            assert structure(case, runs) == structure(case, base), "the case sits on an edge; choose another"
            array[index] = original
            return [value_of(case, objective, runs)[0] for objective in case["objectives"]]

        if non_negative and original == 0:  # one-sided, second order
            f0, f1, f2 = shifted(0), shifted(STEP), shifted(2 * STEP)
            return [(4 * b - 3 * a - c) / (2 * STEP) for a, b, c in zip(f0, f1, f2)]
        if from_below:  # a maximum that is never above 0 would rise with more
            f0, f1, f2 = shifted(0), shifted(-STEP), shifted(-2 * STEP)
            return [(3 * a - 4 * b + c) / (2 * STEP) for a, b, c in zip(f0, f1, f2)]
        plus, minus = shifted(STEP), shifted(-STEP)
        return [(a - b) / (2 * STEP) for a, b in zip(plus, minus)]

    everyone = set(range(n_samples))
    for name in ("weights", "recurrent_weights", "delays_values", "recurrent_delays_values", *NEURON):
        for report in reports:
            report["gradients"][name] = [[None] * len(values) for values in p[name]]
        for layer, values in enumerate(p[name]):
            for index in range(len(values)):
                # Equal time constants that are shifted differ in the twentieth digit, and lose as many.
                with mp.workdps(mp.dps + (25 if name in NEURON else 0)):
                    one_sided = "delays" in name or name == "refractory"
                    from_below = name == "drive" and case["leaky"] and layer == len(p[name]) - 1
                    for report, slope in zip(reports, slopes(values, index, everyone, one_sided, from_below)):
                        report["gradients"][name][layer][index] = slope
    for report in reports:
        report["gradients"]["input_times"] = [None] * len(case["times"])
    for sample in range(n_samples):
        for index in range(case["offsets"][sample], case["offsets"][sample + 1]):
            # At time 0 the difference reaches below 0, where the model goes on: time has no origin without a maximum.
            for report, slope in zip(reports, slopes(p["input_times"], index, {sample}, False)):
                report["gradients"]["input_times"][index] = slope
    return base, reports


def check_model():
    """The sums satisfy the equations of the model: both differential equations, the jumps, and the peak's slope."""
    for tau_mem, tau_syn in [(mpf(4), mpf(1)), (mpf(1), mpf(4)), (mpf(1), mpf(1)), (mpf(1), 1 + mpf(10) ** -9)]:
        neuron = Neuron(tau_mem, tau_syn, mpf(1), mpf("-0.5"))
        neuron.arrive(mpf("0.3"), mpf(2))
        assert abs(neuron.v(mpf("0.3"))) < 1e-40 and abs(neuron.i(mpf("0.3")) - 2) < 1e-40
        neuron.arrive(mpf("0.7"), mpf(3))
        assert neuron.peak() > mpf("0.7") and abs(mpmath.diff(neuron.v, neuron.peak())) < 1e-15
        before = neuron.v(mpf(1)), neuron.i(mpf(1))
        neuron.spike(mpf(1))
        assert abs(before[0] - neuron.v(mpf(1)) - mpf("1.5")) < 1e-40 and neuron.i(mpf(1)) == before[1]
        for time in (mpf(1), mpf("1.7")):
            assert abs(tau_mem * mpmath.diff(neuron.v, time) + neuron.v(time) - neuron.i(time)) < 1e-15
            assert abs(tau_syn * mpmath.diff(neuron.i, time) + neuron.i(time)) < 1e-15
