// The engines by name: each a substrate with the gradient rule that suits it.
import EventDriven
import Mathematics
import Networks

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
        case .event: EventSubstrate()
        }
    }

    public var gradientRule: any GradientRule {
        switch self {
        case .event: EventAdjoint()
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
