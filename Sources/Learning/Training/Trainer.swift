// The training loop: batches, steps, validation, early stopping, progress, cancellation.
import Glibc
import Mathematics
import Networks
import Spikes

/// Trains a copy of a network on spike trains with labels or targets.
///
/// A run goes on until `TrainingOptions.epochs` are done in all or early stopping ends it. Between two batches everything it is
/// made of is one value, and every order is drawn from the seed, the epoch and the batch alone. So when the callback stops a run, the
/// trainer stands after the last finished batch, even in the middle of an epoch; the next `run` goes on with the rest
/// of that epoch and ends with the very bits of a run that was never stopped. Checkpoints hold the same value.
///
/// After an error the trainer likewise stands after the last good batch. A trainer belongs to one thread at a time.
public final class Trainer {
    public private(set) var options: TrainingOptions
    /// What learning rates are multiplied with in an epoch, counted from 0, in the options' schedule's stead: 0 ... 1e6. Asked for on the thread that
    /// runs, when an epoch begins or goes on.
    public var schedule: ((Int) -> Double)?
    /// Has the batches of a step run by somebody else, with the parameters of this network, and gives what `run(batch:)` of a trainer like this one gave
    /// for each; `nil`: they run here. The bits are the same. Called on the thread that runs, once for each step.
    public var elsewhere: ((Network, [Examples]) throws(SpinnpropError) -> [[Double]])?
    private let substrate: any Substrate
    /// What differentiates recordings; `nil`: the substrate's own rule.
    private let rule: (any GradientRule)?
    private var state: TrainingState
    /// Holds the parameters and the optimiser's memory in the state's stead while a run goes on; `nil` between runs.
    private var session: (any Session)?
    /// Whether the checkpoint holds what has been done.
    private var isSaved = false
    /// A rate's time constant that follows the network's stays what it was in the beginning, if those are trained.
    private let rate: RateRegularisation?

    /// - Parameter rule: what differentiates recordings; `nil`: the substrate's own rule.
    /// - Throws: `invalidValue` naming the option that is out of its domain, or the delay that cannot be trained as they say, `unsupported`
    ///   if loss and read-out do not go together; with `resume`, `fileError` for a checkpoint that cannot be read or belongs to another run.
    public init(
        _ network: Network, _ options: TrainingOptions, substrate: any Substrate,
        rule: (any GradientRule)? = nil
    ) throws(SpinnpropError) {
        try options.check()
        let delayRate = options.optimizer.delayLearningRate
        guard delayRate == 0 || network.connections.contains(where: { $0.delayKind != .none }) else {
            throw .invalidValue(
                "delay_learning_rate is \(delayRate), but no connection of the network has delays; make it with delays, or "
                    + "leave the rate 0")
        }
        self.options = options
        self.substrate = substrate
        self.rule = rule
        let origin = network.fingerprint
        let network = try Trainer.beginning(of: network, options)
        var rate = options.rate
        if options.rate?.tau == nil { rate?.tau = RateRegularisation.defaultTau * network.timeStretch }
        self.rate = rate
        var start = network
        try options.delayInitialisation.apply(
            to: &start, options.optimizer, substrate.precision, seed: options.seed)
        let fresh = TrainingState(
            network: start, optimizer: try Optimizer(options.optimizer, for: start, precision: substrate.precision),
            course: options.course(substrate, rule ?? substrate.rule), origin: origin)
        state = fresh
        try objective().check(
            network, sampleCount: 0, grid: substrate.grid, differentiatesNeurons: differentiatesNeurons)
        if options.resume, let path = options.checkpointPath, let saved = try Checkpoint.load(path, like: fresh) {
            state = saved
            try state.average(over: saved.ends, atMost: options.averageEpochs)
        }
    }

