// Files of networks, recordings and checkpoints: round trips, damage of every byte, and what the file system may answer.
import Glibc
import Mathematics
import Neurons
import Spikes
import Testing

@testable import Learning
@testable import Networks
@testable import TestSupport

struct FileTests {
    private func network(_ delays: [DelayKind], leaky: Bool = false) throws -> Network {
        var network = try Network(
            sizes: [3, 4, 2, 2],
            parameters: [LIFParameters(), LIFParameters(tauMem: [1e-3, 2e-3]), LIFParameters(threshold: [2])],
            delays: delays, recurrent: [true, false], leakyReadout: leaky)
        try Initialisation().apply(to: &network, seed: 5)
        for (index, connection) in network.connections.enumerated() where connection.delayKind != .none {
            try network.setDelays(connection.delays.indices.map { 1e-3 * Double($0) }, connection: index)
        }
        return network
    }

    private func recording(leaky: Bool) throws -> Recording {
        let hidden = [try SpikeColumns(), try SpikeColumns()]
        try hidden[0].append(time: 1e-3, unit: 0, current: 2)
        try hidden[0].append(time: 1e-3, unit: 3, current: 1.5)
        hidden[0].ends = [2]
        try hidden[1].append(time: 4e-3, unit: 1, current: 9)
        hidden[1].ends = [0, 1]
        let last = try [[0], [0, 0]].map { ends in
            let columns = try SpikeColumns()
            columns.ends = ends
            return columns
        }
        let output =
            leaky
            ? LayerRecording(
                neuronCount: 2, isSpiking: false, thresholds: [1], segments: last, maxima: [0, 1, 2, 3, 4, 5],
                maximumTimes: [0, 1, 2, 3, 4, 5], maximumCurrents: [0, 1, 2, 3, 4, -5])
            : LayerRecording(neuronCount: 2, isSpiking: true, thresholds: [1, 2], segments: last)
        return Recording(
            input: try SpikeTrains(times: [3, 1, 2], units: [0, 2, 1], offsets: [0, 1, 1, 3], unitCount: 3),
            layers: [LayerRecording(neuronCount: 4, isSpiking: true, thresholds: [1], segments: hidden), output],
            partition: [0..<1, 1..<3], fingerprint: leaky ? nil : 0x00AB_CDEF_0123_4567, engine: "te\"st",
            endTime: leaky ? .infinity : 5)
    }

    private static let kinds =
        DelayKind.allCases.map { [$0] } + [[.axonal, .none, .synaptic], [.none, .none, .dendritic]]

