// Losses: known values, derivatives against fourth-order differences, decisions, and the ends of float64.
import Mathematics
import Networks
import Testing

@testable import Learning
@testable import TestSupport

struct LossTests {
    // MARK: Known values, worked out by hand

    @Test func latencyCrossEntropy() {
        // Logits -1 and -2; the third output is silent and left out: log(1 + e^-1).
        let loss = TTFSCrossEntropy(tau0: 1e-3, alpha: 0, tau1: 1)
        let sample = recording([[OutputSpike(time: 1e-3, unit: 0), OutputSpike(time: 2e-3, unit: 1)]], outputs: 3)
        let (result, errors) = evaluate(loss, sample, label: 0)
        #expect(abs(result.value - 0.313_261_687_518_222_8) < 1e-15)
        // (1 - p0) / tau0 = 0.268941421369995 / tau0.
        #expect(abs(errors[0] - 268.941_421_369_995_1) < 1e-10)
        #expect(abs(errors[1] + 268.941_421_369_995_1) < 1e-10)
        #expect(abs(evaluate(loss, sample, label: 1).result.value - 1.313_261_687_518_222_8) < 1e-15)
        // The pull towards early spikes: 0.003 (e^0.5 - 1) and its derivative 0.003 / 2e-3 e^0.5.
        let pulling = TTFSCrossEntropy(tau0: 1e-3, alpha: 3e-3, tau1: 2e-3)
        let pulled = evaluate(pulling, sample, label: 0)
        #expect(abs(pulled.result.value - result.value - 0.001_946_163_812_100_384_4) < 1e-16)
        #expect(abs(pulled.errors[0] - errors[0] - 2.473_081_906_050_192) < 1e-12)
    }

    @Test func membraneCrossEntropy() {
        let sample = recording(maxima: [[1, 0, 0]])
        let (result, errors) = evaluate(VMaxCrossEntropy(), sample, label: 1)
        // log(e + 2), p = (e, 1, 1) / (e + 2).
        #expect(abs(result.value - 1.551_444_713_932_051) < 1e-15)
        #expect(abs(errors[0] - 0.576_116_884_765_829_1) < 1e-15)
        #expect(abs(errors[1] + 0.788_058_442_382_914_6) < 1e-15)
        #expect(abs(errors[2] - 0.211_941_557_617_085_4) < 1e-15)
    }

    @Test func membraneDistance() {
        let sample = recording(maxima: [[1, 0.5, 0]])
        let (labelled, errors) = evaluate(VMaxMSE(), sample, label: 1)
        #expect(labelled.value == 0.625 && errors == [1, -0.5, 0])
        let (aimed, distances) = evaluate(VMaxMSE(), sample, label: -1, targets: [1, 2.5, -1])
        #expect(aimed.value == 2.5 && distances == [0, -2, 1] && !aimed.isSkipped)
        #expect(evaluate(VMaxMSE(), sample, label: -1).result.isSkipped)
    }

    @Test func countDistance() {
        // Plain counts 2, 1 and 0 against 1.5, 0.25 and 0.25.
        let spikes = [
            OutputSpike(time: 10e-3, unit: 0), OutputSpike(time: 25e-3, unit: 1), OutputSpike(time: 28e-3, unit: 0),
        ]
        let sample = recording([spikes], outputs: 3)
        let plain = evaluate(SpikeCountMSE(tau0: .infinity, nLabel: 1.5, nOther: 0.25), sample, label: 0)
        #expect(plain.result.value == (0.25 + 0.5625 + 0.0625) / 2 && plain.errors == [0, 0, 0])
        // n = e^-1 for the second output, whose target is 1: (e^-1 - 1)^2 / 2, and -(e^-1 - 1) e^-1 / tau0.
        let late = recording([[spikes[1]]], outputs: 2)
        let soft = evaluate(SpikeCountMSE(tau0: 25e-3), late, label: -1, targets: [0, 1])
        #expect(abs(soft.result.value - 0.199_788_200_446_864_1) < 1e-15 && !soft.result.isSkipped)
        #expect(abs(soft.errors[0] - 9.301_766_317_393_185) < 1e-12)
        #expect(evaluate(SpikeCountMSE(), sample, label: -1).result.isSkipped)
        #expect(throws: SpinnpropError.self) { try SpikeCountMSE(nLabel: 1, nOther: 1).check() }
    }

