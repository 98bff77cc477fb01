// How many bytes of SRAM the buffers of BioGrad's programs take.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

/// The names of buffers.
enum LocalBuffer {
    static let weights = "weights"
    static let gradient = "gradient"
    static let sum = "gradient sum"
    static let membranes = "membranes"
    static let tape = "incoming spikes"
    static let traces = "traces"
    static let sampleGradient = "sample gradient"
    static let dendrites = "error dendrites"
    static let feedback = "feedback"
    static let signs = "sleep signs"
    static let correlations = "sleep correlations"
    static let powers = "sleep powers"
    static let staging = "staging"
    static let inputSpikes = "input spikes"
    static let numbers = "input numbers"
    static let errors = "error neurons"
}

struct LocalPlan: Sendable {
    let shape: LocalShape
    let credit: LocalCredit
    let fifoPackets: Int?
    /// Whether a copy runs more than one part of a batch, and the parts' sums are added up beside its own.
    let needsSum: Bool
    /// Whether sums of other copies are fetched.
    let needsStaging: Bool

    /// Words that have a bit for each unit.
    static func words(_ units: Int) -> Int { (units + 31) / 32 }

    /// What is fetched from another copy is whole words of a transfer.
    static func padded(_ outputs: Int) -> Int { (outputs + 3) / 4 * 4 }

    /// Numbers fetched at a time.
    static let stagingCount = 256

    /// Rows of a layer's weights and sums: one for each sender, and the biases'.
    func rows(_ layer: Int) -> Int { shape.sizes[layer] + 1 }

    /// A step's spikes of all senders, and a spike or a number of each error.
    func neuronFIFO(_ layer: Int) -> (packets: Int, payloadWords: Int) {
        (fifoPackets ?? shape.sizes[layer] + shape.outputCount, shape.isExact ? 1 : 0)
    }

    var errorFIFO: (packets: Int, payloadWords: Int) { (fifoPackets ?? shape.outputCount, 0) }

    private func fifo(_ fifo: (packets: Int, payloadWords: Int)) -> PlannedBuffer {
        PlannedBuffer(name: BufferName.fifo, bytes: 4 * fifo.packets * (1 + fifo.payloadWords))
    }

    /// The buffers of a slice of a layer, in the order in which they are allocated.
    func neuronBuffers(_ layer: Int, _ slice: Slice, copy: Int) -> [PlannedBuffer] {
        let (pre, width, outputs) = (shape.sizes[layer], slice.width, shape.outputCount)
        let synapses = 4 * rows(layer) * width
        var buffers = [
            fifo(neuronFIFO(layer)),
            PlannedBuffer(name: LocalBuffer.weights, bytes: synapses),
            PlannedBuffer(name: LocalBuffer.gradient, bytes: synapses),
        ]
        if needsSum, copy == 0 { buffers.append(PlannedBuffer(name: LocalBuffer.sum, bytes: synapses)) }
        switch credit {
        case .recursion:
            buffers += [
                PlannedBuffer(name: LocalBuffer.membranes, bytes: 4 * shape.steps * width),
                PlannedBuffer(name: LocalBuffer.tape, bytes: 4 * shape.steps * LocalPlan.words(pre)),
            ]
        case .traces:
            buffers += [
                PlannedBuffer(name: LocalBuffer.membranes, bytes: 4 * width),
                PlannedBuffer(name: LocalBuffer.traces, bytes: synapses),
                PlannedBuffer(name: LocalBuffer.sampleGradient, bytes: synapses),
            ]
        }
        // Error spikes of each output, and what they are to the neurons.
        buffers.append(PlannedBuffer(name: LocalBuffer.dendrites, bytes: 4 * (outputs + width)))
        if shape.isHidden(layer) {
            buffers.append(PlannedBuffer(name: LocalBuffer.feedback, bytes: 4 * outputs * width))
            if shape.sleepSteps > 0 {
                buffers += [
                    PlannedBuffer(name: LocalBuffer.signs, bytes: 4 * width),
                    PlannedBuffer(name: LocalBuffer.correlations, bytes: 4 * outputs * width),
                    PlannedBuffer(name: LocalBuffer.powers, bytes: 8 * LocalPlan.padded(outputs)),
                ]
            }
        }
        if needsStaging, copy == 0 {
            buffers.append(PlannedBuffer(name: LocalBuffer.staging, bytes: 4 * LocalPlan.stagingCount))
        }
        return buffers
    }

    /// The spikes of a sample's steps, and the probabilities they are drawn from.
    var inputBuffers: [PlannedBuffer] {
        [
            PlannedBuffer(name: LocalBuffer.inputSpikes, bytes: 4 * shape.steps * LocalPlan.words(shape.sizes[0])),
            PlannedBuffer(name: LocalBuffer.numbers, bytes: 4 * shape.sizes[0]),
        ]
    }

    /// Of each output its count, its softmax, and the membranes of two error neurons.
    var errorBuffers: [PlannedBuffer] {
        [fifo(errorFIFO), PlannedBuffer(name: LocalBuffer.errors, bytes: 16 * shape.outputCount)]
    }
}
