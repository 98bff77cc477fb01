// The neuron models and what follows from their drive: phase velocity, threshold and reset (spec of SparseProp).
import Mathematics

/// How a model without closed form is evaluated.
public enum FlowTable: Int32, Sendable, CaseIterable {
    /// Quintic Hermite interpolation between many precise values.
    case table = 0
    /// Chebyshev series on few intervals.
    case chebyshev = 1
}

/// A neuron between two spikes, time in membrane time constants; inputs move V at once.
///
/// | model | dynamics                  | threshold, reset | omega                | phase       |
/// |-------|---------------------------|------------------|----------------------|-------------|
/// | lif   | V' = -V + I               | 0, -1            | 1 / ln(1 + 1/I)      | (-inf, 1)   |
/// | qif   | V' = V^2 + I              | +inf, -inf       | 2 sqrt(I)            | (-pi, pi)   |
/// | eif   | V' = -V + D e^(V/D) + I   | +inf, -1         | 1 / time to spike    | (-inf, 1)   |
///
/// Phases advance at omega per membrane time constant from reset to threshold and are the units of initial states
/// (Engelken, arXiv 2312.17216). Only a LIF neuron can be pushed over its threshold by an input.
public enum NeuronModel: Equatable, Sendable {
    case lif
    /// The quadratic neuron, in other words the theta neuron.
    case qif
    /// The exponential neuron with slope D = `slope`.
    case eif(slope: Double, FlowTable)

    public static let defaultSlope = 0.1

    /// "lif", "qif" (or "theta"), "eif" (a Chebyshev fit), "eif-table"; `nil` for another name.
    public init?(name: String, slope: Double = defaultSlope) {
        switch name {
        case "lif": self = .lif
        case "qif", "theta": self = .qif
        case "eif": self = .eif(slope: slope, .chebyshev)
        case "eif-table": self = .eif(slope: slope, .table)
        default: return nil
        }
    }

    public var name: String {
        switch self {
        case .lif: "lif"
        case .qif: "qif"
        case .eif(_, .chebyshev): "eif"
        case .eif(_, .table): "eif-table"
        }
    }

    /// The phase at which a neuron spikes.
    public var threshold: Double { self == .qif ? Double.pi : 1 }
    /// The phase from which it starts after a spike.
    public var reset: Double { self == .qif ? -Double.pi : 0 }

    func check() throws(SpinnpropError) {
        guard case .eif(let slope, _) = self else { return }
        guard slope >= NeuronModel.slopes.lowerBound, slope <= NeuronModel.slopes.upperBound else {
            throw .invalidValue(
                "slope is \(slope); the exponential neuron takes \(NeuronModel.slopes.lowerBound) .. "
                    + "\(NeuronModel.slopes.upperBound)")
        }
    }

    private static let slopes = 0.01...10
}
