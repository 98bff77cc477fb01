// Integer learning written plainly: one neuron, one synapse, one step after another, in numbers that are far from any overflow.
import Mathematics

@testable import LocalLearning

/// A network of one hidden layer and what batches and sleeps make of it.
struct IntegerRestatement {
    let options: LocalOptions
    let sizes: [Int]
    /// W[l][j][i] with the bias last, and B[j][k], as whole numbers.
    var weights: [[[Int]]] = []
    var feedback: [[Int]]
    /// What a 1 of them stands for is 2^-k.
    let k: [Int]
    let kFeedback: Int

    static let mostState = 8_388_607

    init(_ network: LocalNetwork, _ options: LocalOptions) {
        (self.options, sizes) = (options, network.sizes)
        k = (0..<2).map { network.exponents(layer: $0).weights ?? -1 }
        kFeedback = network.exponents(layer: 0).feedback ?? -1
        for layer in 0..<2 {
            let (all, biases, pre) = (network.weights(layer: layer), network.biases(layer: layer), sizes[layer])
            let scale = Float(1 << k[layer])
            weights.append(
                (0..<sizes[layer + 1]).map { j in
                    (0..<pre).map { Int(all[j * pre + $0] * scale) } + [Int(biases[j] * scale)]
                })
        }
        let (values, outputs, scale) = (network.feedback(layer: 0), sizes[2], Float(1 << kFeedback))
        feedback = (0..<sizes[1]).map { j in (0..<outputs).map { Int(values[j * outputs + $0] * scale) } }
    }

    func bounded(_ value: Int, _ bound: Int = mostState) -> Int {
        value > bound ? bound : value < -bound ? -bound : value
    }

    /// To the nearest whole number, halves up.
    func nearest(_ product: Int, over bits: Int) -> Int {
        let unit = 1 << bits
        let rest = ((product % unit) + unit) % unit
        return (product - rest) / unit + (2 * rest >= unit ? 1 : 0)
    }

    var decay: Int { Int((options.decay * 4096).rounded()) }

    func isSpike(_ v: Int, _ layer: Int) -> Bool { Double(v) > options.threshold * Double(1 << k[layer]) }

    func isInside(_ v: Int, _ layer: Int) -> Bool {
        let scale = Double(1 << k[layer])
        return Double(v) > (options.threshold - options.window) * scale
            && Double(v) < (options.threshold + options.window) * scale
    }

    /// v[t][j] of a layer; x[t] are its senders' spikes.
    func membranes(_ layer: Int, _ x: [[Bool]]) -> [[Int]] {
        var v: [[Int]] = []
        for step in 0..<options.steps {
            v.append(
                weights[layer].indices.map { j in
                    var value = weights[layer][j][sizes[layer]]
                    if step > 0, !isSpike(v[step - 1][j], layer) { value += nearest(decay * v[step - 1][j], over: 12) }
                    for i in 0..<sizes[layer] where x[step][i] { value += weights[layer][j][i] }
                    return bounded(value)
                })
        }
        return v
    }

    /// z+ - z- of each output.
    func dendrites(_ s: [[Bool]], _ label: Int) -> [Int] {
        var (z, plus, minus) = (
            [Int](repeating: 0, count: sizes[2]), [Int](repeating: 0, count: sizes[2]),
            [Int](repeating: 0, count: sizes[2])
        )
        for step in options.softStart..<options.steps {
            let last = options.counts == .final ? options.steps - 1 : step
            let counts = (0..<sizes[2]).map { o in (0...last).filter { $0 >= options.countsFrom && s[$0][o] }.count }
            let most = counts.reduce(0, max)
            let powers = counts.map { Int((65536 * Elementary.exp(Double($0 - most))).rounded()) }
            let sum = powers.reduce(0, +)
            for o in 0..<sizes[2] {
                let error = (65536 * powers[o] + sum / 2) / sum - (o == label ? 65536 : 0)
                (plus[o], minus[o]) = (plus[o] + error, minus[o] - error)
                if plus[o] > 65536 || (options.includesThreshold && plus[o] == 65536) {
                    (plus[o], z[o]) = (plus[o] - 65536, z[o] + 1)
                }
                if minus[o] > 65536 || (options.includesThreshold && minus[o] == 65536) {
                    (minus[o], z[o]) = (minus[o] - 65536, z[o] - 1)
                }
            }
        }
        return z
    }

    /// What a synapse's trace collects.
    func collected(_ layer: Int, _ v: [Int], _ x: [Bool]) -> Int {
        let amplitude = Int((options.amplitude * 256).rounded())
        var (e, sum) = (0, 0)
        for step in 0..<options.steps {
            if step > 0 {
                let (before, bits) = (v[step - 1], k[layer] + 8)
                let kept = (isSpike(before, layer) ? 0 : 1 << bits) - (isInside(before, layer) ? amplitude * before : 0)
                let factor = bounded(nearest(decay * bounded(kept, 1 << 47 - 1), over: bits), 32767)
                e = nearest(factor * e, over: 12)
            }
            e = bounded(e + (x[step] ? 256 : 0), 32767)
            if step >= options.tracesFrom, isInside(v[step], layer) { sum += e }
        }
        return bounded(sum)
    }