    /// The network with neuron parameters that are trained as they were when the run that these options resume began: what is left open follows time
    /// constants as they were then. Any other network than the one that the checkpoint hands out stays what it is.
    ///
    /// - Throws: `fileError` for a checkpoint that cannot be read; `invalidValue` as `init`.
    public static func beginning(
        of network: Network, _ options: TrainingOptions
    ) throws(SpinnpropError) -> Network {
        let neurons = options.optimizer.trained.subtracting([.weights, .delays])
        guard options.resume, let path = options.checkpointPath, !neurons.isEmpty else { return network }
        var own = options.optimizer
        (own.train, own.delayParameter, own.delayLearningRate) = (neurons, .clip, 0)
        return try Checkpoint.beginning(of: network, try Optimizer(own, for: network), path)
    }

    /// The network with neuron parameters as they were when the run began, which a loss that is left open follows.
    ///
    /// - Throws: `invalidValue` while a run goes on.
    public func beginning() throws(SpinnpropError) -> Network {
        try checkIdle()
        return try state.optimizer.beginning(of: state.network)
    }

    /// The network as it stands, or as it was at the end of the last epochs on average; after the end of a run with `restoreBest`, that of
    /// the best epoch.
    public var network: Network {
        handsOutBest ? ownNetwork : state.mean ?? session?.network ?? state.network
    }

    /// What a step between runs starts from: the parameters that training goes on from, never a mean of several.
    private var ownNetwork: Network {
        if handsOutBest, let best = state.best { return best.network }
        return state.network
    }

    private var handsOutBest: Bool { isFinished && options.restoreBest && state.best != nil }

    /// Writes a checkpoint somewhere: `network`, the optimiser's memory and all else that a trainer needs to go on from there. `NetworkFile.load`
    /// reads the network alone.
    ///
    /// - Throws: `fileNotFound` without the folder, `fileError`; `invalidValue` while a run goes on.
    public func save(_ path: FilePath) throws(SpinnpropError) {
        try checkIdle()
        try Checkpoint.save(state, path, handsOutBest: handsOutBest)
    }

    public var epochsDone: Int { state.epoch }
    /// One record per finished epoch.
    public var history: [EpochRecord] { state.history }
    /// Whether all epochs are done or early stopping has ended the run.
    public var isFinished: Bool { state.epoch >= options.epochs || hasStoppedEarly }
    public var hasStoppedEarly: Bool {
        options.patience > 0 && state.epochsSinceBest >= options.patience
    }

    /// Trains until the end, or until the callback stops it.
    ///
    /// - Parameters:
    ///   - validation: on which each epoch is judged, labelled or not as `training` is. Early stopping and `restoreBest` need it.
    ///   - progress: returns whether to go on; called every 20 ms or so and at the end of each epoch, on this thread.
    /// - Throws: `cancelled` if the callback stopped the run, `invalidValue` for data that do not fit the network or are not those
    ///   of an earlier run, and for a loss or gradient that is not finite, naming epoch and batch; what forward throws;
    ///   `fileNotFound` or `fileError` if a checkpoint cannot be written, which is found out before the first epoch.
    public func run(
        _ training: Examples, validation: Examples? = nil, progress: ((TrainingProgress) -> Bool)? = nil
    ) throws(SpinnpropError) {
        if elsewhere != nil, type(of: substrate) is AnyClass {
            throw .unsupported(
                "the engine \"\(substrate.name)\" keeps account of what runs on it, so its batches run here; "
                    + "train on the engine \"clock\", which does the same on the host, or without an executor"
            )
        }
        if !isFinished, let path = options.checkpointPath { try FileAccess.checkWritable(path) }
        try bind(training, validation)
        // What makes a step.
        var batches = Batches(training, batchSize: options.batchSize * options.accumulate)
        let reporter = progress.map { ProgressReporter($0, epochCount: options.epochs, batchCount: batches.count) }
        do throws(SpinnpropError) {
            while !isFinished {
                try runEpoch(&batches, validation, reporter)
            }
            endSession()
        } catch {
            endSession()
            // What was done since the last checkpoint shall not be lost.
            if error.kind == .cancelled { try saveCheckpoint() }
            throw error
        }
    }

