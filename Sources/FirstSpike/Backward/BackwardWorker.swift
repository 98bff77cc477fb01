// Backward through the samples of one part of a batch.
import Mathematics
import Networks
import Spikes

final class BackwardWorker {
    private let run: FirstSpikeBackward
    private let layers: [FirstSpikeLayer]
    private let monitor: Monitor?
    private let poller: Poller
    private let errors: [Block<Double>]
    private let derivatives: LayerDerivatives

    init(_ run: FirstSpikeBackward, _ monitor: Monitor?) throws(SpinnpropError) {
        (self.run, layers, self.monitor) = (run, run.layers, monitor)
        poller = Poller(monitor)
        errors = layers.map { _ in Block<Double>() }
        derivatives = LayerDerivatives(maxWeightStep: run.options.maxWeightStep, poller)
    }

    func run(part: Int, sums: GradientSums) throws(SpinnpropError) {
        let recording = run.recording
        var sampler = OutputSampler(recording)
        let segments = recording.layers.map { $0.segments[part] }
        for (index, sample) in recording.partition[part].enumerated() {
            try Memory.poll()
            let ranges = segments.map { $0.range(ofSample: index) }
            for layer in layers {
                let (segment, range) = (segments[layer.index], ranges[layer.index])
                let own = errors[layer.index]
                try own.clear(range.count)
                run.rate.add(
                    to: own.pointer, layer: layer.index, times: segment.times + range.lowerBound,
                    units: segment.units + range.lowerBound, count: range.count)
            }
            evaluateLoss(&sampler, part, index, sample, sums, count: ranges[layers.count - 1].count)
            for layer in layers.reversed() {
                let (segment, range) = (segments[layer.index], ranges[layer.index])
                let isWorthwhile = try derivatives.begin(
                    layer,
                    SpikeRow(
                        times: segment.times + range.lowerBound, units: segment.units + range.lowerBound,
                        count: range.count),
                    currents: segment.currents + range.lowerBound, errors: errors[layer.index].pointer, sample: sample)
                guard isWorthwhile else { continue }
                if let source = layer.source {
                    let (segment, range) = (segments[source], ranges[source])
                    let row = SpikeRow(
                        times: segment.times + range.lowerBound, units: segment.units + range.lowerBound,
                        count: range.count)
                    try derivatives.add(layer, row, to: sums, errors: errors[source].pointer)
                } else {
                    try recording.input.withRow(ofSample: sample) { (row) throws(SpinnpropError) in
                        try derivatives.add(
                            layer, row, to: sums,
                            errors: run.inputErrors.pointer.map { $0 + recording.input.offsets[sample] })
                    }
                }
            }
            try poller.spend(1 << 12)
            monitor?.finish(1)
        }
    }

    private func evaluateLoss(
        _ sampler: inout OutputSampler, _ part: Int, _ index: Int, _ sample: Int, _ sums: GradientSums, count: Int
    ) {
        let errors = errors[layers.count - 1].pointer
        let objective = run.objective
        let (loss, label) = (objective.loss, objective.labels.isEmpty ? -1 : objective.labels[sample])
        let outputs = layers[layers.count - 1].neuronCount
        let result = objective.targetTimes.withUnsafeBufferPointer { targets in
            sampler.withSample(part: part, index: index) { shown, _ in
                let times = targets.isEmpty ? nil : targets.baseAddress.map { $0 + sample * outputs }
                let result = loss.evaluate(shown, target: Target(label: label, times: times), errors: errors)
                if label >= 0, loss.predict(shown) == label { sums.correct += 1 }
                return result
            }
        }
        sums.value += result.value
        if result.isSkipped { sums.skipped += 1 }
        for n in 0..<count { errors[n] *= run.scale }
    }
}
