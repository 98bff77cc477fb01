// Time-step EventProp once more, as plain loops over arrays of all steps and neurons: what the engine is compared with, bit for bit.
import Foundation
import Networks
import Neurons
import Spikes

/// Everything there is to know of one sample: `[layer][step][neuron]`.
struct RestatedSample {
    /// How often each input unit spikes in each step.
    var input: [[Int]]
    var arrivals: [[[Float]]]
    var current: [[[Float]]]
    /// V*, before the reset.
    var membrane: [[[Float]]]
    var spikes: [[[Bool]]]
    /// Per output of a leaky read-out: the largest V, and the first step of it (-1: never above 0).
    var maxima: [Float] = []
    var maximumSteps: [Int] = []
    /// Sums over this sample's events, (post, pre) of each connection, before any factor.
    var weightSums: [[Float]] = []
    /// Likewise, shaped like the delays.
    var delaySums: [[Float]] = []
    /// dL/dt in steps, [step][unit].
    var inputErrors: [[Float]] = []
}

struct Restatement {
    let network: Network
    let grid: TimeGrid
    var steps: Int { grid.steps }

    func decay(_ tau: Double) -> (kept: Float, rest: Float) {
        switch grid.decay {
        case .exponential: (Float(exp(-grid.timeStep / tau)), Float(-expm1(-grid.timeStep / tau)))
        case .euler: (Float(1 - grid.timeStep / tau), Float(grid.timeStep / tau))
        }
    }

    /// Feed-forward connections into a layer, then recurrent ones.
    func incoming(_ layer: Int) -> [Int] {
        let all = network.connections.indices.filter { network.connections[$0].target == layer }
        return all.filter { !network.connections[$0].isRecurrent } + all.filter { network.connections[$0].isRecurrent }
    }

    func weight(_ c: Int, _ post: Int, _ pre: Int) -> Float {
        Float(network.connections[c].weights[post * network.connections[c].preCount + pre])
    }

    func delay(_ c: Int, _ post: Int, _ pre: Int) -> Int {
        let own = network.connections[c]
        let seconds: Double
        switch own.delayKind {
        case .none: seconds = 0
        case .synaptic: seconds = own.delays[post * own.preCount + pre]
        case .axonal: seconds = own.delays[pre]
        case .dendritic: seconds = own.delays[post]
        }
        return Int(min((seconds / grid.timeStep).rounded(.toNearestOrEven), Double(steps)))
    }

    /// How often unit `pre` of a connection's source spikes in a step.
    func count(_ sample: RestatedSample, _ c: Int, _ step: Int, _ pre: Int) -> Int {
        guard let source = network.connections[c].source else { return sample.input[step][pre] }
        return sample.spikes[source][step][pre] ? 1 : 0
    }

    func forward(_ input: SpikeTrains, _ b: Int) -> RestatedSample {
        func zeros(_ layer: Layer) -> [[Float]] {
            [[Float]](repeating: [Float](repeating: 0, count: layer.neuronCount), count: steps)
        }
        var sample = RestatedSample(
            input: [[Int]](repeating: [Int](repeating: 0, count: input.unitCount), count: steps),
            arrivals: network.layers.map(zeros), current: network.layers.map(zeros),
            membrane: network.layers.map(zeros),
            spikes: network.layers.map { zeros($0).map { $0.map { _ in false } } })
        for n in input.offsets[b]..<input.offsets[b + 1] {
            sample.input[Int((input.times[n] / grid.timeStep).rounded(.toNearestOrEven))][Int(input.units[n])] += 1
        }
        for (l, layer) in network.layers.enumerated() {
            var v = [Float](repeating: 0, count: layer.neuronCount)
            for i in 1..<steps {
                for j in 0..<layer.neuronCount {
                    var s: Float = 0
                    for e in 0..<i {
                        for c in incoming(l) {
                            for pre in 0..<network.connections[c].preCount {
                                for _ in 0..<count(sample, c, e, pre) where e + 1 + delay(c, j, pre) == i {
                                    s += weight(c, j, pre)
                                }
                            }
                        }
                    }
                    let own = layer.parameters[j]
                    let (alpha, _) = decay(own.tauSyn)
                    let (beta, restBeta) = decay(own.tauMem)
                    sample.arrivals[l][i][j] = s
                    sample.current[l][i][j] = alpha * sample.current[l][i - 1][j] + s
                    v[j] = beta * v[j] + restBeta * sample.current[l][i][j]
                    sample.membrane[l][i][j] = v[j]
                    if layer.isSpiking && v[j] > Float(own.threshold) {
                        sample.spikes[l][i][j] = true
                        v[j] = Float(own.reset)
                    }
                }
            }
        }
        if let last = network.layers.last, !last.isSpiking {
            let rows = sample.membrane[network.layers.count - 1]
            for j in 0..<last.neuronCount {
                let largest = rows.map { $0[j] }.max() ?? 0
                sample.maxima.append(max(0, largest))
                sample.maximumSteps.append(largest > 0 ? rows.firstIndex { $0[j] == largest } ?? -1 : -1)
            }
        }
        return sample
    }

