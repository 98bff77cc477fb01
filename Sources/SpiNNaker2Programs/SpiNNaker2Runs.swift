// Runs of a mapped network: forward over a batch, loss and backward, the optimiser's step.
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2
import Spikes

extension SpiNNaker2Emulation {
    /// Runs every sample and reads the spikes back.
    func forward(
        _ network: Network, _ input: SpikeTrains, _ forward: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        try load(network)
        let job = try SpiNNaker2Job(
            sampleCount: input.sampleCount, copies: copies, grid: grid, tables: [SpikeTable(input, grid: grid)],
            budget: forward.budget(network, samples: input.sampleCount))
        clearLogs()
        counts.hostBytes += 8 * input.spikeCount
        settleEvaluation()
        let before = machine.account(ofPhase: SpiNNaker2Phase.forward.rawValue)
        try run(job, [forwardSegment], monitor)
        counts.forwardSamples += input.sampleCount
        let after = machine.account(ofPhase: SpiNNaker2Phase.forward.rawValue)
        let recording = try recording(network, input, job, forward)
        lastForward = PendingEvaluation(
            account: EvaluationAccount(
                samples: input.sampleCount, seconds: after.time.seconds - before.time.seconds,
                energy: after.energy.total - before.energy.total),
            spikes: recording.layers.last?.segments.first)
        return recording
    }

    private func settleEvaluation() {
        if let lastForward { counts.evaluation += lastForward.account }
        lastForward = nil
    }