    /// The same on labels, one per sample, 0 ..< outputs.
    public func run(
        _ input: SpikeTrains, labels: [Int], validation: (input: SpikeTrains, labels: [Int])? = nil,
        progress: ((TrainingProgress) -> Bool)? = nil
    ) throws(SpinnpropError) {
        try run(
            Examples(input, labels: labels), validation: validation.map { Examples($0.input, labels: $0.labels) },
            progress: progress)
    }

    /// Gives layers learning rates of their own, from the next batch on; see `Optimizer.setLearningRates`.
    ///
    /// - Throws: what that does, and `invalidValue` while a run goes on.
    public func setLearningRates(_ rates: [Double], of kinds: TrainedParameters) throws(SpinnpropError) {
        try checkIdle()
        try state.optimizer.setLearningRates(rates, of: kinds)
    }

    /// Sets how many epochs there are in all: more than are done for a run that goes on.
    ///
    /// - Throws: `invalidValue` out of its domain, or while a run goes on.
    public func setEpochs(_ count: Int) throws(SpinnpropError) {
        try checkIdle()
        var changed = options
        changed.epochs = count
        try changed.check()
        options = changed
    }

    private func checkIdle() throws(SpinnpropError) {
        guard session == nil else {
            throw .invalidValue("the trainer is running; change it between two runs")
        }
    }

    /// Takes a step of the optimiser with a gradient that somebody else has taken, of `network` as it stands: a loop of one's own. Epochs are not
    /// counted, no schedule is followed, no checkpoint written and, as no epoch ends, nothing averaged: where `run` has left a mean of parameters, the
    /// step changes the parameters themselves, they are `network`, and averaging begins anew. What `run` has begun goes on from there.
    ///
    /// - Parameter rateFactor: of all learning rates, >= 0.
    /// - Throws: `invalidValue` for gradients of another network's shape or without those of neuron parameters that are trained, and for numbers that
    ///   are not finite; then nothing has changed.
    public func step(_ gradients: Gradients, rateFactor: Double = 1) throws(SpinnpropError) {
        try checkIdle()
        try Trainer.check(rateFactor, "the factor of the learning rates is")
        // Where a run has ended with the best epoch's parameters, these are what the gradient is of.
        var (changed, own) = (ownNetwork, gradients)
        guard own.isShaped(like: changed) else {
            throw .invalidValue("the gradients have the shape of another network; take them of the trainer's own")
        }
        try changed.checkRoom("the parameters after the step")
        try state.optimizer.step(&changed, &own, rateFactor: rateFactor)
        state.goOn(with: changed, fromBest: handsOutBest)
        isSaved = false
    }

