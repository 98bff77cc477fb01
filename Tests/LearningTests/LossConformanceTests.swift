// Every loss keeps what all losses promise.
import Networks
import Testing

@testable import Learning
@testable import TestSupport

struct LossConformanceTests {
    @Test func losses() throws {
        try checkLoss(TTFSCrossEntropy(), unit: 2e-3)
        try checkLoss(TTFSCrossEntropy(tau0: 5e-3, alpha: 0.1, tau1: 20e-3))
        try checkLoss(SpikeTimeMSE())
        try checkLoss(ShiftInvariantMSE())
        try checkLoss(ShiftInvariantMSE(separation: 5e-3, tau0: 1e-3))
        try checkLoss(SpikeCountCrossEntropy())
        try checkLoss(SpikeCountCrossEntropy(scale: 3, tau0: 5e-3))
        try checkLoss(VMaxCrossEntropy())
        try checkLoss(VMaxMSE())
        try checkLoss(VIntegralCrossEntropy())
        try checkLoss(VIntegralCrossEntropy(tau0: 0.3, scale: 2))
        try checkLoss(SpikeCountMSE())
        try checkLoss(SpikeCountMSE(tau0: 3e-3, nLabel: 4, nOther: 0))
        try checkLoss(EarlyDecisionCrossEntropy())
        try checkLoss(EarlyDecisionCrossEntropy(tau0: 4e-3, alpha: 0.5, tau1: 2e-3))
    }
}
