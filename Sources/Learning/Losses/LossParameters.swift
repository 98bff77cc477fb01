// The losses of this room by kind, with all their parameters as one plain value: what bindings and files carry.
import Mathematics
import Networks

public enum LossKind: Int32, Sendable, CaseIterable {
    case ttfsCrossEntropy = 0
    case vMaxCrossEntropy = 1
    case spikeTimeMSE = 2
    case spikeCountCrossEntropy = 3
    case stepTTFSCrossEntropy = 4
    case shiftInvariantMSE = 5
    case vMaxMSE = 6
    case vIntegralCrossEntropy = 7
    case membraneMSE = 8
    case spikeCountMSE = 9
    case vanRossum = 10
    case earlyDecisionCrossEntropy = 11

    fileprivate var row: LossRow {
        switch self {
        case .ttfsCrossEntropy: LossRow(TTFSCrossEntropy.self)
        case .vMaxCrossEntropy: LossRow(VMaxCrossEntropy.self)
        case .spikeTimeMSE: LossRow(SpikeTimeMSE.self)
        case .spikeCountCrossEntropy: LossRow(SpikeCountCrossEntropy.self)
        case .stepTTFSCrossEntropy: LossRow(StepTTFSCrossEntropy.self)
        case .shiftInvariantMSE: LossRow(ShiftInvariantMSE.self)
        case .vMaxMSE: LossRow(VMaxMSE.self)
        case .vIntegralCrossEntropy: LossRow(VIntegralCrossEntropy.self)
        case .membraneMSE: LossRow(MembraneMSE.self)
        case .spikeCountMSE: LossRow(SpikeCountMSE.self)
        case .vanRossum: LossRow(VanRossum.self)
        case .earlyDecisionCrossEntropy: LossRow(EarlyDecisionCrossEntropy.self)
        }
    }

    /// The loss's parameters with their domains, and their values in the loss with all defaults.
    public var parameters: [(name: String, domain: Domain?, initial: OptionValue)] { row.parameters }
}

/// A loss as numbers. A kind reads its own fields and ignores the others; what they mean is said at each loss.
public struct LossParameters: Equatable, Sendable {
    public var kind: LossKind
    public var tau0 = 0.0
    public var alpha = 0.0
    public var tau1 = 0.0
    public var tLabel = 0.0
    public var tOther = 0.0
    public var scale = 0.0
    public var xi = 0.0
    public var beta = 0.0
    public var tiesAreWrong = false
    public var separation = 0.0
    public var nLabel = 0.0
    public var nOther = 0.0
    /// Of those that are a `TimedLoss`.
    public var times: [Double] = []

    /// All fields by name; domains are the losses' own.
    public static let fields: [OptionField<LossParameters>] = [
        OptionField("kind", \.kind),
        OptionField("tau0", \.tau0, .any),
        OptionField("alpha", \.alpha, .any),
        OptionField("tau1", \.tau1, .any),
        OptionField("t_label", \.tLabel, .any),
        OptionField("t_other", \.tOther, .any),
        OptionField("scale", \.scale, .any),
        OptionField("xi", \.xi, .any),
        OptionField("beta", \.beta, .any),
        OptionField("ties_are_wrong", \.tiesAreWrong),
        OptionField("separation", \.separation, .any),
        OptionField("n_label", \.nLabel, .any),
        OptionField("n_other", \.nOther, .any),
    ]

    /// The defaults of a kind; fields it does not read are 0.
    public init(_ kind: LossKind) {
        self.kind = kind
        for parameter in kind.row.parameters {
            // A value of the loss's own is one of the field's.
            try? LossParameters.field(parameter.name)?.set(&self, parameter.initial)
        }
    }

    /// These parameters with all that are in seconds multiplied.
    public func stretched(by factor: Double) -> LossParameters {
        var result = self
        let times = [\Self.tau0, \Self.tau1, \Self.tLabel, \Self.tOther, \Self.separation]
        for time in times { result[keyPath: time] *= factor }
        for n in result.times.indices { result.times[n] *= factor }
        return result
    }

    /// The loss itself. - Throws: `invalidValue` naming the parameter that is out of its domain.
    public func makeLoss() throws(SpinnpropError) -> any Loss { try kind.row.make(self) }

    fileprivate static func field(_ name: String) -> OptionField<LossParameters>? { fields.first { $0.name == name } }
}

/// A loss whose parameters are a table, by which they are checked, handed out and taken in.
public protocol TabledLoss: Loss {
    static var fields: [OptionField<Self>] { get }
    /// The loss with its defaults.
    init()
}

extension TabledLoss {
    public func check() throws(SpinnpropError) {
        for field in Self.fields { try field.check(self) }
    }

    public var parameters: [Double] { Self.fields.compactMap { $0.get(self).number } }
}

/// One that reads membranes at times.
public protocol TimedLoss: TabledLoss {
    /// Seconds.
    var times: [Double] { get set }
}

/// A tabled loss of any type.
private struct LossRow {
    let parameters: [(name: String, domain: Domain?, initial: OptionValue)]
    let make: (LossParameters) throws(SpinnpropError) -> any Loss

    init<Own: TabledLoss>(_ type: Own.Type) {
        let defaults = Own()
        parameters = Own.fields.map { ($0.name, $0.domain, $0.get(defaults)) }
        make = { (numbers) throws(SpinnpropError) in
            var loss = defaults
            for field in Own.fields {
                guard let value = LossParameters.field(field.name)?.get(numbers) else { continue }
                try field.set(&loss, value)
            }
            if var timed = loss as? any TimedLoss {
                timed.times = numbers.times
                try timed.check()
                return timed
            }
            try loss.check()
            return loss
        }
    }
}
