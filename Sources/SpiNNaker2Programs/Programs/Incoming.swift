// One incoming connection of a neuron program: its rows of weights, their gradients and the spikes that came over it.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

/// Buffers in the SRAM of the receivers' PE. Rows hold the synapses of one sender with the slice's neurons side by side.
struct Incoming {
    let shape: ConnectionShape
    let width: Int
    let weights: UnsafeMutablePointer<Float>
    /// Delays in steps, (sender, receiver) if synaptic, (receiver) if dendritic, (sender) if axonal; `nil` if all are 0.
    let delays: UnsafeMutablePointer<Int32>?
    /// Gradients summed over the copy's samples: of weights (sender, receiver), of delays (sender, receiver) or, if dendritic,
    /// (receiver).
    let copyGradient: UnsafeMutablePointer<Float>
    let copyDelayGradient: UnsafeMutablePointer<Float>?
    /// Sums over the running sample, for the senders that spike in it (the copy's sums if a copy runs one sample).
    let sampleGradient: UnsafeMutablePointer<Float>
    let sampleDelayGradient: UnsafeMutablePointer<Float>?
    /// For each sender its row in the sample's sums, -1 if it has none, and for each row its sender; `nil` if a copy runs one
    /// sample.
    let rowOfSender: UnsafeMutablePointer<Int32>?
    let senderOfRow: UnsafeMutablePointer<Int32>?
    let rowCapacity: Int
    var rowCount = 0
    let tapeSteps: UnsafeMutablePointer<Int32>
    let tapeUnits: UnsafeMutablePointer<Int32>
    let tapeCapacity: Int
    var tapeCount = 0
    /// Spikes of the tape that are still to come, backward.
    var cursor = 0
    /// For each slice of the senders its first unit, and what the keys of its errors begin with.
    let senderFirsts: UnsafeMutablePointer<Int32>
    let errorKeys: UnsafeMutablePointer<UInt32>
    let senderSliceCount: Int

    init(
        _ shape: ConnectionShape, width: Int, senderSlices: [Slice], errorRanges: [KeyRange], plan: BufferPlan,
        _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        self.shape = shape
        self.width = width
        senderSliceCount = senderSlices.count
        func floats(_ name: String) throws(SpinnpropError) -> UnsafeMutablePointer<Float> {
            try find(BufferName.of(name, shape)).floats
        }
        weights = try floats(BufferName.weights)
        delays = shape.largestDelay > 0 ? try find(BufferName.of(BufferName.delays, shape)).words : nil
        copyGradient = try floats(BufferName.copyGradient)
        sampleGradient = plan.needsSampleGradient ? try floats(BufferName.sampleGradient) : copyGradient
        rowOfSender = plan.needsSampleGradient ? try find(BufferName.of(BufferName.touched, shape)).words : nil
        senderOfRow = rowOfSender.map { $0 + shape.preCount }
        rowCapacity = plan.sampleRows(of: shape)
        if shape.delayKind == .synaptic || shape.delayKind == .dendritic {
            copyDelayGradient = try floats(BufferName.copyDelayGradient)
            sampleDelayGradient =
                plan.needsSampleGradient ? try floats(BufferName.sampleDelayGradient) : copyDelayGradient
        } else {
            (copyDelayGradient, sampleDelayGradient) = (nil, nil)
        }
        tapeCapacity = plan.tapeCapacity(units: shape.preCount)
        tapeSteps = try find(BufferName.of(BufferName.tape, shape)).words
        tapeUnits = tapeSteps + tapeCapacity
        senderFirsts = .allocate(capacity: senderSliceCount)
        errorKeys = .allocate(capacity: senderSliceCount)
        for (n, slice) in senderSlices.enumerated() {
            senderFirsts[n] = Int32(truncatingIfNeeded: slice.first)
            errorKeys[n] = errorRanges[n].key
        }
    }

    func deallocate() {
        senderFirsts.deallocate()
        errorKeys.deallocate()
    }

    @inline(__always)
    func row(_ sender: Int) -> UnsafeMutablePointer<Float> { weights + sender &* width }

