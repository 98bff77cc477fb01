// What shapes a training run: every field either shapes it or is known not to.
import Mathematics
import Networks
import Spikes
import Testing

@testable import Learning

struct CourseTests {
    /// One change of each field that shapes a run, by the field's path.
    private let changes: [(path: String, change: (inout TrainingOptions) -> Void)] = [
        ("rate.strength", { $0.rate?.strength += 1 }), ("rate.target", { $0.rate?.target += 1 }),
        ("rate.tau", { $0.rate?.tau = 2 }), ("forward.endTime", { $0.forward.endTime = 1 }),
        ("batchSize", { $0.batchSize += 1 }),
        ("seed", { $0.seed += 1 }), ("optimizer.kind", { $0.optimizer.kind = .sgd }),

        ("optimizer.train.rawValue", { $0.optimizer.train = [.tauMem] }),

        ("optimizer.delayLearningRate", { $0.optimizer.delayLearningRate += 1 }),
        ("optimizer.delayParameter", { $0.optimizer.delayParameter = .sigmoid }),
        ("optimizer.delayShift", { $0.optimizer.delayShift += 1 }),
        ("optimizer.delayScale", { $0.optimizer.delayScale = 1 }),
        ("optimizer.delayL1", { $0.optimizer.delayL1 += 1 }), ("optimizer.delayL2", { $0.optimizer.delayL2 += 1 }),
        ("delayInitialisation.isDrawn", { $0.delayInitialisation.isDrawn.toggle() }),
        ("delayInitialisation.mean", { $0.delayInitialisation.mean += 1 }),
        ("delayInitialisation.std", { $0.delayInitialisation.std += 1 }),
        ("optimizer.momentum", { $0.optimizer.momentum += 1 }), ("optimizer.beta1", { $0.optimizer.beta1 += 1 }),
        ("optimizer.beta2", { $0.optimizer.beta2 += 1 }), ("optimizer.epsilon", { $0.optimizer.epsilon += 1 }),
        ("optimizer.weightDecay", { $0.optimizer.weightDecay += 1 }),
        ("optimizer.clipValue", { $0.optimizer.clipValue = 1 }),
        ("optimizer.clipNorm", { $0.optimizer.clipNorm += 1 }),

        ("bumping.amount", { $0.bumping.amount += 1 }), ("bumping.hiddenLimit", { $0.bumping.hiddenLimit += 1 }),
        ("bumping.outputLimit", { $0.bumping.outputLimit += 1 }), ("bumping.ofPairs", { $0.bumping.ofPairs.toggle() }),
        ("inputDropout", { $0.inputDropout += 1 }), ("accumulate", { $0.accumulate += 1 }),
    ]
    /// Fields that only say how long a run goes on, how fast, and what is kept of it.
    private let others: [(path: String, change: (inout TrainingOptions) -> Void)] = [
        ("epochs", { $0.epochs += 1 }), ("averageEpochs", { $0.averageEpochs += 1 }),
        ("patience", { $0.patience += 1 }),
        ("restoreBest", { $0.restoreBest.toggle() }), ("checkpointPath", { $0.checkpointPath = nil }),
        ("checkpointEvery", { $0.checkpointEvery += 1 }), ("resume", { $0.resume.toggle() }),
        ("optimizer.learningRate", { $0.optimizer.learningRate += 1 }),
        ("optimizer.neuronLearningRate", { $0.optimizer.neuronLearningRate += 1 }),
        ("forward.maxSpikes", { $0.forward.maxSpikes? += 1 }),
        ("forward.integralTau", { $0.forward.integralTau = 1 }),
        ("forward.findsDeviations", { $0.forward.findsDeviations.toggle() }),
        ("schedule.kind", { $0.schedule.kind = .smooth }),
        ("schedule.epochs", { $0.schedule.epochs += 1 }),
        ("schedule.gamma", { $0.schedule.gamma += 1 }),
    ]

    private var options: TrainingOptions {
        var options = TrainingOptions()
        options.rate = RateRegularisation()
        options.forward.maxSpikes = 1000
        options.checkpointPath = FilePath("run")
        return options
    }

    private func course(_ options: TrainingOptions) -> [CourseMark] {
        options.course(ToySubstrate(), ToyRule())
    }

    @Test func everyFieldHasItsSay() {
        #expect(Set(changes.map(\.path) + others.map(\.path)) == Set(leaves(options)).subtracting(["loss"]))
        let plain = course(options)
        for (path, change) in changes {
            var changed = options
            change(&changed)
            #expect(course(changed) != plain, "\(path)")
        }
        for (path, change) in others {
            var changed = options
            change(&changed)
            #expect(course(changed) == plain, "\(path)")
        }
        var without = options
        without.rate = nil
        #expect(course(without) != plain)
    }

    @Test func lossesTellAllTheirFields() throws {
        for kind in LossKind.allCases {
            var numbers = LossParameters(kind)
            numbers.times = [1e-3]
            let loss = try numbers.makeLoss()
            #expect(loss.parameters.count == Mirror(reflecting: loss).children.count, "\(loss.name)")
        }
        var changed = options
        changed.loss = TTFSCrossEntropy(tau0: 1)
        #expect(course(changed) != course(options))
    }

    @Test func gridsTellAllTheirFields() {
        let plain = TimeGrid()
        let grids = [
            TimeGrid(timeStep: 2e-3), TimeGrid(steps: 28), TimeGrid(decay: .euler), TimeGrid(copies: 2),
            TimeGrid(weightBits: 8),
        ]
        #expect(Mirror(reflecting: plain).children.count == grids.count)
        func course(_ grid: TimeGrid?) -> [CourseMark] {
            options.course(GridSubstrate(grid: grid), ToyRule())
        }
        #expect(Set(([plain, nil] + grids).map(course)).count == grids.count + 2)
    }

    /// The paths of all stored values that are made of no others; a path to a file and a loss count as one.
    private func leaves(_ value: Any, _ path: String = "") -> [String] {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional, let wrapped = mirror.children.first { return leaves(wrapped.value, path) }
        guard mirror.displayStyle == .struct, mirror.children.first?.label != nil, !(value is FilePath),
            !(value is any Loss), !(value is Double), !(value is Int), !(value is Bool), !(value is UInt64)
        else { return [path] }
        return mirror.children.flatMap { leaves($0.value, path + (path.isEmpty ? "" : ".") + $0.label!) }
    }
}

/// Does nothing, on a grid or not.
private struct GridSubstrate: Substrate {
    let name = "grid"
    let grid: TimeGrid?
    var rule: any GradientRule { ToyRule() }

    func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        try ToySubstrate().forward(network, input, options: options, monitor: monitor)
    }
}