    /// The gradient of the batch mean: losses, adjoints, and the sums over samples and copies.
    func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        try load(network)
        var tables = [try SpikeTable(recording.input, grid: grid)]
        for layer in recording.layers { tables.append(try SpikeTable(layer, recording.partition, grid: grid)) }
        let job = try SpiNNaker2Job(
            sampleCount: recording.sampleCount, copies: copies, grid: grid, tables: tables, objective: objective)
        // The labels, and the gradients on their way back; after a run elsewhere the spikes have to come, too.
        counts.hostBytes += 4 * recording.sampleCount
        for own in network.connections { counts.hostBytes += 4 * (own.weights.count + own.delays.count) }
        if recording.engine != SpiNNaker2Engine.name {
            counts.hostBytes += recording.layers.reduce(0) { $0 + 16 * $1.spikeCount }
        }
        let gradients = try gradients(network, job, backwardSegments, monitor)
        // The recording's forward run was the first half of a training step, so it is no evaluation.
        if let spikes = lastForward?.spikes, spikes === recording.layers.last?.segments.first { lastForward = nil }
        return gradients
    }

    /// Each sample forward and then backward, its spikes kept in SRAM: how a chip trains by itself.
    func batch(
        of session: ObjectIdentifier, _ network: Network, _ input: SpikeTrains, _ forward: ForwardOptions,
        _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> (Recording, Gradients) {
        try load(network)
        let job = try SpiNNaker2Job(
            sampleCount: input.sampleCount, copies: copies, grid: grid, tables: [SpikeTable(input, grid: grid)],
            objective: objective, budget: forward.budget(network, samples: input.sampleCount))
        clearLogs()
        counts.hostBytes += 8 * input.spikeCount + 4 * input.sampleCount
        let gradients = try gradients(network, job, [forwardSegment] + backwardSegments, monitor)
        if job.sampleCount > 0 { holder = session }
        counts.forwardSamples += input.sampleCount
        return (try recording(network, input, job, forward), gradients)
    }

    /// The loss reads the last step's spikes one tick later.
    private var forwardSegment: Segment { Segment(phase: SpiNNaker2Phase.forward.rawValue, ticks: grid.steps + 1) }

    /// The input reads the errors of step 0 one tick later.
    private var backwardSegments: [Segment] {
        [
            Segment(phase: SpiNNaker2Phase.loss.rawValue, ticks: 1),
            Segment(phase: SpiNNaker2Phase.backward.rawValue, ticks: grid.steps),
        ]
    }

    private func gradients(
        _ network: Network, _ job: SpiNNaker2Job, _ schedule: [Segment], _ monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        holder = nil
        try run(job, schedule, monitor)
        try network.checkRoom("the gradients")
        var gradients = Gradients(zerosFor: network)
        if job.sampleCount > 0 {
            for optimizer in optimizers { optimizer.activeCopies = min(copies, job.sampleCount) }
            try guarded { () throws(SpinnpropError) in
                try machine.run([Segment(phase: SpiNNaker2Phase.gather.rawValue, ticks: 1)], monitor: monitor)
            }
            read(into: &gradients)
            gradients.leaveOutAbsent(in: network)
        }
        counts.backwardSamples += job.sampleCount
        try finish(&gradients, job)
        if job.sampleCount > 0 {
            counts.batches += 1
        }
        return gradients
    }

    private func clearLogs() {
        for copy in neurons { for layer in copy { for program in layer { program.log.removeAll() } } }
    }

    /// Takes the optimiser's step with the gradient that the optimisers hold, if it is that session's.
    ///
    /// - Parameters:
    ///   - rules: one per connection; `nil`: its weights are frozen.
    ///   - mean, square: the optimiser's memory, one array per connection first of all; the chip has the same, in float32.
    /// - Returns: whether it did; not if there is no gradient for this network.
    func step(
        of session: ObjectIdentifier, _ network: inout Network, _ rules: [UpdateRule<Float>?],
        _ clipping: AppliedClipping,
        mean: inout [[Double]], square: inout [[Double]]
    ) throws(SpinnpropError) -> Bool {
        guard session == holder, holds(network) else { return false }
        holder = nil
        loadMemory(mean, square)
        for optimizer in optimizers { (optimizer.rules, optimizer.clipping) = (rules, clipping) }
        try guarded { () throws(SpinnpropError) in
            try machine.run([Segment(phase: SpiNNaker2Phase.update.rawValue, ticks: 1)])
        }
        for optimizer in optimizers {
            for own in optimizer.chunks where !own.chunk.isDelay && rules[own.chunk.connection] != nil {
                let connection = own.chunk.connection
                network.withMutableParameters(connection: connection) { weights, _ in
                    forEachParameter(own.chunk) { weights[$1] = Double(optimizer.master[own.start + $0]) }
                }
                forEachParameter(own.chunk) { mean[connection][$1] = Double(optimizer.first[own.start + $0]) }
                guard square[connection].count > 0 else { continue }
                forEachParameter(own.chunk) { square[connection][$1] = Double(optimizer.second[own.start + $0]) }
            }
        }
        counts.updates += 1
        adopt(network, mean, square)
        return true
    }

    private func run(_ job: SpiNNaker2Job, _ schedule: [Segment], _ monitor: Monitor?) throws(SpinnpropError) {
        job.monitor = monitor
        for program in inputs { program.job = job }
        for program in losses { program.job = job }
        for copy in neurons { for layer in copy { for program in layer { program.job = job } } }
        defer {
            for program in inputs { program.job = nil }
            for program in losses { program.job = nil }
            for copy in neurons { for layer in copy { for program in layer { program.job = nil } } }
        }
        try guarded { () throws(SpinnpropError) in
            try machine.run(schedule, rounds: job.rounds, monitor: monitor)
        }
    }

    /// Empties the machine's FIFOs after an error, when packets may be under way.
    private func guarded(_ body: () throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        do throws(SpinnpropError) {
            try body()
        } catch {
            machine.reset()
            throw error
        }
    }

    /// The host reads what the optimisers have summed.
    private func read(into gradients: inout Gradients) {
        for optimizer in optimizers {
            for own in optimizer.chunks {
                let sum = optimizer.sum + own.start
                if own.chunk.isDelay {
                    forEachParameter(own.chunk) { gradients.delays[own.chunk.connection][$1] = Double(sum[$0]) }
                } else {
                    forEachParameter(own.chunk) { gradients.weights[own.chunk.connection][$1] = Double(sum[$0]) }
                }
            }
        }
    }

    private func finish(_ gradients: inout Gradients, _ job: SpiNNaker2Job) throws(SpinnpropError) {
        var judged = JudgedSum()
        for sample in 0..<job.sampleCount { judged.add(job.judgements.pointer[sample]) }
        gradients.value = judged.value / Double(max(1, job.sampleCount))
        gradients.skippedCount = judged.skippedCount
        gradients.missingWeight = judged.missingWeight
        gradients.correctCount = judged.correctCount
        guard let inputErrors = job.inputErrors else { return }
        let (table, perSecond) = (job.tables[0], Float(1 / grid.timeStep))
        let count = table.offsets[job.sampleCount]
        try Memory.check(
            count: count, bytesPerElement: MemoryLayout<Double>.stride, "the gradients of the input times")
        gradients.inputTimes = [Double](repeating: 0, count: count)
        for spike in 0..<count {
            let origin = table.origins.isEmpty ? spike : table.origins[spike]
            gradients.inputTimes[origin] = Double(inputErrors.pointer[spike] * perSecond)
        }
    }

    // MARK: - Recording

    private func recording(
        _ network: Network, _ input: SpikeTrains, _ job: SpiNNaker2Job, _ forward: ForwardOptions
    ) throws(SpinnpropError) -> Recording {
        let parts = min(job.sampleCount, 16)
        let partition = (0..<parts).map { job.sampleCount * $0 / parts..<job.sampleCount * ($0 + 1) / parts }
        var layers: [LayerRecording] = []
        for (index, layer) in network.layers.enumerated() {
            let segments = try partition.map { (samples) throws(SpinnpropError) in
                let columns = try SpikeColumns(withMembranes: true)
                for sample in samples {
                    let (round, copy) = sample.quotientAndRemainder(dividingBy: copies)
                    try Memory.poll()
                    try SpiNNaker2Emulation.append(neurons[copy][index], round, to: columns, grid: grid)
                    columns.ends.append(columns.count)
                }
                return columns
            }
            let made = LayerRecording(
                neuronCount: layer.neuronCount, isSpiking: true, thresholds: layer.parameters.threshold,
                segments: segments)
            counts.hostBytes += 16 * made.spikeCount
            layers.append(made)
        }
        return Recording(
            input: input, layers: layers, partition: partition, fingerprint: network.fingerprint,
            engine: SpiNNaker2Engine.name, endTime: forward.endTime, grid: grid,
            timeStretch: network.timeStretch)
    }

    /// Merges one sample's spikes of the slices of a layer, by step and then by slice.
    private static func append(_ programs: [NeuronProgram], _ round: Int, to columns: SpikeColumns, grid: TimeGrid)
        throws(SpinnpropError)
    {
        if programs.count == 1 {
            let log = programs[0].log
            return try append(log, log.range(ofSample: round), to: columns, grid: grid)
        }
        var cursors = programs.map { $0.log.range(ofSample: round).lowerBound }
        let ends = programs.map { $0.log.range(ofSample: round).upperBound }
        while true {
            var next = -1
            for n in programs.indices where cursors[n] < ends[n] {
                let step = programs[n].log.steps.pointer[cursors[n]]
                if next < 0 || step < programs[next].log.steps.pointer[cursors[next]] { next = n }
            }
            guard next >= 0 else { return }
            try append(programs[next].log, cursors[next]..<cursors[next] + 1, to: columns, grid: grid)
            cursors[next] += 1
        }
    }

    private static func append(_ log: SpikeLog, _ spikes: Range<Int>, to columns: SpikeColumns, grid: TimeGrid)
        throws(SpinnpropError)
    {
        try columns.reserve(spikes.count)
        let (steps, units) = (log.steps.pointer, log.units.pointer)
        let (currents, membranes) = (log.currents.pointer, log.membranes.pointer)
        for spike in spikes {
            try columns.append(
                time: grid.time(ofStep: Int(steps[spike])), unit: Int(units[spike]), current: Double(currents[spike]),
                membrane: Double(membranes[spike]))
        }
    }
}
