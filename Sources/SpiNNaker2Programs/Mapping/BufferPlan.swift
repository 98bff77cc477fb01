// How many bytes of SRAM each program's buffers take: what the mapper allocates and what a fit is judged by.
import ClockArithmetic
import ClockDriven
import Mathematics
import SpiNNaker2

/// A run of a population's units on one PE: `first ..< first + count`; `width` is `count` in whole blocks.
package struct Slice: Equatable, Sendable {
    package let index: Int
    package let first: Int
    package let count: Int
    package var width: Int { ClockKernels.padded(count) }

    package init(index: Int, first: Int, count: Int) { (self.index, self.first, self.count) = (index, first, count) }
}

/// A buffer that the mapper will allocate.
package struct PlannedBuffer: Equatable, Sendable {
    package let name: String
    package let bytes: Int

    package init(name: String, bytes: Int) { (self.name, self.bytes) = (name, bytes) }
}

/// The names of buffers.
package enum BufferName {
    static let constants = "constants"
    static let state = "neuron state"
    static let adjoints = "adjoint state"
    static let ownTape = "own spike tape"
    package static let fifo = "fifo"
    static let inputTape = "input spike tape"
    static let outputTape = "output spike tape"
    static let weights = "weights"
    static let delays = "delays"
    static let copyGradient = "gradient"
    static let sampleGradient = "sample gradient"
    static let touched = "touched rows"
    static let tape = "incoming spike tape"
    static let copyDelayGradient = "delay gradient"
    static let sampleDelayGradient = "sample delay gradient"
    static let staging = "staging"
    static let sum = "gradient sum"
    static let master = "parameters"
    static let first = "mean gradient"
    static let second = "mean square"

    static func of(_ name: String, _ connection: ConnectionShape) -> String { "\(name) \(connection.index)" }
}

/// Sizes that follow from options and shape.
struct BufferPlan: Sendable {
    let shape: NetworkShape
    let spikesPerNeuron: Double
    let activeSenders: Double
    let fifoPackets: Int?
    /// Whether a copy runs more than one sample between two updates.
    let needsSampleGradient: Bool

    /// How many times longer tapes are than asked for.
    private(set) var tapeFactor = 1

    /// Spikes of a sample that a tape for `units` holds.
    func tapeCapacity(units: Int) -> Int {
        max(64, Int(min(1e9, (Double(units) * spikesPerNeuron).rounded(.up)))) * tapeFactor
    }

    /// This plan with tapes up to eight times as long, as far as the SRAM that a cut leaves free allows: no network takes more
    /// PEs for it.
    func withLongerTapes(_ cut: Cut, _ constants: SpiNNaker2Constants) -> BufferPlan {
        for factor in [8, 4, 2] {
            var longer = self
            longer.tapeFactor = factor
            let neurons = cut.slices.dropFirst().enumerated().flatMap { layer, slices in
                slices.map { longer.neuronBuffers(layer: layer, slice: $0, cuts: cut.cuts) }
            }
            let all = neurons + [longer.inputBuffers(cuts: cut.cuts), longer.lossBuffers]
            if all.allSatisfy({ $0.fits(constants) }) { return longer }
        }
        return self
    }

    /// Senders for which a sample's sums have room: all of a small layer, which may well spike as a whole.
    func sampleRows(of connection: ConnectionShape) -> Int {
        min(connection.preCount, max(128, Int((Double(connection.preCount) * activeSenders).rounded(.up))))
    }

    private func fifoCapacity(worst: Int) -> Int {
        fifoPackets ?? max(16, min(worst, SpiNNaker2Options.largestDefaultFIFO))
    }

    /// Packets, and payload words of each, of the receive FIFO of a layer's slice.
    ///
    /// - Parameter cuts: number of slices of each population.
    func fifo(layer: Int, slice: Slice, cuts: [Int]) -> (packets: Int, payloadWords: Int) {
        let forward = shape.incoming[layer].reduce(0) { $0 + $1.preCount }
        var (backward, words) = (0, 1)
        for receivers in shape.incoming.flatMap({ $0 }) where receivers.source == layer + 1 {
            let cut = cuts[receivers.target]
            // The first slice of receivers sends one number; the others four blocks a packet.
            backward += slice.count * (cut == 1 ? 1 : cut + receivers.postCount / 32)
            if cut > 1 { words = 4 }
        }
        if layer == shape.layerCount - 1 { backward += slice.count }
        return (fifoCapacity(worst: max(forward, backward)), words)
    }

