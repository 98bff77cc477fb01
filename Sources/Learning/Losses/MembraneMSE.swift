// Squared distance of a leaky read-out's membranes from targets at given times.
import Mathematics
import Networks

/// Each membrane shall be its target at each of some times:
///
///     1/2 sum over times and outputs of (V(t) - target)^2
///
/// Targets are given, (sample, time, output) (`Objective.targets`), or follow from the label: 1 for its neuron, 0 for the others, at all times. The
/// gradient rule of engine "event" alone reads and differentiates membranes at any time. The class is the output whose membrane rises highest.
///
/// | symbol | name    | default | unit | meaning                                        |
/// |--------|---------|---------|------|------------------------------------------------|
/// | t      | `times` | none    | s    | when membranes are read, within the run, >= 0  |
public struct MembraneMSE: TimedLoss, BatchLoss, Equatable {
    public var times: [Double]

    public init() { self.init(times: []) }

    public init(times: [Double]) { self.times = times }

    public var name: String { "MembraneMSE" }
    public var values: OutputValues { .membranes(times: times) }
    public var parameters: [Double] { times }

    public static let fields: [OptionField<MembraneMSE>] = []

    public func check() throws(SpinnpropError) { try values.check(name) }

    public func evaluate(_ batch: OutputBatch) throws(SpinnpropError) -> Double {
        let perSample = batch.depth * batch.outputCount
        guard batch.targets.isEmpty || batch.targets.count == batch.values.count else {
            throw .invalidValue(
                "the loss MembraneMSE has \(batch.targets.count / max(1, batch.sampleCount)) targets per sample; give one for each of \(batch.depth) times "
                    + "and \(batch.outputCount) outputs")
        }
        for (index, target) in batch.targets.enumerated() where !target.isFinite {
            throw .invalidValue("target \(index) of the batch is \(target); targets of membranes must be finite")
        }
        var value = 0.0
        for (n, membrane) in batch.values.enumerated() {
            let sample = n / perSample
            let wanted =
                batch.targets.isEmpty
                ? (batch.labels[sample] == n % batch.outputCount ? 1 : 0) : batch.targets[n]
            let weight = batch.weight(sample) / Double(batch.sampleCount)
            let distance = membrane - wanted
            value += weight * distance * distance / 2
            batch.derivatives[n] = weight * distance
        }
        return value
    }
}
