// Files of trainings by local learning: nothing is lost, no damage passes.
import Glibc
import LocalLearning
import Mathematics
import Testing

@testable import Learning

@Suite struct BioGradFileTests {
    /// A training that was stopped after its first epoch.
    static func training(integer: Bool = false) throws -> (BioGrad, LocalInput, [Int]) {
        var options = LocalOptions()
        (options.integer, options.epochs, options.batchSize, options.seed) = (integer, 3, 4, 1 << 63 + 5)
        (options.decay, options.sleepDraw, options.learningRate) = (0.3, .perStep, 0.1)
        let labels = (0..<10).map { $0 % 2 }
        let input = try LocalInput(
            probabilities: (0..<30).map { Float($0 % 7) / 7 }, unitCount: 3)
        let sizes = integer ? [3, 4, 2] : [3, 4, 3, 2]
        var training = try BioGrad(try LocalNetwork(sizes: sizes, seed: 4), options)
        #expect(throws: SpinnpropError.cancelled) {
            try training.run(input, labels: labels) { !$0.isEpochFinished }
        }
        return (training, input, labels)
    }

    @Test(arguments: [false, true])
    func goesOnToTheSameBits(integer: Bool) throws {
        var (training, input, labels) = try Self.training(integer: integer)
        let path = FilePath("/tmp/spinnprop-\(getpid())-biograd-\(integer).safetensors")
        defer { unlink(path.description) }
        try BioGradFile.save(training, path)
        var loaded = try BioGradFile.load(path)
        #expect(loaded == training)
        try loaded.run(input, labels: labels)
        // The checkpoint of a run that is stopped after an epoch, then of one that ends.
        #expect(throws: SpinnpropError.cancelled) {
            try training.run(input, labels: labels, checkpoint: path) { !$0.isEpochFinished }
        }
        #expect(try BioGradFile.load(path) == training)
        try training.run(input, labels: labels, checkpoint: path)
        #expect(try BioGradFile.load(path) == training)
        #expect(loaded == training)
        try loaded.setEpochs(5)
        try loaded.run(input, labels: labels)
        #expect(loaded.history.count == 5)
        #expect(throws: SpinnpropError.self) { try loaded.setEpochs(-1) }
        let nowhere = FilePath("/tmp/spinnprop-\(getpid())-nowhere/file")
        let error = #expect(throws: SpinnpropError.self) { try BioGradFile.save(training, nowhere) }
        #expect(error?.kind == .fileNotFound)
        #expect(throws: SpinnpropError.self) { try BioGradFile.load(nowhere) }
    }

    /// Any other byte is refused, wherever it stands; nor does damage with a checksum of its own trap.
    @Test(arguments: [false, true])
    func damage(integer: Bool) throws {
        let (training, _, _) = try Self.training(integer: integer)
        let bytes = BioGradFile.contentBytes(training)
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= position % 2 == 0 ? 0x80 : 0x01
            let error = #expect(throws: SpinnpropError.self, "byte \(position)") { try BioGradFile.training(damaged) }
            #expect(error?.kind == .fileError)
            do throws(SpinnpropError) {
                let file = try FileKind.biograd.open(damaged)
                _ = try asFileError { () throws(SpinnpropError) in try BioGradFile.training(in: file) }
            } catch {
                #expect(error.kind == .fileError)
            }
        }
        for length in [0, 7, 8, 100, bytes.count - 1] {
            #expect(throws: SpinnpropError.self) { try BioGradFile.training(Array(bytes[..<length])) }
        }
    }

    /// Numbers that no training leaves, in a file that is whole.
    @Test func contentIsChecked() throws {
        func refused(_ word: String, _ change: (inout [String: [Double]]) -> Void) throws {
            let (training, _, _) = try Self.training()
            var numbers: [String: [Double]] = [
                "state": training.state, "sizes": training.network.sizes.map { Double($0) },
            ]
            numbers["options.steps"] = [Double(training.options.steps)]
            numbers["options.rule"] = [0]
            numbers["options.decay"] = [training.options.decay]
            change(&numbers)
            let file = try BioGradFileTests.file(training, with: numbers)
            let error = #expect(throws: SpinnpropError.self) {
                try asFileError { () throws(SpinnpropError) in try BioGradFile.training(in: file) }
            }
            #expect(error?.kind == .fileError)
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "nothing")")
        }
        try refused("state[1]") { $0["state"]?[1] = 1e15 }
        try refused("state[0]") { $0["state"]?[0] = 7 }
        try refused("state[3]") { $0["state"]?[3] = .nan }
        try refused("state has") { $0["state"]?.removeLast() }
        try refused("soft_start") { $0["options.steps"] = [5] }
        try refused("steps") { $0["options.steps"] = [-1] }
        try refused("rule") { $0["options.rule"] = [9] }
        try refused("decay") { $0["options.decay"] = [.nan] }
        try refused("layers.0.weights") { $0["sizes"] = [3, 5, 3, 2] }
        try refused("layers.0.weights") { $0["sizes"] = [1e9, 1e9, 1e9] }
        try refused("at least one layer") { $0["sizes"] = [3] }
        try refused("sizes") { $0["sizes"] = [] }
    }

    /// A training's file in which some tensors have other numbers.
    static func file(_ training: BioGrad, with numbers: [String: [Double]]) throws -> SafeTensors {
        let old = try FileKind.biograd.open(BioGradFile.contentBytes(training))
        var new = FileKind.biograd.begin()
        for (name, entry) in old.header.tensors {
            switch entry.type {
            case .float64:
                let values = try numbers[name] ?? old.doubles(name, shape: entry.shape)
                new.add(name, values, shape: [values.count])
            case .int64:
                let values = try numbers[name]?.map { Int($0) } ?? old.integers(name, shape: entry.shape)
                new.add(name, integers: values, shape: [values.count])
            default: new.add(name, floats: try old.floats(name, shape: entry.shape), shape: entry.shape)
            }
        }
        return try FileKind.biograd.open(new.serialised().bytes)
    }
}

extension BioGradFile {
    fileprivate static func contentBytes(_ training: BioGrad) -> [UInt8] { (try? content(training).bytes) ?? [] }
}
