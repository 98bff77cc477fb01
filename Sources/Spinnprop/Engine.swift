// The engines by name: each a substrate with the gradient rule that suits it.
import CSupport
import ClockDriven
import EventDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2Programs

#if SPINNPROP_DIST && arch(x86_64)
import EventDrivenV3

/// What `SPINNPROP_DIST` compiles twice, in the form that suits this processor.
private let isNewer = spinnprop_support_has_v3() != 0
private func eventSubstrate() -> any Substrate {
    isNewer ? EventDrivenV3.EventSubstrate() : EventDriven.EventSubstrate()
}
private func eventAdjoint() -> any GradientRule {
    isNewer ? EventDrivenV3.EventAdjoint() : EventDriven.EventAdjoint()
}
#else
private func eventSubstrate() -> any Substrate { EventSubstrate() }
private func eventAdjoint() -> any GradientRule { EventAdjoint() }
#endif

/// How a network is run and differentiated.
public enum Engine: Equatable, Sendable {
    /// Exact events in continuous time, exact adjoint.
    case event
    /// Time steps in float32: the twin of what runs on a SpiNNaker2 chip.
    case clock(TimeGrid)
    /// The same steps by programs on an emulated SpiNNaker2, which keeps account of them; with the optimiser on the chip.
    case spinnaker2(SpiNNaker2Engine)

    /// What forward runs take unless told otherwise.
    public static let defaultEngine = Engine.event

    /// All there are, with their default options; a chip of its own each time.
    public static var all: [Engine] { [.event, .clock(TimeGrid()), .spinnaker2(SpiNNaker2Engine())] }

    /// The name users and recordings know it by.
    public var name: String { substrate.name }

    /// The number the C interface knows it by.
    public var code: Int32 {
        switch self {
        case .event: 0
        case .clock: 1
        case .spinnaker2: 2
        }
    }

    /// The grid of time steps it runs on; `nil` in continuous time.
    public var grid: TimeGrid? {
        switch self {
        case .event: nil
        case .clock(let grid): grid
        case .spinnaker2(let engine): engine.grid
        }
    }

    public var substrate: any Substrate {
        switch self {
        case .event: eventSubstrate()
        case .clock(let grid): ClockSubstrate(grid)
        case .spinnaker2(let engine): engine
        }
    }

    public var gradientRule: any GradientRule {
        switch self {
        case .event: eventAdjoint()
        case .clock(let grid): ClockRule(grid)
        case .spinnaker2(let engine): engine
        }
    }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(name: String) throws(SpinnpropError) {
        guard let engine = Engine.all.first(where: { $0.name == name }) else {
            throw .invalidValue("engine is \"\(name)\"; it must be one of \(Engine.listOfNames)")
        }
        self = engine
    }

    /// The engine that made a recording, with its options; for a chip's the clock-driven engine, which gives the same bits.
    public init(of recording: Recording) throws(SpinnpropError) {
        if recording.engine == SpiNNaker2Engine.name, let grid = recording.grid {
            self = .clock(grid)
            return
        }
        self = try Engine(name: recording.engine)
        if case .clock = self, let grid = recording.grid { self = .clock(grid) }
    }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(code: Int32) throws(SpinnpropError) {
        guard let engine = Engine.all.first(where: { $0.code == code }) else {
            throw .invalidValue(
                "engine is \(code); it must be one of "
                    + Engine.all.map { "\($0.code) (\"\($0.name)\")" }.joined(separator: ", "))
        }
        self = engine
    }

    static var listOfNames: String { all.map { "\"\($0.name)\"" }.joined(separator: ", ") }
}
