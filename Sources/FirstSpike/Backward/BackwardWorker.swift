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
    private let ends: [Block<Int>]
    private let derivatives: LayerDerivatives
    private let merged = MergedSpikes()

    init(_ run: FirstSpikeBackward, _ monitor: Monitor?) throws(SpinnpropError) {
        (self.run, layers, self.monitor) = (run, run.layers, monitor)
        poller = Poller(monitor)
        errors = layers.map { _ in Block<Double>() }
        ends = layers.map { _ in Block<Int>() }
        derivatives = LayerDerivatives(maxWeightStep: run.options.maxWeightStep, poller)
    }

    /// The spikes of a layer in a part, and an error for each of the sample at hand; trivial, so that loops over samples touch no reference
    /// counts.
    private struct LayerPart {
        let times: UnsafePointer<Double>
        let units: UnsafePointer<Int32>
        let currents: UnsafePointer<Double>
        /// Of measured spikes; `nil`: at the threshold.
        let membranes: UnsafePointer<Double>?
        let ends: UnsafePointer<Int>
        let errors: UnsafeMutablePointer<Double>

        @inline(__always)
        func start(_ index: Int) -> Int { index == 0 ? 0 : ends[index &- 1] }

        @inline(__always)
        func row(_ index: Int) -> SpikeRow {
            let start = start(index)
            return SpikeRow(times: times + start, units: units + start, count: ends[index] &- start)
        }
    }

    private func parts(_ part: Int) throws(SpinnpropError) -> [LayerPart] {
        try layers.map { (layer) throws(SpinnpropError) in
            let (segment, ends) = (run.recording.layers[layer.index].segments[part], ends[layer.index])
            try ends.reserve(segment.ends.count)
            var most = 0
            for (index, end) in segment.ends.enumerated() {
                ends.pointer[index] = end
                most = max(most, segment.range(ofSample: index).count)
            }
            try errors[layer.index].reserve(most)
            return LayerPart(
                times: segment.times, units: segment.units, currents: segment.currents,
                membranes: run.recording.isMeasured ? segment.membranes.map { UnsafePointer($0) } : nil,
                ends: ends.pointer,
                errors: errors[layer.index].pointer)
        }
    }

    func run(part: Int, sums: GradientSums) throws(SpinnpropError) {
        let recording = run.recording
        var sampler = OutputSampler(recording)
        let parts = try parts(part)
        for (index, sample) in recording.partition[part].enumerated() {
            try Memory.poll()
            for layer in parts.indices {
                let row = parts[layer].row(index)
                parts[layer].errors.update(repeating: 0, count: row.count)
                run.rate.add(
                    to: parts[layer].errors, layer: layer, times: row.times, units: row.units, count: row.count)
            }
            if let given = run.given {
                for layer in parts.indices {
                    let own = parts[layer]
                    given.add(
                        to: own.errors, layer: layer, part: part, index: index,
                        spikes: own.start(index)..<own.ends[index])
                }
            } else {
                let output = parts[parts.count - 1]
                sums.judged.add(
                    sampler.withSample(part: part, index: index) { shown, _ in
                        run.objective.judge(shown, sample: sample, errors: output.errors)
                    })
                for n in 0..<output.row(index).count { output.errors[n] *= run.scale }
            }
            for layer in layers.reversed() {
                let own = parts[layer.index]
                let isWorthwhile = try derivatives.begin(
                    layer, own.row(index), currents: own.currents + own.start(index),
                    membranes: own.membranes.map { $0 + own.start(index) }, errors: own.errors, sample: sample)
                guard isWorthwhile else { continue }
                if layer.sources.count == 1, let source = layer.sources[0].layer {
                    try derivatives.add(layer, parts[source].row(index), to: sums, errors: parts[source].errors)
                    continue
                }
                let inputErrors = run.inputErrors.pointer.map { $0 + recording.input.offsets[sample] }
                try recording.input.withRow(ofSample: sample) { (row) throws(SpinnpropError) in
                    guard layer.sources.count > 1 else {
                        try derivatives.add(layer, row, to: sums, errors: inputErrors)
                        return
                    }
                    func sent(_ source: Int?) -> SpikeRow { source.map { parts[$0].row(index) } ?? row }
                    try derivatives.add(layer, merged.merge(layer, sent), to: sums, errors: merged.errors)
                    merged.addErrors(layer, sent) { source in source.map { parts[$0].errors } ?? inputErrors }
                }
            }
            try poller.spend(1 << 12)
            monitor?.finish(1)
        }
    }
}