    @Test func earlyDecision() {
        // The other output decides, at 1 ms, and pays 0.1 * 1 / 4; the entropy is that of the label.
        let sample = recording([[OutputSpike(time: 1e-3, unit: 0), OutputSpike(time: 2e-3, unit: 1)]], outputs: 3)
        let loss = EarlyDecisionCrossEntropy(tau0: 1e-3, alpha: 0.1, tau1: 4e-3)
        let entropy = evaluate(TTFSCrossEntropy(tau0: 1e-3, alpha: 0, tau1: 1), sample, label: 1)
        let (result, errors) = evaluate(loss, sample, label: 1)
        #expect(abs(result.value - entropy.result.value - 0.025) < 1e-15)
        #expect(abs(errors[0] - entropy.errors[0] - 25) < 1e-12 && errors[1] == entropy.errors[1])
        #expect(evaluate(loss, sample, label: 2).result.isSkipped)
    }

    @Test func timeDistance() {
        // ((10 - 20) / 5)^2 / 2 + ((25 - 30) / 5)^2 / 2 = 2.5; the third output is silent, a later spike does not count.
        let loss = SpikeTimeMSE(tau0: 5e-3, tLabel: 20e-3, tOther: 30e-3)
        let spikes = [
            OutputSpike(time: 10e-3, unit: 0), OutputSpike(time: 25e-3, unit: 1), OutputSpike(time: 28e-3, unit: 0),
        ]
        let (result, errors) = evaluate(loss, recording([spikes], outputs: 3), label: 0)
        #expect(abs(result.value - 2.5) < 1e-14)
        #expect(abs(errors[0] + 400) < 1e-10 && abs(errors[1] + 200) < 1e-10 && errors[2] == 0)
        // Given targets rule, with or without a label; infinity is none.
        for label in [-1, 0, 2] {
            let given = evaluate(loss, recording([spikes], outputs: 3), label: label, targets: [.infinity, 20e-3, 1])
            #expect(abs(given.result.value - 0.5) < 1e-14 && !given.result.isSkipped)
            #expect(given.errors[0] == 0 && abs(given.errors[1] - 200) < 1e-10)
        }
    }