    /// Takes a step of the optimiser with the gradient of a batch, of the parameters that the step changes: likewise for a loop of one's own.
    ///
    /// - Returns: the batch mean of the loss before the step.
    /// - Throws: what `run` does for such data, and `cancelled` by the monitor; then nothing has changed.
    public func step(
        _ batch: Examples, rateFactor: Double = 1, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Double {
        try checkIdle()
        try Trainer.check(rateFactor, "the factor of the learning rates is")
        try check(batch, "batch")
        let before = state
        state.goOn(with: ownNetwork, fromBest: handsOutBest)
        defer { session = nil }
        do throws(SpinnpropError) {
            let session = try beginSession()
            let result = try gradient(of: batch, by: session, monitor)
            try session.step(rateFactor: rateFactor)
            settle()
            isSaved = false
            return result.value
        } catch {
            state = before
            throw error
        }
    }

    /// Runs a batch with the parameters as they stand, and gives what a trainer wants that has it run `elsewhere`. Nothing changes.
    ///
    /// - Throws: what `run` does for such data, and `cancelled` by the monitor.
    public func run(batch: Examples, monitor: Monitor? = nil) throws(SpinnpropError) -> [Double] {
        try checkIdle()
        try check(batch, "batch")
        let network = ownNetwork
        let recording = try substrate.forward(network, batch.input, options: options.forward, monitor: monitor)
        let made = try (rule ?? substrate.rule).backward(network, recording, objective(batch), monitor: monitor)
        return try numbers(of: network).numbers(BatchResult(recording, made), made)
    }

    /// How many numbers `run(batch:)` gives.
    public func batchNumberCount() throws(SpinnpropError) -> Int { try numbers(of: state.network).count() }

    private func numbers(of network: Network) -> BatchNumbers {
        BatchNumbers(
            network: network, withNeurons: state.optimizer.trainsNeurons, forBumping: options.bumping.amount > 0)
    }

    private static func check(_ factor: Double, _ what: String) throws(SpinnpropError) {
        guard OptimizerOptions.rates.contains(factor) else {
            throw .invalidValue("\(what) \(factor); it must be \(OptimizerOptions.rates.text)")
        }
    }

    /// Checks data that are to be run.
    private func check(_ data: Examples, _ name: String) throws(SpinnpropError) {
        guard data.input.sampleCount > 0 else {
            let remedy = name == "validation" ? "give some, or no validation" : "give some"
            throw .invalidValue("the \(name) data have 0 samples; \(remedy)")
        }
        try objective(data).check(
            state.network, sampleCount: data.input.sampleCount, grid: substrate.grid,
            differentiatesNeurons: differentiatesNeurons)
        // Validation data are first run after an epoch of training: too late to find out.
        guard data.input.unitCount == state.network.inputCount else {
            throw .invalidValue(
                "the spike trains have n_units = \(data.input.unitCount), the network \(state.network.inputCount) inputs; they "
                    + "must agree")
        }
        try substrate.check(data.input)
    }

    /// A batch may have no target time, or none that weighs anything, but of data without any the loss is 0 whatever the network.
    private func checkTeaches(_ data: Examples, _ name: String) throws(SpinnpropError) {
        guard options.loss.targets != .times || data.targets.isEmpty || data.targets.contains(where: { $0 < .infinity })
        else {
            throw .invalidValue("all target times of the \(name) data are +infinity, which is none; give one at least")
        }
        guard data.weights.isEmpty || data.weights.contains(where: { $0 > 0 }) else {
            throw .invalidValue(
                "all sample weights of the \(name) data are 0, so no sample counts; give one above 0 at least, or no weights"
            )
        }
    }

    /// Checks the data, and that they are those of the run that is to go on.
    private func bind(
        _ training: Examples, _ validation: Examples?
    ) throws(SpinnpropError) {
        try check(training, "training")
        try checkTeaches(training, "training")
        if let validation {
            try check(validation, "validation")
            try checkTeaches(validation, "validation")
        } else if options.patience > 0 || options.restoreBest {
            throw .invalidValue("early stopping and restore_best need validation data; none were given")
        }
        let marks = Examples.marks(training, validation)
        guard state.epoch > 0 || state.batch > 0 else {
            state.data = marks
            return
        }
        // What validates may be left out, or come in later, but its losses are compared from epoch to epoch.
        let others = marks.filter { mark in state.data.contains { $0.name == mark.name && $0.value != mark.value } }
        guard others.isEmpty else {
            throw .invalidValue(
                "training has begun with other data (epoch \(state.epoch), batch \(state.batch)): other "
                    + "\(others.map(\.name).joined(separator: ", ")); go on with those, or begin another training"
            )
        }
        state.data += marks.filter { mark in !state.data.contains { $0.name == mark.name } }
    }

    /// Trains through what is left of the running epoch, validates, and closes it.
    private func runEpoch(
        _ batches: inout Batches, _ validation: Examples?, _ reporter: ProgressReporter?
    ) throws(SpinnpropError) {
        let start = monotonicSeconds()
        let secondsBefore = state.sums.seconds
        defer { if state.batch > 0 { state.sums.seconds = secondsBefore + monotonicSeconds() - start } }
        batches.shuffle(seed: options.seed, epoch: state.epoch)
        let factor = schedule?(state.epoch)
        if let factor { try Trainer.check(factor, "epoch \(state.epoch): the factor that the schedule gives is") }
        reporter?.update(state, batches.examples)
        while state.batch < batches.count {
            do throws(SpinnpropError) {
                try runBatch(batches, factor, reporter?.monitor)
            } catch {
                guard error.kind != .cancelled else { throw error }
                let hasGrown = error.kind == .tooManySpikes && (state.epoch > 0 || state.batch > 0)
                throw SpinnpropError(
                    error.kind,
                    "epoch \(state.epoch), batch \(state.batch): \(error.message)"
                        + (hasGrown ? "; a lower learning_rate keeps weights from growing so" : ""))
            }
            reporter?.update(state, batches.examples)
            if let reporter, reporter.monitor.poll() { throw .cancelled }
        }
        var record = state.sums.record(areLabelled: batches.examples.areLabelled)
        if validation != nil || options.averageEpochs > 1 { settle() }
        // Until all of it is done the epoch is not over.
        var closed = state
        if options.averageEpochs > 1 {
            try state.network.checkRoom(numbers: 2, "the network at the end of an epoch and the mean of several")
            try closed.average(over: state.ends + [state.network], atMost: options.averageEpochs)
        }
        var criterion: Double?
        if let validation {
            let evaluation = try evaluate(closed.mean ?? closed.network, validation, reporter?.monitor)
            record.validationLoss = evaluation.value
            record.validationAccuracy = evaluation.accuracy
            criterion = evaluation.value
        }
        record.learningRate =
            state.optimizer.largestWeightRate * (factor ?? options.schedule.factor(epoch: state.epoch))
        record.seconds = secondsBefore + monotonicSeconds() - start
        closed.finishEpoch(record, criterion: criterion)
        state = closed
        isSaved = false
        if isFinished || state.epoch % options.checkpointEvery == 0 { try saveCheckpoint() }
        if let reporter, !reporter.reportEpoch(state.epoch - 1, record) { throw .cancelled }
    }

    /// - Parameter factor: of learning rates; `nil`: as the options' schedule has it.
    private func runBatch(_ batches: Batches, _ factor: Double?, _ monitor: Monitor?) throws(SpinnpropError) {
        let dropout =
            options.inputDropout > 0
            ? RandomPurpose.inputDropout.stream(seed: options.seed, UInt64(state.epoch), UInt64(state.batch)) : nil
        let examples = try batches.batch(state.batch, dropout: dropout.map { (options.inputDropout, $0) })
        let session = try beginSession()
        var results: [BatchResult] = []
        let parts = Batches(examples, batchSize: options.batchSize)
        func part(_ index: Int) throws(SpinnpropError) -> Examples {
            parts.count == 1 ? examples : try parts.batch(index, dropout: nil)
        }
        if let elsewhere, let session = session as? PlainSession {
            var all: [Examples] = []
            for index in 0..<parts.count { all.append(try part(index)) }
            results = try gradients(of: all, from: elsewhere, for: session)
        } else {
            for index in 0..<parts.count { results.append(try gradient(of: try part(index), by: session, monitor)) }
        }
        let rateFactor = factor ?? options.schedule.factor(epoch: state.epoch, batch: state.batch, of: batches.count)
        isSaved = false
        try state.finishBatch(
            results, of: session, areLabelled: examples.areLabelled, bumping: options.bumping, rateFactor: rateFactor)
    }

    /// Runs a batch, and leaves its gradient with the session.
    private func gradient(
        of examples: Examples, by session: any Session, _ monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        let result = try session.batch(examples.input, objective(examples), monitor: monitor)
        try SpinnpropError.check(trainingLoss: result.value, sampleWeights: examples.weights)
        // Parameters are copied when they are read back. What has begun to change must come to its end.
        try state.network.checkRoom("the parameters after the step")
        return result
    }

    /// Has batches run elsewhere, and leaves the sum of their gradients, in the order of the batches, with the session.
    private func gradients(
        of batches: [Examples], from elsewhere: (Network, [Examples]) throws(SpinnpropError) -> [[Double]],
        for session: PlainSession
    ) throws(SpinnpropError) -> [BatchResult] {
        let numbers = numbers(of: session.network)
        let given = try elsewhere(numbers.network, batches)
        guard given.count == batches.count else {
            throw .invalidValue("\(given.count) batches came back of \(batches.count); give what each gave")
        }
        var results: [BatchResult] = []
        for (batch, own) in zip(batches, given) {
            let (result, made) = try numbers.read(own, sampleCount: batch.input.sampleCount)
            try SpinnpropError.check(trainingLoss: result.value, sampleWeights: batch.weights)
            session.take(made, sampleCount: batch.input.sampleCount)
            results.append(result)
        }
        try state.network.checkRoom("the parameters after the step")
        return results
    }

    private func objective(_ examples: Examples? = nil) -> Objective {
        var objective = Objective(
            loss: options.loss, labels: examples?.labels ?? [], targets: examples?.targets ?? [],
            sampleWeights: examples?.weights ?? [], rate: rate, wantsInputTimes: false,
            wantsNeurons: state.optimizer.trainsNeurons)
        objective.samples = examples?.samples ?? []
        return objective
    }

    private var differentiatesNeurons: Bool { (rule ?? substrate.rule).differentiatesNeurons }

    /// Whether another rule differentiates recordings than the substrate's own, which sessions know.
    private var hasOtherRule: Bool {
        guard let rule else { return false }
        let own = substrate.rule
        // What keeps account of what runs on it is itself alone.
        guard !(type(of: substrate) is AnyClass) else { return true }
        return rule.name != own.name || rule.grid != own.grid || rule.parameters != own.parameters
    }

    private func evaluate(
        _ network: Network, _ examples: Examples, _ monitor: Monitor?
    ) throws(SpinnpropError) -> Evaluation {
        let recording = try forward(network, examples.input, monitor)
        try recording.checkIntegrals(for: options.loss)
        var objective = objective(examples)
        objective.isValidation = true
        return try objective.evaluate(recording) { (values) throws(SpinnpropError) in
            try (rule ?? substrate.rule).read(values, network, recording, monitor: monitor)
        }
    }

    /// A run without a gradient, which may make as many spikes as batches of its samples would.
    private func forward(
        _ network: Network, _ input: SpikeTrains, _ monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        var own = options.forward
        own.integralTau = options.loss.integralTau
        let batches = max(1, (input.sampleCount - 1) / options.batchSize + 1)
        own.maxSpikes = own.maxSpikes.map { ofBatch in
            let (most, overflows) = ofBatch.multipliedReportingOverflow(by: batches)
            return overflows ? .max : most
        }
        do throws(SpinnpropError) {
            return try substrate.forward(network, input, options: own, monitor: monitor)
        } catch {
            guard error.kind == .tooManySpikes, let ofBatch = options.forward.maxSpikes, batches > 1 else {
                throw error
            }
            throw SpinnpropError(
                error.kind, "\(error.message) (max_spikes is \(ofBatch) for each \(options.batchSize) samples)")
        }
    }

    private func beginSession() throws(SpinnpropError) -> any Session {
        if let session { return session }
        let (network, optimizer, forward) = (state.network, state.optimizer, options.forward)
        // Engines lay out weights and delays for their loops; neurons they read anew in each batch.
        let own: any Session =
            if elsewhere != nil || hasOtherRule || !optimizer.trainsSynapsesAlone || options.accumulate > 1 {
                PlainSession(
                    substrate, network, rule: rule ?? substrate.rule, optimizer: optimizer, options: forward,
                    accumulates: options.accumulate > 1)
            } else {
                try substrate.session(network, optimizer: optimizer, options: forward)
            }
        session = own
        return own
    }

    /// Reads parameters and memory back, so that the state is whole.
    private func settle() {
        guard let session else { return }
        (state.network, state.optimizer) = (session.network, session.optimizer)
    }

    private func endSession() {
        settle()
        session = nil
    }

    /// Writes a checkpoint, if a path was given and there is something new.
    private func saveCheckpoint() throws(SpinnpropError) {
        guard let path = options.checkpointPath, !isSaved else { return }
        settle()
        try Checkpoint.save(state, path, handsOutBest: handsOutBest)
        isSaved = true
    }
}

/// Seconds on a clock that never goes back.
private func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