    /// sum times a number, as a mantissa of 15 bits over a power of two, up or down by the word.
    func rounded(_ sum: Int, times value: Double, _ word: UInt64) -> Int {
        let shift = value > 0 ? max(0, min(62, 14 - Int(value.exponent))) : 62
        let mantissa = min(
            32768, Int((min(value, 32768) * Double(sign: .plus, exponent: shift, significand: 1)).rounded()))
        let chance = shift == 0 ? 0 : Int(word >> UInt64(64 - shift))
        let (product, unit) = (bounded(sum, 1 << 47 - 1) * mantissa + chance, 1 << shift)
        return (product - ((product % unit) + unit) % unit) / unit
    }

    /// Of samples x[n][t][i]: error dendrite times what the trace has collected, for each weight.
    func sums(_ samples: [[[Bool]]], _ labels: [Int]) -> [[[Int]]] {
        var sums = weights.map { $0.map { $0.map { _ in 0 } } }
        for (sample, label) in zip(samples, labels) {
            let hidden = membranes(0, sample)
            let middle = hidden.map { $0.map { isSpike($0, 0) } }
            let output = membranes(1, middle)
            let z = dendrites(output.map { $0.map { isSpike($0, 1) } }, label)
            for (layer, x, v) in [(0, sample, hidden), (1, middle, output)] {
                for j in weights[layer].indices {
                    let a = layer == 1 ? z[j] : bounded(zip(feedback[j], z).reduce(0) { $0 + $1.0 * $1.1 })
                    for i in weights[layer][j].indices {
                        let senders = x.map { i < sizes[layer] ? $0[i] : true }
                        sums[layer][j][i] += a * collected(layer, v.map { $0[j] }, senders)
                    }
                }
            }
        }
        return sums
    }

    /// What a sum is worth, the mean over so many samples.
    func worth(_ layer: Int, _ count: Int) -> Double {
        options.amplitude / Double(options.steps - options.softStart)
            / Double(1 << (8 + (layer == 0 ? kFeedback : 0))) / Double(count)
    }

    /// A batch, its update, and the sleep after it.
    mutating func batch(_ samples: [[[Bool]]], _ labels: [Int], epoch: Int, sleep: Int) {
        let sums = sums(samples, labels)
        for layer in 0..<2 {
            var random = RandomStream(seed: options.seed, purpose: 8, UInt64(epoch), UInt64(layer))
            let rate = options.learningRate * worth(layer, 1) * Double(1 << k[layer]) / Double(samples.count)
            for i in 0...sizes[layer] {
                for j in weights[layer].indices {
                    let step = rounded(-sums[layer][j][i], times: rate, random.nextUInt64())
                    weights[layer][j][i] = bounded(weights[layer][j][i] + step, 127)
                }
            }
        }
        if options.sleeps { self.sleep(samples.count, sleep) }
    }

    mutating func sleep(_ count: Int, _ index: Int) {
        var shared = RandomStream(seed: options.seed, purpose: 5, UInt64(index))
        let common = shared.uniform()
        var correlations = feedback.map { $0.map { _ in 0 } }
        var powers = [Int](repeating: 0, count: sizes[2])
        for sample in 0..<count {
            var random = RandomStream(seed: options.seed, purpose: 6, UInt64(index), UInt64(2 * sample))
            var rate = options.sleepDraw == .perBatch ? common : random.uniform()
            var (v, h, o) = (
                [Int](repeating: 0, count: sizes[2]), [Int](repeating: 0, count: sizes[1]),
                [Int](repeating: 0, count: sizes[2])
            )
            for step in 0..<options.sleepSteps {
                if options.sleepDraw == .perStep, step > 0 { rate = random.uniform() }
                var signs: [Int] = []
                while signs.count < sizes[1] {
                    let lanes = (0..<min(64, sizes[1] - signs.count)).reduce(0 as UInt64) { $0 | 1 << UInt64($1) }
                    let (up, down) = (random.trials(rate, among: lanes), random.trials(rate, among: lanes))
                    for place in 0..<UInt64(lanes.nonzeroBitCount) {
                        signs.append(Int((up >> place) % 2) - Int((down >> place) % 2))
                    }
                }
                for k in 0..<sizes[2] {
                    let kept = isSpike(v[k], 1) ? 0 : nearest(decay * v[k], over: 12)
                    v[k] = bounded(signs.indices.reduce(kept) { $0 + signs[$1] * weights[1][k][$1] })
                    if isSpike(v[k], 1) { o[k] += 1 }
                }
                for j in h.indices { h[j] += signs[j] }
            }
            for k in 0..<sizes[2] {
                for j in h.indices { correlations[j][k] += h[j] * o[k] }
                powers[k] += (0..<options.sleepPower).reduce(1) { (power, _) in power * o[k] }
            }
        }
        var random = RandomStream(seed: options.seed, purpose: 9, UInt64(index))
        for k in 0..<sizes[2] {
            for j in feedback.indices {
                let scale = (1 << kFeedback) * (options.averagesSleep ? 1 : count)
                let sum = correlations[j][k] * scale - powers[k] * feedback[j][k]
                let step = rounded(sum, times: options.sleepRate / Double(count), random.nextUInt64())
                feedback[j][k] = bounded(feedback[j][k] + step, 127)
            }
        }
    }
}
