// A slice of a layer in sleep: random spikes run up from it, and feedback learns what they do to the output.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

extension LocalNeuronProgram {
    /// The layer that dreams draws step t in tick t; the layers above follow a tick apart.
    func sleep(_ context: TickContext) throws(SpinnpropError) {
        guard let job else { return }
        let depth = layer - job.dreamLayer
        if context.tick == 0 { beginDream(context, job) }
        guard sample != nil, depth >= 0 else { return context.sleep(until: .max, charging: costs.tick) }
        let packets = order.packets(context)
        let spikeCount = takeErrors(context, packets)
        let step = context.tick - depth
        if step >= 0, step < shape.sleepSteps {
            if depth == 0 { try dream(context, job, step) } else { try move(context, job, packets, spikeCount) }
        }
        if depth == 0, context.tick == shape.sleepTicks(from: layer) - 1 { correlate(context, job) }
    }

    private func beginDream(_ context: TickContext, _ job: LocalJob) {
        sample = job.sample(copy: place.copy, round: context.round)
        dendrites.update(repeating: 0, count: shape.outputCount)
        membranes.update(repeating: 0, count: width)
        guard layer == job.dreamLayer else { return }
        signs?.update(repeating: 0, count: width)
        if context.round == 0 {
            correlations?.update(repeating: 0, count: shape.outputCount * width)
            powers?.update(repeating: 0, count: shape.outputCount)
        }
        guard let sample else { return }
        let (seed, sleep) = (job.options.seed, UInt64(job.sleep))
        random = LocalPurpose.dreams.stream(seed: seed, sleep, UInt64(sample * shape.layerCount + layer))
        if job.options.sleepDraw == .perBatch {
            var shared = LocalPurpose.sleep.stream(seed: seed, sleep, UInt64(layer))
            rate = shared.uniform()
        } else {
            rate = random.uniform()
        }
        context.charge(costs.random)
    }

    /// The host's stream runs through the whole layer: each slice draws all of it, and uses
    /// its own part.
    private func dream(_ context: TickContext, _ job: LocalJob, _ step: Int) throws(SpinnpropError) {
        guard let signs else { return }
        if job.options.sleepDraw == .perStep, step > 0 {
            rate = random.uniform()
            context.charge(costs.random)
        }
        var words = 0
        try random.signs(rate, count: shape.sizes[layer + 1], words: &words) { (neuron, sign) throws(SpinnpropError) in
            let unit = neuron - slice.first
            guard unit >= 0, unit < slice.count else { return }
            signs[unit] &+= Int32(truncatingIfNeeded: sign)
            try send(context, unit: unit, sign: sign)
        }
        context.charge(words * costs.random)
    }

    /// A step of a layer above, without its biases: s+ first, then s-, each by sender, as keys are ordered.
    private func move(
        _ context: TickContext, _ job: LocalJob, _ packets: UnsafePointer<UInt32>, _ spikeCount: Int
    ) throws(SpinnpropError) {
        let (decay, threshold) = (Float(job.options.decay), Float(job.options.threshold))
        let v = membranes
        for j in 0..<width { v[j] = v[j] > threshold ? 0 : decay * v[j] }
        for n in 0..<spikeCount {
            let key = packets[n &* context.packetStride]
            Self.add(weights + sender(key) &* width, times: isNegative(key) ? -1 : 1, to: v, width)
        }
        context.charge(spikeCount * (costs.packet + costs.synapse * width) + costs.neuron * width)
        _ = try send(context, v)
    }

    /// Adds the dream: what the output has spiked times what each neuron has.
    private func correlate(_ context: TickContext, _ job: LocalJob) {
        guard let signs, let correlations, let powers else { return }
        for output in 0..<shape.outputCount where dendrites[output] != 0 {
            let count = Int32(dendrites[output])
            let own = correlations + output * width
            for j in 0..<width { own[j] &+= count &* signs[j] }
            var power = 1.0
            for _ in 0..<job.options.sleepPower { power *= Double(count) }
            powers[output] += power
            context.charge(width * costs.synapse + job.options.sleepPower * costs.sumWeight)
        }
    }

    /// Of the first copy: adds the copies' dreams up, lets feedback learn, and hands it to all copies.
    func align(_ context: TickContext) throws(SpinnpropError) {
        guard let job, job.dreamLayer == layer, let correlations, let powers, let feedback else { return }
        let (outputs, options) = (shape.outputCount, job.options)
        for peer in peers.prefix(activeCopies - 1) {
            guard let others = peer.correlations, let otherPowers = peer.powers else { continue }
            try fetch(context, others, bytes: 4 * outputs * width) { piece, offset, bytes in
                let numbers = piece.assumingMemoryBound(to: Int32.self)
                for n in 0..<bytes / 4 { correlations[offset / 4 + n] &+= numbers[n] }
            }
            try fetch(context, otherPowers, bytes: 8 * LocalPlan.padded(outputs)) { piece, offset, bytes in
                let numbers = piece.assumingMemoryBound(to: Double.self)
                for n in 0..<bytes / 8 { powers[offset / 8 + n] += numbers[n] }
            }
        }
        let scale = options.averagesSleep ? 1 / Double(sleepers) : 1
        let sleepRate = Float(options.sleepRate)
        for output in 0..<outputs {
            let decay = Float(powers[output] / Double(sleepers))
            for place in output * width..<(output + 1) * width {
                let correlation = Float(Double(correlations[place]) * scale)
                feedback[place] = feedback[place] + sleepRate * (correlation - decay * feedback[place])
            }
        }
        context.charge((activeCopies + 1) * outputs * width * costs.sumWeight)
        for peer in peers {
            guard let other = peer.feedback else { continue }
            try context.dmaWrite(feedback, bytes: 4 * outputs * width, to: other, offset: 0)
        }
    }
}
