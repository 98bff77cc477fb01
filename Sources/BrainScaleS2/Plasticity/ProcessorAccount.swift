// What programs would take of the plasticity processors' time.
import Mathematics

/// Operations of a call, or of many, on vectors of 128 lanes.
public struct ProcessorCosts: Equatable, Sendable {
    /// Rows of weights, labels or counters read or written.
    public var rows = 0
    /// Analog read-outs converted: sensors, membranes.
    public var conversions = 0
    /// Vectors computed.
    public var instructions = 0

    /// The clock of the two processors; assumed.
    public static let clockHertz = 250e6
    /// Cycles for each of these, the loop around it included; assumed.
    public static let cyclesPerRow = 20.0
    public static let cyclesPerConversion = 250.0
    public static let cyclesPerInstruction = 4.0
    /// To begin and end a program; assumed.
    public static let cyclesPerCall = 500.0
    /// Each has its half of the neurons.
    public static let processorCount = 2.0

    /// Seconds of the chip for one call, estimated.
    public var seconds: Double {
        let vectors =
            Double(rows) * ProcessorCosts.cyclesPerRow + Double(conversions) * ProcessorCosts.cyclesPerConversion
            + Double(instructions) * ProcessorCosts.cyclesPerInstruction
        return (ProcessorCosts.cyclesPerCall + vectors / ProcessorCosts.processorCount) / ProcessorCosts.clockHertz
    }
}

/// Of all calls since the array's beginning.
public struct ProcessorAccount: Equatable, Sendable {
    public private(set) var calls = 0
    public private(set) var costs = ProcessorCosts()
    /// Seconds of the chip, estimated.
    public private(set) var seconds = 0.0
    /// Calls that would last longer than their period on the chip, estimated.
    public private(set) var overruns = 0

    public init() {}

    mutating func exchange(_ tape: inout StateTape) throws(SpinnpropError) {
        try tape.count(&calls)
        try tape.count(&costs.rows)
        try tape.count(&costs.conversions)
        try tape.count(&costs.instructions)
        try tape.number(&seconds, 0...1e300)
        try tape.count(&overruns)
    }

    mutating func add(_ call: ProcessorCosts, chipPeriod: Double) {
        calls += 1
        costs.rows += call.rows
        costs.conversions += call.conversions
        costs.instructions += call.instructions
        seconds += call.seconds
        if call.seconds > chipPeriod { overruns += 1 }
    }
}
