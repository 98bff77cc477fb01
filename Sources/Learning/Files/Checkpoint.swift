// Checkpoints of training runs as safetensors files: everything that is needed to go on to the very same end.
import Mathematics
import Networks

/// A checkpoint's file: the network's tensors under `network.`, the best one's under `best.`, those of the last epochs under `ends.k.`, the optimiser's
/// memory under `optimizer.`, and the numbers of `TrainingState`. A checksum refuses damage: a run must not go on from other numbers.
enum Checkpoint {
    /// - Parameter handsOutBest: whether the best network is the one that the trainer hands out.
    static func save(_ state: TrainingState, _ path: FilePath, handsOutBest: Bool) throws(SpinnpropError) {
        var file = FileKind.checkpoint.begin()
        NetworkFile.add(state.network, to: &file, prefix: "network.")
        let sums = state.sums
        file.add(
            "integers",
            integers: [
                state.epoch, state.batch, state.optimizer.stepCount, state.bump.layer, state.epochsSinceBest,
                sums.samples,
                sums.correct, sums.skipped, sums.hiddenSpikes, sums.outputSpikes, state.best == nil ? 0 : 1,
                state.ends.count, handsOutBest ? 1 : 0,
            ], shape: [integerCount])
        file.add(
            "numbers",
            [
                state.optimizer.powers.beta1, state.optimizer.powers.beta2, state.bump.amount, sums.value, sums.seconds,
                state.best?.loss ?? .nan,
            ], shape: [6])
        file.set("origin", hexadecimal(state.origin))
        for (prefix, marks) in [(coursePrefix, state.course), (dataPrefix, state.data)] {
            for mark in marks { file.set(prefix + mark.name, hexadecimal(mark.value)) }
        }
        for (index, values) in state.optimizer.first.enumerated() {
            file.add("optimizer.first.\(index)", values, shape: [values.count])
        }
        for (index, values) in state.optimizer.second.enumerated() {
            file.add("optimizer.second.\(index)", values, shape: [values.count])
        }
        for (index, values) in state.optimizer.delayParameters.enumerated() where !values.isEmpty {
            file.add("optimizer.delay_parameters.\(index)", values, shape: [values.count])
        }
        for (index, values) in state.optimizer.neuronParameters.enumerated() {
            file.add("optimizer.neuron_parameters.\(index)", values, shape: [values.count])
        }
        for (index, values) in state.optimizer.neuronStarts.enumerated() {
            file.add(neuronStart(index), values, shape: [values.count])
        }
        file.add("history", state.history.flatMap(\.numbers), shape: [state.history.count, EpochRecord.fields.count])
        for (index, end) in state.ends.enumerated() { NetworkFile.add(end, to: &file, prefix: "ends.\(index).") }
        if let best = state.best { NetworkFile.add(best.network, to: &file, prefix: "best.") }
        try FileAccess.writeAtomically(Checksum.seal(file), to: path)
    }

    private static let integerCount = 13

    /// Where there are such, the networks at the ends of the last epochs.
    private static func ends(in file: SafeTensors, _ integers: [Int]) throws(SpinnpropError) -> [Network] {
        guard integers[11] <= integers[0] else {
            throw .invalidValue("there are \(integers[11]) networks of the ends of \(integers[0]) epochs")
        }
        var ends: [Network] = []
        for index in 0..<integers[11] {
            ends.append(try NetworkFile.network(in: file, prefix: "ends.\(index)."))
        }
        return ends
    }

    /// The network that the trainer handed out.
    static func network(in file: SafeTensors) throws(SpinnpropError) -> Network {
        let integers = try file.integers("integers", shape: [integerCount])
        if integers[12] == 1 { return try NetworkFile.network(in: file, prefix: "best.") }
        if let mean = try Network.mean(of: try ends(in: file, integers)) { return mean }
        return try NetworkFile.network(in: file, prefix: "network.")
    }

    private static func neuronStart(_ index: Int) -> String { "optimizer.neuron_starts.\(index)" }

