// A slice of a layer of neurons: its step backward, which mirrors the step forward.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

extension NeuronProgram {
    /// Clears the adjoints, and reads the sample's spikes from DRAM unless they are still here.
    func beginBackward(_ context: TickContext) throws(SpinnpropError) {
        guard let job else { return }
        context.charge(costs.tick)
        if context.round == 0 {
            for n in 0..<incomingCount { incoming[n].clearSums() }
            for sums in axonal { sums.clear() }
        }
        sample = job.sample(copy: place.copy, round: context.round).map { Int32(truncatingIfNeeded: $0) } ?? -1
        if areAdjointsUsed { lambdaV.update(repeating: 0, count: adjointCount) }
        isAwake = false
        areAdjointsUsed = false
        slot = 0
        guard sample >= 0 else { return }
        if view.isJoint {
            ownCursor = ownCount
            for n in 0..<incomingCount { incoming[n].cursor = incoming[n].tapeCount }
            return
        }
        try loadOwnTape(context, job.tables[place.population])
        for n in 0..<incomingCount { try loadTape(context, n, job.tables[incoming[n].shape.source]) }
    }

    private func loadOwnTape(_ context: TickContext, _ table: SpikeTable) throws(SpinnpropError) {
        let (first, end) = (place.slice.first, place.slice.first + place.slice.count)
        ownCount = 0
        for spike in table.range(Int(sample)) {
            let unit = Int(table.units.pointer[spike])
            guard unit >= first, unit < end else { continue }
            guard ownCount < ownCapacity else {
                throw tapeFull("own", capacity: ownCapacity, step: Int(table.steps.pointer[spike]))
            }
            ownSteps[ownCount] = table.steps.pointer[spike]
            ownUnits[ownCount] = Int32(truncatingIfNeeded: unit &- first)
            ownCurrents[ownCount] = table.currents.pointer[spike]
            ownMembranes[ownCount] = table.membranes.pointer[spike]
            ownCount &+= 1
        }
        ownCursor = ownCount
        context.countDRAM(bytes: 16 * ownCount)
    }

    private func loadTape(_ context: TickContext, _ n: Int, _ table: SpikeTable) throws(SpinnpropError) {
        let range = table.range(Int(sample))
        guard range.count <= incoming[n].tapeCapacity else {
            throw tapeFull("incoming", capacity: incoming[n].tapeCapacity, step: 0)
        }
        incoming[n].tapeSteps.update(from: table.steps.pointer + range.lowerBound, count: range.count)
        incoming[n].tapeUnits.update(from: table.units.pointer + range.lowerBound, count: range.count)
        incoming[n].tapeCount = range.count
        incoming[n].cursor = range.count
        context.countDRAM(bytes: 8 * range.count)
    }

    /// Tick k is step T - 2 - k: jumps of own spikes of the step after, then the senders' spikes of the step.
    func backward(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        guard sample >= 0 else { return context.sleep(until: .max, charging: costs.tick) }
        let step = view.steps &- 2 &- context.tick
        if context.packetCount > 0 { takeErrors(context) }
        // None of its neurons can spike in step 0, so after that no error comes.
        guard isAwake, step >= 0 else { return context.sleep(until: .max, charging: costs.tick) }
        // Later steps lie in higher slots.
        let later = slot
        slot = slot == 0 ? largestDelay &+ 1 : slot &- 1
        let (laterV, ownV) = (lambdaV + later &* width, lambdaV + slot &* width)
        retreatNeurons(
            lambdaV: laterV, lambdaI: lambdaI + later &* width, toV: ownV, toI: lambdaI + slot &* width, constants,
            count: width)
        context.charge(costs.adjointNeuron &* width)
        while ownCursor > 0, Int(ownSteps[ownCursor &- 1]) > step {
            ownCursor &-= 1
            // Spikes from before the first error came have none, and no adjoint to jump with.
            guard Int(ownSteps[ownCursor]) == step &+ 1 else { continue }
            let unit = Int(ownUnits[ownCursor])
            ownV[unit] += ClockKernels.jump(
                error: errors[unit], current: ownCurrents[ownCursor], membrane: ownMembranes[ownCursor],
                gain: constants[.gain, unit], lambdaV: laterV[unit])
            errors[unit] = 0
            context.charge(costs.jump)
        }
        var n = 0
        while n < incomingCount {
            let connection = incoming + n
            var last = connection.pointee.cursor
            while last > 0, Int(connection.pointee.tapeSteps[last &- 1]) > step { last &-= 1 }
            var first = last
            while first > 0, Int(connection.pointee.tapeSteps[first &- 1]) == step { first &-= 1 }
            connection.pointee.cursor = first
            while first < last {
                let sender = connection.pointee.tapeUnits[first]
                let isRepeated = first < last &- 1 && connection.pointee.tapeUnits[first &+ 1] == sender
                try answer(context, connection, n, sender: Int(sender), mayAnswer: !isRepeated)
                first &+= 1
            }
            n &+= 1
        }
        if step == 0 { closeSample(context) }
    }

