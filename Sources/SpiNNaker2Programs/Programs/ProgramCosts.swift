// What the programs charge for their work, in cycles of a Cortex-M4F: nothing is published for them, so all are stated assumptions.
import Mathematics

/// Cycles per piece of work. All assumed: an M4F takes 1 cycle for a float32 add or multiply, 14 for a division or square root, about
/// 2 for a load or store from its SRAM; loops are taken to be unrolled.
///
/// | name                  | default | per                                                                         |
/// |-----------------------|---------|-----------------------------------------------------------------------------|
/// | `tick`                | 150     | tick: interrupt, bookkeeping, sleep                                         |
/// | `packet`              | 25      | packet received or sent: FIFO, key, look-up (25 cycles per event at 300 MHz) |
/// | `synapse`             | 5       | weight added to an arrival: two loads, add, store                           |
/// | `neuron`              | 16      | neuron and step forward                                                     |
/// | `spike`               | 30      | spike: tape, reset                                                          |
/// | `adjointNeuron`       | 14      | neuron and step backward                                                    |
/// | `jump`                | 40      | own spike backward, with its division                                       |
/// | `errorSynapse`        | 7       | weight times (lV - lI), summed                                              |
/// | `gradientSynapse`     | 5       | lI added to a weight's gradient                                             |
/// | `lossOutput`          | 150     | output neuron and sample: exponentials and divisions                        |
/// | `optimizerWeight`     | 50      | weight and step of Adam: a root, two divisions, eight loads and stores      |
/// | `sumWeight`           | 5       | weight and copy: adding gradients up                                        |
/// | `random`              | 40      | 64 random bits of xoshiro256++ in 32-bit words, each compared with a bit    |
/// | `traceSynapse`        | 14      | synapse and step: a trace that leaks, is reset, and adds to a gradient      |
public struct ProgramCosts: Equatable, Sendable {
    public var tick = 150
    public var packet = 25
    public var synapse = 5
    public var neuron = 16
    public var spike = 30
    public var adjointNeuron = 14
    public var jump = 40
    public var errorSynapse = 7
    public var gradientSynapse = 5
    public var lossOutput = 150
    public var optimizerWeight = 50
    public var sumWeight = 5
    public var random = 40
    public var traceSynapse = 14

    public init() {}

    /// Names as users see them, in the order of the table.
    public static let names: [(name: String, path: WritableKeyPath<ProgramCosts, Int> & Sendable)] = [
        ("tick", \.tick), ("packet", \.packet), ("synapse", \.synapse), ("neuron", \.neuron), ("spike", \.spike),
        ("adjoint_neuron", \.adjointNeuron), ("jump", \.jump), ("error_synapse", \.errorSynapse),
        ("gradient_synapse", \.gradientSynapse), ("loss_output", \.lossOutput),
        ("optimizer_weight", \.optimizerWeight), ("sum_weight", \.sumWeight), ("random", \.random),
        ("trace_synapse", \.traceSynapse),
    ]

    func check() throws(SpinnpropError) {
        for (name, path) in ProgramCosts.names {
            let cycles = self[keyPath: path]
            guard cycles >= 0, cycles <= 1_000_000 else {
                throw .invalidValue("the cost \(name) is \(cycles) cycles; it must be 0 .. 1000000")
            }
        }
    }
}
