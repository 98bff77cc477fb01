// BioGrad on an emulated SpiNNaker2: a batch by its programs, with the host's bits.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

extension SpiNNaker2Engine: LocalSubstrate {
    public func learn(
        _ network: LocalNetwork, _ batch: LocalBatch, monitor: Monitor?
    ) throws(SpinnpropError) -> (LocalNetwork, LocalBatchResult) {
        try withEmulation(network, batch.options) { (emulation) throws(SpinnpropError) in
            do throws(SpinnpropError) {
                return try emulation.learn(network, batch, monitor)
            } catch {
                emulation.forget()
                throw error
            }
        }
    }

    public func counts(
        _ network: LocalNetwork, _ batch: LocalBatch, monitor: Monitor?
    ) throws(SpinnpropError) -> [Int32] {
        try withEmulation(network, batch.options) { (emulation) throws(SpinnpropError) in
            try emulation.counts(network, batch, monitor)
        }
    }

    /// The chip that holds such networks.
    private func withEmulation<Result>(
        _ network: LocalNetwork, _ local: LocalOptions, _ body: (LocalEmulation) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        let shape = try LocalShape(network, local)
        return try withMapped { (mapped) throws(SpinnpropError) in
            if let own = mapped as? LocalEmulation, own.shape == shape { return try body(own) }
            let own = try LocalEmulation(shape, options)
            mapped = own
            return try body(own)
        }
    }
}

extension LocalEmulation {
    /// Samples forward, errors, credit; the sum over parts and copies; the step; the sleep.
    func learn(
        _ network: LocalNetwork, _ batch: LocalBatch, _ monitor: Monitor?
    ) throws(SpinnpropError) -> (LocalNetwork, LocalBatchResult) {
        load(network)
        let job = try LocalJob(shape, batch.options, batch: batch, monitor: monitor)
        let parts = batch.parts
        var first = 0
        while first < parts.count {
            job.ranges = Array(parts[first..<min(first + copies, parts.count)])
            try run(job, learning(batch.options), rounds: job.rounds)
            for program in firstCopy {
                (program.activeCopies, program.isFirstGather) = (job.ranges.count, first == 0)
            }
            try run(job, [segment(.gather, 1)], rounds: 1)
            first += copies
        }
        for program in firstCopy { program.factor = batch.factor }
        try run(job, [segment(.update, 1)], rounds: 1)
        var next = network
        readWeights(into: &next)
        try next.checkFinite()
        if let sleep = batch.sleep { try self.sleep(&next, batch, sleep, monitor) }
        adopt(next)
        counts.forwardSamples += batch.count
        counts.backwardSamples += batch.count
        counts.batches += 1
        counts.updates += 1
        for place in 0..<batch.count { counts.hostBytes += bytes(batch, place) + 4 }
        let result = batch.result(
            losses: Array(UnsafeBufferPointer(start: job.losses.pointer, count: batch.count)),
            counts: answers(job, batch.count),
            spikes: Array(UnsafeBufferPointer(start: job.spikes.pointer, count: batch.count * shape.layerCount)))
        return (next, result)
    }

    /// Samples forward alone.
    func counts(
        _ network: LocalNetwork, _ batch: LocalBatch, _ monitor: Monitor?
    ) throws(SpinnpropError) -> [Int32] {
        load(network)
        let job = try LocalJob(shape, batch.options, batch: batch, monitor: monitor)
        deal(batch.count, to: job)
        let before = machine.account(ofPhase: LocalPhase.forward.rawValue)
        try run(job, [segment(.forward, shape.forwardTicks)], rounds: job.rounds)
        let after = machine.account(ofPhase: LocalPhase.forward.rawValue)
        counts.forwardSamples += batch.count
        counts.evaluation.samples += batch.count
        counts.evaluation.seconds += after.time.seconds - before.time.seconds
        counts.evaluation.energy += after.energy.total - before.energy.total
        for place in 0..<batch.count { counts.hostBytes += bytes(batch, place) + 4 * shape.outputCount }
        return answers(job, batch.count)
    }

    /// The top hidden layer first, all with the new weights.
    private func sleep(
        _ network: inout LocalNetwork, _ batch: LocalBatch, _ sleep: Int, _ monitor: Monitor?
    ) throws(SpinnpropError) {
        for layer in (0..<shape.layerCount - 1).reversed() {
            let job = try LocalJob(
                shape, batch.options, batch: nil, dreamLayer: layer, sleep: sleep, monitor: monitor)
            deal(batch.count, to: job)
            try run(job, [segment(.sleep, shape.sleepTicks(from: layer))], rounds: job.rounds)
            for program in firstCopy { (program.activeCopies, program.sleepers) = (job.ranges.count, batch.count) }
            try run(job, [segment(.align, 1)], rounds: 1)
            try readFeedback(layer, into: &network, sleep: sleep)
        }
    }

    /// Cuts samples over copies, each of which then has at least one.
    private func deal(_ count: Int, to job: LocalJob) {
        let used = min(count, copies)
        job.ranges = (0..<used).map { count * $0 / used..<count * ($0 + 1) / used }
    }

    private func segment(_ phase: LocalPhase, _ ticks: Int) -> Segment { Segment(phase: phase.rawValue, ticks: ticks) }

    /// A sample's way through the phases; what is sent last in one is read a tick later.
    private func learning(_ options: LocalOptions) -> [Segment] {
        var schedule = [segment(.forward, shape.forwardTicks)]
        if options.counts == .final { schedule.append(segment(.error, shape.errorSteps + 1)) }
        return schedule + [segment(.credit, 1)]
    }

    private var firstCopy: [LocalNeuronProgram] { neurons[0].flatMap { $0 } }

    private func answers(_ job: LocalJob, _ count: Int) -> [Int32] {
        Array(UnsafeBufferPointer(start: job.counts.pointer, count: count * shape.outputCount))
    }

    /// Of a sample, from the host.
    private func bytes(_ batch: LocalBatch, _ place: Int) -> Int {
        let source = batch.source(place)
        return source.numbers * (source.isDrawn ? 4 : 8)
    }
}