    func inputFIFO(cuts: [Int]) -> (packets: Int, payloadWords: Int) {
        let cut = cuts[1]
        let worst = shape.sizes[0] * (cut == 1 ? 1 : cut + shape.sizes[1] / 32)
        return (fifoCapacity(worst: worst), cut > 1 ? 4 : 1)
    }

    var lossFIFO: (packets: Int, payloadWords: Int) { (fifoCapacity(worst: shape.sizes[shape.layerCount]), 0) }

    private func fifoBuffer(_ fifo: (packets: Int, payloadWords: Int)) -> PlannedBuffer {
        PlannedBuffer(name: BufferName.fifo, bytes: fifo.packets * 4 * (1 + fifo.payloadWords))
    }

    /// What helps besides where buffers do not fit.
    static let orSmallerTapes = ", or smaller tapes (spikes_per_neuron)"

    /// The buffers of a slice of a layer, in the order in which they are allocated.
    func neuronBuffers(layer: Int, slice: Slice, cuts: [Int]) -> [PlannedBuffer] {
        let (width, incoming) = (slice.width, shape.incoming[layer])
        let delay = incoming.reduce(0) { max($0, $1.largestDelay) }
        var buffers = [
            fifoBuffer(fifo(layer: layer, slice: slice, cuts: cuts)),
            PlannedBuffer(name: BufferName.constants, bytes: 4 * ClockConstants.count * width),
            // Current, membrane, arrivals under way; of a step's spikes unit, current and membrane.
            PlannedBuffer(name: BufferName.state, bytes: 4 * (2 + delay + 1 + 3) * width),
            // Rings of lV and lI, three vectors picked from them, the errors of own spikes, block sums to be sent.
            PlannedBuffer(
                name: BufferName.adjoints,
                bytes: 4 * ((2 * (delay + 2) + 3 + 1) * width + ClockKernels.padded(width / ClockKernels.width))),
            // Step, unit, current, membrane.
            PlannedBuffer(name: BufferName.ownTape, bytes: 16 * tapeCapacity(units: slice.count)),
        ]
        for own in incoming {
            let weights = 4 * own.preCount * width
            buffers.append(PlannedBuffer(name: BufferName.of(BufferName.weights, own), bytes: weights))
            if own.isSpread {
                let rows = own.delayKind == .synaptic ? own.preCount : 1
                buffers.append(PlannedBuffer(name: BufferName.of(BufferName.delays, own), bytes: 4 * rows * width))
            } else if own.largestDelay > 0 {
                buffers.append(PlannedBuffer(name: BufferName.of(BufferName.delays, own), bytes: 4 * own.preCount))
            }
            buffers.append(PlannedBuffer(name: BufferName.of(BufferName.copyGradient, own), bytes: weights))
            if needsSampleGradient {
                let rows = sampleRows(of: own)
                buffers.append(
                    PlannedBuffer(name: BufferName.of(BufferName.sampleGradient, own), bytes: 4 * rows * width))
                buffers.append(
                    PlannedBuffer(name: BufferName.of(BufferName.touched, own), bytes: 4 * (own.preCount + rows)))
            }
            if own.delayKind == .synaptic || own.delayKind == .dendritic {
                let bytes = own.delayKind == .synaptic ? weights : 4 * width
                buffers.append(PlannedBuffer(name: BufferName.of(BufferName.copyDelayGradient, own), bytes: bytes))
                if needsSampleGradient {
                    let rows = own.delayKind == .synaptic ? sampleRows(of: own) : 1
                    buffers.append(
                        PlannedBuffer(
                            name: BufferName.of(BufferName.sampleDelayGradient, own), bytes: 4 * rows * width))
                }
            }
            // Step and sender.
            buffers.append(
                PlannedBuffer(
                    name: BufferName.of(BufferName.tape, own), bytes: 8 * tapeCapacity(units: own.preCount)))
        }
        return buffers + senderDelayBuffers(population: layer + 1, slice: slice)
    }