    /// - Parameter errors: dL/dt in steps of each spike, `[layer][step][neuron]`; of a leaky read-out, dL/dVmax at its maximum.
    func backward(_ sample: inout RestatedSample, errors: [[[Float]]]) {
        var g = errors
        sample.weightSums = network.connections.map { $0.weights.map { _ in 0 } }
        sample.delaySums = network.connections.map { $0.delays.map { _ in 0 } }
        sample.inputErrors = sample.input.map { $0.map { _ in 0 } }
        for (l, layer) in network.layers.enumerated().reversed() {
            var lV = [[Float]](repeating: [Float](repeating: 0, count: layer.neuronCount), count: steps)
            var lI = lV
            for i in (0...(steps - 2)).reversed() {
                for j in 0..<layer.neuronCount {
                    let own = layer.parameters[j]
                    let (alpha, restAlpha) = decay(own.tauSyn)
                    let (beta, _) = decay(own.tauMem)
                    lI[i][j] = alpha * lI[i + 1][j] + restAlpha * lV[i + 1][j]
                    lV[i][j] = beta * lV[i + 1][j]
                    let error = g[l][i + 1][j]
                    if !layer.isSpiking {
                        if sample.maximumSteps[j] == i + 1 { lV[i][j] += -error / Float(own.tauMem / grid.timeStep) }
                    } else if sample.spikes[l][i + 1][j] {
                        let numerator = Float(own.threshold - own.reset) * lV[i + 1][j] + error
                        let overshoot = sample.current[l][i + 1][j] - sample.membrane[l][i + 1][j]
                        lV[i][j] += numerator == 0 ? 0 : numerator / overshoot
                    }
                }
                for c in incoming(l) {
                    receive(c, l, i, lV, lI, &sample, &g)
                }
            }
        }
    }

    /// Spikes that the senders of a connection emit in step i.
    private func receive(
        _ c: Int, _ l: Int, _ i: Int, _ lV: [[Float]], _ lI: [[Float]], _ sample: inout RestatedSample,
        _ g: inout [[[Float]]]
    ) {
        let own = network.connections[c]
        func at(_ rows: [[Float]], _ step: Int, _ k: Int) -> Float { step < steps ? rows[step][k] : 0 }
        for pre in 0..<own.preCount {
            for spike in 0..<count(sample, c, i, pre) {
                // w (lV - lI) of each receiver, padded to blocks of 8.
                var terms = [Float](repeating: 0, count: (own.postCount + 7) / 8 * 8)
                for k in 0..<own.postCount {
                    let arrival = i + 1 + delay(c, k, pre)
                    terms[k] = weight(c, k, pre) * (at(lV, arrival, k) - at(lI, arrival, k))
                    sample.weightSums[c][k * own.preCount + pre] += at(lI, arrival - 1, k)
                }
                var e: Float = 0
                for first in stride(from: 0, to: terms.count, by: 8) {
                    let t = terms[first..<first + 8].map { $0 }
                    e += ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7]))
                }
                // Input spikes of one step have the same error, the sum of what they do through all connections.
                if let source = own.source {
                    g[source][i][pre] += e
                } else if spike == 0 {
                    sample.inputErrors[i][pre] += e
                }
                switch own.delayKind {
                case .none: break
                case .synaptic:
                    for k in 0..<own.postCount { sample.delaySums[c][k * own.preCount + pre] += terms[k] }
                case .axonal: sample.delaySums[c][pre] += e
                case .dendritic: for k in 0..<own.postCount { sample.delaySums[c][k] += terms[k] }
                }
            }
        }
    }

    /// Sums over samples: copy c takes samples c, c + copies, ...; then the copies in order.
    func total(_ samples: [RestatedSample], _ pick: (RestatedSample) -> [Float]) -> [Float] {
        let zero = samples.first.map { pick($0).map { _ in Float(0) } } ?? []
        var copies = [[Float]](repeating: zero, count: grid.copies)
        for (b, sample) in samples.enumerated() {
            for (n, value) in pick(sample).enumerated() { copies[b % grid.copies][n] += value }
        }
        var sum = copies[0]
        for copy in copies.dropFirst() {
            for (n, value) in copy.enumerated() { sum[n] += value }
        }
        return sum
    }

    func weightGradient(_ samples: [RestatedSample], _ c: Int) -> [Float] {
        let own = network.connections[c]
        let sums = total(samples) { $0.weightSums[c] }
        return sums.enumerated().map { (n, sum) in
            -Float(network.layers[own.target].parameters[n / own.preCount].tauSyn / grid.timeStep) * sum
        }
    }

    func delayGradient(_ samples: [RestatedSample], _ c: Int) -> [Float] {
        total(samples) { $0.delaySums[c] }.map { Float(1 / grid.timeStep) * $0 }
    }
}

/// Spec: L = CE(softmax(-t / xi), y) + alpha (e^{t_y / beta} - 1), t in steps, a silent output at T; with its derivative per step.
func restatedStepLoss(
    firstSteps: [Int?], label: Int, steps: Int, xi: Float, alpha: Float, beta: Float
) -> (value: Float, derivatives: [Float]) {
    func exponential(_ x: Float) -> Float { Float(exp(Double(x))) }
    let t = firstSteps.map { Float($0 ?? steps) }
    let earliest = t.min() ?? 0
    let logits = t.map { (earliest - $0) / xi }
    let shares = logits.map(exponential)
    var others: Float = 0
    for n in t.indices where n != label { others += shares[n] }
    let sum = others + shares[label]
    let entropy = logits[label] == 0 ? Float(log1p(Double(others))) : Float(log(Double(sum))) - logits[label]
    let late = t[label] / beta
    let value = entropy + alpha * Float(expm1(Double(late)))
    let derivatives = t.indices.map { n -> Float in
        guard firstSteps[n] != nil else { return 0 }
        return n == label ? others / sum / xi + alpha / beta * exponential(late) : -(shares[n] / sum / xi)
    }
    return (value, derivatives)
}
