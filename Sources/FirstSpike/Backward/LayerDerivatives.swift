// The derivatives of a layer's first spikes in one sample, times their errors.
import Mathematics
import Networks

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
        let inverseTau: UnsafeMutablePointer<Double>
        /// e^-(T - latest) / tau_m: a neuron's factor of every response, where responses are products of one of each side.
        let decays: UnsafeMutablePointer<Double>

        init(_ base: UnsafeMutablePointer<Double>, _ stride: Int) {
            (times, byTime, byWeight) = (base, base + stride, base + 2 * stride)
            (inverseTau, decays) = (base + 3 * stride, base + 4 * stride)
        }
    }

    /// Takes the layer's spikes; `false` if none has an error.
    func begin(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, currents: UnsafePointer<Double>, errors: UnsafePointer<Double>,
        sample: Int
    ) throws(SpinnpropError) -> Bool {
        let stride = layer.stride
        try neurons.reserve(5 * stride)
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
        guard isWorthwhile else { return false }
        for n in 0..<stride { own.inverseTau[n] = 1 / layer.tauMem[n] }
        return true
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
        let isFactored = layer.sharesArrivals && (latest - earliest) / layer.tauMem[0] <= LayerDerivatives.longestSpan
        if isFactored { try factor(own, stride, sent, row.count, latest, layer.tauMem[0]) }
        try unusedRow.clear(stride)
        for n in 0..<row.count {
            try poller.spend(isFactored ? stride : 16 &* stride)
            let unit = Int(row.units[n])
            let (weights, steps) = (layer.weights.pointer + unit &* stride, weightSums + unit &* stride)
            let error: Double
            if isFactored {
                let factor = decays.pointer[n]
                error = pass(
                    Form.self, own, stride, weights, steps, unusedRow.pointer, time: { _ in SIMD4(repeating: sent[n]) },
                    decay: { at, _ in factor * vector(own.decays + at) },
                    wantsError: errors != nil || layer.delayKind == .axonal)
            } else {
                let delays = layer.receiverDelays(pre: unit)
                let row =
                    switch layer.delayKind {
                    case .synaptic: delaySums + unit &* stride
                    case .dendritic: delaySums
                    case .none, .axonal: unusedRow.pointer
                    }
                error = pass(
                    Form.self, own, stride, weights, steps, row, time: { sent[n] + vector(delays + $0) },
                    decay: { _, x in exponential(-x) }, wantsError: true)
            }
            errors?[n] += error
            if layer.delayKind == .axonal { delaySums[unit] += error }
        }
        if let maxWeightStep { addLimited(layer, row, to: sums.weights[layer.index].pointer, maxWeightStep) }
    }

    /// Beyond so many tau_m between a layer's first and last input, factors of responses leave float64.
    private static let longestSpan = 300.0

    /// e^-(T - t) / tau = e^(t - latest) / tau e^-(T - latest) / tau.
    private func factor(
        _ own: Columns, _ stride: Int, _ sent: UnsafePointer<Double>, _ count: Int, _ latest: Double, _ tau: Double
    ) throws(SpinnpropError) {
        try decays.reserve(count)
        let factors = decays.pointer
        var n = 0
        while n < count {
            factors[n] = Elementary.exp((sent[n] - latest) / tau)
            n &+= 1
        }
        n = 0
        while n < stride {
            own.decays[n] = Elementary.exp((latest - own.times[n]) / tau)
            n &+= 1
        }
    }

    /// Adds to a sender's rows what one of its spikes gives, and returns the error of that spike.
    @inline(__always)
    private func pass<Form: ClosedForm>(
        _: Form.Type, _ own: Columns, _ stride: Int, _ weights: UnsafePointer<Double>,
        _ weightSums: UnsafeMutablePointer<Double>, _ delaySums: UnsafeMutablePointer<Double>,
        time: (_ first: Int) -> SIMD4<Double>, decay: (_ first: Int, _ x: SIMD4<Double>) -> SIMD4<Double>,
        wantsError: Bool
    ) -> Double {
        var error = SIMD4<Double>.zero
        var first = 0
        while first < stride {
            var x = (vector(own.times + first) - time(first)) * vector(own.inverseTau + first)
            let isLater = x .< 0
            x.replace(with: 0, where: isLater)
            var factor = decay(first, x)
            factor.replace(with: 0, where: isLater)
            let (membrane, slope) = Form.response(x, factor)
            vectors(weightSums + first).pointee += vector(own.byWeight + first) * membrane
            if wantsError {
                let own = vector(weights + first) * vector(own.byTime + first) * slope
                error += own
                vectors(delaySums + first).pointee += own
            }
            first &+= 4
        }
        return (error[0] + error[1]) + (error[2] + error[3])
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

@inline(__always)
private func exponential(_ x: SIMD4<Double>) -> SIMD4<Double> {
    SIMD4(Elementary.exp(x[0]), Elementary.exp(x[1]), Elementary.exp(x[2]), Elementary.exp(x[3]))
}
