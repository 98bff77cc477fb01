// Membranes evaluated from recorded spikes alone, as sums of kernels: nothing here is shared with the engine.
import Foundation
import Networks
import Neurons
import Spikes

/// The membrane's answer to one arrival of weight 1.
struct PostsynapticPotential {
    let tauMem, tauSyn: Double

    init(_ neuron: LIFNeuron) {
        tauMem = neuron.tauMem
        tauSyn = neuron.tauSyn
    }

    /// (tau_s / (tau_s - tau_m)) (e^{-s/tau_s} - e^{-s/tau_m}), in a form without cancellation for any pair.
    func callAsFunction(_ s: Double) -> Double {
        guard s > 0 else { return 0 }
        let y = s * abs(tauSyn - tauMem) / (tauMem * tauSyn)
        return s / tauMem * exp(-s / max(tauMem, tauSyn)) * (y == 0 ? 1 : -expm1(-y) / y)
    }

    /// Where it is largest: tau_m tau_s / (tau_s - tau_m) log(tau_s / tau_m).
    var peakTime: Double {
        let x = (tauSyn - tauMem) / tauMem
        return tauSyn * (x == 0 ? 1 : log1p(x) / x)
    }

    var peak: Double { self(peakTime) }
}

struct Arrival {
    let time, weight: Double
    /// Tells arrivals apart: the sender and which of its spikes this is.
    let identity: UInt64
}

/// All that reached a neuron in one sample, and what it did.
struct NeuronHistory: CustomStringConvertible {
    let layer, unit, sample: Int
    let neuron: LIFNeuron
    let arrivals: [Arrival]
    let spikes: [Double]

    var description: String { "layer \(layer), unit \(unit), sample \(sample)" }

    /// V just before `time`, the resets of own spikes before it included.
    func membrane(_ time: Double) -> Double {
        let potential = PostsynapticPotential(neuron)
        guard neuron.drive == 0, neuron.refractory == 0 else {
            // From the last release on.
            var (origin, start) = (0.0, 0.0)
            if let last = spikes.last(where: { $0 < time }) {
                (origin, start) = (last + neuron.refractory, neuron.reset)
                if time <= origin { return neuron.reset }
            }
            let decay = exp(-(time - origin) / neuron.tauMem)
            var sum = start * decay - neuron.drive * expm1(-(time - origin) / neuron.tauMem)
            sum += current(origin) * potential(time - origin)
            for arrival in arrivals where arrival.time >= origin && arrival.time < time {
                sum += arrival.weight * potential(time - arrival.time)
            }
            return sum
        }
        var sum = 0.0
        for arrival in arrivals where arrival.time < time { sum += arrival.weight * potential(time - arrival.time) }
        for spike in spikes where spike < time {
            sum -= (neuron.threshold - neuron.reset) * exp(-(time - spike) / neuron.tauMem)
        }
        return sum
    }

    /// I just before `time`.
    func current(_ time: Double) -> Double {
        arrivals.reduce(0) { $1.time < time ? $0 + $1.weight * exp(-(time - $1.time) / neuron.tauSyn) : $0 }
    }

    /// Sum of the magnitudes of what V is the sum of: the scale of its rounding errors.
    func magnitude(_ time: Double) -> Double {
        let potential = PostsynapticPotential(neuron)
        return arrivals.reduce(neuron.threshold) { $0 + abs($1.weight) * potential(time - $1.time) }
    }

    /// Which arrivals came before a time, as one number.
    func arrivalSet(before time: Double) -> UInt64 {
        var set: UInt64 = 0
        for arrival in arrivals where arrival.time < time { set ^= arrival.identity }
        return set
    }
}

/// The spike times of each unit in one sample.
func spikesByUnit(_ trains: SpikeTrains, sample: Int) -> [[Double]] {
    var own = [[Double]](repeating: [], count: trains.unitCount)
    for spike in trains.offsets[sample]..<trains.offsets[sample + 1] {
        own[Int(trains.units[spike])].append(trains.times[spike])
    }
    return own
}

/// The history of every neuron, or of those of one layer, in every sample: sample by sample, layer by layer, unit by unit.
func histories(_ network: Network, _ recording: Recording, layer only: Int? = nil) -> [NeuronHistory] {
    // Who sent what: the input first, then every layer.
    let trains = [recording.input] + recording.layers.map(\.spikes)
    var result: [NeuronHistory] = []
    for sample in 0..<recording.sampleCount {
        let sent = trains.indices.map { index in
            index == 0 || network.layers[index - 1].isSpiking ? spikesByUnit(trains[index], sample: sample) : []
        }
        for (index, layer) in network.layers.enumerated() where only == nil || only == index {
            var arrivals = [[Arrival]](repeating: [], count: layer.neuronCount)
            for (number, connection) in network.connections.enumerated() where connection.target == index {
                for (pre, times) in sent[(connection.source ?? -1) + 1].enumerated() {
                    for (ordinal, time) in times.enumerated() {
                        let identity = scrambled(UInt64(number << 48 | pre << 24 | ordinal))
                        for unit in 0..<layer.neuronCount {
                            arrivals[unit].append(
                                Arrival(
                                    time: time + connection.delay(post: unit, pre: pre),
                                    weight: connection.weights[unit * connection.preCount + pre],
                                    identity: identity))
                        }
                    }
                }
            }
            for unit in 0..<layer.neuronCount {
                result.append(
                    NeuronHistory(
                        layer: index, unit: unit, sample: sample, neuron: layer.parameters[unit],
                        arrivals: arrivals[unit], spikes: layer.isSpiking ? sent[index + 1][unit] : []))
            }
        }
    }
    return result
}

/// A number whose bits depend on all bits of `word`, the same in every process.
func scrambled(_ word: UInt64) -> UInt64 {
    var z = (word ^ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 29)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 32)
}

extension Connection {
    func delay(post: Int, pre: Int) -> Double {
        switch delayKind {
        case .none: return 0
        case .synaptic: return delays[post * preCount + pre]
        case .axonal: return delays[pre]
        case .dendritic: return delays[post]
        }
    }
}
