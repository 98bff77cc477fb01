// The losses of this room by kind, with all their parameters as one plain value: what bindings and files carry.
import Mathematics
import Networks

public enum LossKind: Int32, Sendable, CaseIterable {
    case ttfsCrossEntropy = 0
    case vMaxCrossEntropy = 1
    case spikeTimeMSE = 2
    case spikeCountCrossEntropy = 3
    case stepTTFSCrossEntropy = 4
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

    /// The defaults of a kind; fields it does not read are 0.
    public init(_ kind: LossKind) {
        self.kind = kind
        switch kind {
        case .ttfsCrossEntropy:
            tau0 = TTFSCrossEntropy.defaultTau0
            alpha = TTFSCrossEntropy.defaultAlpha
            tau1 = TTFSCrossEntropy.defaultTau1
        case .vMaxCrossEntropy: break
        case .spikeTimeMSE:
            tau0 = SpikeTimeMSE.defaultTau0
            tLabel = SpikeTimeMSE.defaultTLabel
            tOther = SpikeTimeMSE.defaultTOther
        case .spikeCountCrossEntropy:
            scale = SpikeCountCrossEntropy.defaultScale
            tau0 = SpikeCountCrossEntropy.defaultTau0
        case .stepTTFSCrossEntropy:
            xi = StepTTFSCrossEntropy.defaultXi
            alpha = StepTTFSCrossEntropy.defaultAlpha
            beta = StepTTFSCrossEntropy.defaultBeta
        }
    }

    /// The loss itself. - Throws: `invalidValue` naming the parameter that is out of its domain.
    public func makeLoss() throws(SpinnpropError) -> any Loss {
        let loss: any Loss =
            switch kind {
            case .ttfsCrossEntropy: TTFSCrossEntropy(tau0: tau0, alpha: alpha, tau1: tau1)
            case .vMaxCrossEntropy: VMaxCrossEntropy()
            case .spikeTimeMSE: SpikeTimeMSE(tau0: tau0, tLabel: tLabel, tOther: tOther)
            case .spikeCountCrossEntropy: SpikeCountCrossEntropy(scale: scale, tau0: tau0)
            case .stepTTFSCrossEntropy:
                StepTTFSCrossEntropy(xi: xi, alpha: alpha, beta: beta, tiesAreWrong: tiesAreWrong)
            }
        try loss.check()
        return loss
    }
}