    /// The network that a run has begun with, as far as it says what is left open: neuron parameters that are trained count from what they were then.
    ///
    /// - Parameters:
    ///   - network: the one that the trainer handed out, which gets these; any other stays what it is.
    ///   - optimizer: a fresh one of that network, which trains neuron parameters.
    /// - Throws: as `load`.
    static func beginning(
        of network: Network, _ optimizer: Optimizer, _ path: FilePath
    ) throws(SpinnpropError) -> Network {
        guard FileAccess.exists(path) else { return network }
        let bytes = try FileAccess.read(path)
        return try resuming(path) { () throws(SpinnpropError) in
            let file = try FileKind.checkpoint.open(bytes)
            try Checksum.check(bytes)
            let last = optimizer.neuronStarts.count - 1
            guard file.contains(neuronStart(last)), try self.network(in: file).fingerprint == network.fingerprint else {
                return network
            }
            return try optimizer.beginning(of: network) { (index) throws(SpinnpropError) in
                try file.doubles(neuronStart(index))
            }
        }
    }

    /// Errors of a file that cannot be gone on from name it.
    private static func resuming<Result>(
        _ path: FilePath, _ body: () throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        try naming("the checkpoint \(path) cannot be resumed", remedy: "; remove the file to begin anew") {
            () throws(SpinnpropError) in
            try asFileError(body)
        }
    }

    /// The state of an earlier run, or `nil` if there is no such file.
    ///
    /// - Parameter fresh: the state a new run would begin with; the earlier one must have begun with the same.
    /// - Throws: `fileError` for a file that is malformed, damaged or belongs to another run; its message names the file.
    static func load(_ path: FilePath, like fresh: TrainingState) throws(SpinnpropError) -> TrainingState? {
        guard FileAccess.exists(path) else { return nil }
        return try state(try FileAccess.read(path), path, like: fresh)
    }

    static func state(
        _ bytes: [UInt8], _ path: FilePath, like fresh: TrainingState
    ) throws(SpinnpropError) -> TrainingState {
        try resuming(path) { () throws(SpinnpropError) in
            let file = try FileKind.checkpoint.open(bytes)
            try Checksum.check(bytes)
            return try state(in: file, like: fresh)
        }
    }

    /// The content of a file that is whole. Its numbers are checked all the same: anybody can write a checksum.
    static func state(in file: SafeTensors, like fresh: TrainingState) throws(SpinnpropError) -> TrainingState {
        let origin = try number(hexadecimal: file.string("origin"))
        if origin != fresh.origin {
            // The network that it holds will do as well, if the file says from what trained neuron parameters count.
            let isTold = !fresh.optimizer.trainsNeurons || file.contains(neuronStart(0))
            let handsOut = try isTold ? network(in: file).fingerprint : nil
            guard handsOut == fresh.origin else { throw begun(with: "another network", orHolds: isTold) }
        }
        let course = try marks(in: file, coursePrefix)
        let others = fresh.course.filter { !course.contains($0) }
        guard others.isEmpty else {
            throw begun(with: "other options (\(others.map(\.name).joined(separator: ", ")))")
        }
        let integers = try file.integers("integers", shape: [integerCount])
        let numbers = try file.doubles("numbers", shape: [6])
        // Only the bumped layer may be -1; counts so large that their sums overflow are no counts.
        for (index, value) in integers.enumerated() where value < (index == 3 ? -1 : 0) || value > 1 << 53 {
            throw .invalidValue("integers[\(index)] is \(value), which is no count")
        }
        let bounds = [1, 1, fresh.optimizer.largestMagnitude, Double.greatestFiniteMagnitude, 1e18]
        for (index, largest) in bounds.enumerated()
        where !(numbers[index].magnitude <= largest && (numbers[index] >= 0 || index == 3)) {
            throw .invalidValue("numbers[\(index)] is \(numbers[index]), which no run leaves")
        }
        var state = fresh
        state.network = try NetworkFile.network(in: file, prefix: "network.")
        try checkShape(state.network, fresh)
        state.epoch = integers[0]
        state.batch = integers[1]
        state.optimizer.stepCount = integers[2]
        state.bump = BumpState(layer: integers[3], amount: numbers[2])
        state.epochsSinceBest = integers[4]
        state.sums = EpochSums(
            samples: integers[5], value: numbers[3], correct: integers[6], skipped: integers[7],
            hiddenSpikes: integers[8],
            outputSpikes: integers[9], seconds: numbers[4])
        state.optimizer.powers = (numbers[0], numbers[1])
        for index in state.optimizer.first.indices {
            state.optimizer.first[index] = try memory(
                file, "optimizer.first.\(index)", fresh.optimizer.first[index].count, within: -1e200...1e200)
            state.optimizer.second[index] = try memory(
                file, "optimizer.second.\(index)", fresh.optimizer.second[index].count, within: 0...1e305)
        }
        let largest = fresh.optimizer.largestMagnitude
        for (index, values) in fresh.optimizer.delayParameters.enumerated() where !values.isEmpty {
            state.optimizer.delayParameters[index] = try memory(
                file, "optimizer.delay_parameters.\(index)", values.count, within: -largest...largest)
        }
        for (index, values) in fresh.optimizer.neuronParameters.enumerated() {
            state.optimizer.neuronParameters[index] = try memory(
                file, "optimizer.neuron_parameters.\(index)", values.count, within: -largest...largest)
        }
        let history = try file.doubles("history", shape: [state.epoch, EpochRecord.fields.count])
        state.history = (0..<state.epoch).map { epoch in
            EpochRecord(numbers: history[epoch * EpochRecord.fields.count..<(epoch + 1) * EpochRecord.fields.count])
        }
        if integers[10] == 1 {
            let best = try NetworkFile.network(in: file, prefix: "best.")
            try checkShape(best, fresh)
            guard !numbers[5].isNaN else { throw .invalidValue("the best validation loss is not a number") }
            state.best = TrainingState.Best(network: best, loss: numbers[5])
        }
        let ends = try ends(in: file, integers)
        for end in ends { try checkShape(end, fresh) }
        try state.average(over: ends, atMost: ends.count)
        state.origin = origin
        state.data = try marks(in: file, dataPrefix)
        return state
    }

