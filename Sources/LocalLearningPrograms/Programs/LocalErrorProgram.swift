// The error neurons of one copy: they read the output's spikes, and spike for what is too many or too few.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

/// In sleep it hands the output's spikes on to the layers, by the way that errors take.
final class LocalErrorProgram: Program {
    private let place: LocalPlace
    private let slices: [Slice]
    private let costs: ProgramCosts
    private let shape: LocalShape
    var job: LocalJob?
    private var order = PacketOrder()
    private var sample: Int?
    /// The emulator's own; the chip's lie in the buffer of this program.
    private var counts: [Int]
    private var counted: [Int]
    private var errors: [Float] = []
    private var neurons: [ErrorNeurons]
    private var dendrites: [Float]
    private var loss = 0.0

    init(_ place: LocalPlace, slices: [Slice]) {
        (self.place, self.slices, costs, shape) = (place, slices, place.costs, place.shape)
        counts = [Int](repeating: 0, count: place.shape.outputCount)
        counted = counts
        neurons = counts.map { _ in ErrorNeurons() }
        dendrites = counts.map { _ in 0 }
    }

    var name: String { "errors" }
    func isActive(phase: Int) -> Bool { LocalPhase(rawValue: phase)?.needsPackets ?? false }
    func sends(phase: Int) -> [KeyRange] { isActive(phase: phase) ? [place.errors] : [] }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        switch LocalPhase(rawValue: context.phase) {
        case .forward: try forward(context)
        case .error: try answerLate(context)
        default: try relay(context)
        }
    }

    /// The output's spikes of step t come in tick t + layers + 1.
    private func forward(_ context: TickContext) throws(SpinnpropError) {
        guard let job, let batch = job.batch else { return }
        if context.tick == 0 { begin(context, job) }
        let (step, options) = (context.tick - shape.layerCount - 1, job.options)
        guard let sample, step >= 0, step < shape.steps else { return }
        let packets = order.packets(context)
        for n in 0..<context.packetCount {
            let output = unit(packets[n * context.packetStride])
            counts[output] += 1
            if step >= options.countsFrom { counted[output] += 1 }
        }
        context.charge(context.packetCount * costs.packet)
        let isLast = step == shape.steps - 1
        if let label = batch.label(sample) {
            switch options.counts {
            case .running where step >= options.softStart:
                evaluate(context, label)
                try spike(context, options, isLast: isLast)
            case .final where isLast: evaluate(context, label)
            default: break
            }
        }
        if isLast { end(job, sample) }
    }

    /// With final counts all errors come after the sample.
    private func answerLate(_ context: TickContext) throws(SpinnpropError) {
        guard let job, sample != nil, context.tick < shape.errorSteps else { return }
        try spike(context, job.options, isLast: context.tick == shape.errorSteps - 1)
    }

    private func begin(_ context: TickContext, _ job: LocalJob) {
        sample = job.sample(copy: place.copy, round: context.round)
        for output in counts.indices { (counts[output], counted[output], dendrites[output]) = (0, 0, 0) }
        for output in counts.indices { neurons[output] = ErrorNeurons() }
        loss = 0
    }

    private func evaluate(_ context: TickContext, _ label: Int) {
        errors.removeAll(keepingCapacity: true)
        loss += OutputError.append(counted, label, to: &errors)
        context.charge(shape.outputCount * costs.lossOutput)
    }

    /// A step of the error neurons; or, where errors are exact, their sums after the last.
    private func spike(_ context: TickContext, _ options: LocalOptions, isLast: Bool) throws(SpinnpropError) {
        for output in counts.indices {
            if shape.isExact {
                dendrites[output] += errors[output]
                guard isLast, dendrites[output] != 0 else { continue }
                var word = dendrites[output].bitPattern
                try context.send(place.error(output: output, isNegative: false), payload: &word, words: 1)
            } else {
                let spikes = neurons[output].step(errors[output], includesThreshold: options.includesThreshold)
                guard spikes != 0 else { continue }
                try context.send(place.error(output: output, isNegative: spikes < 0))
            }
            context.charge(costs.packet)
        }
        context.charge((shape.isExact ? 1 : 2) * shape.outputCount * costs.neuron)
    }

    private func end(_ job: LocalJob, _ sample: Int) {
        let errorRows = job.options.counts == .running ? shape.errorSteps : 1
        job.losses.pointer[sample] = loss / Double(errorRows)
        for (output, count) in counts.enumerated() {
            job.counts.pointer[sample * shape.outputCount + output] = Int32(truncatingIfNeeded: count)
        }
    }

    private func relay(_ context: TickContext) throws(SpinnpropError) {
        let packets = order.packets(context)
        for n in 0..<context.packetCount {
            // Where errors are numbers, so is a spike.
            var word = Float(1).bitPattern
            try context.send(
                place.error(output: unit(packets[n * context.packetStride]), isNegative: false), payload: &word,
                words: shape.isExact ? 1 : 0)
        }
        context.charge(2 * context.packetCount * costs.packet)
    }

    private func unit(_ key: UInt32) -> Int {
        slices[place.keys.slice(ofSpike: key)].first + place.keys.index(ofSpike: key)
    }
}
