// The derivatives of a layer's first spikes in one sample, times their errors.
import Mathematics
import Networks
import Neurons

/// Belongs to one part at a time: `begin` with the layer's spikes, then `add` with those of its senders.
final class LayerDerivatives {
    private let poller: Poller
    private let maxWeightStep: Double?
    private let neurons = Block<Double>()
    private let sent = Block<Double>()
    private let decays = Block<Double>()
    private let unusedRow = Block<Double>()
    /// A sample's gradient of weights before it is known to be within `maxWeightStep`; all zero in between.
    private let weightSteps = Block<Double>()
    private var clearedSteps = 0

    init(maxWeightStep: Double?, _ poller: Poller) {
        (self.maxWeightStep, self.poller) = (maxWeightStep, poller)
    }

    /// Per neuron, of the sample at hand.
    private struct Columns {
        /// -infinity where there is no spike, or none with an error.
        let times: UnsafeMutablePointer<Double>
        /// error / (I - theta), and that times -tau_m.
        let byTime: UnsafeMutablePointer<Double>
        let byWeight: UnsafeMutablePointer<Double>
        /// A neuron's factor of every response, where responses are products.
        let decays: UnsafeMutablePointer<Double>

        init(_ base: UnsafeMutablePointer<Double>, _ stride: Int) {
            (times, byTime, byWeight) = (base, base + stride, base + 2 * stride)
            decays = base + 3 * stride
        }
    }

    /// What a loop over senders reads and writes.
    private struct Rows {
        let own: Columns
        let stride: Int
        let inverseTau: UnsafeMutablePointer<Double>
        let weights: UnsafeMutablePointer<Double>
        let weightSums: UnsafeMutablePointer<Double>
        /// Of delays one row for all senders unless they are synaptic.
        let delays: UnsafeMutablePointer<Double>
        let delayFactors: UnsafeMutablePointer<Double>
        let delaySums: UnsafeMutablePointer<Double>

        /// Adds to a sender's rows what one of its spikes gives, and returns the error of that spike if `wantsError`.
        ///
        /// - Parameter decay: e^-x of four neurons, x = (T - t) / tau_m, with what the pair's delay contributes as a factor.
        @inline(__always)
        func add<Form: ClosedForm>(
            _: Form.Type, _ at: Int, _ delayRow: Int, _ sent: SIMD4<Double>, wantsError: Bool,
            decay: (_ first: Int, _ x: SIMD4<Double>, _ pair: SIMD4<Double>) -> SIMD4<Double>
        ) -> Double {
            let (weights, weightSums) = (weights + at, weightSums + at)
            let (delays, delayFactors, delaySums) = (delays + delayRow, delayFactors + delayRow, delaySums + delayRow)
            var error = SIMD4<Double>.zero
            var first = 0
            while first < stride {
                let time = sent + vector(delays + first)
                let x = (vector(own.times + first) - time) * vector(inverseTau + first)
                let bounded = greater(x, .zero)
                let factor = decay(first, bounded, vector(delayFactors + first)).replacing(with: 0, where: x .< 0)
                let (membrane, slope) = Form.response(bounded, factor)
                vectors(weightSums + first).pointee += vector(own.byWeight + first) * membrane
                if wantsError {
                    let own = vector(weights + first) * vector(own.byTime + first) * slope
                    error += own
                    vectors(delaySums + first).pointee += own
                }
                first &+= 4
            }
            guard wantsError else { return 0 }
            let halves = error.lowHalf + error.highHalf
            return halves[0] + halves[1]
        }
    }

    /// Takes the layer's spikes; `false` if none has an error.
    func begin(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, currents: UnsafePointer<Double>, errors: UnsafePointer<Double>,
        sample: Int
    ) throws(SpinnpropError) -> Bool {
        let stride = layer.stride
        try neurons.reserve(4 * stride)
        let own = Columns(neurons.pointer, stride)
        own.times.update(repeating: -.infinity, count: stride)
        for n in 0..<row.count {
            let neuron = Int(row.units[n])
            guard own.times[neuron] == -.infinity else {
                throw .unsupported(
                    "neuron \(neuron) of layer \(layer.index) spikes more than once in sample \(sample); the gradient of "
                        + "engine \"first-spike\" is that of first spikes alone: use engine=\"event\"")
            }
            own.times[neuron] = row.times[n]
        }
        own.byTime.update(repeating: 0, count: 2 * stride)
        var isWorthwhile = false
        for n in 0..<row.count {
            let neuron = Int(row.units[n])
            guard errors[n] != 0 else {
                own.times[neuron] = -.infinity
                continue
            }
            isWorthwhile = true
            own.byTime[neuron] = errors[n] / (currents[n] - layer.threshold[neuron])
            own.byWeight[neuron] = -layer.tauMem[neuron] * own.byTime[neuron]
        }
        return isWorthwhile
    }

    /// Adds to `sums` what the senders' spikes give, and to `errors`, one per spike, theirs.
    func add(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, to sums: GradientSums, errors: UnsafeMutablePointer<Double>?
    ) throws(SpinnpropError) {
        guard row.count > 0 else { return }
        sums.touch(layer, row.units, count: row.count)
        switch layer.ratio {
        case 1: try add(EqualTimeConstants.self, layer, row, sums, errors)
        default: try add(DoubleTimeConstant.self, layer, row, sums, errors)
        }
    }