    @Test func lagBehindTheLabel() {
        // The label at 10 ms, the others at 12 and 9 ms, wanted at 13: (1 / 2)^2 / 2 + (4 / 2)^2 / 2 = 2.125.
        let loss = ShiftInvariantMSE(separation: 3e-3, tau0: 2e-3)
        func spikes(_ shift: Double) -> [OutputSpike] {
            [
                OutputSpike(time: 9e-3 + shift, unit: 2), OutputSpike(time: 10e-3 + shift, unit: 1),
                OutputSpike(time: 12e-3 + shift, unit: 0), OutputSpike(time: 14e-3 + shift, unit: 1),
            ]
        }
        let (result, errors) = evaluate(loss, recording([spikes(0)], outputs: 4), label: 1)
        #expect(abs(result.value - 2.125) < 1e-12 && !result.isSkipped)
        for (found, wanted) in zip(errors, [-1000.0, 1250, -250, 0]) { #expect(abs(found - wanted) < 1e-9) }
        let later = evaluate(loss, recording([spikes(7e-3)], outputs: 4), label: 1)
        #expect(abs(later.result.value - 2.125) < 1e-12 && abs(errors.reduce(0, +)) < 1e-9)
        #expect(evaluate(loss, recording([spikes(0)], outputs: 4), label: 3).result.isSkipped)
    }

    /// In units of tau_syn as published, where tau_syn is 5 ms: ln(1 + e^-1) + alpha (e^(t / tau_syn) - 1).
    @Test func latencyCrossEntropyInUnitsOfTauSyn() {
        let loss = TTFSCrossEntropy(tauSyn: 5e-3)
        #expect(loss == TTFSCrossEntropy(tau0: 0.2 * 5e-3, alpha: 5e-3, tau1: 5e-3))
        let sample = recording([[OutputSpike(time: 5e-3, unit: 0), OutputSpike(time: 6e-3, unit: 1)]], outputs: 2)
        #expect(abs(evaluate(loss, sample, label: 0).result.value - 0.321_853_096_660_518) < 1e-14)
    }

    @Test func spikeCounts() {
        // Plain counts 2, 1, 0: -log(e^2 / (e^2 + e + 1)); no gradient.
        let spikes = [OutputSpike(time: 1, unit: 0), OutputSpike(time: 2, unit: 1), OutputSpike(time: 3, unit: 0)]
        let sample = recording([spikes], outputs: 3)
        let plain = evaluate(SpikeCountCrossEntropy(scale: 1, tau0: .infinity), sample, label: 0)
        #expect(abs(plain.result.value - 0.407_605_964_444_380_1) < 1e-15)
        #expect(plain.errors == [0, 0, 0])
        // Soft counts e^-1 + e^-3 and e^-2 at scale 2: logits 0.83533301857, 0.27067056647, 0.
        let soft = evaluate(SpikeCountCrossEntropy(scale: 2, tau0: 1), sample, label: 0)
        #expect(abs(soft.result.value - 0.694_287_552_406_680_9) < 1e-14)
    }

    // MARK: Derivatives

    static let spikeLosses: [any Loss] = [
        TTFSCrossEntropy(), TTFSCrossEntropy(tau0: 5e-3, alpha: 0.1, tau1: 20e-3), SpikeTimeMSE(), ShiftInvariantMSE(),
        SpikeCountCrossEntropy(), SpikeCountCrossEntropy(scale: 3, tau0: 5e-3),
    ]

    @Test(arguments: 0..<40)
    func derivativesOfSpikeTimes(seed: Int) {
        var random = RandomStream(seed: UInt64(seed), stream: 0)
        let outputs = 2 + random.index(below: 5)
        var spikes: [OutputSpike] = []
        // Times apart from each other, so that no stencil changes their order.
        for slot in 0..<random.index(below: 3 * outputs) + 1 {
            let time = 5e-3 + 1e-3 * (Double(slot) + 0.4 * random.uniform())
            spikes.append(OutputSpike(time: time, unit: random.index(below: outputs)))
        }
        let label = spikes[random.index(below: spikes.count)].unit
        for loss in LossTests.spikeLosses {
            let (_, errors) = evaluate(loss, recording([spikes], outputs: outputs), label: label)
            var (difference, size) = (0.0, 0.0)
            for index in spikes.indices {
                func value(_ shift: Double) -> Double {
                    var moved = spikes
                    moved[index].time += shift
                    return evaluate(loss, recording([moved], outputs: outputs), label: label).result.value
                }
                let step = 2e-6
                let numeric = (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
                difference += (numeric - errors[index]) * (numeric - errors[index])
                size += errors[index] * errors[index]
            }
            #expect(
                difference.squareRoot() <= 1e-8 * size.squareRoot() + 1e-8, "\(loss), seed \(seed), outputs \(outputs)")
        }
    }

    @Test(arguments: 0..<20)
    func derivativesOfMaxima(seed: Int) {
        var random = RandomStream(seed: UInt64(seed), stream: 1)
        let maxima = (0..<2 + random.index(below: 6)).map { _ in 3 * random.uniform() }
        let label = random.index(below: maxima.count)
        let (_, errors) = evaluate(VMaxCrossEntropy(), recording(maxima: [maxima]), label: label)
        for index in maxima.indices {
            func value(_ shift: Double) -> Double {
                var moved = maxima
                moved[index] += shift
                return evaluate(VMaxCrossEntropy(), recording(maxima: [moved]), label: label).result.value
            }
            let step = 1e-3
            let numeric = (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
            #expect(abs(numeric - errors[index]) < 1e-11, "seed \(seed), output \(index)")
        }
    }

    @Test func certaintyKeepsItsDigits() {
        // p_label = 1 - 2e-9 about: the derivative is not taken as a difference from 1.
        let loss = TTFSCrossEntropy(tau0: 1e-3, alpha: 0, tau1: 1)
        let spikes = [OutputSpike(time: 0, unit: 0), OutputSpike(time: 20e-3, unit: 1)]
        let (result, errors) = evaluate(loss, recording([spikes], outputs: 2), label: 0)
        let exact = 2.061_153_618_190_203_3e-9  // e^-20 / (1 + e^-20)
        #expect(abs(errors[0] * 1e-3 / exact - 1) < 1e-14)
        #expect(abs(result.value / 2.061_153_620_314_381e-9 - 1) < 1e-14)  // log(1 + e^-20)
    }

    @Test func derivativesAreAdded() {
        let sample = recording([[OutputSpike(time: 1e-3, unit: 0), OutputSpike(time: 2e-3, unit: 1)]], outputs: 2)
        for loss in LossTests.spikeLosses {
            let once = evaluate(loss, sample, label: 0).errors
            var sampler = OutputSampler(sample)
            var twice = [1.0, -1.0]
            sampler.withSample(part: 0, index: 0) { output, _ in
                twice.withUnsafeMutableBufferPointer {
                    _ = loss.evaluate(output, target: Target(label: 0), errors: $0.baseAddress.unsafelyUnwrapped)
                }
            }
            #expect(abs(twice[0] - 1 - once[0]) <= 1e-12 * abs(once[0]) + 1e-12)
            #expect(abs(twice[1] + 1 - once[1]) <= 1e-12 * abs(once[1]) + 1e-12)
        }
    }

    // MARK: Silence, ties and decisions

    @Test func silentLabelAddsNothing() {
        let sample = recording([[OutputSpike(time: 1e-3, unit: 0)]], outputs: 3)
        for loss in LossTests.spikeLosses {
            let (result, errors) = evaluate(loss, sample, label: 2)
            #expect(result.isSkipped && result.value == 0 && errors.allSatisfy { $0 == 0 }, "\(loss)")
            #expect(!evaluate(loss, sample, label: 0).result.isSkipped)
        }
    }

    @Test func silenceWhereTargetTimesAreGiven() {
        let sample = recording([[OutputSpike(time: 1e-3, unit: 0)]], outputs: 2)
        let loss = SpikeTimeMSE()
        for (targets, isSkipped) in [
            ([1e-3, 2e-3], false), ([.infinity, 2e-3], true), ([1e-3, .infinity], false),
            ([.infinity, .infinity], false),
        ] {
            #expect(
                evaluate(loss, sample, label: -1, targets: targets).result.isSkipped == isSkipped, "targets \(targets)")
        }
        #expect(evaluate(loss, recording([[]], outputs: 2), label: -1, targets: [1e-3, 2e-3]).result.isSkipped)
    }

    @Test func silentOutputsWithTargetTimesAreCharged() throws {
        let loss = SpikeTimeMSE(tau0: 5e-3)
        let some = recording([[OutputSpike(time: 1e-3, unit: 0)], []], outputs: 3)
        // At least one tau0, else the distance of a spike at 0; infinite targets are none.
        let targets = [1e-3, 2e-3, 20e-3, 1e-3, .infinity, .infinity]
        let judged = try loss.evaluate(some, labels: [], targets: targets)
        #expect(abs(judged.value - (0.5 + 8 + 0.5) / 2) < 1e-14 && judged.skippedCount == 1)
        let weighted = try loss.evaluate(some, labels: [], targets: targets, sampleWeights: [0, 3])
        #expect(abs(weighted.value - 1.5 / 2) < 1e-14)
        // With labels others may well be silent.
        let exact = recording([[OutputSpike(time: 20e-3, unit: 0)]], outputs: 3)
        #expect(try loss.evaluate(exact, labels: [0]).value == 0)
    }

    @Test func decisions() {
        let samples: [[OutputSpike]] = [
            [OutputSpike(time: 2e-3, unit: 1), OutputSpike(time: 1e-3, unit: 2), OutputSpike(time: 3e-3, unit: 1)],
            [],
            [OutputSpike(time: 1e-3, unit: 1), OutputSpike(time: 1e-3, unit: 2)],
        ]
        let many = recording(samples, outputs: 3)
        #expect(TTFSCrossEntropy().predictions(many) == [2, -1, 1])
        #expect(SpikeTimeMSE().predictions(many) == [2, -1, 1])
        #expect(SpikeCountCrossEntropy().predictions(many) == [1, -1, 1])
        // So late that the soft count is 0: an output that spiked still goes before one that did not.
        let late = recording([[OutputSpike(time: 1e9, unit: 2)]], outputs: 3)
        #expect(SpikeCountCrossEntropy().predictions(late) == [2])
        let membranes = recording(maxima: [[0, 0, 0], [0.5, 2, 2], [0, 0, 1e-300]])
        #expect(VMaxCrossEntropy().predictions(membranes) == [0, 1, 2])
    }

    @Test func probabilities() {
        let many = recording([[], [OutputSpike(time: 1e-3, unit: 1)], [OutputSpike(time: 1, unit: 0)]], outputs: 2)
        for loss in LossTests.spikeLosses {
            let p = loss.probabilities(many)
            #expect(p[0] == 0.5 && p[1] == 0.5, "\(loss)")
            for sample in 0..<3 { #expect(abs(p[2 * sample] + p[2 * sample + 1] - 1) < 1e-15) }
        }
        #expect(Array(TTFSCrossEntropy().probabilities(many)[2...]) == [0, 1, 1, 0])
        let p = VMaxCrossEntropy().probabilities(recording(maxima: [[1, 0, 0]]))
        #expect(abs(p[0] - 0.576_116_884_765_829_1) < 1e-15)
    }

    @Test func evaluationOfRecordings() throws {
        let many = recording(
            [
                [OutputSpike(time: 1e-3, unit: 1)], [],
                [OutputSpike(time: 1e-3, unit: 0), OutputSpike(time: 2e-3, unit: 1)],
            ],
            outputs: 2)
        let loss = TTFSCrossEntropy(tau0: 1e-3, alpha: 0, tau1: 1)
        let evaluation = try loss.evaluate(many, labels: [1, 0, 1])
        #expect(evaluation.correctCount == 1 && evaluation.skippedCount == 1 && evaluation.sampleCount == 3)
        // The silent sample counts as undecided between two.
        #expect(abs(evaluation.value - (1.313_261_687_518_222_8 + 0.693_147_180_559_945_3) / 3) < 1e-15)
        #expect(abs(evaluation.accuracy - 1.0 / 3) < 1e-15)
        #expect(try loss.evaluate(recording([], outputs: 2), labels: []).accuracy.isNaN)
    }

    // MARK: The ends of float64

    @Test func lateSpikesAreInfiniteNotWrong() throws {
        let late = recording([[OutputSpike(time: 5, unit: 0), OutputSpike(time: 4, unit: 1)]], outputs: 2)
        let (result, errors) = evaluate(TTFSCrossEntropy(), late, label: 0)
        #expect(result.value == .infinity && errors[1] == .infinity)
        // Without the pull no time is too late: 1 s is 2000 tau0.
        let patient = evaluate(TTFSCrossEntropy(alpha: 0), late, label: 0)
        #expect(abs(patient.result.value - 2000) < 1e-9)
        // The label first: nothing is left to learn but the pull.
        let soon = evaluate(TTFSCrossEntropy(alpha: 0), late, label: 1)
        #expect(soon.result.value == 0 && soon.errors.allSatisfy { $0 == 0 })
        #expect(throws: SpinnpropError.self) { try SpinnpropError.check(loss: .infinity) }
        let high = evaluate(VMaxCrossEntropy(), recording(maxima: [[1e300, 0]]), label: 1)
        #expect(high.result.value == 1e300 && high.errors[0] == 1 && high.errors[1] == -1)
    }

    @Test func domains() {
        let wrong: [any Loss] = [
            TTFSCrossEntropy(tau0: 0), TTFSCrossEntropy(tau0: .nan), TTFSCrossEntropy(tau0: .infinity),
            TTFSCrossEntropy(alpha: -1), TTFSCrossEntropy(alpha: .infinity), TTFSCrossEntropy(tau1: -1),
            SpikeTimeMSE(tau0: -1), SpikeTimeMSE(tLabel: -1), SpikeTimeMSE(tOther: .nan),
            // The label would have to come last, or with the others, or never.
            SpikeTimeMSE(tLabel: 20e-3, tOther: 10e-3), SpikeTimeMSE(tLabel: 1e-3, tOther: 1e-3),
            SpikeTimeMSE(tLabel: .infinity, tOther: .infinity), SpikeTimeMSE(tLabel: .infinity),
            SpikeCountCrossEntropy(scale: 0), SpikeCountCrossEntropy(scale: .infinity), SpikeCountCrossEntropy(tau0: 0),
        ]
        for loss in wrong {
            #expect(throws: SpinnpropError.self, "\(loss)") { try loss.check() }
        }
        let right: [any Loss] = [
            TTFSCrossEntropy(alpha: 0), SpikeTimeMSE(tOther: .infinity), SpikeCountCrossEntropy(tau0: .infinity),
        ]
        for loss in right + LossTests.spikeLosses { #expect(throws: Never.self) { try loss.check() } }
    }

    @Test func parametersOfEachKindMakeItsDefaultLoss() throws {
        #expect(try LossParameters(.ttfsCrossEntropy).makeLoss() as? TTFSCrossEntropy == TTFSCrossEntropy())
        #expect(try LossParameters(.vMaxCrossEntropy).makeLoss() as? VMaxCrossEntropy == VMaxCrossEntropy())
        #expect(try LossParameters(.spikeTimeMSE).makeLoss() as? SpikeTimeMSE == SpikeTimeMSE())
        #expect(
            try LossParameters(.spikeCountCrossEntropy).makeLoss() as? SpikeCountCrossEntropy
                == SpikeCountCrossEntropy())
        var wrong = LossParameters(.ttfsCrossEntropy)
        wrong.tau0 = -1
        #expect(throws: SpinnpropError.self) { try wrong.makeLoss() }
    }
}
