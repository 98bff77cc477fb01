// Forward and gradient in one call each, with every check that does not belong to one engine.
import EventDriven
import Learning
import Mathematics
import Networks
import Spikes

extension Network {
    /// Runs the network on every sample.
    ///
    /// - Throws: `invalidValue` if the input does not fit or an option is out of its domain, `unsupported` for a network
    ///   the engine cannot run, `tooManySpikes`, `cancelled`.
    public func forward(
        _ input: SpikeTrains, engine: Engine = .defaultEngine, options: ForwardOptions = ForwardOptions(),
        monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Recording {
        try engine.substrate.forward(self, input, options: options, monitor: monitor)
    }

    /// Scales initial weights up until enough of each layer spikes; see the other `wakeSilentLayers`.
    public mutating func wakeSilentLayers(
        on input: SpikeTrains, engine: Engine = .defaultEngine, options: ForwardOptions = ForwardOptions(),
        monitor: Monitor? = nil
    ) throws(SpinnpropError) {
        try wakeSilentLayers(on: input, substrate: engine.substrate, options: options, monitor: monitor)
    }

    /// The batch mean of a loss over a recording, and its gradient.
    ///
    /// - Parameter engine: whose gradient rule to use; `nil`: that of the engine which made the recording.
    /// - Throws: `staleRecording` if parameters have changed since the recording was made, `unsupported` if rule and
    ///   recording, or loss and read-out, do not go together, `invalidValue` for labels that do not fit and for a value or
    ///   gradient beyond float64.
    public func gradient(
        _ recording: Recording, _ objective: Objective, engine: Engine? = nil, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Gradients {
        try recording.check(madeBy: self)
        return try differentiate(recording, objective, engine, monitor)
    }

    /// What given derivatives with respect to a recording's spikes, maxima and membranes make of parameters and input times: their
    /// product with its Jacobian, without a batch mean.
    ///
    /// - Throws: as `gradient`; `invalidValue` for errors that do not fit the recording or are not finite.
    public func pullBack(
        _ recording: Recording, _ errors: GivenErrors, wantsInputTimes: Bool = true, wantsNeurons: Bool = false,
        engine: Engine? = nil, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Gradients {
        let objective = Objective(errors, wantsInputTimes: wantsInputTimes, wantsNeurons: wantsNeurons)
        return try gradient(recording, objective, engine: engine, monitor: monitor)
    }

    private func differentiate(
        _ recording: Recording, _ objective: Objective, _ engine: Engine?, _ monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        let gradients = try rule(of: engine, for: recording).backward(self, recording, objective, monitor: monitor)
        try gradients.checkFinite()
        return gradients
    }

    /// The adjoint lV, lI of a layer behind the gradient of an objective: see `EventAdjoint.traces`.
    ///
    /// - Throws: also `staleRecording`, and `unsupported` for another gradient rule than that of exact events.
    public func adjoint(
        _ recording: Recording, _ objective: Objective, engine: Engine? = nil, layer: Int, samples: Range<Int>,
        times: [Double], monitor: Monitor? = nil
    ) throws(SpinnpropError) -> (lambdaV: [Double], lambdaI: [Double]) {
        try recording.check(madeBy: self)
        let rule = try rule(of: engine, for: recording)
        guard let exact = rule as? EventAdjoint else {
            throw .unsupported(
                "the gradient is by the rule of engine \"\(rule.name)\"; that of \"event\" alone has an adjoint at any time, so take the gradient "
                    + "by it, of a recording in continuous time")
        }
        return try exact.traces(
            self, recording, objective, layer: layer, samples: samples, times: times, monitor: monitor)
    }

    /// An engine's gradient rule, `nil` standing for the one that made the recording.
    private func rule(of engine: Engine?, for recording: Recording) throws(SpinnpropError) -> any GradientRule {
        let maker = try Engine(of: recording)
        let engine = engine ?? maker
        try engine.checkCanDifferentiate(recordingsOf: maker, named: recording.engine)
        return engine.gradientRule
    }
}

extension Engine {
    /// Whether this engine's gradient rule has a meaning for what an engine records: spikes on a grid for rules of this grid, spikes in
    /// continuous time for the others.
    func checkCanDifferentiate(recordingsOf maker: Engine, named name: String) throws(SpinnpropError) {
        guard (gradientRule.grid == nil) == (maker.gradientRule.grid == nil) else {
            throw .unsupported(
                "the gradient rule of engine \"\(self.name)\" cannot differentiate a recording of engine "
                    + "\"\(name)\"; leave the engine of the gradient open")
        }
        if let grid = gradientRule.grid, let own = maker.gradientRule.grid { try grid.checkRunsLike(recording: own) }
    }
}

extension Trainer {
    /// A trainer on an engine; what the parameters mean is said at `Trainer`.
    ///
    /// - Parameter rule: whose gradient rule to use; `nil`: the engine's own.
    /// - Throws: also `unsupported` if engine and rule do not go together.
    public convenience init(
        _ network: Network, _ options: TrainingOptions = TrainingOptions(), engine: Engine = .defaultEngine,
        rule: Engine? = nil
    ) throws(SpinnpropError) {
        let rule = rule ?? engine
        try rule.checkCanDifferentiate(recordingsOf: engine, named: engine.name)
        try self.init(
            network, options, substrate: engine.substrate, rule: rule == engine ? nil : rule.gradientRule)
    }
}
