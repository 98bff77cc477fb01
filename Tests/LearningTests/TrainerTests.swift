// The trainer: what it learns, what it records, and that it can be stopped and go on to the very same end.
import Glibc
import Mathematics
import Spikes
import Testing

@testable import Learning
@testable import Networks
@testable import TestSupport

struct TrainerTests {
    private let data = toyData(samples: 103, seed: 1)
    private let validation = toyData(samples: 40, seed: 2)

    private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = 6
        options.batchSize = 20
        options.optimizer.learningRate = 0.05
        options.schedule.gamma = 0.94
        options.seed = 3
        change(&options)
        return options
    }

    private func trainer(
        _ options: TrainingOptions, rule: ToyRule = ToyRule(), substrate: ToySubstrate = ToySubstrate()
    ) throws -> Trainer {
        try Trainer(toyNetwork(), options, substrate: substrate, rule: rule)
    }

    private func temporaryPath(_ name: String) -> String {
        "/tmp/spinnprop-\(getpid())-\(name).safetensors"
    }

    /// History without the clock.
    private func timeless(_ history: [EpochRecord]) -> [String] {
        history.map { record in
            var record = record
            record.seconds = 0
            return "\(record)"
        }
    }

    @Test func learnsAndRecords() throws {
        let trainer = try trainer(options { $0.epochs = 20 })
        try trainer.run(data.input, labels: data.labels, validation: validation)
        let history = trainer.history
        #expect(history.count == 20 && trainer.epochsDone == 20 && trainer.isFinished)
        #expect(history[19].loss < 0.3 * history[0].loss)
        #expect(history[19].accuracy > 0.95 && history[19].validationAccuracy > 0.9)
        #expect(history.allSatisfy { $0.hiddenSpikes == 0 && $0.outputSpikes > 0 && $0.outputSpikes <= 3 })
        #expect(history[1].learningRate == 0.05 * 0.94)
        #expect(history.allSatisfy { $0.seconds > 0 && $0.skipped >= 0 && $0.skipped <= 1 })
        // Nothing is left to do.
        let network = trainer.network
        try trainer.run(data.input, labels: data.labels, validation: validation)
        #expect(trainer.network == network && trainer.history.count == 20)
    }

    @Test func silenceCountsAsUndecidedAndWrong() throws {
        // No spike comes before 40 ms.
        var silent = try toyNetwork()
        try silent.setWeights([Double](repeating: -10, count: 12), connection: 0)
        let trainer = try Trainer(silent, options(), substrate: ToySubstrate(), rule: ToyRule())
        var shown: [TrainingProgress] = []
        try trainer.run(data.input, labels: data.labels, validation: validation) { progress in
            shown.append(progress)
            return true
        }
        for record in trainer.history {
            #expect(record.loss == Elementary.log(3) && record.validationLoss == Elementary.log(3))
            #expect(record.accuracy == 0 && record.validationAccuracy == 0 && record.skipped == 1)
        }
        let ends = shown.filter { $0.isEpochFinished }
        #expect(ends.count == 6 && ends.allSatisfy { $0.loss == Elementary.log(3) && $0.skipped == 1 })
    }

    @Test func lossesThatHaveBlownUpAreErrors() throws {
        // 20 ms are 80 tau1: exp(80) is far within float64, and clipping would hide it.
        let trainer = try trainer(options { $0.loss = TTFSCrossEntropy(tau1: 0.25e-3) })
        let error = #expect(throws: SpinnpropError.self) { try trainer.run(data.input, labels: data.labels) }
        #expect(error?.kind == .invalidValue && error?.message.contains("too large to learn from") == true)
        #expect(error?.message.hasPrefix("epoch 0, batch 0: the loss is ") == true)
        #expect(try trainer.network == toyNetwork())
    }

    /// Whoever runs the batches of a step, it has the same bits, silent neurons that are bumped included.
    @Test func batchesThatRunElsewhere() throws {
        for (accumulate, bump, dropout) in [(1, 0.0, 0.0), (3, 0.0, 0.2), (3, 1e-2, 0.0)] {
            let options = options {
                $0.batchSize = 11
                $0.accumulate = accumulate
                $0.bumping.amount = bump
                $0.inputDropout = dropout
            }
            var network = try toyNetwork()
            if bump > 0 { try network.setWeights([Double](repeating: -0.05, count: 12), connection: 0) }
            let (here, away) = (
                try Trainer(network, options, substrate: ToySubstrate(), rule: ToyRule()),
                try Trainer(network, options, substrate: ToySubstrate(), rule: ToyRule())
            )
            var most = 0
            away.elsewhere = { (network, batches) throws(SpinnpropError) in
                most = max(most, batches.count)
                var numbers: [[Double]] = []
                // Any order will do.
                for batch in batches.reversed() {
                    let worker = try Trainer(network, options, substrate: ToySubstrate(), rule: ToyRule())
                    numbers.append(try worker.run(batch: batch))
                    guard try worker.batchNumberCount() == numbers[0].count else { throw .invalidValue("counts") }
                }
                return numbers.reversed()
            }
            try here.run(data.input, labels: data.labels, validation: validation)
            try away.run(data.input, labels: data.labels, validation: validation)
            #expect(here.network == away.network && most == accumulate)
            #expect(timeless(here.history) == timeless(away.history))
        }
    }

    @Test func whatComesBackFromElsewhereIsChecked() throws {
        let trainer = try trainer(options())
        let before = trainer.network
        let size = try trainer.batchNumberCount()
        var zeros = [Double](repeating: 0, count: size)
        zeros[1] = 20
        for (place, number) in [
            (1, 19.0), (1, 20.5), (1, .nan), (2, 21), (3, -1), (4, .nan), (4, -1), (5, 0x1p54), (0, .nan),
        ] {
            var wrong = zeros
            wrong[place] = number
            trainer.elsewhere = { (_, _) throws(SpinnpropError) in [wrong] }
            #expect(throws: SpinnpropError.self) { try trainer.run(data.input, labels: data.labels) }
        }
        for wrong in [[], [zeros, zeros], [zeros + [0]], [[]]] {
            trainer.elsewhere = { (_, _) throws(SpinnpropError) in wrong }
            #expect(throws: SpinnpropError.self) { try trainer.run(data.input, labels: data.labels) }
        }
        #expect(trainer.network == before && trainer.epochsDone == 0)
    }

    /// The batches of an epoch cover every sample once, the rest of 103 = 5 x 20 + 3 included.
    @Test func epochsAreWholePasses() throws {
        var batches = Batches(Examples(data.input, labels: data.labels), batchSize: 20)
        #expect(batches.count == 6)
        var orders: [[Double]] = []
        for epoch in [0, 1, 0] {
            batches.shuffle(seed: 9, epoch: epoch)
            var first: [Double] = []
            for index in 0..<6 {
                let batch = try batches.batch(index, dropout: nil)
                let (input, labels) = (batch.input, batch.labels)
                #expect(input.sampleCount == (index == 5 ? 3 : 20) && labels.count == input.sampleCount)
                for sample in 0..<input.sampleCount {
                    let times = Array(input[sample].times)
                    first.append(times[0])
                    // Spikes and label still belong together.
                    let source = (0..<103).first { Array(data.input[$0].times) == times }
                    #expect(source.map { data.labels[$0] } == labels[sample])
                }
            }
            #expect(first.sorted() == (0..<103).map { data.input[$0].times.first ?? -1 }.sorted())
            orders.append(first)
        }
        #expect(orders[0] == orders[2] && orders[0] != orders[1])
    }

    @Test func dropoutIsSeededAndOfTheRightSize() throws {
        var batches = Batches(Examples(data.input, labels: data.labels), batchSize: 103)
        batches.shuffle(seed: 9, epoch: 0)
        func thinned(_ stream: UInt64) -> SpikeTrains {
            try! batches.batch(0, dropout: (0.25, RandomStream(seed: 1, stream: stream))).input
        }
        #expect(thinned(0) == thinned(0) && thinned(0) != thinned(1))
        let kept = (0..<50).map { Double(thinned($0).spikeCount) }.reduce(0, +) / (50 * 412)
        #expect(abs(kept - 0.75) < 0.015)  // 5 standard deviations
        _ = try SpikeTrains(
            times: thinned(0).times, units: thinned(0).units, offsets: thinned(0).offsets, unitCount: 4)
        let plain = try trainer(options())
        let thin = try trainer(options { $0.inputDropout = 0.2 })
        let again = try trainer(options { $0.inputDropout = 0.2 })
        for one in [plain, thin, again] { try one.run(data.input, labels: data.labels) }
        #expect(thin.network == again.network && thin.network != plain.network)
    }

    @Test func seedsDecide() throws {
        let networks = try [UInt64(3), 3, 4].map { seed in
            let trainer = try trainer(options { $0.seed = seed })
            try trainer.run(data.input, labels: data.labels)
            return trainer.network
        }
        #expect(networks[0] == networks[1] && networks[0] != networks[2])
    }

    // MARK: Stopping and going on

    /// Stops after every batch in turn, by an error of the kind that a callback's answer gives, and goes on.
    @Test func cancellingInMidEpochChangesNothing() throws {
        let whole = try trainer(options())
        try whole.run(data.input, labels: data.labels, validation: validation)
        // 6 batches and one validation run per epoch: every one of the 42 forward runs is the one that is cancelled.
        for stop in 1...42 {
            var substrate = ToySubstrate()
            substrate.onForward = { (call) throws(SpinnpropError) in if call == stop { throw .cancelled } }
            let stopped = try trainer(options(), substrate: substrate)
            let error = #expect(throws: SpinnpropError.self) {
                try stopped.run(data.input, labels: data.labels, validation: validation)
            }
            #expect(error?.kind == .cancelled && !stopped.isFinished && stopped.epochsDone == (stop - 1) / 7)
            try stopped.run(data.input, labels: data.labels, validation: validation)
            #expect(stopped.network == whole.network, "stopped in forward run \(stop)")
            #expect(timeless(stopped.history) == timeless(whole.history), "stopped in forward run \(stop)")
        }
    }

    @Test func callbackStopsAtTheEndOfAnEpoch() throws {
        let whole = try trainer(options())
        try whole.run(data.input, labels: data.labels)
        let stopped = try trainer(options())
        var calls: [TrainingProgress] = []
        for epoch in 0..<6 {
            let error = #expect(throws: SpinnpropError.self) {
                try stopped.run(data.input, labels: data.labels) { progress in
                    calls.append(progress)
                    return !progress.isEpochFinished
                }
            }
            #expect(error?.kind == .cancelled && stopped.epochsDone == epoch + 1)
        }
        #expect(stopped.network == whole.network && timeless(stopped.history) == timeless(whole.history))
        let ends = calls.filter(\.isEpochFinished)
        #expect(ends.map(\.epoch) == [0, 1, 2, 3, 4, 5])
        #expect(ends.map(\.loss) == whole.history.map(\.loss))
        #expect(ends.allSatisfy { $0.done == 6 && $0.total == 6 && $0.epochCount == 6 && $0.validationLoss.isNaN })
    }

    @Test func checkpointsEndInTheSameBits() throws {
        let path = temporaryPath("resume")
        defer { unlink(path) }
        func withPath(_ epochs: Int, resume: Bool) -> TrainingOptions {
            options {
                $0.epochs = epochs
                $0.checkpointPath = FilePath(path)
                $0.resume = resume
                $0.optimizer.momentum = 0.5
                $0.bumping.amount = 1e-3
                $0.inputDropout = 0.1
            }
        }
        for kind in OptimizerKind.allCases {
            func own(_ epochs: Int, resume: Bool) -> TrainingOptions {
                var own = withPath(epochs, resume: resume)
                own.optimizer.kind = kind
                return own
            }
            let whole = try trainer(own(6, resume: false))
            try whole.run(data.input, labels: data.labels, validation: validation)
            unlink(path)
            // Three epochs, then the rest in a new trainer.
            let first = try trainer(own(3, resume: true))
            try first.run(data.input, labels: data.labels, validation: validation)
            #expect(first.epochsDone == 3)
            let second = try trainer(own(6, resume: true))
            #expect(second.epochsDone == 3 && second.network == first.network)
            try second.run(data.input, labels: data.labels, validation: validation)
            #expect(second.network == whole.network, "\(kind)")
            #expect(timeless(second.history) == timeless(whole.history))
            // Cancelled in mid-epoch, each time in a new trainer, until it is done.
            unlink(path)
            var rounds = 0
            var last: Trainer?
            while last?.isFinished != true, rounds < 20 {
                rounds += 1
                var substrate = ToySubstrate()
                substrate.onForward = { (call) throws(SpinnpropError) in if call == 5 { throw .cancelled } }
                let part = try trainer(own(6, resume: true), substrate: substrate)
                _ = try? part.run(data.input, labels: data.labels, validation: validation)
                last = part
            }
            #expect(last?.network == whole.network && rounds == 11, "\(kind), \(rounds) rounds")
            #expect(timeless(last?.history ?? []) == timeless(whole.history))
        }
    }

    @Test func resumingRefusesAnotherRun() throws {
        let path = temporaryPath("refuse")
        defer { unlink(path) }
        func withPath(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
            var own = options {
                $0.checkpointPath = FilePath(path)
                $0.resume = true
                $0.epochs = 2
            }
            change(&own)
            return own
        }
        try trainer(withPath()).run(data.input, labels: data.labels)
        // How long a run goes on and how fast is not part of what it is.
        let further = try trainer(
            withPath {
                $0.epochs = 9; $0.checkpointEvery = 4; $0.optimizer.learningRate = 0.06; $0.schedule.gamma = 0.9
            })
        try further.run(data.input, labels: data.labels)
        let schedule = further.options.schedule
        #expect(further.epochsDone == 9 && further.history[7].learningRate == 0.06 * schedule.factor(epoch: 7))
        try trainer(withPath { $0.resume = false }).run(data.input, labels: data.labels)
        let others: [(inout TrainingOptions) -> Void] = [
            { $0.seed = 4 }, { $0.batchSize = 21 }, { $0.optimizer.kind = .sgd },
            { $0.loss = TTFSCrossEntropy(tau0: 0.6e-3) }, { $0.loss = SpikeTimeMSE() }, { $0.inputDropout = 0.1 },
            { $0.forward.endTime = 1 }, { $0.bumping.amount = 1 },
            { $0.rate = RateRegularisation(strength: 1, target: 1, tau: 1) },
        ]
        for (index, change) in others.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try trainer(withPath(change)) }
            #expect(error?.kind == .fileError && error?.message.contains("options") == true, "\(index)")
        }
        let network = #expect(throws: SpinnpropError.self) {
            try Trainer(toyNetwork(seed: 8), withPath(), substrate: ToySubstrate(), rule: ToyRule())
        }
        #expect(network?.kind == .fileError && network?.message.contains("network") == true)
        let longer = try trainer(withPath { $0.epochs = 3 })
        var labels = data.labels
        labels[7] = (labels[7] + 1) % 3
        let data = #expect(throws: SpinnpropError.self) { try longer.run(self.data.input, labels: labels) }
        #expect(data?.kind == .invalidValue && data?.message.contains("other y;") == true)
        try longer.run(self.data.input, labels: self.data.labels)
        #expect(longer.epochsDone == 3)
    }

    // MARK: Rates, schedules, more epochs, steps of one's own

    @Test func schedulesOfOnesOwn() throws {
        let plain = try trainer(options())
        try plain.run(data.input, labels: data.labels)
        let own = try trainer(options { $0.schedule.kind = .constant })
        var asked: [Int] = []
        own.schedule = { epoch in
            asked.append(epoch)
            return plain.options.schedule.factor(epoch: epoch)
        }
        try own.run(data.input, labels: data.labels)
        #expect(asked == [0, 1, 2, 3, 4, 5])
        #expect(own.network == plain.network && timeless(own.history) == timeless(plain.history))
        for factor in [-1, Double.nan, .infinity, 2e6] {
            let bad = try trainer(options())
            bad.schedule = { $0 == 2 ? factor : 1 }
            let error = #expect(throws: SpinnpropError.self) { try bad.run(data.input, labels: data.labels) }
            #expect(error?.kind == .invalidValue && error?.message.hasPrefix("epoch 2: the factor") == true)
            #expect(bad.epochsDone == 2)
            bad.schedule = nil
            try bad.run(data.input, labels: data.labels)
            #expect(bad.isFinished)
        }
    }

    /// The same end as a run that knew from the beginning.
    @Test func epochsMayBeAddedAndRatesChanged() throws {
        let whole = try trainer(options())
        try whole.run(data.input, labels: data.labels)
        let own = try trainer(options { $0.epochs = 2 })
        try own.run(data.input, labels: data.labels)
        #expect(own.epochsDone == 2)
        try own.setEpochs(6)
        try own.run(data.input, labels: data.labels)
        #expect(own.network == whole.network)
        let network = own.network
        try own.setLearningRates([0], of: .weights)
        try own.setEpochs(8)
        try own.run(data.input, labels: data.labels)
        #expect(own.network == network && own.epochsDone == 8 && own.history[7].learningRate == 0)
        for epochs in [-1, Int(Int32.max) + 1] { #expect(throws: SpinnpropError.self) { try own.setEpochs(epochs) } }
        for (rates, kinds) in [
            ([1.0, 1], TrainedParameters.weights), ([], .weights), ([-1], .weights), ([.nan], .weights),
            ([2e6], .weights),
            ([1], .delays), ([1], []), ([1], [.weights, .tauMem]), ([1], TrainedParameters(rawValue: 1 << 20)),
        ] {
            #expect(throws: SpinnpropError.self, "\(rates)") { try own.setLearningRates(rates, of: kinds) }
        }
    }

    /// Nothing but reading is for callbacks of a run.
    @Test func runningTrainersCannotBeChanged() throws {
        let own = try trainer(options())
        try own.run(data.input, labels: data.labels) { _ in
            #expect(throws: SpinnpropError.self) { try own.setEpochs(1) }
            #expect(throws: SpinnpropError.self) { try own.setLearningRates([1], of: .weights) }
            #expect(throws: SpinnpropError.self) { try own.step(Gradients(zerosFor: own.network)) }
            return true
        }
        #expect(own.epochsDone == 6)
    }

    @Test func batchesMayBeSteppedByHand() throws {
        let whole = try trainer(options())
        try whole.run(data.input, labels: data.labels)
        let own = try trainer(options())
        var batches = Batches(Examples(data.input, labels: data.labels), batchSize: 20)
        for epoch in 0..<6 {
            batches.shuffle(seed: 3, epoch: epoch)
            var sum = 0.0
            for index in 0..<6 {
                let batch = try batches.batch(index, dropout: nil)
                let factor = own.options.schedule.factor(epoch: epoch)
                sum += try own.step(batch, rateFactor: factor) * Double(batch.input.sampleCount)
            }
            #expect((sum / 103 - whole.history[epoch].loss).magnitude < 1e-12)
        }
        #expect(own.network == whole.network && own.epochsDone == 0)
        let network = own.network
        let other = SpikeTrains(trustedTimes: [], units: [], offsets: [0], unitCount: 4)
        let wide = SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0], unitCount: 5)
        for batch in [
            Examples(other, labels: []), Examples(wide, labels: [0]), Examples(data.input, labels: [0]),
            Examples(data.input, labels: [Int](repeating: 3, count: 103)),
        ] {
            #expect(throws: SpinnpropError.self) { try own.step(batch) }
        }
        for factor in [-1, Double.nan, 2e6] {
            #expect(throws: SpinnpropError.self) {
                try own.step(Examples(data.input, labels: data.labels), rateFactor: factor)
            }
        }
        #expect(own.network == network)
    }

    // MARK: Accumulation, averages, files

    /// As one batch so much larger, up to rounding: with dropout, clipping, sample weights and what is left at the end of an epoch.
    @Test func accumulatedBatchesAreOne() throws {
        let weights = (0..<103).map { Double($0 % 4) }
        let examples = Examples(data.input, labels: data.labels, weights: weights)
        for dropout in [0, 0.2] {
            let whole = try trainer(
                options {
                    $0.batchSize = 40; $0.inputDropout = dropout
                })
            let parts = try trainer(
                options {
                    $0.batchSize = 10; $0.accumulate = 4; $0.inputDropout = dropout
                })
            for own in [whole, parts] { try own.run(examples) }
            #expect(parts.network != (try toyNetwork()))
            for (a, b) in zip(whole.network.connections[0].weights, parts.network.connections[0].weights) {
                #expect(abs(a - b) < 1e-9 * abs(a))
            }
            for (a, b) in zip(whole.history, parts.history) {
                #expect(abs(a.loss - b.loss) < 1e-9 && a.accuracy == b.accuracy && a.outputSpikes == b.outputSpikes)
            }
        }
    }

    /// An error in the midst of a step leaves nothing of it.
    @Test func accumulationBeginsAnewAfterAStop() throws {
        let own = options {
            $0.batchSize = 7; $0.accumulate = 3; $0.bumping.amount = 1e-3; $0.bumping.outputLimit = 0
        }
        let whole = try trainer(own)
        try whole.run(data.input, labels: data.labels)
        for stop in [1, 2, 3, 4, 15, 16, 31] {
            var substrate = ToySubstrate()
            substrate.onForward = { (call) throws(SpinnpropError) in if call == stop { throw .cancelled } }
            let stopped = try trainer(own, substrate: substrate)
            #expect(throws: SpinnpropError.self) { try stopped.run(data.input, labels: data.labels) }
            try stopped.run(data.input, labels: data.labels)
            #expect(stopped.network == whole.network && timeless(stopped.history) == timeless(whole.history))
        }
    }

    @Test func averagesAreOverTheLastEpochs() throws {
        var ends: [[Double]] = []
        let plain = try trainer(options())
        try plain.run(data.input, labels: data.labels) { progress in
            if progress.isEpochFinished { ends.append(plain.network.connections[0].weights) }
            return true
        }
        let own = try trainer(options { $0.averageEpochs = 3 })
        var handedOut: [[Double]] = []
        try own.run(data.input, labels: data.labels, validation: validation) { progress in
            if progress.isEpochFinished { handedOut.append(own.network.connections[0].weights) }
            return true
        }
        for (epoch, found) in handedOut.enumerated() {
            let last = ends[max(0, epoch - 2)...epoch]
            for (index, value) in found.enumerated() {
                #expect(abs(value - last.map { $0[index] }.reduce(0, +) / Double(last.count)) < 1e-14)
            }
        }
        #expect(handedOut.count == 6 && own.network.connections[0].weights == handedOut[5])
        // It is what validation judges.
        let judged = try ToySubstrate().forward(
            own.network, validation.input, options: ForwardOptions(), monitor: nil)
        let value = try own.options.loss.evaluate(judged, labels: validation.labels, targets: []).value
        #expect(own.history[5].validationLoss == value)
    }

    /// A step between runs is taken from the parameters themselves, as those of a run are: one of nothing changes nothing.
    @Test func stepsAreOfTheParametersThemselves() throws {
        func own() throws -> Trainer {
            try trainer(
                options {
                    $0.averageEpochs = 4; $0.optimizer.kind = .sgd
                })
        }
        let (whole, stepped) = (try own(), try own())
        let examples = Examples(data.input, labels: data.labels)
        for one in [whole, stepped] { try one.run(examples) }
        let mean = stepped.network
        _ = try stepped.step(examples, rateFactor: 0)
        try stepped.step(Gradients(zerosFor: mean), rateFactor: 0)
        let last = try trainer(options { $0.optimizer.kind = .sgd })
        try last.run(examples)
        #expect(stepped.network == last.network && stepped.network != mean && mean == whole.network)
        for one in [whole, stepped] {
            try one.setEpochs(10)  // so many that all that are averaged come after the steps
            try one.run(examples)
        }
        #expect(stepped.network == whole.network && timeless(stepped.history) == timeless(whole.history))
        // A step of something is one of what training goes on from.
        let plain = try trainer(options { $0.optimizer.kind = .sgd })
        try plain.run(examples)
        let averaged = try own()
        try averaged.run(examples)
        #expect(try averaged.step(examples) == plain.step(examples))
        for one in [plain, averaged] {
            try one.setEpochs(10)
            try one.run(examples)
        }
        #expect(averaged.history.map(\.loss) == plain.history.map(\.loss))
    }

    /// Frozen layers and what all share keep their bits; means lie within.
    @Test func meansLieWithin() throws {
        var network = try toyNetwork()
        #expect(try Network.mean(of: []) == nil)
        for count in 1...9 {
            #expect(try Network.mean(of: [Network](repeating: network, count: count)) == network)
        }
        var others: [Network] = []
        for n in 0..<7 {
            try network.setWeights((0..<12).map { n == $0 ? 0.1 : 0.1.nextUp }, connection: 0)
            others.append(network)
        }
        let mean = try #require(try Network.mean(of: others))
        #expect(mean.connections[0].weights.allSatisfy { $0 >= 0.1 && $0 <= 0.1.nextUp })
    }

    @Test func averagesAreInCheckpointsAndFiles() throws {
        let path = temporaryPath("average")
        defer { unlink(path) }
        func own(_ count: Int, epochs: Int, average: Int = 3) throws -> Trainer {
            try trainer(
                options {
                    $0.epochs = epochs; $0.averageEpochs = average; $0.checkpointPath = FilePath(path); $0.resume = true
                })
        }
        let whole = try trainer(options { $0.averageEpochs = 3 })
        try whole.run(data.input, labels: data.labels)
        try own(1, epochs: 4).run(data.input, labels: data.labels)
        let resumed = try own(2, epochs: 6)
        try resumed.run(data.input, labels: data.labels)
        #expect(resumed.network == whole.network && timeless(resumed.history) == timeless(whole.history))
        #expect(try NetworkFile.load(path) == whole.network)
        // Fewer are a part of more.
        let two = try trainer(options { $0.averageEpochs = 2 })
        try two.run(data.input, labels: data.labels)
        #expect(try own(3, epochs: 6, average: 2).network == two.network)
        let one = try own(3, epochs: 6, average: 1)
        let plain = try trainer(options())
        try plain.run(data.input, labels: data.labels)
        #expect(one.network == plain.network)
    }

    /// With the network from the file as with the one that the training began with.
    @Test func savedTrainingsGoOn() throws {
        let path = temporaryPath("saved")
        defer { unlink(path) }
        let whole = try trainer(options { $0.epochs = 8 })
        try whole.run(data.input, labels: data.labels)
        let begun = try trainer(options())
        try begun.run(data.input, labels: data.labels)
        try begun.save(FilePath(path))
        let network = try NetworkFile.load(path)
        #expect(network == begun.network)
        let own = options {
            $0.epochs = 8; $0.checkpointPath = FilePath(path); $0.resume = true
        }
        for start in [network, try toyNetwork()] {
            try begun.save(FilePath(path))
            let further = try Trainer(start, own, substrate: ToySubstrate(), rule: ToyRule())
            #expect(further.epochsDone == 6)
            try further.run(data.input, labels: data.labels)
            #expect(further.network == whole.network)
            // And so on, from its own checkpoint and the network of the beginning.
            #expect(try trainer(own).epochsDone == 8)
        }
        #expect(throws: SpinnpropError.self) {
            try Trainer(toyNetwork(seed: 8), own, substrate: ToySubstrate(), rule: ToyRule())
        }
        // The best network is the one in the file, if it is handed out.
        let best = try trainer(
            options {
                $0.restoreBest = true; $0.optimizer.learningRate = 1
            })
        try best.run(data.input, labels: data.labels, validation: validation)
        try best.save(FilePath(path))
        #expect(try NetworkFile.load(path) == best.network)
    }

    // MARK: Validation

    @Test func earlyStoppingAndRestoreBest() throws {
        // A learning rate so large that the loss swings.
        let options = options {
            $0.epochs = 200
            $0.optimizer.learningRate = 1
            $0.schedule.kind = .constant
            $0.patience = 4
            $0.restoreBest = true
        }
        let trainer = try trainer(options)
        var networks: [Network] = []
        try trainer.run(data.input, labels: data.labels, validation: validation) { progress in
            if progress.isEpochFinished && !trainer.isFinished { networks.append(trainer.network) }
            return true
        }
        #expect(trainer.hasStoppedEarly && trainer.epochsDone < 200)
        let scores = trainer.history.map(\.validationLoss)
        let best = scores.count - 5
        #expect(scores[best] == scores[...best].min() && scores[(best + 1)...].allSatisfy { $0 >= scores[best] })
        #expect(trainer.network == networks[best])
        // Without restoreBest it ends where it stands.
        var plain = options
        plain.restoreBest = false
        let other = try self.trainer(plain)
        try other.run(data.input, labels: data.labels, validation: validation)
        #expect(other.epochsDone == trainer.epochsDone && other.network != trainer.network)
    }

    @Test func whatIsBest() throws {
        var state = TrainingState(
            network: try toyNetwork(), optimizer: try Optimizer(OptimizerOptions(), for: toyNetwork()), course: [],
            origin: 0)
        state.finishEpoch(EpochRecord(), criterion: 0.6)
        state.finishEpoch(EpochRecord(), criterion: 1.1)
        #expect(state.best?.loss == 0.6 && state.epochsSinceBest == 1)
    }

    // MARK: Errors

    @Test func errorsNameEpochAndBatchAndLeaveTheLastGoodStep() throws {
        for value in [Double.nan, .infinity, 1e200] {
            // Forward run 10 is batch 3 of epoch 1 (6 batches each).
            let broken = try trainer(options(), rule: ToyRule(poison: (10, value)))
            let error = #expect(throws: SpinnpropError.self) { try broken.run(data.input, labels: data.labels) }
            #expect(error?.kind == .invalidValue)
            #expect(error?.message.hasPrefix("epoch 1, batch 3: the gradient of weights[0]") == true)
            let stops = ToySubstrate(onForward: { (call) throws(SpinnpropError) in
                if call == 10 { throw .cancelled }
            })
            let good = try trainer(options(), substrate: stops)
            _ = try? good.run(data.input, labels: data.labels)
            #expect(broken.network == good.network && broken.network.connections[0].weights.allSatisfy { $0.isFinite })
        }
        let tooMany = ToySubstrate(onForward: { (call) throws(SpinnpropError) in
            if call == 2 { throw SpinnpropError(.tooManySpikes, "too many") }
        })
        let error = #expect(throws: SpinnpropError.self) {
            try trainer(options(), substrate: tooMany).run(data.input, labels: data.labels)
        }
        let advice = "; a lower learning_rate keeps weights from growing so"
        #expect(error == SpinnpropError(.tooManySpikes, "epoch 0, batch 1: too many\(advice)"))
    }

    /// A label spike too late for the loss: the value is infinite, and says so.
    @Test func infiniteLossIsAnError() throws {
        let trainer = try trainer(options { $0.loss = TTFSCrossEntropy(tau1: 1e-6) })
        let error = #expect(throws: SpinnpropError.self) { try trainer.run(data.input, labels: data.labels) }
        #expect(error?.kind == .invalidValue && error?.message.hasPrefix("epoch 0, batch 0: the loss is inf") == true)
        #expect(try trainer.network == toyNetwork())
    }

    @Test func refusals() throws {
        let wrong: [(inout TrainingOptions) -> Void] = [
            { $0.epochs = -1 }, { $0.batchSize = 0 }, { $0.schedule.gamma = 0 }, { $0.schedule.epochs = 0 },
            { $0.inputDropout = 1 }, { $0.inputDropout = .nan }, { $0.bumping.amount = -1 },
            { $0.bumping.hiddenLimit = 2 },
            { $0.patience = -1 }, { $0.checkpointEvery = 0 }, { $0.resume = true }, { $0.optimizer.beta1 = 2 },
            { $0.loss = TTFSCrossEntropy(tau0: -1) }, { $0.epochs = .max },
            { $0.rate = RateRegularisation(strength: .nan, target: 1, tau: 1) },
        ]
        for (index, change) in wrong.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try self.trainer(options(change)) }
            #expect(error?.kind == .invalidValue, "\(index)")
        }
        let leaky = #expect(throws: SpinnpropError.self) { try self.trainer(options { $0.loss = VMaxCrossEntropy() }) }
        #expect(leaky?.kind == .unsupported)
        let trainer = try trainer(options())
        let none = SpikeTrains(trustedTimes: [], units: [], offsets: [0], unitCount: 4)
        let calls: [() throws -> Void] = [
            { try trainer.run(none, labels: []) },
            { try trainer.run(self.data.input, labels: [0]) },
            { try trainer.run(self.data.input, labels: self.data.labels.map { _ in 3 }) },
            { try trainer.run(self.data.input, labels: self.data.labels, validation: (none, [])) },
            { try trainer.run(self.data.input, labels: self.data.labels, validation: (self.data.input, [])) },
        ]
        for (index, call) in calls.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try call() }
            #expect(error?.kind == .invalidValue, "\(index)")
        }
        let unvalidated = try self.trainer(options { $0.patience = 2 })
        #expect(throws: SpinnpropError.self) { try unvalidated.run(self.data.input, labels: self.data.labels) }
        #expect(try trainer.network == toyNetwork() && trainer.epochsDone == 0)
        let missing = try self.trainer(options { $0.checkpointPath = "/nonexistent/folder/checkpoint" })
        let error = #expect(throws: SpinnpropError.self) { try missing.run(self.data.input, labels: self.data.labels) }
        #expect(error?.kind == .fileNotFound)
    }
}
