// The engines by name: each a substrate with the gradient rule that suits it.
import CSupport
import EventDriven
import Mathematics
import Networks

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
public enum Engine: Equatable, Sendable, CaseIterable {
    /// Exact events in continuous time, exact adjoint.
    case event

    /// What forward runs take unless told otherwise.
    public static let defaultEngine = Engine.event

    /// The name users and recordings know it by.
    public var name: String { substrate.name }

    /// The number the C interface knows it by.
    public var code: Int32 {
        switch self {
        case .event: 0
        }
    }

    public var substrate: any Substrate {
        switch self {
        case .event: eventSubstrate()
        }
    }

    public var gradientRule: any GradientRule {
        switch self {
        case .event: eventAdjoint()
        }
    }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(name: String) throws(SpinnpropError) {
        guard let engine = Engine.allCases.first(where: { $0.name == name }) else {
            throw .invalidValue("engine is \"\(name)\"; it must be one of \(Engine.listOfNames)")
        }
        self = engine
    }

    /// - Throws: `invalidValue` naming the engines there are.
    public init(code: Int32) throws(SpinnpropError) {
        guard let engine = Engine.allCases.first(where: { $0.code == code }) else {
            throw .invalidValue(
                "engine is \(code); it must be one of "
                    + Engine.allCases.map { "\($0.code) (\"\($0.name)\")" }.joined(separator: ", "))
        }
        self = engine
    }

    static var listOfNames: String { allCases.map { "\"\($0.name)\"" }.joined(separator: ", ") }
}
