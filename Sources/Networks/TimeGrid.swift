// The grid of time steps on which clock-driven engines run.
import Mathematics

/// How a neuron decays in one step.
public enum Decay: Int32, Sendable, CaseIterable {
    /// The factor e^{-dt / tau}: exact between arrivals.
    case exponential = 0
    /// The factor 1 - dt / tau; needs dt <= tau.
    case euler = 1

    public var name: String {
        switch self {
        case .exponential: "exponential"
        case .euler: "euler"
        }
    }

    /// - Throws: `invalidValue` naming the decays there are.
    public init(name: String) throws(SpinnpropError) {
        guard let decay = Decay.allCases.first(where: { $0.name == name }) else {
            throw .invalidValue(
                "decay is \"\(name)\"; it must be one of "
                    + Decay.allCases.map { "\"\($0.name)\"" }.joined(separator: ", "))
        }
        self = decay
    }
}

/// Options of a clock-driven engine, and what a recording remembers of them: steps 0 ..< steps, `timeStep` seconds apart.
///
/// | name         | default     | unit | meaning                                                                          |
/// |--------------|-------------|------|----------------------------------------------------------------------------------|
/// | `timeStep`   | 1e-3        | s    | dt, from one step to the next, > 0                                               |
/// | `steps`      | 27          | -    | T; the first step is the state of rest, so at least 2                            |
/// | `decay`      | exponential | -    | how neurons decay in one step                                                    |
/// | `copies`     | 1           | -    | gradients are summed as a SpiNNaker2 with so many copies of the network sums them |
/// | `weightBits` | none        | -    | runs round weights to whole multiples of a scale, 2: -1, 0, 1; 8: -127 ... 127   |
public struct TimeGrid: Equatable, Sendable, CustomStringConvertible {
    public static let defaultTimeStep = 1e-3
    public static let defaultSteps = 27
    public static let defaultDecay = Decay.exponential
    public static let defaultCopies = 1

    public var timeStep: Double
    public var steps: Int
    public var decay: Decay
    public var copies: Int
    public var weightBits: Int?

    public init(
        timeStep: Double = defaultTimeStep, steps: Int = defaultSteps, decay: Decay = defaultDecay,
        copies: Int = defaultCopies, weightBits: Int? = nil
    ) {
        self.timeStep = timeStep
        self.steps = steps
        self.decay = decay
        self.copies = copies
        self.weightBits = weightBits
    }

    /// What is checked, and what bindings carry. Steps are counted in 32 bits.
    public static let fields: [OptionField<TimeGrid>] = [
        OptionField("time_step", \.timeStep, .closed(1e-30, 1e30)),
        OptionField("steps", \.steps, .count(from: 2)),
        OptionField("decay", \.decay),
        OptionField("copies", \.copies, .count(from: 1)),
        OptionField("weight_bits", \.weightBits, .closed(2, 16)),
    ]

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in TimeGrid.fields { try field.check(self) }
    }

    /// The time of a step, in seconds.
    @inlinable @inline(__always)
    public func time(ofStep step: Int) -> Double { Double(step) * timeStep }

    /// The step nearest to a time or a delay, halves to even; `steps` for all that lie past the last one.
    @inlinable @inline(__always)
    public func step(nearest seconds: Double) -> Int {
        let exact = (seconds / timeStep).rounded(.toNearestOrEven)
        return exact < Double(steps) ? Int(exact) : steps
    }

    /// Whether two grids have the same steps, decay and rounding of weights; how gradients are summed may differ.
    public func runsLike(_ other: TimeGrid) -> Bool {
        timeStep == other.timeStep && steps == other.steps && decay == other.decay && weightBits == other.weightBits
    }

    /// All that `runsLike` compares, in words.
    public var description: String {
        "time_step \(timeStep), \(steps) steps, \(decay.name), weight_bits " + (weightBits.map(String.init) ?? "none")
    }

    /// - Throws: `invalidValue` telling both grids unless a gradient rule's runs like that of the recording.
    public func checkRunsLike(recording own: TimeGrid) throws(SpinnpropError) {
        guard runsLike(own) else {
            throw .invalidValue(
                "the gradient's grid (\(self)) is not the recording's (\(own)); leave the engine of the gradient open")
        }
    }
}
