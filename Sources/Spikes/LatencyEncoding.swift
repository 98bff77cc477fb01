// Values become spike times: one spike per feature, in continuous time or on a grid of steps.
import Mathematics

/// Which values spike early: the others are coded as 1 - x in place of x.
public enum EarlyValues: Int32, Sendable {
    case small = 0
    case large = 1
}

/// Encoders. All take `x` as (sampleCount, featureCount), row by row, each value in [0, 1] but for a few units in the last
/// place, which are clipped, and put a sample's spikes in the order of its features.
public enum Encoding {
    /// So far outside [0, 1] a value is a matter of rounding.
    private static let rounding = 8 * Double.ulpOfOne

    public static let defaultEarly = 0.0
    public static let defaultLate = 30e-3

    /// Latency code, unless told otherwise small values early: the spike of x comes at early + x (late - early) seconds.
    ///
    /// - Parameter bias: the time of one more unit, the last, that spikes in every sample; `nil`: no such unit.
    /// - Throws: `invalidValue` on a value outside [0, 1], a shape that does not fit, a time that is negative or not
    ///   finite, or `late` before `early`.
    public static func latency(
        x: [Double], sampleCount: Int, featureCount: Int, early: Double = defaultEarly, late: Double = defaultLate,
        bias: Double?, first: EarlyValues = .small
    ) throws(SpinnpropError) -> SpikeTrains {
        for (name, time) in [("t_early", early), ("t_late", late), ("bias", bias ?? 0)] {
            guard time >= 0, time < .infinity else {
                throw .invalidValue("\(name) is \(time); it must be finite and >= 0 seconds")
            }
        }
        guard late >= early else {
            throw .invalidValue("t_late is \(late), before t_early, \(early); t_late must not be smaller")
        }
        let window = late - early
        return try encode(x, sampleCount, featureCount, bias: bias, isTurned: first == .large) { early + $0 * window }
    }

    /// Latency code on a grid, unless told otherwise large values early (the SpiNNaker2 training, arXiv 2412.15021, its public code): the
    /// spike of x comes at step round(min(tau (1 - x), 0.99 tau) + tMin), tau = steps - 1 - tMin, half to even. The
    /// last unit is a bias that spikes at step 0. Times are steps times `timeStep` seconds.
    ///
    /// - Throws: `invalidValue` on a value outside [0, 1], a shape that does not fit, a grid too short to tell values
    ///   apart, or a time step outside 1e-30 ... 1e30.
    public static func latencyGrid(
        x: [Double], sampleCount: Int, featureCount: Int, steps: Int, tMin: Int, timeStep: Double,
        first: EarlyValues = .large
    ) throws(SpinnpropError) -> SpikeTrains {
        guard tMin >= 0 else { throw .invalidValue("t_min is \(tMin); it must be >= 0 steps") }
        guard steps <= Int(Int32.max) else {
            throw .invalidValue("steps is \(steps); it must be at most \(Int32.max)")
        }
        guard steps >= 2, steps - 2 >= tMin else {
            throw .invalidValue("steps is \(steps), too short after t_min, \(tMin); it must be at least t_min + 2")
        }
        // What engines on a grid take.
        guard timeStep >= 1e-30, timeStep <= 1e30 else {
            throw .invalidValue("time_step is \(timeStep); it must be 1e-30 .. 1e30 seconds")
        }
        let (earliest, tau) = (Double(tMin), Double(steps - 1 - tMin))
        return try encode(x, sampleCount, featureCount, bias: 0, isTurned: first == .small) {
            (min(tau * (1 - $0), 0.99 * tau) + earliest).rounded(.toNearestOrEven) * timeStep
        }
    }

    /// One spike per value at `time(value)`, if turned at `time(1 - value)`, and one of the bias unit in every sample.
    private static func encode(
        _ x: [Double], _ sampleCount: Int, _ featureCount: Int, bias: Double?, isTurned: Bool, time: (Double) -> Double
    ) throws(SpinnpropError) -> SpikeTrains {
        let (valueCount, overflow) = sampleCount.multipliedReportingOverflow(by: featureCount)
        guard sampleCount >= 0, featureCount >= 1, featureCount < Int(Int32.max), !overflow, valueCount == x.count
        else {
            throw .invalidValue(
                "x has \(x.count) elements for \(sampleCount) samples of \(featureCount) features; it must have as many as "
                    + "their product, with at least one feature and fewer than \(Int32.max)")
        }
        for (index, value) in x.enumerated() where !(value >= -rounding && value <= 1 + rounding) {
            throw .invalidValue(
                "feature \(index % featureCount) of sample \(index / featureCount) is \(value); values must be in [0, 1], "
                    + "rescale them"
            )
        }
        let unitCount = featureCount + (bias == nil ? 0 : 1)
        try Memory.check(count: sampleCount * unitCount, bytesPerElement: 12, "the spikes")
        var times: [Double] = []
        var units: [Int32] = []
        times.reserveCapacity(sampleCount * unitCount)
        units.reserveCapacity(sampleCount * unitCount)
        for sample in 0..<sampleCount {
            for feature in 0..<featureCount {
                let value = min(max(x[sample * featureCount + feature], 0), 1)
                times.append(time(isTurned ? 1 - value : value))
                units.append(Int32(feature))
            }
            if let bias {
                times.append(bias)
                units.append(Int32(featureCount))
            }
        }
        return SpikeTrains(
            trustedTimes: times, units: units, offsets: (0...sampleCount).map { $0 * unitCount }, unitCount: unitCount)
    }
}
