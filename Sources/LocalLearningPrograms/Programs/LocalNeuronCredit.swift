// A slice of a layer: its credit after a sample, the sum over copies, and its new weights.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

extension LocalNeuronProgram {
    /// Credit as one recursion per neuron, backward over the membranes, which it takes the places of; then its sum over input spikes. Traces,
    /// where they are kept, have by now come to the same sums, and only the error is to be multiplied in.
    func assignCredit(_ context: TickContext) {
        guard let options = job?.options else { return }
        let errors = fillDeltas()
        var step = shape.steps - 1
        while step >= 0 {
            recede(step, options)
            step -= 1
        }
        var spikeCount = 0
        for step in 0..<shape.steps {
            let lambda = UnsafePointer(membranes + step * width)
            Self.add(lambda, to: gradient + (rows - 1) * width, width)
            for word in 0..<words {
                var bits = tape[step &* words &+ word]
                while bits != 0 {
                    let unit = 32 &* word &+ bits.trailingZeroBitCount
                    Self.add(lambda, to: gradient + unit &* width, width)
                    spikeCount &+= 1
                    bits &= bits &- 1
                }
            }
        }
        context.charge(errors * width * costs.synapse)
        switch place.credit {
        case .recursion:
            // A division per neuron; a recursion, a bias and the look at the tape per step; a sum per spike.
            context.charge((shape.steps + 1) * width * costs.adjointNeuron)
            context.charge(shape.steps * (width + words) * costs.sumWeight + spikeCount * width * costs.gradientSynapse)
        case .traces:
            context.charge(width * costs.adjointNeuron + rows * width * costs.errorSynapse)
        }
    }

    /// a / (T - soft start) of each neuron. - Returns: of how many outputs there is an error.
    private func fillDeltas() -> Int {
        deltas.update(repeating: 0, count: width)
        var count = 0
        for output in 0..<shape.outputCount where dendrites[output] != 0 {
            count += 1
            if let feedback {
                Self.add(feedback + output * width, times: dendrites[output], to: deltas, width)
            } else if output >= slice.first, output < slice.first + slice.count {
                deltas[output - slice.first] = dendrites[output]
            }
        }
        let steps = Float(shape.errorSteps)
        for j in 0..<width { deltas[j] /= steps }
        return count
    }

    /// lambda(t) = delta h(t) + d (1 - s(t) - v(t) h(t)) lambda(t + 1).
    private func recede(_ step: Int, _ options: LocalOptions) {
        let (threshold, window) = (Float(options.threshold), Float(options.window))
        let (decay, amplitude) = (Float(options.decay), Float(options.amplitude))
        let slope = step >= options.tracesFrom ? amplitude : 0
        let row = membranes + step * width
        let later = step < shape.steps - 1 ? UnsafePointer(row + width) : nil
        var j = 0
        while j < width {
            let v = row[j]
            let isNear = (v - threshold).magnitude < window
            let worth = deltas[j] * slope
            var lambda = isNear ? worth : 0
            if let later {
                let h = isNear ? amplitude : 0
                let kept = (v > threshold ? 0 : 1) - v * h
                lambda += decay * kept * later[j]
            }
            row[j] = lambda
            j &+= 1
        }
    }

    // MARK: - Of the first copy

    /// Adds the parts of a batch up, in order, from 0: its own, then those of the other copies.
    func gather(_ context: TickContext) throws(SpinnpropError) {
        let (count, total) = (rows * width, sum ?? gradient)
        var j = 0
        if isFirstGather {
            while j < count {
                total[j] = 0 + gradient[j]
                j &+= 1
            }
        } else {
            Self.add(gradient, to: total, count)
        }
        for peer in peers.prefix(activeCopies - 1) {
            try fetch(context, peer.gradient, bytes: 4 * count) { piece, offset, bytes in
                Self.add(
                    UnsafePointer(piece.assumingMemoryBound(to: Float.self)), to: total + offset / 4, bytes / 4)
            }
        }
        context.charge(activeCopies * count * costs.sumWeight)
    }

    /// Weights and biases take their step, and go to all copies.
    func update(_ context: TickContext) throws(SpinnpropError) {
        let count = rows * width
        Self.add(sum ?? gradient, times: factor, to: weights, count)
        context.charge(count * costs.sumWeight)
        for peer in peers { try context.dmaWrite(weights, bytes: 4 * count, to: peer.weights, offset: 0) }
    }

    /// Reads another copy's buffer piece by piece.
    func fetch(
        _ context: TickContext, _ buffer: MemoryBuffer, bytes total: Int,
        _ body: (_ piece: UnsafeMutableRawPointer, _ offset: Int, _ bytes: Int) -> Void
    ) throws(SpinnpropError) {
        guard let staging else { return }
        var offset = 0
        while offset < total {
            let bytes = min(4 * LocalPlan.stagingCount, total - offset)
            try context.dmaRead(buffer, offset: offset, bytes: bytes, into: staging)
            body(staging, offset, bytes)
            offset += bytes
        }
    }
}
