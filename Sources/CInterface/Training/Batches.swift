// Batches of a training that the host has run elsewhere.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks

@c @implementation
public func spinnprop_trainer_batch_size(
    _ n_numbers: UnsafeMutablePointer<Int64>?, _ trainer: OpaquePointer?
) -> spinnprop_status {
    answer(n_numbers, "n_numbers") { () throws(SpinnpropError) in
        try box(trainer, trainerKind, "trainer").value.idle().batchNumberCount()
    }
}

@c @implementation
public func spinnprop_trainer_batch(
    _ numbers: UnsafeMutablePointer<Double>?, _ n_numbers: Int64, _ trainer: OpaquePointer?,
    _ batch: UnsafePointer<spinnprop_spikes>?, _ supervision: UnsafePointer<spinnprop_supervision>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let needed = try holder.idle().batchNumberCount()
        let destination = try output(numbers, n_numbers, needed: needed, "numbers")
        let own = try examples(
            batch, supervision, outputCount: try holder.idle().network.outputCount, "batch", "supervision")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: own.input.sampleCount)
        var made: [Double] = []
        // A loss of the host's may not use the trainer meanwhile.
        try holder.change { (trainer) throws(SpinnpropError) in made = try trainer.run(batch: own, monitor: monitor) }
        destination.fill(made)
    }
}

@c @implementation
public func spinnprop_trainer_set_batches(
    _ trainer: OpaquePointer?, _ batches: spinnprop_batches_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        try holder.change { (trainer) throws(SpinnpropError) in
            guard let batches else { return trainer.elsewhere = nil }
            let count = try trainer.batchNumberCount()
            trainer.elsewhere = { (network, examples) throws(SpinnpropError) in
                try run(examples, of: network, numbersEach: count, batches, payload)
            }
        }
    }
}

/// Shows batches to the host, and gives the numbers that it wrote for each.
private func run(
    _ batches: [Examples], of network: Network, numbersEach count: Int, _ callback: spinnprop_batches_callback,
    _ payload: UnsafeMutableRawPointer?
) throws(SpinnpropError) -> [[Double]] {
    let all = try product(batches.count, count, "numbers")
    try Memory.check(count: all, bytesPerElement: 2 * MemoryLayout<Double>.stride, "what the batches of a step give")
    let spikeCount = batches.reduce(0) { $0 + $1.input.times.count }
    try Memory.check(count: spikeCount, bytesPerElement: 12, "the spikes of a step")
    let times = batches.flatMap(\.input.times)
    let units = batches.flatMap(\.input.units)
    let offsets = batches.flatMap { $0.input.offsets.map { Int64($0) } }
    let samples = batches.flatMap { $0.samples.map { Int64($0) } }
    var numbers = [Double](repeating: .nan, count: all)
    let handle = makeHandle(network, networkKind)
    defer { freeHandle(handle, networkKind) }
    let status = times.withUnsafeBufferPointer { times in
        units.withUnsafeBufferPointer { units in
            offsets.withUnsafeBufferPointer { offsets in
                samples.withUnsafeBufferPointer { samples in
                    numbers.withUnsafeMutableBufferPointer { numbers in
                        var (spike, offset) = (0, 0)
                        let shown = batches.map { batch -> spinnprop_spikes in
                            var own = spinnprop_spikes.initial
                            own.times = times.baseAddress.map { $0 + spike }
                            own.units = units.baseAddress.map { $0 + spike }
                            own.offsets = offsets.baseAddress.map { $0 + offset }
                            own.n_spikes = Int64(batch.input.times.count)
                            own.n_samples = Int64(batch.input.sampleCount)
                            own.n_units = Int32(clamping: batch.input.unitCount)
                            spike += batch.input.times.count
                            offset += batch.input.sampleCount + 1
                            return own
                        }
                        return shown.withUnsafeBufferPointer { shown in
                            var own = spinnprop_batches()
                            own.size = MemoryLayout<spinnprop_batches>.size
                            own.network = handle
                            own.n_batches = Int64(batches.count)
                            own.spikes = shown.baseAddress
                            own.samples = samples.baseAddress
                            (own.numbers, own.n_numbers) = (numbers.baseAddress, Int64(count))
                            return callback(&own, payload)
                        }
                    }
                }
            }
        }
    }
    guard status == 0 else {
        throw SpinnpropError(.cancelled, "the function that runs batches returned \(status), which stops; 0 goes on")
    }
    return batches.indices.map { Array(numbers[$0 * count..<($0 + 1) * count]) }
}