    /// Axonal delays gather their gradient where their sender is.
    private func senderDelayBuffers(population: Int, slice: Slice) -> [PlannedBuffer] {
        var buffers: [PlannedBuffer] = []
        for own in shape.connections where own.source == population && own.delayKind == .axonal {
            let bytes = 4 * slice.width
            buffers.append(PlannedBuffer(name: BufferName.of(BufferName.copyDelayGradient, own), bytes: bytes))
            if needsSampleGradient {
                buffers.append(PlannedBuffer(name: BufferName.of(BufferName.sampleDelayGradient, own), bytes: bytes))
            }
        }
        return buffers
    }

    func inputBuffers(cuts: [Int]) -> [PlannedBuffer] {
        let slice = Slice(index: 0, first: 0, count: shape.sizes[0])
        return [
            fifoBuffer(inputFIFO(cuts: cuts)),
            PlannedBuffer(name: BufferName.inputTape, bytes: 8 * tapeCapacity(units: shape.sizes[0])),
        ] + senderDelayBuffers(population: 0, slice: slice)
    }

    var lossBuffers: [PlannedBuffer] {
        let outputs = shape.sizes[shape.layerCount]
        return [
            fifoBuffer(lossFIFO),
            // Step, unit and error of each output spike; first spikes and softmax of each output.
            PlannedBuffer(name: BufferName.outputTape, bytes: 12 * tapeCapacity(units: outputs) + 8 * outputs),
        ]
    }

    /// Numbers an optimiser PE reads at a time.
    static let stagingCount = 256

    /// The buffers of an optimiser PE that looks after `parameters` numbers.
    static func optimizerBuffers(parameters: Int) -> [PlannedBuffer] {
        [BufferName.sum, BufferName.master, BufferName.first, BufferName.second].map {
            PlannedBuffer(name: $0, bytes: 4 * parameters)
        } + [PlannedBuffer(name: BufferName.staging, bytes: 4 * stagingCount)]
    }

    /// Parameters one optimiser PE can look after.
    static func optimizerCapacity(dataBytes: Int) -> Int {
        (dataBytes - 4 * stagingCount) / (4 * 4) / ClockKernels.width * ClockKernels.width
    }
}

extension Machine {
    /// Allocates a program's buffers. - Returns: what finds one by its name.
    package func allocate(
        _ pe: Int, _ buffers: [PlannedBuffer], fifo: (packets: Int, payloadWords: Int)?
    ) throws(SpinnpropError) -> (String) throws(SpinnpropError) -> MemoryBuffer {
        var made: [String: MemoryBuffer] = [:]
        for buffer in buffers {
            if buffer.name == BufferName.fifo, let fifo {
                try setFIFO(pe: pe, capacity: fifo.packets, payloadWords: fifo.payloadWords)
            } else {
                made[buffer.name] = try allocate(pe: pe, buffer.name, bytes: buffer.bytes)
            }
        }
        return { (name) throws(SpinnpropError) in
            guard let buffer = made[name] else {
                throw SpinnpropError(.internal, "PE \(pe) was not given a buffer \"\(name)\"")
            }
            return buffer
        }
    }
}

extension Array where Element == PlannedBuffer {
    /// What all of them take as allocated, each in whole DMA words.
    package func bytes(_ constants: SpiNNaker2Constants) -> Int {
        let alignment = Int(constants[.dmaAlignment])
        return reduce(0) { $0 + ($1.bytes + alignment - 1) / alignment * alignment }
    }

    package func fits(_ constants: SpiNNaker2Constants) -> Bool { bytes(constants) <= constants.dataBytes }

    /// - Parameter subject: who needs them, with its verb.
    /// - Throws: `outOfMemory` if they do not fit a PE.
    package func check(_ subject: String, _ constants: SpiNNaker2Constants, remedy: String) throws(SpinnpropError) {
        guard !fits(constants) else { return }
        let largest = self.max { $0.bytes < $1.bytes }
        throw SpinnpropError(
            .outOfMemory,
            "\(subject) \(bytes(constants)) bytes of SRAM and a PE has \(constants.dataBytes); the "
                + "largest buffer is \"\(largest?.name ?? "")\" with \(largest?.bytes ?? 0) bytes: \(remedy)")
    }
}
