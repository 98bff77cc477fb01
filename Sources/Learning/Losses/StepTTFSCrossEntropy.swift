// Cross-entropy over times to first spike counted in steps, in float32 as a SpiNNaker2 computes it.
import Mathematics
import Networks

/// The label neuron shall spike before all others, and early:
///
///     -log softmax(-t / xi)[label] + alpha (exp(t_label / beta) - 1),   t: steps of first spikes; a silent output has t = T
///
/// Silent outputs enter the softmax as if they spiked at the end of the grid, the label's too, but get no gradient. So no sample is
/// skipped. (`TTFSCrossEntropy` leaves silent outputs out; both follow their papers: this one the public code of
/// arXiv 2412.15021.) A sample in which no output spikes has no class and counts as wrong.
///
/// Every operation is one float32 operation in the order written here; exp, expm1, log and log1p are the library's, worked out in
/// float64 and rounded once. So the bits are the same on every processor.
///
/// | symbol | name           | default | unit  | meaning                                                    |
/// |--------|----------------|---------|-------|------------------------------------------------------------|
/// | xi     | `xi`           | 1.5     | steps | the time difference that tells outputs apart, > 0          |
/// | alpha  | `alpha`        | 1e-2    | -     | strength of the pull towards early spikes, >= 0            |
/// | beta   | `beta`         | 100     | steps | the scale on which a label spike counts as late, > 0       |
/// |        | `tiesAreWrong` | false   | -     | whether several earliest outputs are no class; otherwise the lowest index wins |
public struct StepTTFSCrossEntropy: TabledLoss, Equatable {
    public static let defaultXi = 1.5
    public static let defaultAlpha = 1e-2
    public static let defaultBeta = 100.0

    public var xi: Double
    public var alpha: Double
    public var beta: Double
    public var tiesAreWrong: Bool

    public init() { self.init(xi: StepTTFSCrossEntropy.defaultXi) }

    public init(
        xi: Double = defaultXi, alpha: Double = defaultAlpha, beta: Double = defaultBeta, tiesAreWrong: Bool = false
    ) {
        self.xi = xi
        self.alpha = alpha
        self.beta = beta
        self.tiesAreWrong = tiesAreWrong
    }

    public var name: String { "StepTTFSCrossEntropy" }
    public var needsLeakyReadout: Bool { false }
    public var needsGrid: Bool { true }

    public static let fields: [OptionField<StepTTFSCrossEntropy>] = [
        OptionField("xi", \.xi, .positiveSingle),
        OptionField("alpha", \.alpha, .notNegativeSingle),
        OptionField("beta", \.beta, .positiveSingle),
        OptionField("ties_are_wrong", \.tiesAreWrong),
    ]

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let label = target.label
        guard label >= 0, let grid = output.grid else { return SampleResult(value: 0, isSkipped: true) }
        return withScratch(output.outputCount) { shares in
            let (logit, others) = shareOut(output, grid, besides: label, into: shares)
            let (xi, alpha, beta) = (Float(xi), Float(alpha), Float(beta))
            let sum = others + Float(shares[label])
            for neuron in 0..<output.outputCount where output.firstSpikes[neuron] >= 0 && neuron != label {
                let derivative = (Float(shares[neuron]) / sum) / -xi
                errors[output.firstSpikes[neuron]] += Double(derivative) / grid.timeStep
            }
            let lateness = output.firstStep(label, grid) / beta
            let entropy =
                logit == 0
                ? Float(Elementary.log1p(Double(others))) : Float(Elementary.log(Double(sum))) - logit
            let value = entropy + alpha * Float(Elementary.expm1(Double(lateness)))
            if output.firstSpikes[label] >= 0 {
                // 1 - p, not as a difference from 1.
                let derivative =
                    (others / sum) / xi + (alpha / beta) * Float(Elementary.exp(Double(lateness)))
                errors[output.firstSpikes[label]] += Double(derivative) / grid.timeStep
            }
            return SampleResult(value: Double(value))
        }
    }

    /// The exponentials of the logits -(t - earliest t) / xi, and for one output its logit and the sum of all others' in ascending order.
    private func shareOut(
        _ output: OutputSample, _ grid: TimeGrid, besides label: Int, into shares: UnsafeMutablePointer<Double>
    ) -> (logit: Float, others: Float) {
        var earliest = Float(grid.steps)
        for neuron in 0..<output.outputCount { earliest = min(earliest, output.firstStep(neuron, grid)) }
        var (own, others) = (Float(0), Float(0))
        for neuron in 0..<output.outputCount {
            let logit = (earliest - output.firstStep(neuron, grid)) / Float(xi)
            let share = Float(Elementary.exp(Double(logit)))
            shares[neuron] = Double(share)
            if neuron == label { own = logit } else { others += share }
        }
        return (own, others)
    }

    public func predict(_ output: OutputSample) -> Int {
        let winner = output.earliestOutput
        guard tiesAreWrong, winner >= 0 else { return winner }
        let isTied = (0..<output.outputCount).contains {
            $0 != winner && output.firstTime($0) == output.firstTime(winner)
        }
        return isTied ? -1 : winner
    }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        for neuron in 0..<output.outputCount { probabilities[neuron] = 1 / Double(output.outputCount) }
        guard let grid = output.grid else { return }
        let (_, sum) = shareOut(output, grid, besides: -1, into: probabilities)
        for neuron in 0..<output.outputCount { probabilities[neuron] /= Double(sum) }
    }
}

extension OutputSample {
    /// The step of an output's first spike, T if it is silent.
    @inline(__always)
    fileprivate func firstStep(_ output: Int, _ grid: TimeGrid) -> Float {
        firstSpikes[output] < 0 ? Float(grid.steps) : Float(grid.step(nearest: times[firstSpikes[output]]))
    }
}
