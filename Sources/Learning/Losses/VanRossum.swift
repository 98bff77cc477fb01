// Distance of output spike trains from target spike trains.
import Mathematics
import Networks

/// Each output shall spike at its targets, as many times as there are. Both trains are filtered by exp(-t / tau0) from each spike on, and the
/// squared distance of the two traces is
///
///     1 / tau0 integral of (f - g)^2 = 1/2 [sum_ij e(t_i - t_j) + sum_kl e(s_k - s_l) - 2 sum_ik e(t_i - s_k)],   e(d) = exp(-|d| / tau0)
///
/// t: an output's spikes, s: its targets. It is added up over outputs. A spike that is missing or too many counts 1/2. Targets are given, (sample, output, n) with
/// +infinity where there is none (`Objective.targets`); labels have no trains. Where a spike is at its target the derivative is that of the rest.
///
/// Equation: van Rossum, A novel spike distance, Neural Computation 13 (2001); as sums: Paiva, Park and Principe, Neural Computation 21 (2009).
///
/// | symbol | name   | default | unit | meaning                                       |
/// |--------|--------|---------|------|-----------------------------------------------|
/// | tau0   | `tau0` | 5e-3    | s    | how far apart spikes still see each other, > 0 |
public struct VanRossum: TabledLoss, BatchLoss, Equatable {
    public static let defaultTau0 = 5e-3

    public var tau0: Double

    public init() { self.init(tau0: VanRossum.defaultTau0) }

    public init(tau0: Double = defaultTau0) { self.tau0 = tau0 }

    public var name: String { "VanRossum" }
    public var values: OutputValues { .spikes }

    public static let fields: [OptionField<VanRossum>] = [OptionField("tau0", \.tau0, .positive)]

    public func check() throws(SpinnpropError) {
        for field in VanRossum.fields { try field.check(self) }
    }

    public func spikesAsked(_ objective: Objective, sampleCount: Int, outputCount: Int) -> Double {
        // (sample, output, n): whether their number is right is looked at where the loss is evaluated.
        let (pairs, targets) = (sampleCount * outputCount, objective.targets)
        guard pairs > 0, targets.count % pairs == 0 else { return 0 }
        let width = targets.count / pairs
        var most = 0
        for pair in 0..<pairs { most = max(most, targets[pair * width..<(pair + 1) * width].count { $0 < .infinity }) }
        return Double(most)
    }

    public func evaluate(_ batch: OutputBatch) throws(SpinnpropError) -> Double {
        let pairs = batch.sampleCount * batch.outputCount
        guard pairs > 0 else { return 0 }
        guard !batch.targets.isEmpty, batch.targets.count % pairs == 0 else {
            throw .invalidValue(
                "the loss VanRossum has \(batch.targets.count) targets for \(batch.sampleCount) samples of \(batch.outputCount) outputs; give "
                    + "as many times for each output, +infinity for none")
        }
        for (index, time) in batch.targets.enumerated() where !(time >= 0) {
            throw .invalidValue(
                "target time \(index) of the batch is \(time); target times must be >= 0, +infinity for none")
        }
        let width = batch.targets.count / pairs
        var value = 0.0
        batch.targets.withUnsafeBufferPointer { targets in
            for pair in 0..<pairs {
                let weight = batch.weight(pair / batch.outputCount) / Double(batch.sampleCount)
                value +=
                    weight
                    * distance(
                        UnsafeBufferPointer(rebasing: batch.values[pair * batch.depth..<(pair + 1) * batch.depth]),
                        UnsafeBufferPointer(rebasing: targets[pair * width..<(pair + 1) * width]), weight,
                        UnsafeMutableBufferPointer(
                            rebasing: batch.derivatives[pair * batch.depth..<(pair + 1) * batch.depth]))
            }
        }
        return value
    }

    /// Writes its derivatives with respect to spikes, times a weight.
    private func distance(
        _ spikes: UnsafeBufferPointer<Double>, _ targets: UnsafeBufferPointer<Double>, _ weight: Double,
        _ derivatives: UnsafeMutableBufferPointer<Double>
    ) -> Double {
        var value = 0.0
        for (n, time) in spikes.enumerated() where time < .infinity {
            var slope = 0.0
            for (other, later) in spikes.enumerated() where later < .infinity && other != n {
                let (near, sign) = nearness(time, later)
                value += near / 2
                slope -= sign * near
            }
            value += 0.5
            for target in targets where target < .infinity {
                let (near, sign) = nearness(time, target)
                value -= near
                slope += sign * near
            }
            derivatives[n] = weight * slope / tau0
        }
        for one in targets where one < .infinity {
            for other in targets where other < .infinity { value += nearness(one, other).near / 2 }
        }
        return value
    }

    /// exp(-|a - b| / tau0), and which side of b a is on.
    private func nearness(_ a: Double, _ b: Double) -> (near: Double, sign: Double) {
        (Elementary.exp(-abs(a - b) / tau0), a > b ? 1 : a < b ? -1 : 0)
    }
}