    /// The delay to all receivers alike.
    @inline(__always)
    func delay(_ sender: Int) -> Int { delays.map { Int($0[sender]) } ?? 0 }

    /// The delay to each receiver, where they differ.
    @inline(__always)
    func spreadDelays(_ sender: Int) -> UnsafePointer<Int32>? {
        guard shape.isSpread, let delays else { return nil }
        return UnsafePointer(delays + (shape.delayKind == .synaptic ? sender &* width : 0))
    }

    /// The row of a sender in the running sample's sums, zero when the sample first touches it; -1 if there is no room for it.
    @inline(__always)
    mutating func sampleRow(_ sender: Int) -> Int {
        guard let rowOfSender else { return sender }
        let known = Int(rowOfSender[sender])
        return known >= 0 ? known : addRow(sender)
    }

    private mutating func addRow(_ sender: Int) -> Int {
        guard rowCount < rowCapacity, let rowOfSender, let senderOfRow else { return -1 }
        let row = rowCount
        rowCount += 1
        rowOfSender[sender] = Int32(truncatingIfNeeded: row)
        senderOfRow[row] = Int32(truncatingIfNeeded: sender)
        (sampleGradient + row * width).update(repeating: 0, count: width)
        if let sampleDelayGradient, shape.delayKind == .synaptic {
            (sampleDelayGradient + row * width).update(repeating: 0, count: width)
        }
        return row
    }

    /// Adds the running sample's sums to the copy's.
    ///
    /// - Returns: the numbers added.
    mutating func closeSample() -> Int {
        guard let rowOfSender, let senderOfRow else { return 0 }
        var row = 0
        while row < rowCount {
            let sender = Int(senderOfRow[row])
            let (from, to) = (row &* width, sender &* width)
            ClockKernels.gather(sampleGradient + from, into: copyGradient + to, count: width)
            if let sampleDelayGradient, let copyDelayGradient, shape.delayKind == .synaptic {
                ClockKernels.gather(sampleDelayGradient + from, into: copyDelayGradient + to, count: width)
            }
            rowOfSender[sender] = -1
            row &+= 1
        }
        let added = rowCount * width
        rowCount = 0
        if let sampleDelayGradient, let copyDelayGradient, shape.delayKind == .dendritic {
            ClockKernels.gather(sampleDelayGradient, into: copyDelayGradient, count: width)
            sampleDelayGradient.update(repeating: 0, count: width)
        }
        return shape.delayKind == .synaptic ? 2 * added : added
    }

    /// Sets all sums to 0, for the first sample of a batch.
    mutating func clearSums() {
        copyGradient.update(repeating: 0, count: shape.preCount * width)
        rowOfSender?.update(repeating: -1, count: shape.preCount)
        rowCount = 0
        copyDelayGradient?.update(repeating: 0, count: (shape.delayKind == .synaptic ? shape.preCount : 1) * width)
        if shape.delayKind == .dendritic { sampleDelayGradient?.update(repeating: 0, count: width) }
    }
}

/// The sums of axonal delays, kept where their senders are.
struct AxonalSums {
    let shape: ConnectionShape
    let copy: UnsafeMutablePointer<Float>
    /// Sums over the running sample; the same memory as `copy` if a copy runs one sample.
    let sample: UnsafeMutablePointer<Float>
    let width: Int

    /// One per axonal connection that leaves a population.
    static func all(
        leaving population: Int, width: Int, plan: BufferPlan, _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) -> [AxonalSums] {
        var result: [AxonalSums] = []
        for own in plan.shape.connections where own.source == population && own.delayKind == .axonal {
            let copy = try find(BufferName.of(BufferName.copyDelayGradient, own)).floats
            let sample =
                plan.needsSampleGradient ? try find(BufferName.of(BufferName.sampleDelayGradient, own)).floats : copy
            result.append(AxonalSums(shape: own, copy: copy, sample: sample, width: width))
        }
        return result
    }

    func closeSample() {
        guard sample != copy else { return }
        ClockKernels.gather(sample, into: copy, count: width)
        sample.update(repeating: 0, count: width)
    }

    func clear() {
        copy.update(repeating: 0, count: width)
        sample.update(repeating: 0, count: width)
    }
}
