// The engines by name: each a substrate with its gradient rule.
import BrainScaleS2
import ClockDriven
import EventDriven
import FirstSpike
import Learning
import Mathematics
import Networks
import SpiNNaker2Programs

/// How a network is run and differentiated: a substrate with its gradient rule.
public struct Engine: Sendable {
    public let substrate: any Substrate
    public var gradientRule: any GradientRule { substrate.rule }

    public init(_ substrate: any Substrate) { self.substrate = substrate }

    /// Exact events in continuous time, exact adjoint.
    public static var event: Engine { Engine(EventSubstrate()) }
    /// Time steps in float32: the twin of what runs on a SpiNNaker2.
    public static func clock(_ grid: TimeGrid) -> Engine { Engine(ClockSubstrate(grid)) }
    /// The clock-driven engine's steps by programs on an emulated SpiNNaker2, which keeps account of them; with the optimiser
    /// on the chip.
    public static func spinnaker2(_ engine: SpiNNaker2Engine) -> Engine { Engine(engine) }

    /// First spikes in closed form. - Throws: `invalidValue` naming the option that is out of its domain.
    public static func firstSpike(_ options: FirstSpikeOptions = FirstSpikeOptions()) throws(SpinnpropError) -> Engine {
        Engine(try FirstSpikeSubstrate(options))
    }

    /// Analog circuits that differ: an emulated BrainScaleS-2, whose spikes are measured and differentiated as the model's.
    public static func brainScaleS2(_ engine: BrainScaleS2Engine) -> Engine { Engine(engine) }

    /// What forward runs take unless told otherwise.
    public static let defaultEngine = Engine.event

    /// The engines there are. A new one needs a line here, and in `spinnprop.h` the same number.
    static let kinds: [EngineKind] = [
        EngineKind(0, make: { .event }),
        EngineKind(1, make: { .clock(TimeGrid()) }, rule: { .clock($0) }),
        EngineKind(2, make: { .spinnaker2(SpiNNaker2Engine()) }, rule: { .clock($0) }),
        EngineKind(3, make: { Engine(FirstSpikeSubstrate()) }),
        EngineKind(4, make: { .brainScaleS2(BrainScaleS2Engine()) }),
    ]

    /// All engines there are, with their default options; an emulated SpiNNaker2 of its own each time.
    public static var all: [Engine] { kinds.map { $0.make() } }

    /// The name users and recordings know it by.
    public var name: String { substrate.name }

    /// The number the C interface knows it by; -1 for what others have put together.
    public var code: Int32 { Engine.kinds.first { $0.name == name }?.code ?? -1 }

    /// The grid of time steps it runs on; `nil` in continuous time.
    public var grid: TimeGrid? { substrate.grid }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(name: String) throws(SpinnpropError) { self = try EngineKind(named: name).make() }

    /// The engine whose rule differentiates a recording unless told otherwise: the one that made it, with its options; for an
    /// emulated SpiNNaker2's the clock-driven engine, which gives the same bits; for measured spikes that of exact events.
    public init(of recording: Recording) throws(SpinnpropError) {
        if recording.isMeasured {
            self = .event
            return
        }
        let kind = try EngineKind(named: recording.engine)
        self = if let grid = recording.grid, let rule = kind.rule { rule(grid) } else { kind.make() }
    }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(code: Int32) throws(SpinnpropError) {
        guard let kind = Engine.kinds.first(where: { $0.code == code }) else {
            throw .invalidValue(
                "engine is \(code); it must be one of "
                    + Engine.kinds.map { "\($0.code) (\"\($0.name)\")" }.joined(separator: ", "))
        }
        self = kind.make()
    }
}

/// A row of the table of engines.
struct EngineKind: Sendable {
    let code: Int32
    let name: String
    /// Makes the engine with default options.
    let make: @Sendable () -> Engine
    /// Makes the engine whose rule differentiates recordings on a grid; `nil`: the one with default options does.
    let rule: (@Sendable (TimeGrid) -> Engine)?

    init(_ code: Int32, make: @escaping @Sendable () -> Engine, rule: (@Sendable (TimeGrid) -> Engine)? = nil) {
        self.code = code
        self.make = make
        self.rule = rule
        name = make().name
    }

    init(named name: String) throws(SpinnpropError) {
        guard let kind = Engine.kinds.first(where: { $0.name == name }) else {
            throw .invalidValue(
                "engine is \"\(name)\"; it must be one of "
                    + Engine.kinds.map { "\"\($0.name)\"" }.joined(separator: ", "))
        }
        self = kind
    }
}

extension Engine: Equatable {
    /// Engines are equal if they are of the same kind with the same options; those that keep account of what runs on them only to
    /// themselves.
    public static func == (left: Engine, right: Engine) -> Bool {
        if type(of: left.substrate) is AnyClass {
            return left.substrate as AnyObject === right.substrate as AnyObject
        }
        return left.name == right.name && left.grid == right.grid
            && left.substrate.optionValues == right.substrate.optionValues
            && left.gradientRule.parameters == right.gradientRule.parameters
    }
}
