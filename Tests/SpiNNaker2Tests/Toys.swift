// Programs that know no neuron: what the machine is tested with.
import Mathematics

@testable import SpiNNaker2

/// A program made of closures; remembers what it received.
final class Toy: Program {
    let name: String
    let ranges: [KeyRange]
    let activePhases: Set<Int>
    let body: (Toy, TickContext) throws(SpinnpropError) -> Void
    /// (tick, key, first payload word).
    var received: [Received] = []

    struct Received: Equatable {
        let tick: Int
        let key: UInt32
        var payload: UInt32 = 0
    }

    init(
        _ name: String, sends ranges: [KeyRange] = [], phases: Set<Int> = [0],
        _ body: @escaping (Toy, TickContext) throws(SpinnpropError) -> Void = { (_, _) throws(SpinnpropError) in }
    ) {
        self.name = name
        self.ranges = ranges
        activePhases = phases
        self.body = body
    }

    func isActive(phase: Int) -> Bool { activePhases.contains(phase) }
    func sends(phase: Int) -> [KeyRange] { ranges }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        for index in 0..<context.packetCount {
            let entry = context.packets + index * context.packetStride
            received.append(
                Received(tick: context.tick, key: entry[0], payload: context.packetStride > 1 ? entry[1] : 0))
        }
        try body(self, context)
    }
}

extension KeyRange {
    static func exactly(_ key: UInt32) -> KeyRange { KeyRange(key: key, mask: .max) }
    /// 256 keys.
    static func block(_ number: UInt32) -> KeyRange { KeyRange(key: number << 8, mask: 0xFFFF_FF00) }
}

func constants(_ changes: [SpiNNaker2Constant: Double]) throws -> SpiNNaker2Constants {
    var constants = SpiNNaker2Constants()
    for (constant, value) in changes { try constants.set(constant, to: value) }
    return constants
}

func counting(_ overflow: OverflowPolicy = .drop) -> MachineOptions {
    var options = MachineOptions()
    options.overflow = overflow
    options.faults = .count
    return options
}

func message(of body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was thrown"
    } catch {
        return "\(error)"
    }
}
