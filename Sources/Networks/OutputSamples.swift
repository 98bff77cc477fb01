// The walk over a recording's samples that shows a loss the output layer of each.
import Spikes

/// Shows a loss one sample of a recording after another: spikes are not copied and nothing is allocated per sample.
///
/// One sampler belongs to one thread: each call reuses its scratch arrays. Parts are those of `Recording.partition`; several
/// samplers may walk different parts of a recording at the same time.
@frozen
public struct OutputSampler: ~Copyable {
    @usableFromInline let partition: [Range<Int>]
    /// Empty for a leaky read-out, which sends no spikes.
    @usableFromInline let segments: [SpikeColumns]
    @usableFromInline let recordedMaxima: [Double]
    /// Empty unless the recording has them.
    @usableFromInline let recordedIntegrals: [Double]
    @usableFromInline let endTime: Double
    @usableFromInline let outputCount: Int
    @usableFromInline let grid: TimeGrid?
    @usableFromInline let firstSpikes: UnsafeMutablePointer<Int>
    @usableFromInline let maxima: UnsafeMutablePointer<Double>
    @usableFromInline let integrals: UnsafeMutablePointer<Double>

    public init(_ recording: Recording) {
        let output = recording.outputLayer
        partition = recording.partition
        segments = output.isSpiking ? output.segments : []
        recordedMaxima = output.maxima
        recordedIntegrals = recording.integrals?.values ?? []
        endTime = recording.endTime
        outputCount = output.neuronCount
        grid = recording.grid
        firstSpikes = .allocate(capacity: outputCount)
        maxima = .allocate(capacity: outputCount)
        integrals = .allocate(capacity: outputCount)
        firstSpikes.initialize(repeating: -1, count: outputCount)
        maxima.initialize(repeating: 0, count: outputCount)
        integrals.initialize(repeating: 0, count: outputCount)
    }

    deinit {
        firstSpikes.deallocate()
        maxima.deallocate()
        integrals.deallocate()
    }

    /// Calls `body` with one sample.
    ///
    /// - Parameters:
    ///   - part: an index of the recording's partition.
    ///   - index: counts the part's samples from 0; the sample's number in the recording is `partition[part].lowerBound + index`.
    ///   - integrals: of the outputs' membranes, if somebody else than the recording has them.
    ///   - body: takes the output, whose pointers are valid during the call only, and the index of its first spike in the
    ///     output layer's `segments[part]` (0 for a leaky read-out).
    @inlinable
    public mutating func withSample<Result>(
        part: Int, index: Int, integrals others: UnsafePointer<Double>? = nil,
        _ body: (_ output: OutputSample, _ firstSpike: Int) -> Result
    ) -> Result {
        if segments.isEmpty {
            let row = (partition[part].lowerBound + index) * outputCount
            recordedMaxima.withUnsafeBufferPointer { recorded in
                var output = 0
                while output < outputCount {
                    maxima[output] = recorded[row + output]
                    if !recordedIntegrals.isEmpty { integrals[output] = recordedIntegrals[row + output] }
                    output += 1
                }
            }
            // No spikes: the pointers to them are never followed.
            let noUnits = UnsafeRawPointer(maxima).assumingMemoryBound(to: Int32.self)
            return body(
                OutputSample(
                    outputCount: outputCount, times: maxima, units: noUnits, spikeCount: 0, firstSpikes: firstSpikes,
                    maxima: maxima, integrals: others ?? UnsafePointer(integrals), endTime: endTime, grid: grid), 0)
        }
        let columns = segments[part]
        let range = columns.range(ofSample: index)
        let times = UnsafePointer(columns.times) + range.lowerBound
        let units = UnsafePointer(columns.units) + range.lowerBound
        var output = 0
        while output < outputCount {
            firstSpikes[output] = -1
            output += 1
        }
        // Backwards, so that the earliest spike of each output is what stays.
        var spike = range.count
        while spike > 0 {
            spike -= 1
            firstSpikes[Int(units[spike])] = spike
        }
        return body(
            OutputSample(
                outputCount: outputCount, times: times, units: units, spikeCount: range.count, firstSpikes: firstSpikes,
                maxima: maxima, integrals: integrals, endTime: endTime, grid: grid), range.lowerBound)
    }
}

extension Recording {
    /// Calls `body` with each sample's number and output, in order.
    package func forEachOutput(_ body: (_ sample: Int, _ output: OutputSample) -> Void) {
        var sampler = OutputSampler(self)
        for (part, samples) in partition.enumerated() {
            for (index, sample) in samples.enumerated() {
                sampler.withSample(part: part, index: index) { output, _ in body(sample, output) }
            }
        }
    }
}
