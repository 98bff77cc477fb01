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
    private let sentErrors = Block<Double>()
    /// Neurons that spike and have an error.
    private let spiking = Block<Int32>()
    private var spikingCount = 0
    private let spikingDecays = Block<Double>()
    private let unusedRow = Block<Double>()
    /// A sample's gradient of weights before it is known to be within `maxWeightStep`; all zero in between.
    private let weightSteps = Block<Double>()
    private var clearedSteps = 0

    init(maxWeightStep: Double?, _ poller: Poller) {
        (self.maxWeightStep, self.poller) = (maxWeightStep, poller)
    }

    /// Per neuron, of the sample at hand.
    private struct Columns {
        /// -infinity where there is no spike, or none with an error that moves with the inputs.
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
        /// Of delays rows of senders so far apart, or with a stride of 0 one for all.
        let delayStride: Int
        let delays: UnsafeMutablePointer<Double>
        let delayFactors: UnsafeMutablePointer<Double>
        let delaySums: UnsafeMutablePointer<Double>
        /// Per spike: its sender, when it sets out, its factor of every response if `isFactored`, and in four numbers its error.
        let units: UnsafePointer<Int32>
        let sent: UnsafePointer<Double>
        let factors: UnsafePointer<Double>
        let errors: UnsafeMutablePointer<Double>

        /// Adds to the senders' rows what some of their spikes give, and sets the errors of these if wanted.
        func walk<Form: ClosedForm, IsFactored: Constant, WantsErrors: Constant>(
            _: Form.Type, _ spikes: Range<Int>, _: IsFactored.Type, _: WantsErrors.Type
        ) {
            let (own, stride, inverseTau, units, sent) = (own, stride, inverseTau, units, sent)
            let (weights, weightSums, factors, errors) = (weights, weightSums, factors, errors)
            let (delays, delayStride, delayFactors, delaySums) = (delays, delayStride, delayFactors, delaySums)
            var n = spikes.lowerBound
            while n < spikes.upperBound {
                let at = Int(units[n]) &* stride
                // Rows of delays lie as far apart as those of weights; a product of its own costs loops over few neurons some percent.
                let delayRow = delayStride == 0 ? 0 : at
                let (sent, factor) = (SIMD4(repeating: sent[n]), SIMD4(repeating: IsFactored.isTrue ? factors[n] : 1))
                var error = SIMD4<Double>.zero
                var first = 0
                while first < stride {
                    let (spike, time) = (vector(own.times + first), sent + vector(delays + delayRow + first))
                    let isLater = time .> spike
                    let x = ((spike - time) * vector(inverseTau + first)).replacing(with: 0, where: isLater)
                    let product =
                        IsFactored.isTrue
                        ? factor * vector(own.decays + first) * vector(delayFactors + delayRow + first)
                        : Elementary.exp(-x)
                    let decay = product.replacing(with: 0, where: isLater)
                    let (membrane, slope) = Form.response(x, decay)
                    vectors(weightSums + at + first).pointee += vector(own.byWeight + first) * membrane
                    if WantsErrors.isTrue {
                        let own = vector(weights + at + first) * vector(own.byTime + first) * slope
                        error += own
                        vectors(delaySums + delayRow + first).pointee += own
                    }
                    first &+= 4
                }
                if WantsErrors.isTrue { vectors(errors + 4 &* n).pointee = error }
                n &+= 1
            }
        }
    }

    /// Takes the layer's spikes; `false` if none has an error.
    func begin(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, currents: UnsafePointer<Double>, membranes: UnsafePointer<Double>?,
        errors: UnsafePointer<Double>, sample: Int
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
                        + "engine \"first-spike\" is that of first spikes alone: use \"event\" in its place")
            }
            own.times[neuron] = row.times[n]
        }
        // Decays of silent neurons are of no effect; numbers left in memory may be subnormal, which is slow.
        own.byTime.update(repeating: 0, count: 3 * stride)
        let (threshold, tauMem) = (layer.threshold, layer.tauMem)
        try spiking.reserve(stride)
        let spiking = spiking.pointer
        var count = 0
        for n in 0..<row.count {
            let neuron = Int(row.units[n])
            // A measured spike may be one at which the model's membrane does not rise: its time is taken as given.
            let slope =
                membranes.map {
                    MeasuredSpike.slope(current: currents[n], membrane: $0[n], threshold: threshold[neuron])
                } ?? (currents[n] - threshold[neuron])
            guard errors[n] != 0, slope > 0 else {
                own.times[neuron] = -.infinity
                continue
            }
            spiking[count] = row.units[n]
            count &+= 1
            let byTime = errors[n] / slope
            (own.byTime[neuron], own.byWeight[neuron]) = (byTime, -tauMem[neuron] * byTime)
        }
        spikingCount = count
        return count > 0
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
        let isFactored = layer.isFactored(earliest: earliest, latest: latest)
        if isFactored { try factor(layer, own, sent, row.count, latest) }
        try unusedRow.clear(stride)
        let (delays, delayStride) = layer.receiverDelays
        let hasReceiverDelays = layer.delayKind == .synaptic || layer.delayKind == .dendritic
        try sentErrors.reserve(4 &* row.count)
        let sentErrors = sentErrors.pointer
        let rows = Rows(
            own: own, stride: stride, inverseTau: layer.inverseTau, weights: layer.weights.pointer,
            weightSums: weightSums, delayStride: delayStride, delays: delays, delayFactors: layer.delayFactors.pointer,
            delaySums: hasReceiverDelays ? delaySums : unusedRow.pointer, units: row.units, sent: sent,
            factors: decays.pointer, errors: sentErrors)
        let wantsErrors = errors != nil || layer.delayKind != .none
        // So many spikes between two polls.
        let together = max(1, (1 << 14) / stride)
        for start in Swift.stride(from: 0, to: row.count, by: together) {
            let spikes = start..<min(start + together, row.count)
            try poller.spend(4 &* spikes.count &* stride)
            if !isFactored {
                rows.walk(Form.self, spikes, No.self, Yes.self)
            } else if wantsErrors {
                rows.walk(Form.self, spikes, Yes.self, Yes.self)
            } else {
                rows.walk(Form.self, spikes, Yes.self, No.self)
            }
        }
        let axonalSums = layer.delayKind == .axonal ? delaySums : nil
        if errors != nil || axonalSums != nil {
            for n in 0..<row.count {
                let own = sentErrors + 4 &* n
                let error = (own[0] + own[2]) + (own[1] + own[3])
                errors?[n] += error
                axonalSums?[Int(row.units[n])] += error
            }
        }
        if let maxWeightStep { addLimited(layer, row, to: sums.weights[layer.index].pointer, maxWeightStep) }
    }

    /// e^-(T - t - d) / tau = e^(t - latest) / tau e^-(T - latest) / tau e^(d / tau): exponentials per sender and per neuron instead of per
    /// pair. A dendrite's delay goes with its neuron.
    private func factor(
        _ layer: FirstSpikeLayer, _ own: Columns, _ sent: UnsafePointer<Double>, _ count: Int, _ latest: Double
    ) throws(SpinnpropError) {
        let (inverseTau, shifts, spiking) = (layer.inverseTau[0], layer.shifts, spiking.pointer)
        try decays.setExponentials(count) { (sent[$0] - latest) * inverseTau }
        // Of neurons that spike, side by side.
        try spikingDecays.setExponentials(spikingCount) { n in
            let neuron = Int(spiking[n])
            return (latest - (own.times[neuron] - shifts[neuron])) * inverseTau
        }
        let packed = spikingDecays.pointer
        for n in 0..<spikingCount { own.decays[Int(spiking[n])] = packed[n] }
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