    /// Of what shapes the run, and of what it is trained on.
    private static let (coursePrefix, dataPrefix) = ("course.", "data.")

    private static func marks(in file: SafeTensors, _ prefix: String) throws(SpinnpropError) -> [CourseMark] {
        var marks: [CourseMark] = []
        for (key, text) in file.header.metadata.sorted(by: { $0.key < $1.key }) where key.hasPrefix(prefix) {
            marks.append(
                CourseMark(name: String(key.dropFirst(prefix.count)), value: try number(hexadecimal: text)))
        }
        return marks
    }

    /// - Parameter orHolds: whether it goes on with the network that it holds, too. One that was loaded before the file was
    ///   written again is another.
    private static func begun(with what: String, orHolds: Bool = false) -> SpinnpropError {
        let wanted = orHolds ? "that one, or with the one that it holds now, loaded from it again" : "the same alone"
        return SpinnpropError(.fileError, "it was begun with \(what) and goes on with \(wanted)")
    }

    /// The bounds are far above what an optimiser can reach and keep its next step within float64.
    private static func memory(
        _ file: SafeTensors, _ name: String, _ count: Int, within bounds: ClosedRange<Double>
    ) throws(SpinnpropError) -> [Double] {
        let values = try file.doubles(name, shape: [count])
        for (index, value) in values.enumerated() where !bounds.contains(value) {
            throw .invalidValue("\(name)[\(index)] is \(value); it must lie in \(bounds)")
        }
        return values
    }

    /// Networks of a run differ in weights, delays and neuron parameters that are trained alone.
    private static func checkShape(_ network: Network, _ fresh: TrainingState) throws(SpinnpropError) {
        let wanted = fresh.network
        let isLike =
            network.layers.count == wanted.layers.count
            && zip(network.layers, wanted.layers).allSatisfy { fresh.optimizer.options.canLead(from: $1, to: $0) }
            && network.connections.count == wanted.connections.count
            && zip(network.connections, wanted.connections).allSatisfy {
                $0.source == $1.source && $0.preCount == $1.preCount && $0.delayKind == $1.delayKind
                    && $0.constraints == $1.constraints
            }
        guard isLike else { throw .invalidValue("the checkpoint's network has another shape or other neurons") }
    }
}

extension EpochRecord {
    /// The numbers of a record in the order in which files keep them.
    static var fields: [WritableKeyPath<EpochRecord, Double>] {
        [
            \.loss, \.accuracy, \.validationLoss, \.validationAccuracy, \.hiddenSpikes, \.outputSpikes, \.skipped,
            \.learningRate, \.seconds,
        ]
    }

    fileprivate var numbers: [Double] { EpochRecord.fields.map { self[keyPath: $0] } }

    fileprivate init(numbers: ArraySlice<Double>) {
        self.init()
        for (field, value) in zip(EpochRecord.fields, numbers) { self[keyPath: field] = value }
    }
}