    private func add<Form: ClosedForm>(
        _: Form.Type, _ layer: FirstSpikeLayer, _ row: SpikeRow, _ sums: GradientSums,
        _ errors: UnsafeMutablePointer<Double>?
    ) throws(SpinnpropError) {
        let stride = layer.stride
        let own = Columns(neurons.pointer, stride)
        try sent.reserve(row.count)
        let sent = sent.pointer
        var (earliest, latest) = (Double.infinity, -Double.infinity)
        for n in 0..<row.count {
            sent[n] = row.times[n] + layer.delay(pre: Int(row.units[n]))
            earliest = min(earliest, sent[n])
            latest = max(latest, sent[n])
        }
        let weightSums = maxWeightStep != nil ? try steps(layer) : sums.weights[layer.index].pointer
        let delaySums = sums.delays[layer.index].pointer
        let span = (latest - earliest) * layer.inverseTau[0] + layer.longestDelay
        let isFactored = layer.hasOneTau && span <= LayerDerivatives.longestSpan
        if isFactored { try factor(layer, own, sent, row.count, latest) }
        try unusedRow.clear(stride)
        let isSynaptic = layer.delayKind == .synaptic
        let rows = Rows(
            own: own, stride: stride, inverseTau: layer.inverseTau, weights: layer.weights.pointer,
            weightSums: weightSums, delays: layer.receiverDelays(pre: 0), delayFactors: layer.delayFactors.pointer,
            delaySums: isSynaptic || layer.delayKind == .dendritic ? delaySums : unusedRow.pointer)
        let axonalSums = layer.delayKind == .axonal ? delaySums : nil
        let wantsErrors = errors != nil || layer.delayKind != .none
        let (factors, units) = (decays.pointer, row.units)
        // So many spikes between two polls.
        let together = max(1, (1 << 14) / stride)
        var n = 0
        while n < row.count {
            let end = min(n &+ together, row.count)
            try poller.spend(4 &* (end &- n) &* stride)
            while n < end {
                let unit = Int(units[n])
                let (at, delayRow) = (unit &* stride, isSynaptic ? unit &* stride : 0)
                let time = SIMD4(repeating: sent[n])
                var error = 0.0
                if isFactored {
                    let factor = SIMD4(repeating: factors[n])
                    if wantsErrors {
                        error = rows.add(Form.self, at, delayRow, time, wantsError: true) { first, _, pair in
                            factor * vector(own.decays + first) * pair
                        }
                    } else {
                        error = rows.add(Form.self, at, delayRow, time, wantsError: false) { first, _, pair in
                            factor * vector(own.decays + first) * pair
                        }
                    }
                } else {
                    error = rows.add(Form.self, at, delayRow, time, wantsError: true) { _, x, _ in
                        Elementary.exp(-x)
                    }
                }
                errors?[n] += error
                axonalSums?[unit] += error
                n &+= 1
            }
        }
        if let maxWeightStep { addLimited(layer, row, to: sums.weights[layer.index].pointer, maxWeightStep) }
    }
    /// Beyond so many tau_m between a layer's first and last input, factors of responses leave float64.
    private static let longestSpan = 300.0

    /// e^-(T - t - d) / tau = e^(t - latest) / tau e^-(T - latest) / tau e^(d / tau): exponentials per sender and per neuron instead of per
    /// pair. A dendrite's delay goes with its neuron.
    private func factor(
        _ layer: FirstSpikeLayer, _ own: Columns, _ sent: UnsafePointer<Double>, _ count: Int, _ latest: Double
    ) throws(SpinnpropError) {
        let padded = (count &+ 3) & ~3
        try decays.reserve(padded)
        let (factors, inverseTau) = (decays.pointer, layer.inverseTau[0])
        for n in 0..<count { factors[n] = (sent[n] - latest) * inverseTau }
        for n in count..<padded { factors[n] = 0 }
        var n = 0
        while n < padded {
            vectors(factors + n).pointee = Elementary.exp(vector(factors + n))
            n &+= 4
        }
        n = 0
        while n < layer.stride {
            let x = (latest - (vector(own.times + n) - vector(layer.shifts + n))) * inverseTau
            vectors(own.decays + n).pointee = Elementary.exp(x)
            n &+= 4
        }
    }

    /// Rows of zeros for a sample's gradient of a layer's weights.
    private func steps(_ layer: FirstSpikeLayer) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        if clearedSteps < layer.weights.count {
            try weightSteps.clear(layer.weights.count)
            clearedSteps = layer.weights.count
        }
        return weightSteps.pointer
    }

    /// Adds a sample's gradient of weights but for neurons with a weight beyond the limit, and leaves zeros.
    private func addLimited(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, to sums: UnsafeMutablePointer<Double>, _ limit: Double
    ) {
        let (steps, stride) = (weightSteps.pointer, layer.stride)
        var first = 0
        while first < stride {
            var isWithin = SIMDMask<SIMD4<Int64>>(repeating: true)
            for n in 0..<row.count {
                let step = vector(steps + Int(row.units[n]) &* stride + first)
                isWithin = isWithin .& (step .<= limit) .& (step .>= -limit)
            }
            for n in 0..<row.count {
                let at = Int(row.units[n]) &* stride + first
                let step = vectors(steps + at).pointee
                vectors(sums + at).pointee += SIMD4.zero.replacing(with: step, where: isWithin)
                vectors(steps + at).pointee = .zero
            }
            first &+= 4
        }
    }
}