    /// Adds the errors of own spikes up: per spike and connection the blocks in ascending order from 0, feed-forward first.
    private func takeErrors(_ context: TickContext) {
        let packets = order.packets(context)
        let (count, stride) = (context.packetCount, context.packetStride)
        let keys = keys
        var n = 0
        while n < count {
            let key = packets[n &* stride]
            let group = keys.group(ofError: key)
            var sum: Float = 0
            while n < count, keys.group(ofError: packets[n &* stride]) == group {
                // Words that were not sent are 0 and, where the sum is not, change nothing.
                var word = 1
                while word < stride {
                    sum += Float(bitPattern: packets[n &* stride &+ word])
                    word &+= 1
                }
                n &+= 1
            }
            let unit = keys.index(ofError: key)
            errors[unit] += sum
            if hasAxonal {
                for sums in axonal where sums.shape.isRecurrent == keys.isRecurrent(error: key) {
                    sums.sample[unit] += sum
                }
            }
        }
        isAwake = true
        areAdjointsUsed = true
        context.charge(count &* costs.packet)
    }

    /// What one sender's spike of the step adds to its row's gradient, and the error that goes back to it.
    @inline(__always)
    private func answer(
        _ context: TickContext, _ connection: UnsafeMutablePointer<Incoming>, _ n: Int, sender: Int, mayAnswer: Bool
    ) throws(SpinnpropError) {
        let slots = largestDelay &+ 2
        let next = ClockKernels.slot(slot, after: 1, slots)
        let arrivalV: UnsafePointer<Float>
        let arrivalI: UnsafePointer<Float>
        let before: UnsafePointer<Float>
        if let delays = connection.pointee.spreadDelays(sender) {
            for (ring, first, picked) in [
                (lambdaV, next, pickedV), (lambdaI, next, pickedI), (lambdaI, slot, earlierI),
            ] {
                ClockKernels.collect(
                    ring, delays: delays, first: first, slots: slots, stride: width, count: width, into: picked)
            }
            (arrivalV, arrivalI, before) = (UnsafePointer(pickedV), UnsafePointer(pickedI), UnsafePointer(earlierI))
        } else {
            let delay = connection.pointee.delay(sender)
            let arrival = ClockKernels.slot(next, after: delay, slots) &* width
            arrivalV = UnsafePointer(lambdaV + arrival)
            arrivalI = UnsafePointer(lambdaI + arrival)
            before = UnsafePointer(lambdaI + ClockKernels.slot(slot, after: delay, slots) &* width)
        }
        let row = UnsafePointer(connection.pointee.row(sender))
        let shape = connection.pointee.shape
        if mayAnswer, shape.source > 0 || view.wantsInputErrors || shape.delayKind == .axonal {
            try send(context, connection, n, sender: sender, row, arrivalV, arrivalI)
        }
        let sampleRow = connection.pointee.sampleRow(sender)
        guard sampleRow >= 0 else {
            throw SpinnpropError(
                .outOfMemory,
                "sample \(sample): more than \(connection.pointee.rowCapacity) of \(shape.preCount) senders of connection "
                    + "\(shape.index) spike, and its sums per sample have room for no more; raise active_senders")
        }
        if let delayGradient = connection.pointee.sampleDelayGradient {
            ClockKernels.accumulateDelays(
                row, lambdaV: arrivalV, lambdaI: arrivalI,
                to: delayGradient + (shape.delayKind == .synaptic ? sampleRow &* width : 0), count: width)
            context.charge(costs.errorSynapse &* width)
        }
        ClockKernels.accumulate(before, to: connection.pointee.sampleGradient + sampleRow &* width, count: width)
        context.charge(costs.gradientSynapse &* width)
    }

    /// The first slice of receivers sends the sum over its blocks, the others each block's, four in a packet.
    private func send(
        _ context: TickContext, _ connection: UnsafeMutablePointer<Incoming>, _ n: Int, sender: Int,
        _ row: UnsafePointer<Float>, _ arrivalV: UnsafePointer<Float>, _ arrivalI: UnsafePointer<Float>
    ) throws(SpinnpropError) {
        let (firsts, last) = (connection.pointee.senderFirsts, connection.pointee.senderSliceCount &- 1)
        var index = 0
        while index < last, Int(firsts[index &+ 1]) <= sender { index &+= 1 }
        let range = connection.pointee.errorKeys[index]
        let isRecurrent = connection.pointee.shape.isRecurrent
        let unit = sender &- Int(firsts[index])
        context.charge(costs.errorSynapse &* width)
        if place.slice.first == 0 {
            var word = ClockKernels.error(row, lambdaV: arrivalV, lambdaI: arrivalI, count: width).bitPattern
            context.charge(costs.packet)
            return try context.send(
                range | keys.errorTail(isRecurrent: isRecurrent, index: unit, block: 0), payload: &word,
                words: 1)
        }
        ClockKernels.blockErrors(row, lambdaV: arrivalV, lambdaI: arrivalI, count: width, into: blockSums)
        let blocks = width / ClockKernels.width
        let words = UnsafeRawPointer(blockSums).assumingMemoryBound(to: UInt32.self)
        var block = 0
        while block < blocks {
            let key = keys.errorTail(
                isRecurrent: isRecurrent, index: unit, block: place.slice.first / ClockKernels.width &+ block)
            try context.send(range | key, payload: words + block, words: min(4, blocks &- block))
            context.charge(costs.packet)
            block &+= 4
        }
    }

    private func closeSample(_ context: TickContext) {
        var added = 0
        for n in 0..<incomingCount { added += incoming[n].closeSample() }
        if hasAxonal { for sums in axonal { sums.closeSample() } }
        context.charge(added * costs.sumWeight)
    }
}