    @Test func connectionsRoundTrip() throws {
        let ends = [Ends(2, 2), Ends(0, 2), Ends(0, 1), Ends(1, 2), Ends(0, 3)]
        var network = try Network(
            sizes: [3, 4, 2, 2], delays: [.axonal, .none, .synaptic, .dendritic, .none], connections: ends)
        try Initialisation().apply(to: &network, seed: 5)
        for (index, connection) in network.connections.enumerated() where connection.delayKind != .none {
            try network.setDelays(connection.delays.indices.map { 1e-3 * Double($0) }, connection: index)
        }
        let bytes = NetworkFile.content(network).bytes
        #expect(try NetworkFile.network(bytes) == network)
        let file = try FileKind.network.open(bytes)
        #expect(try file.string("connections") == "0-1,1-2,0-3,0-2,2-2" && !file.hasMetadata("recurrent"))
        #expect(file.contains("layers.1.from_0.weights") && file.contains("layers.1.recurrent_delays"))
        for wrong in [
            "", "0-1", "0-1,1-2,0-3,0-2,2-2,", "0-1,1-2,0-3,0-2,2", "0-1,1-2,0-3,2-0,2-2", "0-1,1-2,0-3,0-2,9-9",
            "0-1,1-2,0-3,0-2,x-2",
            "0-2,0-1,1-2,0-3,2-2", "0-1,1-2,0-3,0-2,0-2", "0-1,1-2,0-3,0-2,99999999999999999999-2",
            "0-1,1-2,0-3,0-2,2-2-2",
        ] {
            var damaged = file
            damaged.set("connections", wrong)
            let error = #expect(throws: SpinnpropError.self, "\(wrong)") {
                try NetworkFile.network(damaged.serialised().bytes)
            }
            #expect(error?.kind == .fileError)
        }
    }

    @Test(arguments: kinds, [false, true])
    func networksRoundTrip(delays: [DelayKind], leaky: Bool) throws {
        let network = try network(delays, leaky: leaky)
        let bytes = NetworkFile.content(network).bytes
        #expect(try NetworkFile.network(bytes) == network)
        #expect(bytes == NetworkFile.content(network).bytes)
    }

    @Test(arguments: [false, true])
    func recordingsRoundTrip(leaky: Bool) throws {
        let recording = try recording(leaky: leaky)
        let bytes = RecordingFile.content(recording).bytes
        let read = try RecordingFile.recording(bytes)
        #expect(RecordingFile.content(read).bytes == bytes)
        #expect(
            read.input == recording.input && read.partition == recording.partition && read.engine == recording.engine)
        #expect(read.fingerprint == recording.fingerprint && read.endTime == recording.endTime)
        for (one, other) in zip(read.layers, recording.layers) {
            #expect(one.spikes == other.spikes && one.currents == other.currents && one.thresholds == other.thresholds)
            #expect(one.isSpiking == other.isSpiking && one.segments.map(\.ends) == other.segments.map(\.ends))
            #expect(one.maxima == other.maxima && one.maximumTimes == other.maximumTimes)
            #expect(one.maximumCurrents == other.maximumCurrents)
        }
        let none = Recording(
            input: try SpikeTrains(times: [], units: [], offsets: [0], unitCount: 1),
            layers: [LayerRecording(neuronCount: 1, isSpiking: true, thresholds: [1], segments: [])], partition: [],
            fingerprint: nil, engine: "test", endTime: .infinity)
        #expect(try RecordingFile.recording(RecordingFile.content(none).bytes).sampleCount == 0)
    }

    /// Every byte changed in two ways, and lengths cut: an error or a valid value, never a trap.
    @Test func damage() throws {
        var accepted = 0
        func check(_ bytes: [UInt8], _ read: ([UInt8]) throws -> Void) {
            do {
                try read(bytes)
                accepted += 1
            } catch {
                // A damaged size may claim more neurons than the machine has memory for.
                let kind = (error as? SpinnpropError)?.kind
                #expect(kind == .fileError || kind == .outOfMemory)
            }
        }
        let files: [([UInt8], ([UInt8]) throws -> Void)] = [
            (NetworkFile.content(try network([.axonal])).bytes, { _ = try NetworkFile.network($0).fingerprint }),
            (
                RecordingFile.content(try recording(leaky: false)).bytes,
                { _ = RecordingFile.content(try RecordingFile.recording($0)).bytes }
            ),
            (
                RecordingFile.content(try recording(leaky: true)).bytes,
                { _ = RecordingFile.content(try RecordingFile.recording($0)).bytes }
            ),
        ]
        for (bytes, read) in files {
            for length in stride(from: 0, to: bytes.count, by: 5) { check(Array(bytes[..<length]), read) }
            #expect(accepted == 0, "a file that was cut is refused")
            for position in bytes.indices {
                for value: UInt8 in [0x30, bytes[position] ^ 0x81] {
                    var damaged = bytes
                    damaged[position] = value
                    check(damaged, read)
                }
            }
            // A weight's last digit may change unseen.
            #expect(accepted > 0)
            accepted = 0
        }
    }

    @Test func flagsOfRecurrenceAreChecked() throws {
        let bytes = NetworkFile.content(try network([.axonal])).bytes
        let key = Array("\"recurrent\":\"".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: key) }) + key.count
        for flag in "2p @" {
            var damaged = bytes
            damaged[place] = try #require(flag.asciiValue)
            let error = #expect(throws: SpinnpropError.self, "\(flag)") { try NetworkFile.network(damaged) }
            #expect(error?.kind == .fileError && error?.message.contains("recurrence is \"\(flag)\"") == true)
        }
    }

    /// Contents that are well-formed tensors and yet no network or recording.
    @Test func contentsAreChecked() throws {
        func refuse(_ bytes: [UInt8], _ name: String, _ change: (inout [Double]) -> Void) throws {
            let file = try SafeTensors(parsing: bytes)
            guard let entry = file.header.tensors[name] else { throw SpinnpropError(.internal, "no \(name)") }
            var values = try file.doubles(name, shape: entry.shape)
            change(&values)
            let length = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
            var changed = bytes
            changed.withUnsafeMutableBytes { buffer in
                for (index, value) in values.enumerated() {
                    buffer.storeBytes(
                        of: value, toByteOffset: 8 + length + entry.range.lowerBound + 8 * index, as: Double.self)
                }
            }
            for read in [{ _ = try NetworkFile.network(changed) }, { _ = try RecordingFile.recording(changed) }] {
                let error = #expect(throws: SpinnpropError.self, "\(name)") { try read() }
                #expect(error?.kind == .fileError)
            }
        }
        let network = NetworkFile.content(try network([.synaptic])).bytes
        try refuse(network, "layers.0.weights") { $0[3] = .nan }
        try refuse(network, "layers.0.recurrent_weights") { $0[3] = .infinity }
        try refuse(network, "layers.1.delays") { $0[0] = -1e-9 }
        try refuse(network, "layers.1.tau_mem") { $0[1] = 0 }
        try refuse(network, "layers.2.reset") { $0[0] = 2 }
        let spiking = RecordingFile.content(try recording(leaky: false)).bytes
        try refuse(spiking, "layers.0.times") { $0[0] = 2e-3 }
        try refuse(spiking, "layers.0.times") { $0[2] = 5.1 }
        try refuse(spiking, "layers.0.times") { $0[2] = -1 }
        try refuse(spiking, "layers.0.currents") { $0[2] = .nan }
        try refuse(spiking, "layers.1.thresholds") { $0[1] = 0 }
        try refuse(spiking, "end_time") { $0[0] = .nan }
        try refuse(spiking, "input.times") { $0[1] = .infinity }
        let leaky = RecordingFile.content(try recording(leaky: true)).bytes
        try refuse(leaky, "layers.1.maxima") { $0[1] = -1 }
        try refuse(leaky, "layers.1.maximum_times") { $0[1] = .infinity }
        try refuse(leaky, "layers.1.maximum_currents") { $0[1] = .nan }
    }

    /// A shape that would need far more memory than the file has bytes is refused before any is set aside.
    @Test func hugeShapes() throws {
        var file = FileKind.network.begin()
        for (key, value) in [("delays", "none"), ("readout", "spiking"), ("recurrent", "")] { file.set(key, value) }
        file.add("sizes", integers: [90_000, 90_000], shape: [2])
        file.add("layers.0.weights", [1, 2], shape: [1, 2])
        let error = #expect(throws: SpinnpropError.self) { try NetworkFile.network(file.serialised().bytes) }
        #expect(error?.kind == .fileError)
    }

    @Test func kindsAndVersions() throws {
        let network = try network([.none])
        let recording = try recording(leaky: false)
        #expect(throws: SpinnpropError.self) { try RecordingFile.recording(NetworkFile.content(network).bytes) }
        #expect(throws: SpinnpropError.self) { try NetworkFile.network(RecordingFile.content(recording).bytes) }
        for (version, part) in [("2", "format_version 2"), ("0", "format_version"), ("x", "\"x\""), ("-1", "\"-1\"")] {
            var file = FileKind.network.begin()
            NetworkFile.add(network, to: &file, prefix: "")
            file.set("format_version", version)
            let error = #expect(throws: SpinnpropError.self) { try NetworkFile.network(file.serialised().bytes) }
            #expect(error?.kind == .fileError && error?.message.contains(part) == true)
        }
    }

    @Test func fileSystem() throws {
        let folder = "/tmp/spinnprop-files-\(getpid())"
        mkdir(folder, 0o755)
        defer { rmdir(folder) }
        let path = folder + "/network.safetensors"
        let (first, second) = (try network([.none]), try network([.axonal]))
        try NetworkFile.save(first, path)
        #expect(try NetworkFile.load(path) == first)
        try NetworkFile.save(second, path)
        #expect(try NetworkFile.load(path) == second)
        unlink(path)
        // Nothing is left lying about.
        #expect(rmdir(folder) == 0 && mkdir(folder, 0o755) == 0)
        let cases: [(() throws -> Void, SpinnpropError.Kind, String)] = [
            ({ _ = try NetworkFile.load(path) }, .fileNotFound, "No such file"),
            ({ try NetworkFile.save(first, folder + "/none/x") }, .fileNotFound, "No such file"),
            ({ _ = try NetworkFile.load(folder) }, .fileError, "Is a directory"),
            ({ try NetworkFile.save(first, folder) }, .fileError, "Is a directory"),
            ({ _ = try NetworkFile.load("/dev/zero") }, .fileError, "not a regular file"),
            ({ try NetworkFile.save(first, "/dev/full/x") }, .fileError, "Not a directory"),
            ({ _ = try NetworkFile.load("") }, .invalidValue, "empty"),
            ({ _ = try NetworkFile.load("a\0b") }, .invalidValue, "zero byte"),
        ]
        for (index, (call, kind, part)) in cases.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try call() }
            #expect(error?.kind == kind && error?.message.contains(part) == true, "\(index): \(error?.message ?? "")")
        }
        // A failed save leaves no temporary file either.
        #expect(rmdir(folder) == 0)
    }

    /// FIFOs neither block nor are replaced, links are followed, permissions stay, long names can be saved.
    @Test func specialFiles() throws {
        let folder = "/tmp/spinnprop-special-\(getpid())"
        mkdir(folder, 0o755)
        defer { rmdir(folder) }
        func mode(_ path: String) -> mode_t {
            var status = stat()
            return lstat(path, &status) == 0 ? status.st_mode : 0
        }
        func refuse(_ part: String, _ call: () throws -> Void) {
            let error = #expect(throws: SpinnpropError.self) { try call() }
            #expect(error?.kind == .fileError && error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
        let network = try network([.axonal])
        let (fifo, link) = (folder + "/fifo", folder + "/link")
        #expect(mkfifo(fifo, 0o600) == 0 && symlink("fifo", link) == 0)
        for path in [fifo, link] {
            refuse("\(path): it is not a regular file") { _ = try NetworkFile.load(path) }
            refuse("\(path): it is not a regular file") { try NetworkFile.save(network, path) }
        }
        #expect(mode(fifo) & S_IFMT == S_IFIFO && mode(link) & S_IFMT == S_IFLNK)
        unlink(fifo)

        // The link now leads nowhere: the save makes the file it names, and later saves keep its permissions.
        try NetworkFile.save(network, link)
        #expect(mode(fifo) & S_IFMT == S_IFREG && mode(link) & S_IFMT == S_IFLNK)
        for permissions: mode_t in [0o600, 0o666] {
            chmod(fifo, permissions)
            try NetworkFile.save(network, link)
            #expect(mode(fifo) & 0o777 == permissions)
        }
        #expect(try NetworkFile.load(link) == network)
        unlink(fifo)
        unlink(link)
        #expect(symlink(link, link) == 0)
        refuse("Too many levels") { try NetworkFile.save(network, link) }
        unlink(link)

        let long = folder + "/" + String(repeating: "x", count: 255)
        try NetworkFile.save(network, long)
        #expect(try NetworkFile.load(long) == network)
        unlink(long)
        refuse("File name too long") { try NetworkFile.save(network, long + "x") }
        #expect(rmdir(folder) == 0)
    }

    /// The system takes any bytes for a name; messages show those that are no text.
    @Test func namesThatAreNoText() throws {
        let folder = FilePath(bytes: Array("/tmp/spinnprop-names-\(getpid())-".utf8) + [0xFF, 0x41, 0xC3])
        #expect(folder.withCString { mkdir($0, 0o755) } == 0)
        defer { _ = folder.withCString { rmdir($0) } }
        let (network, link) = (try network([.axonal]), folder + "/link")
        let path = FilePath(bytes: folder.bytes + [0x2F, 0xE2, 0x82, 0x2E])
        let name = Array([0xE2, 0x82, 0x2E, 0]).map { CChar(bitPattern: $0) }
        #expect(link.withCString { symlink(name, $0) } == 0)
        try NetworkFile.save(network, link)
        #expect(try NetworkFile.load(path) == network)
        #expect(path.withCString { unlink($0) } == 0 && link.withCString { unlink($0) } == 0)
        let error = #expect(throws: SpinnpropError.self) { try NetworkFile.load(path) }
        #expect(error?.kind == .fileNotFound)
        #expect(error?.message.contains(#"-\xffA\xc3/\xe2\x82.: No such file"#) == true, "\(error?.message ?? "")")
        #expect(FilePath("ä€😀\n").description == "ä€😀\n")
    }

    /// A run before its first batch, and in the middle, with something everywhere.
    private func trained() throws -> (fresh: TrainingState, state: TrainingState) {
        var network = try Network(sizes: [4, 3], delays: [.dendritic])
        try network.setWeights(try toyNetwork().connections[0].weights, connection: 0)
        try network.setDelays([1e-3, 2e-3, 3e-3], connection: 0)
        var options = OptimizerOptions()
        (options.delayLearningRate, options.delayParameter) = (0.1, .sigmoid)
        let fresh = TrainingState(
            network: network, optimizer: try Optimizer(options, for: network),
            course: [CourseMark(name: "seed", value: 1 << 63 + 2)], origin: 1)
        var state = fresh
        state.epoch = 1
        state.batch = 4
        state.epochsSinceBest = 2
        state.bump = BumpState(layer: 0, amount: 0.25)
        state.sums = EpochSums(
            samples: 1, value: -2.5, correct: 3, skipped: 4, hiddenSpikes: 5, outputSpikes: 6, seconds: 7.5)
        state.optimizer.stepCount = 9
        state.optimizer.powers = (0.5, 0.25)
        state.optimizer.first[0][3] = -1
        state.optimizer.second[0][2] = 2
        state.optimizer.delayParameters[0][1] = 7
        try state.network.setWeights([Double](repeating: 0.125, count: 12), connection: 0)
        var record = EpochRecord()
        for (index, field) in EpochRecord.fields.enumerated() { record[keyPath: field] = Double(index) }
        state.history = [record]
        state.best = TrainingState.Best(network: network, loss: 0.5)
        state.data = [CourseMark(name: "spikes", value: 77), CourseMark(name: "y", value: 1 << 63)]
        return (fresh, state)
    }

    /// Every tensor of every kind of file with another number of dimensions or another type: refused, even where the number of
    /// elements is the same.
    @Test func shapesAndTypesAreChecked() throws {
        let (fresh, state) = try trained()
        let path = FilePath("/tmp/spinnprop-\(getpid())-shapes.safetensors")
        defer { unlink(path.description) }
        try Checkpoint.save(state, path, handsOutBest: false)
        let columns = try SpikeColumns(withMembranes: true)
        try columns.append(time: TimeGrid().time(ofStep: 2), unit: 1, current: 2, membrane: 1.5)
        columns.ends = [1]
        let onGrid = Recording(
            input: try SpikeTrains(times: [0], units: [0], offsets: [0, 1], unitCount: 3),
            layers: [LayerRecording(neuronCount: 2, isSpiking: true, thresholds: [1], segments: [columns])],
            partition: [0..<1], fingerprint: 1, engine: "te\"st", endTime: .infinity, grid: TimeGrid())
        var files: [(bytes: [UInt8], read: ([UInt8]) throws -> Void)] = [
            (RecordingFile.content(try recording(leaky: false)).bytes, { _ = try RecordingFile.recording($0) }),
            (RecordingFile.content(try recording(leaky: true)).bytes, { _ = try RecordingFile.recording($0) }),
            (RecordingFile.content(onGrid).bytes, { _ = try RecordingFile.recording($0) }),
            (
                try FileAccess.read(path),
                { bytes in
                    let file = try FileKind.checkpoint.open(bytes)
                    _ = try Checkpoint.state(in: file, like: fresh)
                }
            ),
        ]
        for delays in FileTests.kinds {
            files.append((NetworkFile.content(try network(delays)).bytes, { _ = try NetworkFile.network($0) }))
        }
        for (bytes, read) in files {
            try read(bytes)
            let headerLength = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
            let data = bytes[(8 + headerLength)...]
            let header = try SafeTensorsHeader(parsing: bytes[8..<8 + headerLength])
            for (name, entry) in header.tensors {
                var changed: [TensorEntry] = []
                func add(_ change: (inout TensorEntry) -> Void) {
                    var other = entry
                    change(&other)
                    if other != entry { changed.append(other) }
                }
                let count = entry.range.count / entry.type.size
                if count == 1 { add { $0.shape = [] } }
                add { $0.shape = [1] + entry.shape }
                add { $0.shape = entry.shape + [1] }
                add { $0.shape = [count] }
                add { $0.shape = entry.shape.reversed() }
                add { (entry) in
                    entry.type = entry.type == .float64 ? .int64 : .float64
                    if count * 8 != entry.range.count { (entry.type, entry.shape) = (.uint8, [entry.range.count]) }
                }
                for other in changed {
                    var damaged = header
                    damaged.tensors[name] = other
                    var text = damaged.serialised()
                    text.append(contentsOf: repeatElement(0x20, count: -text.count & 7))
                    let length = withUnsafeBytes(of: UInt64(text.count)) { Array($0) }
                    let error = #expect(throws: SpinnpropError.self, "\(name) as \(other.type) \(other.shape)") {
                        try read(length + text + data)
                    }
                    #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
                }
            }
        }
    }

    @Test func damagedCheckpoints() throws {
        let name = "/tmp/spinnprop-\(getpid())-damaged.safetensors"
        let path = FilePath(name)
        defer { unlink(name) }
        let (fresh, state) = try trained()
        try Checkpoint.save(state, path, handsOutBest: false)
        let bytes = try FileAccess.read(path)
        let read = try Checkpoint.load(path, like: fresh)
        // Nothing is left out.
        #expect(read == state)
        // Any other byte is refused, wherever it stands: no run goes on from other numbers.
        var named = 0
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= position % 2 == 0 ? 0x80 : 0x01
            let error = #expect(throws: SpinnpropError.self, "byte \(position)") {
                try Checkpoint.state(damaged, path, like: fresh)
            }
            #expect(error?.kind == .fileError)
            #expect(error?.message.hasPrefix("the checkpoint \(path) cannot be resumed: ") == true)
            #expect(error?.message.hasSuffix("; remove the file to begin anew") == true)
            if error?.message.contains("it is damaged") == true { named += 1 }
            // Nor does damage with a checksum of its own trap.
            do throws(SpinnpropError) {
                let file = try FileKind.checkpoint.open(damaged)
                _ = try asFileError { () throws(SpinnpropError) in
                    try Checkpoint.state(in: file, like: fresh)
                }
            } catch {
                #expect(error.kind == .fileError)
            }
        }
        #expect(named > bytes.count / 3)
        for length in [0, 7, 8, 100, bytes.count - 1] {
            let error = #expect(throws: SpinnpropError.self) {
                try Checkpoint.state(Array(bytes[..<length]), path, like: fresh)
            }
            #expect(error?.message.contains("\(path) cannot be resumed: ") == true)
        }
        // Two changes that a sum or a product would not see.
        let changes = [bytes.count - 1, bytes.count - 9].map { position in (position, bytes[position] ^ 0x80) }
        var damaged = bytes
        for (position, byte) in changes { damaged[position] = byte }
        #expect(throws: SpinnpropError.self) { try Checkpoint.state(damaged, path, like: fresh) }
        unlink(name)
        #expect(try Checkpoint.load(path, like: fresh) == nil)
    }
}
